"""Values that would fail at AWS, or later: refused at plan, with a sentence that says what to write."""

from __future__ import annotations

import json

import pytest
from mwaa_dags_trigger.cli import CliTransport
from mwaa_dags_trigger.rest import RestTransport

from tests.terraform import cases_source, cases_target
from tests.terraform.cases import SOURCE, TARGET
from tests.terraform.planner import Planner, PlanRefusedError

CASES = cases_source.CASES | cases_target.CASES


@pytest.fixture(scope="session")
def said(planner: Planner) -> dict[str, list[str]]:
    """What Terraform says to each case, in one plan in which each is a module of its own.

    The values come from a variable: Terraform then knows them at plan only, and reports those that it could
    refuse before together with those for which it asks AWS.
    """
    directory = planner.copy / "validation"
    directory.mkdir()
    labels = {name: f"case_{number}" for number, name in enumerate(CASES)}
    modules, values = {}, {}
    for name, case in CASES.items():
        label = labels[name]
        values[label] = {**(SOURCE if case.module == "source" else TARGET), **case.values}
        modules[label] = {
            "source": f"../modules/{case.module}",
            "providers": {"aws": f"aws.{case.module}"},
            **{variable: f"${{var.values.{label}.{variable}}}" for variable in values[label]},
        }
    configuration = {"variable": {"values": {"type": "any"}}, "module": modules}
    (directory / "main.tf.json").write_text(json.dumps(configuration))
    (directory / "dist").mkdir()
    (directory / "dist/package.zip").write_bytes(b"a package")
    providers = planner.copy / "tests/terraform/configurations/modules/providers.tf"
    (directory / "providers.tf").write_text(providers.read_text())

    with pytest.raises(PlanRefusedError) as refused:
        planner.plan("validation", variables={"values": values})
    diagnostics = refused.value.diagnostics
    said = {
        name: [d.text for d in diagnostics if d.about.split(".")[1] == label]
        for name, label in labels.items()
    }
    assert sum(map(len, said.values())) == len(diagnostics)
    return said


@pytest.mark.parametrize("name", CASES)
def test_a_value_is_taken_or_refused_with_one_sentence(
    said: dict[str, list[str]], name: str
) -> None:
    says = CASES[name].says

    assert said[name] == ([says] if says else [])


def test_the_shortest_timeout_leaves_the_function_time_to_send() -> None:
    timeout = CASES["function: shortest"].values["function"]["timeout"]

    assert timeout > max(CliTransport.trigger_seconds, RestTransport.trigger_seconds)
