// Evaluates IAM requests: reads a JSON request per line and writes a JSON decision per line, until stdin ends.
// The first argument is the directory with the library.

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
