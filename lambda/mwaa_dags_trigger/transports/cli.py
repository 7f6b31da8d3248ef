"""The transport that runs Airflow's own commands over MWAA's CLI endpoint."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping

from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import (
    AccessDenied,
    CommandRejected,
    MwaaBusy,
    MwaaUnavailable,
    Outcome,
    OutcomeUnknown,
    TriggerError,
)
from mwaa_dags_trigger.mwaa.environments import AirflowVersion, Environments
from mwaa_dags_trigger.request import DagKey, RunKey, Trigger
from mwaa_dags_trigger.transports.base import FINAL_STATES, REPORT_SECONDS, Dag, DagRun, last_line
from mwaa_dags_trigger.transports.cli_commands import (
    can_query_single_run,
    details_command,
    import_errors_command,
    list_command,
    next_execution_command,
    state_command,
    tasks_command,
    trigger_command,
)
from mwaa_dags_trigger.transports.cli_endpoint import CliEndpoint
from mwaa_dags_trigger.transports.cli_output import (
    Cause,
    CliOutput,
    Failure,
    Rows,
    RunState,
    is_paused,
    parse_created_state,
    parse_envelope,
    parse_failure,
    parse_import_errors,
    parse_rows,
    parse_run_state,
)
from mwaa_dags_trigger.transports.failures import (
    check_time,
    refusal_hint,
    unexpected_errors_as_lost,
    unknown_dag,
)

MAX_COMMAND_SECONDS = 75.0
"""On MWAA a command usually takes 5 to 30 s (apache/airflow#59805, #21707)."""
MIN_COMMAND_SECONDS = 10.0
"""With less time, no command is sent."""
LOOKUP_SECONDS = 35.0
"""The time that a trigger reserves for a lookup afterwards."""
UNUSED_DATE = "1970-01-01"
"""A date without a DAG run."""


class CliTransport:
    """Commands sent to `/aws_mwaa/cli` of an environment's web server.

    Parameters
    ----------
    environments
        Provides versions and tokens.
    clock
        Returns seconds that never decrease.
    """

    name = "cli"
    trigger_seconds = MIN_COMMAND_SECONDS + LOOKUP_SECONDS
    lookup_seconds = MIN_COMMAND_SECONDS + REPORT_SECONDS

    def __init__(
        self, environments: Environments, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.environments = environments
        self.endpoint = CliEndpoint(clock)

    def trigger(self, trigger: Trigger, deadline: Deadline) -> DagRun:
        """Run `dags trigger`; see `Transport.trigger`."""
        key, name = trigger.key, trigger.key.mwaa_env_name
        check_time(name, deadline, MIN_COMMAND_SECONDS + LOOKUP_SECONDS)
        version = self.environments.airflow_version(name)
        words = trigger_command(trigger, version)
        output = self._run(key, words, deadline, reserve_seconds=LOOKUP_SECONDS)
        with unexpected_errors_as_lost(name):
            state = parse_created_state(output, key)
            failure = parse_failure(output.stderr, key)
            if state is None or failure:
                hint = refusal_hint(failure.line, key) if failure else ""
                error = self._explain(failure, key, hint=hint)
                if state is not None:
                    # Airflow prints the run that it created, or why it failed, but never both.
                    error.outcome = Outcome.REFUSED
                raise error
            return DagRun(state=state, airflow_version=version.text, conf=trigger.conf)

    def find(self, key: RunKey, deadline: Deadline) -> DagRun | None:
        """Look up the DAG run; see `Transport.find`."""
        version = self.environments.airflow_version(key.mwaa_env_name)
        if not can_query_single_run(key, version):
            return self._find_in_list(key, version, deadline)
        if version.major == 2:
            return self._find_on_airflow_2(key, version, deadline)
        return self._find_on_airflow_3(key, version, deadline)

    def failed_tasks(self, key: RunKey, deadline: Deadline) -> list[str]:
        """Run `tasks states-for-dag-run`; see `Transport.failed_tasks`."""
        tasks = self._tasks(key, deadline)
        return [str(task["task_id"]) for task in tasks if task.get("state") == "failed"]

    def is_paused(self, key: RunKey, deadline: Deadline) -> bool:
        """Run `dags next-execution`, which MWAA supports; see `Transport.is_paused`."""
        return is_paused(self._run(key, next_execution_command(key), deadline))

    def describe_dag(self, key: DagKey, deadline: Deadline) -> Dag:
        """Run `dags details`, which does not show params; see `Transport.describe_dag`."""
        version = self.environments.airflow_version(key.mwaa_env_name).text
        output = self._run(key, details_command(key), deadline)
        failure = parse_failure(output.stderr, key)
        if failure is not None and failure.cause is Cause.DAG_NOT_FOUND:
            errors = self._import_errors(key, deadline)
            return Dag(exists=False, airflow_version=version, import_errors=errors)
        dag = self._rows(output, key, "is_paused")[0]
        broken, file = _is_true(dag.get("has_import_errors")), str(dag.get("fileloc"))
        errors = self._import_errors(key, deadline) if broken else {}
        return Dag(
            exists=True,
            airflow_version=version,
            paused=_is_true(dag["is_paused"]),
            import_errors={name: text for name, text in errors.items() if file.endswith(name)},
        )

    def _import_errors(self, key: DagKey, deadline: Deadline) -> dict[str, str]:
        output = self._run(key, import_errors_command(), deadline)
        rows = parse_import_errors(output)
        if rows is None:
            raise self._explain(parse_failure(output.stderr, key), key)
        return {str(row["filepath"]): last_line(row["error"]) for row in rows}

    def _find_in_list(
        self, key: RunKey, version: AirflowVersion, deadline: Deadline
    ) -> DagRun | None:
        """Look up the run in the list of all runs of the DAG."""
        output = self._run(key, list_command(key, version), deadline)
        rows = self._rows(output, key, "run_id")
        row = next((row for row in rows if row["run_id"] == key.dag_run_id), None)
        if row is None:
            return None
        return _dag_run(self._state(key, _run_argument(row, key), deadline), [row], version)

    def _find_on_airflow_2(
        self, key: RunKey, version: AirflowVersion, deadline: Deadline
    ) -> DagRun | None:
        """Look up the run by its date, which is shown with the tasks of the run."""
        output = self._run(key, tasks_command(key), deadline)
        if _run_not_found(output, key):
            # Unlike the command for the tasks, `dags state` also reports an unknown DAG.
            self._state(key, UNUSED_DATE, deadline)
            return None
        tasks = self._rows(output, key, "task_id")
        if not tasks:
            return self._find_in_list(key, version, deadline)
        return _dag_run(self._state(key, _run_argument(tasks[0], key), deadline), tasks, version)

    def _find_on_airflow_3(
        self, key: RunKey, version: AirflowVersion, deadline: Deadline
    ) -> DagRun | None:
        """Look up the run by its run id. Only the tasks show the dates."""
        run = self._state(key, key.dag_run_id, deadline)
        tasks = self._tasks(key, deadline) if run.state in FINAL_STATES else []
        return _dag_run(run, tasks, version)

    def _tasks(self, key: RunKey, deadline: Deadline) -> Rows:
        output = self._run(key, tasks_command(key), deadline)
        return [] if _run_not_found(output, key) else self._rows(output, key, "task_id")

    def _rows(self, output: CliOutput, key: DagKey, field: str) -> Rows:
        rows, failure = parse_rows(output, key, field), parse_failure(output.stderr, key)
        if rows is None or (failure and failure.is_certain):
            raise self._explain(_unless_contradicted(failure, rows), key)
        return rows

    def _state(self, key: RunKey, run: str, deadline: Deadline) -> RunState:
        """Run `dags state` for a run; see `_run_argument`."""
        output = self._run(key, state_command(key, run), deadline)
        state, failure = parse_run_state(output), parse_failure(output.stderr, key)
        if state is None or (failure and failure.is_certain):
            raise self._explain(_unless_contradicted(failure, state), key)
        return state

    def _run(
        self,
        key: DagKey,
        words: list[str],
        deadline: Deadline,
        *,
        reserve_seconds: float = REPORT_SECONDS,
    ) -> CliOutput:
        """Run a command. If the web server refuses the token, run it once more with a new token."""
        name, command = key.mwaa_env_name, shlex.join(words).encode()
        check_time(name, deadline, MIN_COMMAND_SECONDS + reserve_seconds)
        output = self._send(name, command, deadline, reserve_seconds=reserve_seconds)
        if output is None:
            try:
                output = self._send(name, command, deadline, reserve_seconds=reserve_seconds)
            except (MwaaBusy, MwaaUnavailable) as error:
                if error.outcome is Outcome.LOST:
                    raise
                raise OutcomeUnknown(
                    f"The web server of MWAA environment {name} refused a CLI token. {error.problem}"
                ) from None
        if output is None:
            raise AccessDenied(
                f"The web server of MWAA environment {name} refused a new CLI token (HTTP 401 or "
                "403). Check that the environment accepts connections from the function's network."
            )
        return output

    def _send(
        self, name: str, command: bytes, deadline: Deadline, *, reserve_seconds: float
    ) -> CliOutput | None:
        """Send a command with the current token. If the token is refused, drop it and return None."""
        token = self.environments.cli_token(name)
        check_time(name, deadline, MIN_COMMAND_SECONDS + reserve_seconds)
        seconds = min(MAX_COMMAND_SECONDS, deadline.time_left() - reserve_seconds)
        try:
            with unexpected_errors_as_lost(name):
                status, body = self.endpoint.send(name, token, command, seconds)
                # The response to a failed command can have any status, and contains the output.
                output = parse_envelope(body)
        except TriggerError:
            self.environments.forget(name)
            raise
        if output is not None:
            return output
        if status in (429, 503):
            # MWAA runs about 4 commands at the same time (apache/airflow#32020).
            raise MwaaBusy(
                f"The web server of MWAA environment {name} is busy (HTTP {status}). It runs about 4 "
                "commands at the same time.",
                Outcome.LOST,
            )
        self.environments.forget(name)
        if status in (401, 403):
            return None
        raise OutcomeUnknown(
            f"The web server of MWAA environment {name} returned a response that cannot be read "
            f"(HTTP {status})."
        )

    def _explain(self, failure: Failure | None, key: DagKey, *, hint: str = "") -> TriggerError:
        """Return the error for a command without the expected output, with a hint if Airflow refused it."""
        name = key.mwaa_env_name
        if failure is None:
            self.environments.forget(name)
            return OutcomeUnknown(
                f"The web server of MWAA environment {name} returned a response that does not show "
                f"the run of DAG {key.mwaa_dag_name}, or that contradicts itself."
            )
        problem = f"Airflow in MWAA environment {name} refused the command: {failure.kind}."
        match failure.cause:
            case Cause.DAG_NOT_FOUND:
                return unknown_dag(key)
            case Cause.UNKNOWN_OPTION:
                # The environment was upgraded after its version was read.
                self.environments.forget(name)
                return MwaaUnavailable(
                    f"Airflow in MWAA environment {name} does not know the command or an option of "
                    "it. Try again."
                )
            case Cause.ALREADY_EXISTS:
                return OutcomeUnknown(problem, Outcome.REFUSED)
            case Cause.TRANSIENT:
                return OutcomeUnknown(problem)
        return CommandRejected(f"{problem} {hint}".rstrip(), Outcome.REFUSED)


def _unless_contradicted(failure: Failure | None, response: object) -> Failure | None:
    """Return the failure, or None if the command also responded, so that a refusal would not be certain."""
    refused = failure is not None and failure.cause is Cause.OTHER
    return None if refused and response is not None else failure


def _is_true(value: object) -> bool:
    # Airflow prints a boolean as a string.
    return str(value) == "True"


def _run_not_found(output: CliOutput, key: RunKey) -> bool:
    failure = parse_failure(output.stderr, key)
    return failure is not None and failure.cause is Cause.RUN_NOT_FOUND


def _run_argument(row: Mapping[str, str], key: RunKey) -> str:
    """Return what `dags state` expects: on Airflow 2 the run's date, on Airflow 3 its run id."""
    return row.get("execution_date", key.dag_run_id)


def _dag_run(run: RunState, rows: Rows, version: AirflowVersion) -> DagRun | None:
    """Combine the state of a run with the dates in its row, or in the rows of its tasks."""
    if run.state is None:
        return None
    started = [row["start_date"] for row in rows if row["start_date"]]
    ended = [row["end_date"] for row in rows if row["end_date"]]
    return DagRun(
        state=run.state,
        airflow_version=version.text,
        conf=run.conf,
        start_date=min(started, default=None),
        end_date=max(ended, default=None) if run.state in FINAL_STATES else None,
    )
