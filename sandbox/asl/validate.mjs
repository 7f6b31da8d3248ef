// Validates state machine definitions: one JSON definition a line in, one JSON list of errors a line out, until stdin ends.
// The library is loaded from the directory given as the first argument.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(`${process.argv[2]}/`);
const ajv = require("ajv");

// asl-validator compiles its schemas again for each definition, which costs 0.1 s of CPU; applying them costs 1 ms.
const compiled = {};
ajv.default = class extends ajv.default {
  validate(id, value) {
    const check = (compiled[id] ??= this.getSchema(id));
    const valid = check(value);
    this.errors = check.errors;
    return valid;
  }
};
// AWS accepts a fraction (recorded there: test_map_state_tolerated_failure_values of localstack/localstack).
require("asl-validator/dist/src/schemas/map.json").definitions.ToleratedFailurePercentage.type = "number";
const validate = require("asl-validator");

for await (const line of createInterface({ input: process.stdin })) {
  let errors;
  try {
    errors = validate(JSON.parse(line)).errors;
  } catch (error) {
    // It looks into the states before it checks what they are.
    errors = [{ Message: String(error) }];
  }
  process.stdout.write(`${JSON.stringify(errors)}\n`);
}
