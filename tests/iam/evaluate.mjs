// Evaluates the questions about a plan. Reads a JSON document from stdin and writes one to stdout. The first argument is
// the directory of the library.
//
// Without policy variables, a context affects only conditions. A policy without conditions and Deny statements therefore
// allows at least as much as the original. This script evaluates the contexts of a question only if these policies allow
// the request.
//
// `runSimulation` takes half a millisecond for each question, mostly to determine the type of the resource, and drops
// the unknown key `kms:EncryptionContext:…`. Therefore, this script validates the policies once and runs the same engine
// without the validation of requests. It checks each allowed question with `runSimulation` as well, because only that
// function knows which actions support no resources.

import { createRequire } from "node:module";
import { json } from "node:stream/consumers";

const require = createRequire(`${process.argv[2]}/`);
const { runSimulation, runUnsafeSimulation } = require("@cloud-copilot/iam-simulate");
const { createValidatedPolicy, ...validators } = require("@cloud-copilot/iam-policy");

const { policies, questions } = await json(process.stdin);
const validate = ({ kind, policy }, index) => {
  const created = createValidatedPolicy(policy, validators[`validate${kind}Policy`], { name: `${index}` });
  if (created.errors.length > 0) throw new Error(JSON.stringify([created.errors, policy]));
  return created;
};
const withoutConditions = ({ kind, policy }) => {
  const allowing = policy.Statement.filter((statement) => statement.Effect === "Allow");
  const statements = allowing.map(({ Condition, ...statement }) => statement);
  if (JSON.stringify(statements).includes("${"))
    throw new Error("The value of a policy variable depends on the context: extend tests/iam/evaluate.mjs.");
  return { kind, policy: { ...policy, Statement: statements } };
};
const validated = policies.map(validate);
const unconditional = policies.map(withoutConditions).map(validate);

const results = [];
// "AWS global condition context keys": each request of a role or a user has its ARN.
const principalArn = (principal) => (principal.startsWith("arn:") ? { "aws:PrincipalArn": principal } : {});

for (const { principal, action, resource, account, identity, attached, contexts } of questions) {
  const allowed = [];
  const simulationOf = (documents, context) => ({
    request: {
      principal,
      action,
      resource: { resource, accountId: account },
      contextVariables: { ...principalArn(principal), ...context },
    },
    identityPolicies: identity.map((id) => ({ name: `${id}`, policy: documents[id] })),
    resourcePolicy: documents[attached],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  });
  const isPossible = runUnsafeSimulation(simulationOf(unconditional, {}), {}) === "Allowed";
  for (const [index, context] of isPossible ? contexts.entries() : []) {
    const simulation = simulationOf(validated, context);
    if (runUnsafeSimulation(simulation, {}) !== "Allowed") continue;
    const checked = await runSimulation(simulation, {});
    if (checked.resultType === "error")
      throw new Error(JSON.stringify([simulation.request, checked.errors]));
    if (checked.overallResult === "Allowed" || checked.result?.ignoredContextKeys.length > 0) allowed.push(index);
  }
  results.push(allowed);
}
process.stdout.write(JSON.stringify(results));
