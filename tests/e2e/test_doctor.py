"""The doctor finds each breakage of a deployed stack by name, and nothing in a healthy one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.e2e import breakages
from tests.e2e.conftest import Stack, on_the_default, over_cli, over_rest
from tests.support.local_aws.commands import Commands
from tools.paths import ZIP

Breakage = Callable[[Stack], AbstractContextManager[None]]


def examine(mwaa_dags: Commands, env: str = "sandbox", dag: str = "onboarding") -> dict[int, str]:
    """Return the problems and what to do about them, by the number of the check, without past executions."""
    findings = mwaa_dags("doctor", "--env", env, "--dag", dag, "--json").json
    return {
        each["check"]: f"{each['text']} → {each['todo']}"
        for each in findings
        if each["result"] == "failed" and each["check"] < 12
    }


def test_a_healthy_stack_passes_all_checks(stack: Stack, mwaa_dags: Commands) -> None:
    findings = mwaa_dags("doctor", "--env", "sandbox", "--dag", "onboarding", "--json").json

    results = {(each["check"], each["result"]) for each in findings if each["check"] < 12}
    assert results == {(number, "passed") for number in range(1, 12)}


@on_the_default
@over_cli
@pytest.mark.parametrize(
    ("breakage", "check", "words"),
    [
        (breakages.another_external_id, 3, ("only with the external id", "trusted_sources")),
        (breakages.replaced_source_role, 3, ("AROA", "id of a deleted role", "once more")),
        (
            breakages.policy_without_the_environment,
            8,
            ("sandbox exists, but the function may not use it", "mwaa_environments"),
        ),
        (
            breakages.broken_version,
            10,
            ("Runtime.ImportModuleError", "alias live invokes version", "make package"),
        ),
        (breakages.updating_environment, 9, ("sandbox is UPDATING", "AVAILABLE")),
        (breakages.another_allowed_dag, 8, ("allowed_dags", "Did you mean onboardin?")),
        (breakages.no_concurrency, 6, ("reserved concurrency", "is 0")),
        (breakages.short_timeout, 5, ("timeout of the function is 3 s", "300")),
        (breakages.older_version, 11, ("older than this command", "apply the target")),
        (breakages.deleted_log_group, 7, ("log group /aws/lambda/", "does not exist")),
        (breakages.no_permission_to_invoke, 4, ("target role", "lacks lambda:InvokeFunction")),
        (
            breakages.no_permission_for_a_preliminary_task,
            2,
            ("source role", "lacks lambda:InvokeFunction", "rds-hack-update"),
        ),
        (breakages.deleted_alias, 5, ("alias", "does not exist", "Apply the target")),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_breakage_is_found_by_name(
    stack: Stack,
    mwaa_dags: Commands,
    breakage: Breakage,
    check: int,
    words: tuple[str, ...],
) -> None:
    with breakage(stack):
        problems = examine(mwaa_dags)

    assert check in problems, problems
    for word in words:
        assert word in problems[check]
    assert min(problems) == check


@on_the_default
@over_cli
def test_a_package_that_is_not_deployed_is_found(
    stack: Stack, mwaa_dags: Commands, tmp_path: Path
) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / ZIP.name).write_bytes(b"another zip")

    problem = examine(mwaa_dags)[5]

    assert "whose code differs from dist/mwaa_dags_trigger.zip" in problem


@on_the_default
@over_rest
def test_an_unknown_airflow_role_is_found_by_name(stack: Stack, mwaa_dags: Commands) -> None:
    with breakages.unknown_airflow_role(stack):
        problems = examine(mwaa_dags)

    assert "Its Airflow role is Nobody" in problems[10]
    assert "the role Nobody exists" in problems[10]


@on_the_default
@over_cli
@pytest.mark.parametrize(
    ("env", "dag", "check", "words"),
    [
        ("sandbx", "onboarding", 8, "environment sandbx does not exist"),
        ("sandbx", "onboarding", 8, "Did you mean sandbox?"),
        ("sandbox", "paused", 11, "the DAG paused is paused"),
    ],
    ids=["environment", "near environment", "paused"],
)
def test_a_wrong_name_or_a_paused_dag_is_found(
    stack: Stack, mwaa_dags: Commands, *, env: str, dag: str, check: int, words: str
) -> None:
    assert words in examine(mwaa_dags, env, dag)[check]


@on_the_default
@over_cli
def test_a_misspelt_dag_is_found_with_near_names(stack: Stack, mwaa_dags: Commands) -> None:
    stack.execute(mwaa_dag_name="onboarding")

    assert "Did you mean onboarding?" in examine(mwaa_dags, dag="onbording")[11]


@on_the_default
@over_cli
def test_a_dag_file_that_does_not_import_is_found(stack: Stack, mwaa_dags: Commands) -> None:
    with breakages.dag_file_that_does_not_import(stack):
        problem = examine(mwaa_dags, dag="newest")[11]

    assert "the DAG newest does not exist" in problem
    assert "newest.py: ModuleNotFoundError: No module named 'missing'" in problem


@over_rest
def test_the_params_of_a_dag_are_shown(stack: Stack, mwaa_dags: Commands) -> None:
    findings = mwaa_dags("doctor", "--env", "sandbox", "--dag", "with_params", "--json").json

    texts = [each["text"] for each in findings if each["check"] == 11]
    assert any("client (string, required), day (integer)" in text for text in texts), texts


@on_the_default
@over_cli
@pytest.mark.parametrize(
    ("breakage", "reason"),
    [
        (breakages.broken_version, "the probe of sandbox failed"),
        (breakages.no_commands_that_describe_a_dag, "the function failed with AccessDenied"),
    ],
    ids=["the probe fails", "MWAA rejects the commands"],
)
def test_the_dag_is_not_checked_if(
    stack: Stack, mwaa_dags: Commands, breakage: Breakage, reason: str
) -> None:
    with breakage(stack):
        findings = mwaa_dags("doctor", "--env", "sandbox", "--dag", "onboarding", "--json").json

    [dag] = [each for each in findings if each["check"] == 11]
    assert dag["result"] == "not_checked"
    assert f"because {reason}" in dag["text"]


@on_the_default
@over_cli
def test_without_the_target_account_it_says_what_it_could_not_check(
    stack: Stack, mwaa_dags: Commands
) -> None:
    del mwaa_dags.environment["MWAA_DAGS_TARGET_PROFILE"]

    findings = mwaa_dags("doctor", "--env", "sandbox", "--dag", "onboarding", "--json").json

    skipped = {each["check"] for each in findings if each["result"] == "not_checked"}
    assert skipped == {3, 4, 5, 6, 8, 9, 10, 11}
    [reason] = {each["text"].split("because ")[1] for each in findings if each["check"] == 3}
    assert reason == "there are no credentials for account 222222222222: set --target-profile"


@on_the_default
@over_cli
def test_it_prints_a_line_for_each_check(stack: Stack, mwaa_dags: Commands) -> None:
    printed = mwaa_dags("doctor", "--env", "sandbox", "--dag", "onboarding").stdout

    assert "✓  1  the state machine" in printed
    assert "✓ 10  the function reaches Airflow" in printed
    assert "Only an execution proves the hop between the accounts" in printed
