"""Values that AWS would reject are rejected at plan, with a message that says what to write."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hcl2
import pytest
from hcl2.utils import SerializationOptions, process_escape_sequences
from mwaa_dags_trigger.transports.cli import CliTransport
from mwaa_dags_trigger.transports.rest import RestTransport

from tests.terraform.planner import Planner
from tests.terraform.validation import cases_alarms, cases_root, cases_source, cases_target
from tests.terraform.validation.cases import SOURCE, TARGET, Case
from tools.paths import PROJECT, ZIP
from tools.terraform import TerraformError

CASES = cases_alarms.CASES | cases_source.CASES | cases_target.CASES
MODULES = {"source": (SOURCE, "source"), "target": (TARGET, "target")}
"""Good values of each module, and the account that it is for."""


@dataclass
class Call:
    """A call of a module with the values of several cases.

    Parameters
    ----------
    kind
        The module, and what the cases have in common.
    """

    kind: tuple[str, str]
    cases: dict[str, Case] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, Any]:
        """Values that replace good values."""
        return {name: value for case in self.cases.values() for name, value in case.values.items()}

    def accepts(self, case: Case, related: Mapping[str, Set[str]]) -> bool:
        """Return whether the variables of the case are related to no variable of the call, and its message is new."""
        says = {each.says for each in self.cases.values()} - {""}
        taken = {name for variable in self.values for name in related[variable]}
        return not case.values.keys() & taken and case.says not in says

    def messages(self, name: str, texts: Sequence[str]) -> list[str]:
        """Return the messages of a case: its own, and all that no case of the call expects."""
        says = {case.says for case in self.cases.values()}
        return [text for text in texts if text == self.cases[name].says or text not in says]


def module_calls() -> list[Call]:
    """Distribute the cases among few calls, because the cost of a plan grows faster than the number of calls."""
    related = {module: related_variables(module) for module in MODULES}
    in_variables = [
        re.compile(pattern(message))
        for module in MODULES
        for message in error_messages(parsed(PROJECT / f"modules/{module}/variables.tf"))
    ]
    calls: list[Call] = []
    for name, case in CASES.items():
        if not case.says:
            kind = (case.module, "accepted")
        elif any(message.fullmatch(case.says) for message in in_variables):
            kind = (case.module, "rejected")
        else:
            # Terraform checks a precondition only if all variables are valid.
            kind = (case.module, name)
        same = (call for call in calls if call.kind == kind)
        call = next((call for call in same if call.accepts(case, related[case.module])), None)
        if not call:
            call = Call(kind)
            calls.append(call)
        call.cases[name] = case
    return calls


def related_variables(module: str) -> dict[str, set[str]]:
    """Return for each variable of a module itself and all variables that are validated together with it."""
    blocks = [parsed(file) for file in (PROJECT / "modules" / module).glob("*.tf")]
    values = {
        f"local.{name}": str(value)
        for block in blocks
        for scope in block.get("locals", [])
        for name, value in scope.items()
    }
    variables = {
        name: str(variable.get("validation", ""))
        for block in blocks
        for each in block.get("variable", [])
        for name, variable in each.items()
    }

    def used(expression: str, seen: frozenset[str] = frozenset()) -> Iterator[str]:
        yield from re.findall(r"\bvar\.(\w+)", expression)
        for name in set(re.findall(r"\blocal\.\w+", expression)) - seen:
            yield from used(values.get(name, ""), seen | {name})

    related = {name: {name} for name in variables}
    for name, validation in variables.items():
        for other in set(used(validation)):
            related[name].add(other)
            related[other].add(name)
    return related


@pytest.fixture(scope="session")
def messages(planner: Planner) -> dict[str, list[str]]:
    """The messages for each case, from one plan with all calls.

    The values come from a variable, so Terraform knows them at plan only, and reports the conditions that need data
    from AWS together with the others.
    """
    directory = planner.copy / "validation"
    directory.mkdir()
    calls = {f"call_{number}": call for number, call in enumerate(module_calls())}
    modules, values = {}, {}
    for label, call in calls.items():
        module = call.kind[0]
        good, account = MODULES[module]
        values[label] = {**good, **call.values}
        modules[label] = {
            "source": f"../modules/{module}",
            "providers": {"aws": f"aws.{account}"},
            **{variable: f"${{var.values.{label}.{variable}}}" for variable in values[label]},
        }
    configuration = {"variable": {"values": {"type": "any"}}, "module": modules}
    (directory / "main.tf.json").write_text(json.dumps(configuration))
    (directory / "dist").mkdir()
    shutil.copy(ZIP, directory / "dist/package.zip")
    (directory / "dist/changed.zip").write_bytes(b"another package")
    providers = planner.copy / "tests/terraform/configurations/modules/providers.tf"
    (directory / "providers.tf").write_text(providers.read_text())

    with pytest.raises(TerraformError) as refused:
        planner.plan("validation", variables={"values": values})
    diagnostics = refused.value.diagnostics
    # Terraform does not name the module in which a precondition fails: so no two of these cases may have the same text.
    by_text = {case.says: label for label, call in calls.items() for case in call.cases.values()}
    found = [
        (d.about.split(".")[1] if d.about.startswith("module.") else by_text.get(d.text), d.text)
        for d in diagnostics
    ]
    assert [text for at, text in found if at is None] == []
    return {
        name: call.messages(name, [text for at, text in found if at == label])
        for label, call in calls.items()
        for name in call.cases
    }


@pytest.mark.parametrize("name", CASES)
def test_a_value_is_accepted_or_rejected_with_one_message(
    messages: dict[str, list[str]], name: str
) -> None:
    says = CASES[name].says

    assert messages[name] == ([says] if says else [])


@pytest.mark.parametrize(
    ("module", "directory"),
    [("root", "."), *((module, f"modules/{module}") for module in MODULES)],
)
def test_each_condition_has_a_case(module: str, directory: str) -> None:
    cases = [*CASES.values(), *cases_root.CASES.values()]
    said = [case.says for case in cases if case.module == module]
    messages = [
        message
        for file in sorted((PROJECT / directory).glob("*.tf"))
        for message in error_messages(parsed(file))
    ]

    assert messages
    assert [m for m in messages if not any(map(re.compile(pattern(m)).fullmatch, said))] == []


def parsed(file: Path) -> Any:
    return hcl2.loads(
        file.read_text(), serialization_options=SerializationOptions(strip_string_quotes=True)
    )


def error_messages(block: Any) -> Iterator[str]:
    """Find the messages of all validations, preconditions and postconditions in a block."""
    if isinstance(block, dict):
        if "error_message" in block:
            yield block["error_message"]
        for inner in block.values():
            yield from error_messages(inner)
    elif isinstance(block, list):
        for inner in block:
            yield from error_messages(inner)


def pattern(message: str) -> str:
    """Return a pattern for a message after Terraform has replaced its `${}` expressions."""
    parts = re.split(r"\$\{(?:[^{}]|\{[^}]*\})*\}", process_escape_sequences(message))
    return ".+".join(map(re.escape, parts))


def test_the_shortest_timeout_leaves_the_function_time_to_send() -> None:
    timeout = CASES["function: shortest"].values["function"]["timeout"]

    assert timeout > max(CliTransport.trigger_seconds, RestTransport.trigger_seconds)
