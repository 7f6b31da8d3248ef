"""The local Step Functions: a distributed map counts its failures, keeps its results in S3, and is redriven."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from sandbox.aws.accounts import REGION, SOURCE_ACCOUNT
from tests.support.machines import Machines, wait_until

MACHINE = f"arn:aws:states:{REGION}:{SOURCE_ACCOUNT}:stateMachine:machine"
CHILDREN = f"arn:aws:states:{REGION}:{SOURCE_ACCOUNT}:execution:machine/items:*"
START = {"Action": "states:StartExecution", "Resource": MACHINE}
REDRIVE = {"Action": "states:RedriveExecution", "Resource": CHILDREN}
BUCKET = "batches"
READ = {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/in/*"}
WRITE = {"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{BUCKET}/out/*"}
ALL = (START, REDRIVE, READ, WRITE)

# A child fails where its item asks for more redrives than there have been.
WORK = {
    "Type": "Pass",
    "QueryLanguage": "JSONata",
    "Output": "{% $states.context.Execution.RedriveCount < $states.input.fails "
    "? $error('not mended') : $states.input %}",
    "End": True,
}
WRITER = {
    "Resource": "arn:aws:states:::s3:putObject",
    "Arguments": {"Bucket": BUCKET, "Prefix": "out"},
}


def distributed(states: Mapping[str, Any] | None = None, **fields: Any) -> Mapping[str, Any]:
    """A state machine of one map over `items`, with these states for each or `WORK`."""
    states = states or {"Work": WORK}
    return {
        "Map": {
            "Type": "Map",
            "QueryLanguage": "JSONata",
            "Label": "items",
            "MaxConcurrency": 1,
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": next(iter(states)),
                "States": states,
            },
            "End": True,
            **({} if "ItemReader" in fields else {"Items": "{% $states.input.items %}"}),
            **fields,
        }
    }


def read(key: str, **configuration: Any) -> Mapping[str, Any]:
    return {
        "Resource": "arn:aws:states:::s3:getObject",
        "Arguments": {"Bucket": BUCKET, "Key": key},
        "ReaderConfig": configuration,
    }


def items(*fails: int) -> Mapping[str, Any]:
    return {"items": [{"n": n, "fails": count} for n, count in enumerate(fails)]}


@pytest.fixture
def bucket(machines: Machines) -> None:
    machines.account.s3.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )


def run_of(machines: Machines, execution: str) -> Mapping[str, Any]:
    states = machines.account.states
    (run,) = states.list_map_runs(executionArn=execution)["mapRuns"]
    return states.describe_map_run(mapRunArn=run["mapRunArn"])


def counts(machines: Machines, execution: str) -> Mapping[str, int]:
    """Return how many children there are of each status that one of them has."""
    return {
        status: count
        for status, count in run_of(machines, execution)["itemCounts"].items()
        if count and status in {"succeeded", "failed", "aborted", "pending"}
    }


def results(machines: Machines, run: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    def load(key: str) -> Any:
        return json.load(machines.account.s3.get_object(Bucket=BUCKET, Key=key)["Body"])

    manifest = load(f"out/{run.rpartition(':')[2]}/manifest.json")
    assert (manifest["DestinationBucket"], manifest["MapRunArn"]) == (BUCKET, run)
    return {
        status: [child for file in files for child in load(file["Key"])]
        for status, files in manifest["ResultFiles"].items()
    }


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


class TestResults:
    def test_are_written_to_s3_by_status(self, machines: Machines, bucket: None) -> None:
        states = distributed(ResultWriter=WRITER, ToleratedFailureCount=1)
        machine = machines.create("machine", states, allow=ALL)

        ended = machines.execute(machine, items(0, 1))

        output = json.loads(ended["output"])
        run = output["MapRunArn"]
        key = f"out/{run.rpartition(':')[2]}/manifest.json"
        assert output["ResultWriterDetails"] == {"Bucket": BUCKET, "Key": key}
        written = results(machines, run)
        (succeeded,), (failed,) = written["SUCCEEDED"], written["FAILED"]
        assert json.loads(succeeded["Output"]) == {"n": 0, "fails": 0}
        assert json.loads(failed["Input"]) == {"n": 1, "fails": 1}
        assert (failed["Status"], failed["Error"]) == ("FAILED", "States.QueryEvaluationError")
        assert "not mended" in failed["Cause"]
        assert written["PENDING"] == []

    def test_are_written_when_the_run_fails_too(self, machines: Machines, bucket: None) -> None:
        machine = machines.create("machine", distributed(ResultWriter=WRITER), allow=ALL)

        ended = machines.execute(machine, items(0, 1, 0))

        run = run_of(machines, ended["executionArn"])["mapRunArn"]
        assert {status: len(found) for status, found in results(machines, run).items()} == {
            "SUCCEEDED": 1,
            "FAILED": 1,
            "PENDING": 1,
        }

    def test_that_cannot_be_written_fail_the_execution(
        self, machines: Machines, bucket: None
    ) -> None:
        states = distributed(ResultWriter=WRITER)
        machine = machines.create("machine", states, allow=(START,))

        ended = machines.execute(machine, items(0))

        assert (ended["status"], ended["error"]) == ("FAILED", "States.ResultWriterFailed")
        assert "s3:PutObject" in ended["cause"]


class TestRedrive:
    def test_goes_on_with_the_children_that_have_not_succeeded(
        self, machines: Machines, bucket: None
    ) -> None:
        machine = machines.create("machine", distributed(ResultWriter=WRITER), allow=ALL)
        failed = machines.execute(machine, items(0, 1, 0))
        arn = failed["executionArn"]
        run = run_of(machines, arn)["mapRunArn"]
        first = {child["ExecutionArn"] for child in results(machines, run)["SUCCEEDED"]}

        ended = machines.redrive(arn)

        assert ended["status"] == "SUCCEEDED"
        assert run_of(machines, arn)["mapRunArn"] == run
        assert counts(machines, arn) == {"succeeded": 3}
        written = results(machines, run)
        redriven = {child["ExecutionArn"]: child["RedriveCount"] for child in written["SUCCEEDED"]}
        assert sorted(redriven.values()) == [0, 0, 1]
        assert first < set(redriven)
        assert written["FAILED"] == []
        events = [event["type"] for event in machines.history(arn)]
        assert events.count("MapRunStarted") == events.count("MapRunRedriven") == 1

    def test_takes_a_child_up_at_the_state_that_failed_with_its_input(
        self, machines: Machines
    ) -> None:
        prepare = {
            "Type": "Pass",
            "QueryLanguage": "JSONata",
            "Output": "{% $merge([$states.input, "
            "{'prepared': $states.context.Execution.RedriveCount}]) %}",
            "Next": "Work",
        }
        states = distributed({"Prepare": prepare, "Work": WORK})
        machine = machines.create("machine", states, allow=ALL)

        failed = machines.execute(machine, items(1))
        ended = machines.redrive(failed["executionArn"])

        assert json.loads(ended["output"]) == [{"n": 0, "fails": 1, "prepared": 0}]

    def test_may_fail_and_be_done_again(self, machines: Machines) -> None:
        machine = machines.create("machine", distributed(), allow=ALL)
        failed = machines.execute(machine, items(2))

        endings = [machines.redrive(failed["executionArn"])["status"] for _ in range(2)]

        assert endings == ["FAILED", "SUCCEEDED"]

    def test_fails_where_the_role_may_not_redrive_children(self, machines: Machines) -> None:
        machine = machines.create("machine", distributed(), allow=(START,))
        failed = machines.execute(machine, items(1))

        ended = machines.redrive(failed["executionArn"])

        assert ended["status"] == "FAILED"
        assert "is not authorized to perform: states:RedriveExecution" in ended["cause"]

    def test_reads_the_items_again_where_they_could_not_be_read(
        self, machines: Machines, bucket: None
    ) -> None:
        states = distributed(ItemReader=read("in/items", InputType="JSON"))
        failed = machines.execute(machines.create("machine", states, allow=ALL))
        assert failed["error"] == "States.ItemReaderFailed"
        body = json.dumps(items(0)["items"]).encode()
        machines.account.s3.put_object(Bucket=BUCKET, Key="in/items", Body=body)

        ended = machines.redrive(failed["executionArn"])

        assert [item["n"] for item in json.loads(ended["output"])] == [0]
