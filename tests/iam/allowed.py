"""The permissions of a configuration as text, written by `make iam-snapshot`."""

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
from tests.iam.universe import ASSUME, Context, Question, questions
from tests.support.local_aws.terraform import with_provider_of
from tests.terraform.planner import Plan, Planner
from tools.isolation import isolate

HERE = Path(__file__).parent
TEXTS = HERE / "allowed"
HEAD = """\
# Permissions that the configuration {name} of tests/iam/configurations.py allows, among all that tests/iam/universe.py
# checks. `make iam-snapshot` writes this file: each new line is a new permission.
# if: only with these values of a condition key. unless: with all other values, and without the key.
# IAM cannot deny sts:GetCallerIdentity.
"""


@dataclass(frozen=True)
class Answers:
    """The number of questions, and the permissions as text."""

    asked: int
    text: str


def text(name: str) -> Path:
    """Return the file that has what a configuration allows."""
    return TEXTS / f"{name.replace('/', '-')}.txt"


def answer(name: str, plan: Plan) -> Answers:
    """Ask everything about a plan.

    A principal that is not planned may do anything, as far as its own account is concerned, and whatever is not planned
    lets the account of whoever asks do anything: only the planned roles' trusts and policies say no.
    """
    planned = read(plan)
    asked = list(questions(planned))
    answers: dict[tuple[str, str], list[tuple[Question, list[int]]]] = {}
    for question, yes in zip(asked, _ask(planned, asked), strict=True):
        answers.setdefault((question.principal, question.action), []).append((question, yes))
    lines = [HEAD.format(name=name)]
    for principal, group in groupby(sorted(answers), key=itemgetter(0)):
        allowed = [f"  {line}\n" for key in group for line in _lines(answers[key])]
        lines += [f"\n{principal}\n", *allowed] if allowed else []
    return Answers(sum(len(question.contexts) for question in asked), "".join(lines))


def _lines(answers: Sequence[tuple[Question, list[int]]]) -> list[str]:
    """Return what one principal may do by one action, sorted."""
    if len(answers) > 1 and all(len(yes) == len(asked.contexts) for asked, yes in answers):
        return [f"{answers[0][0].action:<30} everything, always"]
    return sorted(
        f"{asked.action:<30} {asked.resource}{_condition(asked, yes)}"
        for asked, yes in answers
        if yes
    )


def _condition(asked: Question, indexes: Sequence[int]) -> str:
    yes = [asked.contexts[index] for index in indexes]
    no = [context for context in asked.contexts if context not in yes]
    if () not in yes:
        return f"  if {_alternatives(yes)}"
    return f"  unless {_alternatives(no)}" if no else ""


def _alternatives(contexts: Sequence[Context]) -> str:
    values: dict[str, list[str]] = {}
    for *others, (key, value) in contexts:
        said = "".join(f"{other} is {its} and " for other, its in others)
        values.setdefault(f"{said}{key}", []).append(value)
    return " or ".join(f"{key} is {_braced(alternatives)}" for key, alternatives in values.items())


def _braced(values: Sequence[str]) -> str:
    """Return values as a shell abbreviates them: `function:f{,:live}`."""
    if len(values) == 1:
        return values[0]
    prefix = commonprefix(values)  # noqa: RUF071 - of characters, as shells have it
    return f"{prefix}{{{','.join(value.removeprefix(prefix) for value in values)}}}"


class _Policies:
    """The policies that the questions name by their places in a list."""

    def __init__(self, planned: Planned) -> None:
        self.list: list[dict[str, Any]] = []
        self._roles = {role.arn: role for role in planned.roles}

    def identity(self, principal: str) -> list[int]:
        """Return the principal's own policies."""
        if not principal.startswith("arn:"):
            return []
        role = self._roles.get(principal)
        return [self._place("Identity", role.policy if role else _allow("*", Resource="*"))]

    def attached(self, question: Question) -> int | None:
        """Return the policy of what the question is about."""
        assumes = question.action in ASSUME
        if assumes and question.resource in self._roles:
            return self._place("Trust", self._roles[question.resource].trust)
        if question.resource == "*":
            return None
        asking = {"AWS": f"arn:aws:iam::{question.principal.split(':')[4]}:root"}
        if assumes:
            return self._place("Trust", _allow(*ASSUME, Principal=asking))
        return self._place("Resource", _allow("*", Principal=asking, Resource="*"))

    def _place(self, kind: str, policy: Policy) -> int:
        entry = {"kind": kind, "policy": policy}
        if entry not in self.list:
            self.list.append(entry)
        return self.list.index(entry)


def _allow(*actions: str, **rest: Any) -> Policy:
    statement = {"Effect": "Allow", "Action": actions, **rest}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _ask(planned: Planned, asked: Sequence[Question]) -> list[list[int]]:
    """Return, for each question, in which of its contexts the answer is yes."""
    policies = _Policies(planned)
    document = {
        "questions": [
            {
                "principal": question.principal,
                "action": question.action,
                "resource": question.resource,
                # A bucket's ARN names none: it is of whoever asks.
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
        [npm.node(), HERE / "ask.mjs", install()],
        input=json.dumps(document),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    if done.returncode != 0:
        raise ValueError(f"The evaluator could not answer: {done.stderr[-2000:]}")
    answers: list[list[int]] = json.loads(done.stdout)
    return answers


def main() -> None:
    """Write the texts of all configurations, or of those that the arguments name."""
    isolate()
    with tempfile.TemporaryDirectory() as provider, tempfile.TemporaryDirectory() as copy:
        planner = Planner(Path(copy), with_provider_of(Path(provider)))
        for name in sys.argv[1:] or CONFIGURATIONS:
            answers = answer(name, plan(planner, name))
            text(name).write_text(answers.text, encoding="utf-8")
            sys.stdout.write(f"{name}: {answers.asked:,} questions\n")


if __name__ == "__main__":
    main()
