// Evaluates IAM requests: one JSON request a line in, one JSON decision a line out, until stdin ends.
// The library is loaded from the directory given as the first argument.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(`${process.argv[2]}/`);
const { runSimulation } = require("@cloud-copilot/iam-simulate");

for await (const line of createInterface({ input: process.stdin })) {
  let decision;
  try {
    const result = await runSimulation(JSON.parse(line), {});
    decision =
      result.resultType === "error"
        ? { error: JSON.stringify(result.errors) }
        : { result: result.overallResult };
  } catch (error) {
    decision = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(decision)}\n`);
}
