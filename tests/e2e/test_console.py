"""The command line on a deployed stack: run, status, redrive, remaining and timeline."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from typing import Any
from unittest.mock import patch
from xml.etree import ElementTree

import pytest
from mwaa_dags import follow

from sandbox.mwaa.releases import AIRFLOW_2, family
from tests.e2e import breakages
from tests.e2e.conftest import Stack, on_the_default, over_cli, while_waiting
from tests.support.local_aws.commands import Commands, Result
from tests.support.waiting import wait_until

SECRET = "a-secret-value"
ITEM = {"mwaa_env_name": "sandbox", "mwaa_dag_name": "onboarding"}
GOOD, BAD = {**ITEM, "mwaa_dag_conf": {"client": SECRET}}, {**ITEM, "mwaa_dag_name": "onbording"}


@pytest.fixture(autouse=True)
def often() -> Any:
    """Poll often, and wait as long as on AWS only in a failed test."""
    with patch.object(follow, "_MAX_PAUSE", 0.5):
        yield


def run(mwaa_dags: Commands, dag: str, *arguments: str, **options: str) -> Result:
    return mwaa_dags("run", dag, "--env", "sandbox", *arguments, **options)


def started(result: Result) -> str:
    """Return the ARN of the execution that a command started."""
    assert result.exit_code == 0, result
    return str(result.json["execution"])


def assert_nothing_leaks(result: Result) -> None:
    printed = result.stdout + result.stderr
    assert SECRET not in printed
    assert "Traceback" not in printed
    assert "stackTrace" not in printed


def test_a_run_is_followed_to_its_success(stack: Stack, mwaa_dags: Commands) -> None:
    result = run(mwaa_dags, "paused", "--conf", "-", "--follow", stdin=json.dumps({"a": SECRET}))

    assert result.exit_code == follow.SUCCEEDED, result
    assert re.search(r"Trigger MWAA DAG +created DAG run sfn__", result.stdout)
    assert "SUCCEEDED  paused in sandbox" in result.stdout
    assert_nothing_leaks(result)
    run_id = re.findall(r"created DAG run (\S+)", result.stdout)[0]
    created = stack.airflow.dag_run("paused", run_id)
    assert created is not None
    assert created.conf == {"a": SECRET}


@over_cli
def test_a_failure_is_explained(stack: Stack, mwaa_dags: Commands) -> None:
    result = run(mwaa_dags, "onbording", "--conf", json.dumps({"a": SECRET}), "--follow")
    name = result.stdout[:8]

    shown, listed = mwaa_dags("status", name), mwaa_dags("status")
    failed = mwaa_dags("status", "--failed", "--since", "1h")

    assert result.exit_code == follow.FAILED, result
    assert "What to do\n  1. Check the DAG id" in shown.stdout
    assert f"mwaa-dags redrive {name}" in shown.stdout
    assert re.search(rf"{name} +\S+ +DagNotFound +\d+ s +sfn__{name}_\w+ +onbording", listed.stdout)
    assert re.search(r"\d+ . DagNotFound onbording\n", failed.stdout)
    for each in (result, shown, listed, failed):
        assert_nothing_leaks(each)


@over_cli
@on_the_default
def test_run_and_status_print_json(stack: Stack, mwaa_dags: Commands) -> None:
    execution = started(run(mwaa_dags, "onbording", "--json"))
    stack.ended(execution)

    shown = mwaa_dags("status", execution, "--json").json
    [group] = [
        each
        for each in mwaa_dags("status", "--failed", "--json").json
        if execution in each["executions"]
    ]

    assert (shown["error"], shown["dag"], shown["dag_run_exists"]) == (
        "DagNotFound",
        "onbording",
        False,
    )
    assert (group["error"], group["about"]) == ("DagNotFound", "onbording")
    assert execution in [each["execution"] for each in mwaa_dags("status", "--json").json]


@over_cli
@on_the_default
def test_a_misspelt_field_is_refused_before_and_explained_after_the_start(
    stack: Stack, mwaa_dags: Commands, tmp_path: Path
) -> None:
    conf = {"a": SECRET}
    (tmp_path / "items.json").write_text(json.dumps([{**ITEM, "mwaa_dag_config": conf}]))

    refused = mwaa_dags("run", "--batch", "items.json")
    execution = stack.execute(mwaa_dag_name="onboarding", mwaa_dag_config=conf)
    shown = mwaa_dags("status", execution.executionArn)

    assert refused.exit_code == 1
    assert "Did you mean mwaa_dag_conf?" in refused.stderr
    assert_nothing_leaks(refused)
    assert "Did you mean mwaa_dag_conf?" in shown.stdout
    assert "Start a new execution" in shown.stdout
    assert_nothing_leaks(shown)


@while_waiting
@on_the_default
def test_a_conf_that_does_not_fit_is_compared_with_the_params(
    stack: Stack, mwaa_dags: Commands
) -> None:
    result = run(mwaa_dags, "with_params", "--conf", json.dumps({"cliend": SECRET}), "--follow")

    assert result.exit_code == follow.FAILED, result
    assert "CommandRejected" in result.stdout
    assert "client (string, required), day (integer)" in result.stdout
    assert "conf     cliend" in result.stdout
    assert_nothing_leaks(result)


@while_waiting
def test_a_failed_dag_run_is_linked_cleared_and_redriven(
    stack: Stack, mwaa_dags: Commands, tmp_path: Path
) -> None:
    failed = run(mwaa_dags, "repaired", "--follow")
    name = failed.stdout[:8]
    run_id = re.findall(r"created DAG run (\S+)", failed.stdout)[0]
    drawn = mwaa_dags("timeline", name, "-o", "picture.svg")
    clear = {"dag_run_id": run_id, "only_failed": True, "reset_dag_runs": True, "dry_run": False}
    stack.airflow.call("POST", "/dags/repaired/clearTaskInstances", body=clear).raise_for_status()

    redriven = mwaa_dags("redrive", name)
    followed = mwaa_dags("status", "--follow", name)

    assert failed.exit_code == follow.FAILED, failed
    major_2 = family(stack.sandbox.airflow.version) is AIRFLOW_2
    path = f"grid?dag_run_id={run_id}" if major_2 else f"runs/{run_id}"
    assert f"https://{stack.sandbox.front.hostname}/dags/repaired/{path}" in failed.stdout
    assert "has failed in the task load" in failed.stdout
    assert "clear them in Airflow. A redrive before that fails at once." in failed.stdout
    assert re.search(rf"{name} +repaired +DagRunFailed +redrive", redriven.stdout)
    assert followed.exit_code == follow.SUCCEEDED, followed
    assert "redriven 1 times" in followed.stdout
    assert drawn.exit_code == 0, drawn
    lanes = ElementTree.parse(tmp_path / "picture.svg").getroot()
    assert lanes.tag == "{http://www.w3.org/2000/svg}svg"


@over_cli
@on_the_default
def test_an_attempt_that_is_repeated_is_shown_while_the_execution_runs(
    stack: Stack, mwaa_dags: Commands
) -> None:
    with breakages.updating_environment(stack):
        execution = started(run(mwaa_dags, "paused", "--json"))

        def failed() -> bool:
            return any(event["type"] == "TaskFailed" for event in stack.history(execution))

        wait_until(failed)
        shown = mwaa_dags("status", execution).stdout
    stack.source.states.stop_execution(executionArn=execution)
    followed = mwaa_dags("status", "--follow", execution)

    assert re.search(r"now +attempt 1 failed, EnvironmentNotReady: .* is UPDATING", shown)
    assert "Next attempt at " in shown
    assert "attempt 1 failed, EnvironmentNotReady" in followed.stdout
    assert "next attempt in 60 s" in followed.stdout
    assert followed.exit_code == follow.UNFINISHED
    assert "ABORTED    paused in sandbox" in followed.stdout


@over_cli
@on_the_default
def test_a_name_attaches_to_the_same_execution(stack: Stack, mwaa_dags: Commands) -> None:
    name = str(uuid.uuid4())
    with breakages.updating_environment(stack):
        first, second = (
            started(run(mwaa_dags, "paused", "--name", name, "--json")) for _ in range(2)
        )
        other = run(mwaa_dags, "onboarding", "--name", name)
    stack.source.states.stop_execution(executionArn=first)

    assert first == second
    assert other.exit_code == 1
    assert "choose another name" in other.stderr


@over_cli
@on_the_default
def test_a_key_with_another_conf_is_explained(stack: Stack, mwaa_dags: Commands) -> None:
    key = {"mwaa_dag_name": "paused", "idempotency_key": str(uuid.uuid4())}
    stack.execute(**key, mwaa_dag_conf={"a": SECRET})

    second = stack.execute(**key, mwaa_dag_conf={"a": f"{SECRET}-2"})
    shown = mwaa_dags("status", second.executionArn)

    assert "RunIdConflict" in shown.stdout
    assert "start a new execution with another key" in shown.stdout
    assert_nothing_leaks(shown)


@over_cli
@on_the_default
def test_an_execution_of_another_state_machine_is_refused(mwaa_dags: Commands) -> None:
    arn = "arn:aws:states:eu-central-1:111111111111:execution:another:one"

    result = mwaa_dags("status", arn)

    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "belongs to another state machine" in result.stderr


@over_cli
def test_a_batch_with_a_bad_item(stack: Stack, mwaa_dags: Commands, tmp_path: Path) -> None:
    (tmp_path / "items.json").write_text(json.dumps([GOOD, GOOD, BAD, GOOD, GOOD]))

    followed = mwaa_dags("run", "--batch", "items.json", "--follow")
    name = followed.stdout[:8]
    shown, remaining = mwaa_dags("status", name, "--json").json, mwaa_dags("remaining", name)
    drawn = mwaa_dags("timeline", name, "-o", "batch.svg")

    assert followed.exit_code == follow.FAILED, followed
    assert "1 of 5 items failed, 0 % are tolerated" in followed.stdout
    assert re.search(r"2 +[0-9a-f]{8} +onbording +none +DagNotFound", followed.stdout)
    assert_nothing_leaks(followed)
    assert drawn.exit_code == 0, drawn
    items = {each["index"]: each for each in shown["items"]}
    assert sorted(items) == [0, 1, 2, 3, 4]
    written = {int(each["idempotency_key"].rpartition(":")[2]): each for each in remaining.json}
    assert written[2] == {**BAD, "idempotency_key": written[2]["idempotency_key"]}
    # A function whose execution was stopped may have finished its command between the two commands.
    assert set(written) <= {n for n, each in items.items() if each["dag_run"] != "exists"}
    for number in set(items) - set(written):
        assert stack.airflow.dag_run("onboarding", items[number]["dag_run_id"])


@over_cli
@on_the_default
def test_a_redrive_refuses_what_would_fail_again(stack: Stack, mwaa_dags: Commands) -> None:
    execution = stack.execute(mwaa_dag_name="onboarding", mwaa_dag_conf="no object")

    refused = mwaa_dags("redrive", execution.executionArn)
    preview = mwaa_dags("redrive", "--failed", "--error", "InvalidRequest")
    forced = mwaa_dags("redrive", execution.executionArn, "--force")
    stack.ended(execution.executionArn)

    assert (refused.exit_code, forced.exit_code) == (1, 0)
    assert "would fail again" in refused.stdout
    assert "Nothing was redriven" in preview.stdout
    assert "1 of 1 executions were redriven" in forced.stdout


@over_cli
@on_the_default
def test_failed_executions_are_redriven_by_their_error(stack: Stack, mwaa_dags: Commands) -> None:
    with breakages.another_external_id(stack):
        executions = [stack.execute(mwaa_dag_name="paused").executionArn for _ in range(2)]
    explained = mwaa_dags("status", executions[0]).stdout

    result = mwaa_dags(
        "redrive", "--failed", "--since", "1h", "--error", "States.TaskFailed", "--yes"
    )
    ended = [stack.ended(execution) for execution in executions]

    assert "mwaa-dags doctor --env sandbox --dag paused" in explained
    assert result.exit_code == 0, result
    assert {each.status for each in ended} == {"SUCCEEDED"}
