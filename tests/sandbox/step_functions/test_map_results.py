"""The local Step Functions: a distributed map keeps its results in S3, and is redriven."""

from __future__ import annotations

import json

from tests.sandbox.step_functions.distributed_maps import (
    ALL,
    BUCKET,
    START,
    WORK,
    WRITER,
    counts,
    distributed,
    items,
    read,
    results,
    run_of,
)
from tests.support.local_aws.state_machines import Machines


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

    def test_that_cannot_be_written_fail_the_execution_before_a_child_is_started(
        self, machines: Machines, bucket: None
    ) -> None:
        states = distributed(ResultWriter=WRITER)
        machine = machines.create("machine", states, allow=(START,))

        ended = machines.execute(machine, items(0))

        assert (ended["status"], ended["error"]) == ("FAILED", "States.ResultWriterFailed")
        assert ended["cause"].startswith(
            "Failed to write a test manifest into the specified output bucket. "
        )
        assert "s3:PutObject" in ended["cause"]
        run = run_of(machines, ended["executionArn"])
        assert (run["status"], run["itemCounts"]["total"]) == ("FAILED", 0)


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

    def test_starts_the_children_where_results_could_not_be_written(
        self, machines: Machines
    ) -> None:
        machine = machines.create("machine", distributed(ResultWriter=WRITER), allow=ALL)
        failed = machines.execute(machine, items(0))
        machines.account.create_bucket(BUCKET)

        ended = machines.redrive(failed["executionArn"])

        assert failed["error"] == "States.ResultWriterFailed"
        assert ended["status"] == "SUCCEEDED"
        (succeeded,) = results(machines, json.loads(ended["output"])["MapRunArn"])["SUCCEEDED"]
        assert json.loads(succeeded["Output"]) == {"n": 0, "fails": 0}
