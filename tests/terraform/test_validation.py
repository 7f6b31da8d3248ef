"""Values that would fail at AWS, or later: refused at plan, with a sentence that says what to write."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from mwaa_dags_trigger.cli import CliTransport
from mwaa_dags_trigger.rest import RestTransport

from tests.terraform.planner import Planner, PlanRefusedError

SOURCE: dict[str, Any] = {
    "name": "onboarding",
    "logging": {},
    "preliminary_tasks": [],
    "target": {
        "role_arn": "arn:aws:iam::222222222222:role/t",
        "function_arn": "arn:aws:lambda:eu-central-1:222222222222:function:f",
    },
}
TARGET: dict[str, Any] = {
    "name": "onboarding",
    "airflow_role": "User",
    "function": {},
    "log_retention_in_days": 30,
    "mwaa_environments": ["analytics"],
    "package": "dist/package.zip",
    "transport": "cli",
    "trusted_sources": [
        {
            "role_arn": "arn:aws:iam::111111111111:role/s",
            "state_machine_arn": "arn:aws:states:eu-central-1:111111111111:stateMachine:m",
        }
    ],
}
FUNCTION = "arn:aws:lambda:eu-central-1:111111111111:function:prepare"


@dataclass(frozen=True)
class Case:
    """A call of a module with some values in place of good ones, and what Terraform says to it.

    Parameters
    ----------
    says
        Empty where the values are good.
    """

    module: str
    says: str
    values: dict[str, Any] = field(default_factory=dict)


def source(says: str, **values: Any) -> Case:
    return Case("source", says, values)


def target(says: str, **values: Any) -> Case:
    return Case("target", says, values)


def tasks(*names: str, **values: Any) -> list[dict[str, Any]]:
    return [{"name": name, "lambda_arn": FUNCTION, **values} for name in names]


def to(**values: str) -> dict[str, str]:
    return {**SOURCE["target"], **values}


def trusted(**values: str) -> list[dict[str, str]]:
    return [{**TARGET["trusted_sources"][0], **values}]


SOURCE_NAME = "Write name with letters, digits, '-' and '_' only, at most 57 of them."
TARGET_NAME = "Write name with letters, digits, '-' and '_' only, at most 56 of them."
TASK_NAME = "Give each of preliminary_tasks a name of 1 to 80 characters."
OWN_STATE = (
    "Call none of preliminary_tasks 'Trigger MWAA DAG': the state machine has a state of this name."
)
TASK_FUNCTION = (
    "Give preliminary_tasks functions of the source's own account and Region: "
    "arn:aws:lambda:eu-central-1:111111111111:function:NAME."
)
RESULT_PATH = (
    "Begin the result_path of each of preliminary_tasks with '$.', or leave it out to drop the "
    "result; without a field of its own the result would replace the execution's input."
)
TARGET_ROLE = (
    "Give target.role_arn a role in the source's partition: arn:aws:iam::ACCOUNT:role/NAME."
)
TARGET_FUNCTION = (
    "Give target.function_arn a function, without version or alias, in the source's partition and "
    "Region: arn:aws:lambda:eu-central-1:ACCOUNT:function:NAME."
)
TARGET_ACCOUNT = "Give target.role_arn and target.function_arn of one account."
NO_ENVIRONMENT = "Name at least one environment in mwaa_environments."
ENVIRONMENT = (
    "Write each of mwaa_environments as MWAA has it (a name, no ARN): a letter, then letters, "
    "digits, '-' and '_', at most 80 in all."
)
NO_SOURCE = "Name at least one source in trusted_sources."
SOURCE_ROLE = (
    "Give each role_arn of trusted_sources a role in the target's partition: "
    "arn:aws:iam::ACCOUNT:role/NAME."
)
STATE_MACHINE = (
    "Give each state_machine_arn of trusted_sources a state machine in the target's partition and "
    "Region, its name of letters, digits and _+=,.@- only: "
    "arn:aws:states:eu-central-1:ACCOUNT:stateMachine:NAME."
)
SOURCE_ACCOUNT = "Give role_arn and state_machine_arn of each of trusted_sources of one account."
ARCHITECTURE = "Write function.architecture as arm64 or x86_64."
MEMORY = "Write function.memory_size as 128 to 10240 (MiB)."
TIMEOUT = (
    "Write function.timeout as 60 to 900 (seconds): the function keeps time back for a look whether "
    "the DAG run is there, and with less would send nothing."
)
AIRFLOW_ROLE = (
    "Write airflow_role as the name of an Airflow role, such as User, Op or one of your own: letters, "
    "digits, '_', '.' and '-', at most 64 of them."
)
TRANSPORT = "Write transport as cli or rest."

CASES = {
    "source: good": source(""),
    "source: longest name": source("", name="n" * 57),
    "source: name too long for its role": source(SOURCE_NAME, name="n" * 58),
    "source: name that STS takes in no external id": source(SOURCE_NAME, name="on*boarding"),
    "source: name that the provider does not take": source(SOURCE_NAME, name="on.boarding"),
    "source: name with a space": source(SOURCE_NAME, name="on boarding"),
    "source: no name": source(SOURCE_NAME, name=""),
    "tasks: longest name": source("", preliminary_tasks=tasks("t" * 80)),
    "tasks: name too long": source(TASK_NAME, preliminary_tasks=tasks("t" * 81)),
    "tasks: no name": source(TASK_NAME, preliminary_tasks=tasks("")),
    "tasks: one name twice": source(
        "Give each of preliminary_tasks a name of its own: they are the names of states.",
        preliminary_tasks=tasks("a", "b", "a"),
    ),
    "tasks: name of the trigger": source(OWN_STATE, preliminary_tasks=tasks("Trigger MWAA DAG")),
    "tasks: alias": source("", preliminary_tasks=tasks("a", lambda_arn=f"{FUNCTION}:live")),
    "tasks: another account": source(
        TASK_FUNCTION,
        preliminary_tasks=tasks("a", lambda_arn=FUNCTION.replace("111111111111", "222222222222")),
    ),
    "tasks: another Region": source(
        TASK_FUNCTION,
        preliminary_tasks=tasks("a", lambda_arn=FUNCTION.replace("eu-central-1", "us-east-1")),
    ),
    "tasks: a name in place of an ARN": source(
        TASK_FUNCTION, preliminary_tasks=tasks("a", lambda_arn="prepare")
    ),
    "tasks: result in place of the input": source(
        RESULT_PATH, preliminary_tasks=tasks("a", result_path="$")
    ),
    "tasks: result path without $": source(
        RESULT_PATH, preliminary_tasks=tasks("a", result_path="status")
    ),
    "logging: unknown level": source(
        "Write logging.level as ALL, ERROR, FATAL or OFF.",
        logging={"level": "LOUD"},
    ),
    "logging: impossible retention": source(
        "expected retention_in_days to be one of [0 1 3 5 7 14 30 60 90 120 150 180 365 400 545 "
        "731 1096 1827 2192 2557 2922 3288 3653], got 2",
        logging={"retention_in_days": 2},
    ),
    "target: role in another partition": source(
        TARGET_ROLE, target=to(role_arn="arn:aws-cn:iam::222222222222:role/t")
    ),
    "target: role's name in place of its ARN": source(TARGET_ROLE, target=to(role_arn="t")),
    "target: function in another partition": source(
        TARGET_FUNCTION,
        target=to(function_arn="arn:aws-cn:lambda:eu-central-1:222222222222:function:f"),
    ),
    "target: function in another Region": source(
        TARGET_FUNCTION,
        target=to(function_arn="arn:aws:lambda:eu-west-1:222222222222:function:f"),
    ),
    "target: alias, which the role may not invoke": source(
        TARGET_FUNCTION,
        target=to(function_arn="arn:aws:lambda:eu-central-1:222222222222:function:f:live"),
    ),
    "target: role and function of two accounts": source(
        TARGET_ACCOUNT, target=to(role_arn="arn:aws:iam::333333333333:role/t")
    ),
    "target: good": target(""),
    "target: longest name": target("", name="n" * 56),
    "target: name too long for its roles": target(TARGET_NAME, name="n" * 57),
    "target: name that Lambda does not take": target(TARGET_NAME, name="on.boarding"),
    "environments: none": target(NO_ENVIRONMENT, mwaa_environments=[]),
    "environments: longest name": target("", mwaa_environments=["e" * 80]),
    "environments: name too long": target(ENVIRONMENT, mwaa_environments=["e" * 81]),
    "environments: an ARN": target(
        ENVIRONMENT,
        mwaa_environments=["arn:aws:airflow:eu-central-1:222222222222:environment/analytics"],
    ),
    "environments: a wildcard": target(ENVIRONMENT, mwaa_environments=["*"]),
    "sources: none": target(NO_SOURCE, trusted_sources=[]),
    "sources: a whole account": target(
        SOURCE_ROLE, trusted_sources=trusted(role_arn="arn:aws:iam::111111111111:root")
    ),
    "sources: any role": target(
        SOURCE_ROLE, trusted_sources=trusted(role_arn="arn:aws:iam::111111111111:role/*")
    ),
    "sources: role in another partition": target(
        SOURCE_ROLE, trusted_sources=trusted(role_arn="arn:aws-cn:iam::111111111111:role/s")
    ),
    "sources: state machine in another Region": target(
        STATE_MACHINE,
        trusted_sources=trusted(
            state_machine_arn="arn:aws:states:eu-west-1:111111111111:stateMachine:m"
        ),
    ),
    "sources: any state machine": target(
        STATE_MACHINE,
        trusted_sources=trusted(
            state_machine_arn="arn:aws:states:eu-central-1:111111111111:stateMachine:*"
        ),
    ),
    "sources: role and state machine of two accounts": target(
        SOURCE_ACCOUNT, trusted_sources=trusted(role_arn="arn:aws:iam::333333333333:role/s")
    ),
    "function: largest": target("", function={"memory_size": 10240, "timeout": 900}),
    "function: unknown architecture": target(ARCHITECTURE, function={"architecture": "mips"}),
    "function: too little memory": target(MEMORY, function={"memory_size": 127}),
    "function: shortest": target("", function={"timeout": 60}),
    "function: too short to send anything": target(TIMEOUT, function={"timeout": 59}),
    "function: too long": target(TIMEOUT, function={"timeout": 901}),
    "Airflow role: longest, of one's own": target("", airflow_role="Trigger.DAG_runs-" + "r" * 47),
    "Airflow role: too long": target(AIRFLOW_ROLE, airflow_role="r" * 65),
    "Airflow role: any": target(AIRFLOW_ROLE, airflow_role="*"),
    "Airflow role: an ARN": target(
        AIRFLOW_ROLE, airflow_role="arn:aws:airflow:eu-central-1:222222222222:role/analytics/Op"
    ),
    "Airflow role: none": target(AIRFLOW_ROLE, airflow_role=""),
    "transport: rest": target("", transport="rest"),
    "transport: unknown": target(TRANSPORT, transport="grpc"),
    "transport: in capitals": target(TRANSPORT, transport="REST"),
}


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
