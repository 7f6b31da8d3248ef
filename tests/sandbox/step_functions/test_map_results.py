"""Distributed maps of the local Step Functions write their results to S3, and can be redriven."""

from __future__ import annotations

import json

from tests.sandbox.step_functions.distributed_maps import (
    ALL_PERMISSIONS,
    BUCKET,
    FAILING_STATE,
    START,
    WRITER,
    counts,
    distributed_map,
    item_reader,
    items,
    map_run,
    results,
)
from tests.support.local_aws.state_machines import Machines


class TestResults:
    def test_are_written_to_s3_by_status(self, machines: Machines, bucket: None) -> None:
        states = distributed_map(ResultWriter=WRITER, ToleratedFailureCount=1)
        machine = machines.create("machine", states, allow=ALL_PERMISSIONS)

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
        assert "not repaired" in failed["Cause"]
        assert written["PENDING"] == []

    def test_are_written_even_if_the_run_fails(self, machines: Machines, bucket: None) -> None:
        machine = machines.create(
            "machine", distributed_map(ResultWriter=WRITER), allow=ALL_PERMISSIONS
        )

        ended = machines.execute(machine, items(0, 1, 0))

        run = map_run(machines, ended["executionArn"])["mapRunArn"]
        assert {status: len(found) for status, found in results(machines, run).items()} == {
            "SUCCEEDED": 1,
            "FAILED": 1,
            "PENDING": 1,
        }

    def test_are_tested_for_write_permission_before_a_child_starts(
        self, machines: Machines, bucket: None
    ) -> None:
        states = distributed_map(ResultWriter=WRITER)
        machine = machines.create("machine", states, allow=(START,))

        ended = machines.execute(machine, items(0))

        assert (ended["status"], ended["error"]) == ("FAILED", "States.ResultWriterFailed")
        assert ended["cause"].startswith(
            "Failed to write a test manifest into the specified output bucket. "
        )
        assert "s3:PutObject" in ended["cause"]
        run = map_run(machines, ended["executionArn"])
        assert (run["status"], run["itemCounts"]["total"]) == ("FAILED", 0)


class TestRedrive:
    def test_continues_the_children_that_have_not_succeeded(
        self, machines: Machines, bucket: None
    ) -> None:
        machine = machines.create(
            "machine", distributed_map(ResultWriter=WRITER), allow=ALL_PERMISSIONS
        )
        failed = machines.execute(machine, items(0, 1, 0))
        arn = failed["executionArn"]
        run = map_run(machines, arn)["mapRunArn"]
        first = {child["ExecutionArn"] for child in results(machines, run)["SUCCEEDED"]}

        ended = machines.redrive(arn)

        assert ended["status"] == "SUCCEEDED"
        assert map_run(machines, arn)["mapRunArn"] == run
        assert counts(machines, arn) == {"succeeded": 3}
        written = results(machines, run)
        redriven = {child["ExecutionArn"]: child["RedriveCount"] for child in written["SUCCEEDED"]}
        assert sorted(redriven.values()) == [0, 0, 1]
        assert first < set(redriven)
        assert written["FAILED"] == []
        events = [event["type"] for event in machines.history(arn)]
        assert events.count("MapRunStarted") == events.count("MapRunRedriven") == 1

    def test_continues_a_child_at_its_failed_state_with_the_same_input(
        self, machines: Machines
    ) -> None:
        prepare = {
            "Type": "Pass",
            "QueryLanguage": "JSONata",
            "Output": "{% $merge([$states.input, "
            "{'prepared': $states.context.Execution.RedriveCount}]) %}",
            "Next": "Work",
        }
        states = distributed_map({"Prepare": prepare, "Work": FAILING_STATE})
        machine = machines.create("machine", states, allow=ALL_PERMISSIONS)

        failed = machines.execute(machine, items(1))
        ended = machines.redrive(failed["executionArn"])

        assert json.loads(ended["output"]) == [{"n": 0, "fails": 1, "prepared": 0}]

    def test_can_be_repeated_if_it_fails(self, machines: Machines) -> None:
        machine = machines.create("machine", distributed_map(), allow=ALL_PERMISSIONS)
        failed = machines.execute(machine, items(2))

        endings = [machines.redrive(failed["executionArn"])["status"] for _ in range(2)]

        assert endings == ["FAILED", "SUCCEEDED"]

    def test_requires_the_permission_to_redrive_children(self, machines: Machines) -> None:
        machine = machines.create("machine", distributed_map(), allow=(START,))
        failed = machines.execute(machine, items(1))

        ended = machines.redrive(failed["executionArn"])

        assert ended["status"] == "FAILED"
        assert "is not authorized to perform: states:RedriveExecution" in ended["cause"]

    def test_reads_the_items_again_if_they_could_not_be_read(
        self, machines: Machines, bucket: None
    ) -> None:
        states = distributed_map(ItemReader=item_reader("in/items", InputType="JSON"))
        failed = machines.execute(machines.create("machine", states, allow=ALL_PERMISSIONS))
        assert failed["error"] == "States.ItemReaderFailed"
        body = json.dumps(items(0)["items"]).encode()
        machines.account.s3.put_object(Bucket=BUCKET, Key="in/items", Body=body)

        ended = machines.redrive(failed["executionArn"])

        assert [item["n"] for item in json.loads(ended["output"])] == [0]

    def test_starts_the_children_if_results_could_not_be_written(self, machines: Machines) -> None:
        machine = machines.create(
            "machine", distributed_map(ResultWriter=WRITER), allow=ALL_PERMISSIONS
        )
        failed = machines.execute(machine, items(0))
        machines.account.create_bucket(BUCKET)

        ended = machines.redrive(failed["executionArn"])

        assert failed["error"] == "States.ResultWriterFailed"
        assert ended["status"] == "SUCCEEDED"
        (succeeded,) = results(machines, json.loads(ended["output"])["MapRunArn"])["SUCCEEDED"]
        assert json.loads(succeeded["Output"]) == {"n": 0, "fails": 0}
