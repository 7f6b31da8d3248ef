"""Runs of distributed maps."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock
from typing import Any
from unittest.mock import patch

from moto.stepfunctions.parser.api import (
    HistoryEventType,
    MapRunFailedEventDetails,
    MapRunRedrivenEventDetails,
    MapRunStartedEventDetails,
    MapRunStatus,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.common.flow.start_at import StartAt
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.distributed_iteration_component import (
    DistributedIterationComponent,
    DistributedIterationComponentEvalInput,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor.map_run_record import (
    MapRunRecord,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.state_map import StateMap
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.event.event_manager import (
    EventHistoryContext,
    EventManager,
)
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded, ProgramError

from sandbox.aws.moto_patches.failures import create_failure
from sandbox.aws.moto_patches.map_child import Child
from sandbox.aws.moto_patches.map_items import create_item_context
from sandbox.aws.moto_patches.task_credentials import TaskCredentials


@contextmanager
def patch_distributed_map(credentials: TaskCredentials) -> Iterator[None]:
    """Apply the failure thresholds of distributed maps, and redrive Map Runs.

    moto: tolerates every failure, and returns null as the result of a failed child. It cannot redrive a Map Run.
    AWS: fails a Map Run and stops its children as soon as more of them have failed than tolerated. Children that have
    not started stay pending. It writes the results of a failed Map Run, too. A redrive continues with the unsuccessful
    children, each from the state that failed. Before it starts a child, it writes a test manifest. Sources: "Using Map
    state in Distributed mode", "Setting failure thresholds for Distributed Map states" and "Redriving Map Runs" in the
    AWS Step Functions Developer Guide; aws/aws-cdk#32144 for the error if the test manifest cannot be written.
    Patch: replaces the loop over the items. A threshold of 0 together with another threshold counts as omitted.
    Limits: no `ItemBatcher`, no objects in `Items`, no effect of UpdateMapRun.
    """
    run_state = StateMap._eval_execution

    def run_with_writer(state: StateMap, env: Environment) -> None:
        env.result_writer = state.result_writer
        run_state(state, env)

    def run(component: DistributedIterationComponent, env: Environment) -> None:
        _MapRun(component, env, credentials).run()

    with (
        patch.object(StateMap, "_eval_execution", run_with_writer),
        patch.object(DistributedIterationComponent, "_eval_body", run),
    ):
        yield


class _MapRun:
    """One run of a distributed map, or its redrive."""

    def __init__(
        self,
        component: DistributedIterationComponent,
        env: Environment,
        credentials: TaskCredentials,
    ) -> None:
        self._component = component
        self._env = env
        self._eval_input: DistributedIterationComponentEvalInput = env.stack.pop()
        self._credentials = credentials
        self._history = env.event_manager
        self._lock = Lock()
        self._frames: list[Environment] = []
        self._is_stopped = False

    def run(self) -> None:
        """Push the children's outputs onto the stack, or raise `FailureEventException` if the run fails."""
        self._record = record = self._begin()
        try:
            if not record.children:
                self._write_test_manifest()
                record.children = self._read_items()
            # Events of the children do not belong to the history of their parent.
            self._env.event_manager = EventManager()
            self._run_children()
        except Exception as problem:
            # A stopped run misses results, which is not a failure.
            if self._env.is_running():
                if isinstance(problem, FailureEventException):
                    self._fail(problem)
                raise
        if self._env.is_running():
            self._end(MapRunStatus.SUCCEEDED, HistoryEventType.MapRunSucceeded)
        else:
            self._end(MapRunStatus.ABORTED, HistoryEventType.MapRunAborted)
        self._env.stack.append([child.output for child in record.children])

    def _fail(self, failed: FailureEventException) -> None:
        error, cause = failed.extract_error_cause_pair() or (None, None)
        self._end(
            MapRunStatus.FAILED,
            HistoryEventType.MapRunFailed,
            mapRunFailedEventDetails=MapRunFailedEventDetails(error=error, cause=cause),
        )
        if self._env.result_writer and self._record.children:
            self._env.result_writer.eval(self._env)

    def _begin(self) -> MapRunRecord:
        """Return moto's record of this run. A redrive continues with the previous record."""
        pool, new = self._env.map_run_record_pool_manager, self._eval_input.map_run_record
        redriven = pool.__dict__.pop("redriven_state", None) == self._eval_input.state_name
        runs = [run for run in pool.get_all() if run is not new]
        before = next(
            (run for run in reversed(runs) if run.state_name == self._eval_input.state_name), None
        )
        if not (redriven and before and before.children):
            new.state_name, new.redrives, new.children = self._eval_input.state_name, 0, []
            self._add_event(
                HistoryEventType.MapRunStarted,
                mapRunStartedEventDetails=MapRunStartedEventDetails(mapRunArn=new.map_run_arn),
            )
            return new
        del pool._pool[new.map_run_arn]
        before.redrives += 1
        before.status, before.stop_date = MapRunStatus.RUNNING, None
        self._add_event(
            HistoryEventType.MapRunRedriven,
            mapRunRedrivenEventDetails=MapRunRedrivenEventDetails(
                mapRunArn=before.map_run_arn, redriveCount=before.redrives
            ),
        )
        return before

    def _write_test_manifest(self) -> None:
        if not self._env.result_writer:
            return
        try:
            self._env.result_writer.eval(self._env)
        except FailureEventException as failed:
            _, cause = failed.extract_error_cause_pair() or (None, None)
            raise create_failure(
                self._env,
                f"Failed to write a test manifest into the specified output bucket. {cause}",
                error=StatesErrorNameType.StatesResultWriterFailed,
            ) from failed
        self._env.stack.pop()

    def _read_items(self) -> list[Child]:
        items = self._eval_input.input_items
        if self._eval_input.item_reader:
            self._eval_input.item_reader.eval(env=self._env)
            items = self._env.stack.pop()
        prefix = self._record.map_state_machine_arn.replace(":stateMachine:", ":execution:")
        return [Child(index, item, f"{prefix}:{uuid.uuid4()}") for index, item in enumerate(items)]

    def _run_children(self) -> None:
        session = self._credentials.session(self._env, self._env.aws_execution_details.role_arn)
        machine = self._record.map_state_machine_arn.rpartition("/")[0]
        self._credentials.authorize(
            self._env, session, action="states:StartExecution", resource=machine
        )
        remaining = [child for child in self._record.children if child.status != "SUCCEEDED"]
        for child in remaining:
            if child.status != "PENDING":
                self._credentials.authorize(
                    self._env, session, action="states:RedriveExecution", resource=child.arn
                )
                child.status, child.redrives = "PENDING", child.redrives + 1
        with ThreadPoolExecutor(self._record.max_concurrency or len(remaining) or 1) as pool:
            for done in as_completed([pool.submit(self._run_child, child) for child in remaining]):
                done.result()
        if self._env.is_running() and self._has_exceeded_threshold():
            raise create_failure(
                self._env,
                "The specified tolerated failure threshold was exceeded",
                error=StatesErrorNameType.StatesExceedToleratedFailureThreshold,
            )

    def _run_child(self, child: Child) -> None:
        with self._lock:
            if self._is_stopped or not self._env.is_running():
                return
            frame = self._env.open_inner_frame(EventHistoryContext.of_program_start())
            frame.event_manager = child.history
            self._frames.append(frame)
        try:
            program = self._component._get_iteration_program()
            if child.entered_state:
                state, state_input = child.entered_state
                program.start_at = StartAt(state)
                frame.states.reset(state_input)
            else:
                self._select_input(child, frame)
            self._set_context(child, frame)
            child.status, child.stopped = "RUNNING", None
            self._update_counters()
            program.eval(frame)
            self._record_end(child, frame)
        except Exception:
            # A stopped child misses results, which is not a failure.
            if frame.is_running():
                self._stop()
                raise
            if child.status == "RUNNING":
                child.status, child.stopped = "ABORTED", datetime.now(UTC)
        finally:
            self._env.delete_frame(frame)
            with self._lock:
                self._frames.remove(frame)
        self._update_counters()
        if self._has_exceeded_threshold():
            self._stop()

    def _select_input(self, child: Child, frame: Environment) -> None:
        """Evaluate `ItemSelector` in the context of the parent execution to create the child's input."""
        selector = self._eval_input.item_selector or self._eval_input.parameters
        child.input = child.item
        if selector:
            context = frame.states.context_object.context_object_data
            context["Map"] = {"Item": create_item_context(child.index, child.item)}
            frame.states.reset(self._env.states.get_input())
            selector.eval(frame)
            child.input = frame.stack.pop()
            del context["Map"]
        frame.states.reset(child.input)

    def _set_context(self, child: Child, frame: Environment) -> None:
        child.started = child.started or datetime.now(UTC)
        context = frame.states.context_object.context_object_data
        context["Execution"] = {
            **context["Execution"],
            "Id": child.arn,
            "Name": child.arn.rpartition(":")[2],
            "Input": child.input,
            "StartTime": child.started.isoformat(),
            "RedriveCount": child.redrives,
        }

    @staticmethod
    def _record_end(child: Child, frame: Environment) -> None:
        end = frame.program_state()
        child.stopped, child.entered_state = datetime.now(UTC), frame.entered_state
        child.error = child.cause = None
        match end:
            case ProgramEnded():
                child.status, child.output = "SUCCEEDED", frame.states.get_input()
            case ProgramError():
                child.status = "FAILED"
                child.error, child.cause = end.error.get("error"), end.error.get("cause")
            case _:
                child.status = "ABORTED"

    def _has_exceeded_threshold(self) -> bool:
        failed = sum(child.status == "FAILED" for child in self._record.children)
        share = failed * 100 / max(len(self._record.children), 1)
        thresholds = [
            (failed, self._record.tolerated_failure_count),
            (share, self._record.tolerated_failure_percentage),
        ]
        specified = [threshold for threshold in thresholds if threshold[1]]
        return any(actual > tolerated for actual, tolerated in specified or thresholds)

    def _stop(self) -> None:
        with self._lock:
            self._is_stopped = True
            for frame in self._frames:
                frame.set_stop(stop_date=datetime.now(UTC), cause=None, error=None)

    def _update_counters(self) -> None:
        """Set the counts by status that DescribeMapRun returns."""
        with self._lock:
            counts = Counter(child.status.lower() for child in self._record.children)
            counts["total"] = len(self._record.children)
            for counters in (self._record.item_counter, self._record.execution_counter):
                for name, counter in vars(counters).items():
                    counter.offset(counts[name] - counter.get())

    def _end(self, status: MapRunStatus, event: HistoryEventType, **details: Any) -> None:
        self._record.set_stop(status=status)
        self._env.event_manager = self._history
        self._add_event(event, **details)

    def _add_event(self, event: HistoryEventType, **details: Any) -> None:
        self._env.event_manager.add_event(
            context=self._env.event_history_context,
            event_type=event,
            event_details=EventDetails(**details) if details else None,
        )
