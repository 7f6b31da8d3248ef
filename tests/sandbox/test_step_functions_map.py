"""The local Step Functions: a distributed map reads its items, bounds its children and counts their failures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.sandbox.maps import (
    ALL,
    BUCKET,
    CHILDREN,
    START,
    WORK,
    counts,
    distributed,
    items,
    read,
    run_of,
)
from tests.support.machines import Machines
from tests.support.waiting import wait_until


class TestTolerance:
    @pytest.mark.parametrize(
        ("fields", "status"),
        [
            pytest.param({}, "FAILED", id="none"),
            pytest.param({"ToleratedFailureCount": 1}, "FAILED", id="count, exceeded"),
            pytest.param({"ToleratedFailureCount": 2}, "SUCCEEDED", id="count"),
            pytest.param({"ToleratedFailurePercentage": 49}, "FAILED", id="percentage, exceeded"),
            pytest.param({"ToleratedFailurePercentage": 50}, "SUCCEEDED", id="percentage"),
        ],
    )
    def test_the_execution_fails_once_more_children_have_failed_than_is_tolerated(
        self, machines: Machines, fields: Mapping[str, Any], status: str
    ) -> None:
        machine = machines.create("machine", distributed(**fields), allow=ALL)

        ended = machines.execute(machine, items(0, 1, 1, 0))

        assert ended["status"] == status
        if status == "FAILED":
            assert ended["error"] == "States.ExceedToleratedFailureThreshold"
            assert ended["cause"] == "The specified tolerated failure threshold was exceeded"
        else:
            outputs = [item and item["n"] for item in json.loads(ended["output"])]
            assert outputs == [0, None, None, 3]
            assert counts(machines, ended["executionArn"]) == {"succeeded": 2, "failed": 2}

    def test_what_was_not_started_by_then_stays_pending(self, machines: Machines) -> None:
        machine = machines.create("machine", distributed(), allow=ALL)

        ended = machines.execute(machine, items(0, 1, 0, 0))

        assert counts(machines, ended["executionArn"]) == {
            "succeeded": 1,
            "failed": 1,
            "pending": 2,
        }
        assert run_of(machines, ended["executionArn"])["status"] == "FAILED"

    def test_what_runs_then_is_aborted(self, machines: Machines) -> None:
        wait = {
            "Type": "Wait",
            "QueryLanguage": "JSONata",
            "Seconds": "{% $states.input.fails ? 0 : 60 %}",
            "Next": "Work",
        }
        states = distributed({"Wait": wait, "Work": WORK}, MaxConcurrency=2)
        machine = machines.create("machine", states, allow=ALL)

        ended = machines.execute(machine, items(0, 1))

        assert ended["status"] == "FAILED"
        assert counts(machines, ended["executionArn"]) == {"failed": 1, "aborted": 1}


class TestItems:
    @pytest.mark.parametrize(
        ("body", "configuration", "expected"),
        [
            pytest.param('[{"a": 1}, "b"]', {"InputType": "JSON"}, [{"a": 1}, "b"], id="JSON"),
            pytest.param(
                'name,conf.x\nacme,"1,5"\nzoë,\n',
                {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
                [{"name": "acme", "conf.x": "1,5"}, {"name": "zoë", "conf.x": ""}],
                id="CSV",
            ),
        ],
    )
    def test_are_read_from_s3_and_chosen_with_their_index(
        self,
        machines: Machines,
        bucket: None,
        body: str,
        configuration: Mapping[str, Any],
        expected: Sequence[Any],
    ) -> None:
        machines.account.s3.put_object(Bucket=BUCKET, Key="in/items", Body=body.encode())
        selector = {
            "index": "{% $states.context.Map.Item.Index %}",
            "item": "{% $states.context.Map.Item.Value %}",
            "of": "{% $states.context.Execution.Id %}",
            "name": "{% $states.input.name %}",
        }
        states = distributed(
            {"Pass": {"Type": "Pass", "End": True}},
            ItemReader=read("in/items", **configuration),
            ItemSelector=selector,
        )
        machine = machines.create("machine", states, allow=ALL)

        ended = machines.execute(machine, {"name": "batch"})

        assert json.loads(ended["output"]) == [
            {"index": index, "item": item, "of": ended["executionArn"], "name": "batch"}
            for index, item in enumerate(expected)
        ]

    @pytest.mark.parametrize(
        ("body", "allow", "says"),
        [
            pytest.param(None, ALL, "key does not exist", id="no object"),
            pytest.param("[", ALL, "Expecting value", id="no JSON"),
            pytest.param("{}", ALL, "non-iterable", id="no list"),
            pytest.param("[]", (START,), "s3:GetObject", id="no permission"),
        ],
    )
    def test_that_cannot_be_read_fail_the_execution(
        self, machines: Machines, bucket: None, body: str | None, allow: Any, says: str
    ) -> None:
        if body:
            machines.account.s3.put_object(Bucket=BUCKET, Key="in/items", Body=body.encode())
        states = distributed(ItemReader=read("in/items", InputType="JSON"))

        ended = machines.execute(machines.create("machine", states, allow=allow))

        assert (ended["status"], ended["error"]) == ("FAILED", "States.ItemReaderFailed")
        assert says in ended["cause"]


class TestChildren:
    def test_have_a_context_of_their_own(self, machines: Machines) -> None:
        context = {
            "Type": "Pass",
            "QueryLanguage": "JSONata",
            "Output": "{% $states.context.Execution %}",
            "End": True,
        }
        machine = machines.create("machine", distributed({"Context": context}), allow=ALL)

        ended = machines.execute(machine, {"items": [{"a": 1}]})

        (execution,) = json.loads(ended["output"])
        assert execution["Id"] == f"{CHILDREN.removesuffix('*')}{execution['Name']}"
        assert (execution["Input"], execution["RedriveCount"]) == ({"a": 1}, 0)

    def test_start_only_where_the_role_may_start_executions_of_its_own_state_machine(
        self, machines: Machines
    ) -> None:
        machine = machines.create("machine", distributed())

        ended = machines.execute(machine, items(0))

        assert ended["status"] == "FAILED"
        assert "is not authorized to perform: states:StartExecution on resource" in ended["cause"]

    def test_run_no_more_at_once_than_the_map_says(self, machines: Machines) -> None:
        wait = {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}
        machine = machines.create("machine", distributed(wait, MaxConcurrency=2), allow=ALL)
        started = machines.account.states.start_execution(
            stateMachineArn=machine, input=json.dumps(items(0, 0, 0))
        )
        execution = started["executionArn"]

        def running() -> Mapping[str, int]:
            runs = machines.account.states.list_map_runs(executionArn=execution)["mapRuns"]
            return run_of(machines, execution)["itemCounts"] if runs else {}

        wait_until(lambda: running().get("running") == 2)
        assert running()["pending"] == 1
        machines.account.states.stop_execution(executionArn=execution)

        assert machines.ended(execution)["status"] == "ABORTED"
        assert counts(machines, execution) == {"aborted": 2, "pending": 1}
        assert run_of(machines, execution)["status"] == "ABORTED"
