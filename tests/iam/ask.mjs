// Answers a plan's questions: one JSON document in, one out; the library's directory is the first argument.
//
// `runSimulation` takes half a millisecond for each question, most of it to tell the resource's type, and drops the
// key `kms:EncryptionContext:…` as one that it does not know. So the policies are validated once, and the answers
// come of the same engine without the validation of the request. Whatever it allows is asked of `runSimulation`, too:
// alone that knows which actions know no resource.

import { createRequire } from "node:module";
import { json } from "node:stream/consumers";

const require = createRequire(`${process.argv[2]}/`);
const { runSimulation, runUnsafeSimulation } = require("@cloud-copilot/iam-simulate");
const { createValidatedPolicy, ...validators } = require("@cloud-copilot/iam-policy");

const { policies, questions } = await json(process.stdin);
const validated = policies.map(({ kind, policy }, index) => {
  const made = createValidatedPolicy(policy, validators[`validate${kind}Policy`], { name: `${index}` });
  if (made.errors.length > 0) throw new Error(JSON.stringify([made.errors, policy]));
  return made;
});

const answers = [];
for (const { principal, action, resource, account, identity, attached, contexts } of questions) {
  const allowed = [];
  for (const [index, contextVariables] of contexts.entries()) {
    const simulation = {
      request: { principal, action, resource: { resource, accountId: account }, contextVariables },
      identityPolicies: identity.map((id) => ({ name: `${id}`, policy: validated[id] })),
      resourcePolicy: validated[attached],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    };
    if (runUnsafeSimulation(simulation, {}) !== "Allowed") continue;
    const checked = await runSimulation(simulation, {});
    if (checked.resultType === "error")
      throw new Error(JSON.stringify([simulation.request, checked.errors]));
    if (checked.overallResult === "Allowed" || checked.result?.ignoredContextKeys.length > 0) allowed.push(index);
  }
  answers.push(allowed);
}
process.stdout.write(JSON.stringify(answers));
