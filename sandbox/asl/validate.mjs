// Validates state machine definitions: reads a JSON definition per line and writes a JSON list of errors per line, until
// stdin ends. The first argument is the directory with the library.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(`${process.argv[2]}/`);
const ajv = require("ajv");

// asl-validator compiles its schemas again for each definition, which takes 0.1 s of CPU. A validation takes 1 ms.
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
    // The library raises a TypeError if the states have the wrong type.
    errors = [{ Message: String(error) }];
  }
  process.stdout.write(`${JSON.stringify(errors)}\n`);
}
