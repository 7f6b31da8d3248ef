"""Snapshots of the permissions of each configuration, which `make iam-snapshot` writes."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from os.path import commonprefix
from pathlib import Path
from typing import Any

from sandbox import npm
from sandbox.iam import Policy
from sandbox.iam.simulator import install
from tests.iam.configurations import CONFIGURATIONS, plan
from tests.iam.planned import Planned, read
from tests.iam.questions import ASSUME, Context, Question, questions
from tests.support.local_aws.terraform import with_provider_of
from tests.terraform.planner import Plan, Planner
from tools.isolation import isolate

HERE = Path(__file__).parent
DIRECTORY = HERE / "allowed"
HEAD = """\
# Permissions of the configuration {name} of tests/iam/configurations.py, among all that tests/iam/questions.py checks.
# `make iam-snapshot` writes this file: each new line is a new permission.
# if: only with these values of a condition key. unless: with all other values, and without the key.
# IAM cannot deny sts:GetCallerIdentity.
"""


@dataclass(frozen=True)
class Snapshot:
    """The permissions as text, and the number of questions."""

    questions: int
    text: str


def snapshot_file(name: str) -> Path:
    """Return the file with the permissions of a configuration."""
    return DIRECTORY / f"{name.replace('/', '-')}.txt"


def take_snapshot(name: str, plan: Plan) -> Snapshot:
    """Evaluate all questions about a plan.

    Principals outside the plan have all permissions in their own account, and resources outside the plan allow
    everything to the account of the principal. Therefore, only the planned roles can deny something.
    """
    planned = read(plan)
    asked = list(questions(planned))
    results: dict[tuple[str, str], list[tuple[Question, list[int]]]] = {}
    for question, allowed in zip(asked, _evaluate(planned, asked), strict=True):
        results.setdefault((question.principal, question.action), []).append((question, allowed))
    lines = [HEAD.format(name=name)]
    for principal, group in groupby(sorted(results), key=itemgetter(0)):
        permissions = [f"  {line}\n" for key in group for line in _lines(results[key])]
        lines += [f"\n{principal}\n", *permissions] if permissions else []
    return Snapshot(sum(len(question.contexts) for question in asked), "".join(lines))


def _lines(results: Sequence[tuple[Question, list[int]]]) -> list[str]:
    """Return the permissions of one principal for one action, sorted."""
    if len(results) > 1 and all(len(indexes) == len(asked.contexts) for asked, indexes in results):
        return [f"{results[0][0].action:<30} everything, always"]
    return sorted(
        f"{asked.action:<30} {asked.resource}{_condition(asked, indexes)}"
        for asked, indexes in results
        if indexes
    )


def _condition(asked: Question, indexes: Sequence[int]) -> str:
    allowed = [asked.contexts[index] for index in indexes]
    denied = [context for context in asked.contexts if context not in allowed]
    if () not in allowed:
        return f"  if {_alternatives(allowed)}"
    return f"  unless {_alternatives(denied)}" if denied else ""


def _alternatives(contexts: Sequence[Context]) -> str:
    values: dict[str, list[str]] = {}
    for *others, (key, value) in contexts:
        condition = "".join(f"{other} is {its} and " for other, its in others)
        values.setdefault(f"{condition}{key}", []).append(value)
    return " or ".join(f"{key} is {_braced(alternatives)}" for key, alternatives in values.items())


def _braced(values: Sequence[str]) -> str:
    """Return values as a shell abbreviates them: `function:f{,:live}`."""
    if len(values) == 1:
        return values[0]
    prefix = commonprefix(values)  # noqa: RUF071 - by characters, as in shells
    return f"{prefix}{{{','.join(value.removeprefix(prefix) for value in values)}}}"


class _Policies:
    """A list of policies. Questions refer to policies by their index."""

    def __init__(self, planned: Planned) -> None:
        self.list: list[dict[str, Any]] = []
        self._roles = {role.arn: role for role in planned.roles}

    def identity(self, principal: str) -> list[int]:
        """Return the indexes of the identity policies of the principal."""
        if not principal.startswith("arn:"):
            return []
        role = self._roles.get(principal)
        return [self._index("Identity", role.policy if role else _allow("*", Resource="*"))]

    def attached(self, question: Question) -> int | None:
        """Return the index of the trust policy or resource policy of the resource."""
        assumes = question.action in ASSUME
        if assumes and question.resource in self._roles:
            return self._index("Trust", self._roles[question.resource].trust)
        if question.resource == "*":
            return None
        caller = {"AWS": f"arn:aws:iam::{question.principal.split(':')[4]}:root"}
        if assumes:
            return self._index("Trust", _allow(*ASSUME, Principal=caller))
        return self._index("Resource", _allow("*", Principal=caller, Resource="*"))

    def _index(self, kind: str, policy: Policy) -> int:
        entry = {"kind": kind, "policy": policy}
        if entry not in self.list:
            self.list.append(entry)
        return self.list.index(entry)


def _allow(*actions: str, **rest: Any) -> Policy:
    statement = {"Effect": "Allow", "Action": actions, **rest}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _evaluate(planned: Planned, asked: Sequence[Question]) -> list[list[int]]:
    """Return the indexes of the contexts in which each question is allowed."""
    policies = _Policies(planned)
    document = {
        "questions": [
            {
                "principal": question.principal,
                "action": question.action,
                "resource": question.resource,
                # The ARN of a bucket contains no account, so the bucket belongs to the account of the principal.
                "account": (question.resource.split(":") + [""] * 5)[4]
                or question.principal.split(":")[4],
                "identity": policies.identity(question.principal),
                "attached": policies.attached(question),
                "contexts": [dict(context) for context in question.contexts],
            }
            for question in asked
        ],
        "policies": policies.list,
    }
    done = subprocess.run(
        [npm.node(), HERE / "evaluate.mjs", install()],
        input=json.dumps(document),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    if done.returncode != 0:
        raise ValueError(f"The evaluation of the policies failed: {done.stderr[-2000:]}")
    allowed: list[list[int]] = json.loads(done.stdout)
    return allowed


def main() -> None:
    """Write the snapshots of the configurations in the arguments, or of all configurations."""
    isolate()
    with tempfile.TemporaryDirectory() as provider, tempfile.TemporaryDirectory() as copy:
        planner = Planner(Path(copy), with_provider_of(Path(provider)))
        for name in sys.argv[1:] or CONFIGURATIONS:
            snapshot = take_snapshot(name, plan(planner, name))
            snapshot_file(name).write_text(snapshot.text, encoding="utf-8")
            sys.stdout.write(f"{name}: {snapshot.questions:,} questions\n")


if __name__ == "__main__":
    main()
