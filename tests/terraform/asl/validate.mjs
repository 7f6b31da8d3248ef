// Validates state machine definitions: a JSON list of them in, a list of what is wrong with each out ("" if nothing).
// The library is loaded from the directory given as the first argument.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.argv[2]}/`);
const validate = require("asl-validator");

const results = await Promise.all(JSON.parse(readFileSync(0, "utf8")).map((definition) => validate(definition)));
process.stdout.write(JSON.stringify(results.map((result) => (result.isValid ? "" : result.errorsText("\n") || "invalid"))));
