"""Values that AWS would reject are rejected at plan, with a message that says what to write."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2
import pytest
from hcl2.utils import SerializationOptions, process_escape_sequences
from mwaa_dags_trigger.transports.cli import CliTransport
from mwaa_dags_trigger.transports.rest import RestTransport

from tests.terraform.planner import Planner
from tests.terraform.validation import cases_alarms, cases_root, cases_source, cases_target
from tests.terraform.validation.cases import SOURCE, TARGET
from tools.paths import PROJECT, ZIP
from tools.terraform import TerraformError

CASES = cases_alarms.CASES | cases_source.CASES | cases_target.CASES
MODULES = {"source": (SOURCE, "source"), "target": (TARGET, "target")}
"""Good values of each module, and the account that it is for."""


@pytest.fixture(scope="session")
def messages(planner: Planner) -> dict[str, list[str]]:
    """The messages for each case, from one plan in which each case calls its own module.

    The values come from a variable, so Terraform knows them at plan only, and reports the conditions that need data
    from AWS together with the others.
    """
    directory = planner.copy / "validation"
    directory.mkdir()
    labels = {name: f"case_{number}" for number, name in enumerate(CASES)}
    modules, values = {}, {}
    for name, case in CASES.items():
        label = labels[name]
        good, account = MODULES[case.module]
        values[label] = {**good, **case.values}
        modules[label] = {
            "source": f"../modules/{case.module}",
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
    by_text = {case.says: labels[name] for name, case in CASES.items()}
    found = [
        (d.about.split(".")[1] if d.about.startswith("module.") else by_text.get(d.text), d.text)
        for d in diagnostics
    ]
    messages = {name: [text for at, text in found if at == label] for name, label in labels.items()}
    assert sum(map(len, messages.values())) == len(diagnostics)
    return messages


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
