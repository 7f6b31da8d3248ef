"""The local Step Functions lists executions and events as AWS does, and shows the children of a distributed map."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.step_functions.distributed_maps import ALL_PERMISSIONS, distributed_map, items
from tests.support.local_aws.state_machines import Machines

PASS = {"One": {"Type": "Pass", "Next": "Two"}, "Two": {"Type": "Pass", "End": True}}


def test_a_history_is_read_backwards_and_in_pages(machines: Machines) -> None:
    execution = machines.execute(machines.create("machine", PASS))["executionArn"]
    read = machines.account.states.get_execution_history

    whole = read(executionArn=execution)["events"]
    last = read(executionArn=execution, reverseOrder=True, maxResults=2)
    following = read(
        executionArn=execution, reverseOrder=True, maxResults=2, nextToken=last["nextToken"]
    )

    assert [event["id"] for event in whole] == sorted(event["id"] for event in whole)
    assert last["events"] + following["events"] == whole[::-1][:4]


def test_executions_are_sorted_by_their_end(machines: Machines) -> None:
    machine = machines.create(
        "machine", {"Wait": {"Type": "Wait", "SecondsPath": "$", "End": True}}
    )
    states = machines.account.states
    slow = states.start_execution(stateMachineArn=machine, name="slow", input="1")["executionArn"]
    machines.account.execute(machine, 0, name="fast", timeout=60)  # type: ignore[arg-type]
    machines.ended(slow)

    listed = states.list_executions(stateMachineArn=machine, statusFilter="SUCCEEDED")

    assert [execution["name"] for execution in listed["executions"]] == ["slow", "fast"]


def test_the_children_of_a_map_run_are_executions(machines: Machines) -> None:
    states = machines.account.states
    definition = distributed_map({"State": {"Type": "Pass", "End": True}})
    execution = machines.execute(
        machines.create("machine", definition, allow=ALL_PERMISSIONS), items(0, 1)
    )
    [run] = states.list_map_runs(executionArn=execution["executionArn"])["mapRuns"]

    listed = states.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    children = [states.describe_execution(executionArn=child["executionArn"]) for child in listed]
    history = machines.history(listed[0]["executionArn"])

    assert {child["mapRunArn"] for child in listed} == {run["mapRunArn"]}
    assert sorted(child["input"] for child in children) == [
        '{"n": 0, "fails": 0}',
        '{"n": 1, "fails": 1}',
    ]
    assert {child["status"] for child in children} == {"SUCCEEDED"}
    assert [event["type"] for event in history] == ["PassStateEntered", "PassStateExited"]


def test_a_list_is_of_a_state_machine_or_of_a_map_run(machines: Machines) -> None:
    with pytest.raises(ClientError, match="either mapRunArn or stateMachineArn"):
        machines.account.states.list_executions()
