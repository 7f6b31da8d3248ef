"""The transport over MWAA's CLI endpoint."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable
from functools import partial

from mwaa_dags_trigger.answer import (
    Answer,
    Rows,
    Shown,
    created_state,
    listed,
    read_envelope,
    read_failure,
    says_paused,
    shown_run,
)
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.endpoint import CliEndpoint
from mwaa_dags_trigger.environment import AirflowVersion, Environments
from mwaa_dags_trigger.errors import (
    AccessDenied,
    CommandRejected,
    MwaaBusy,
    MwaaUnavailable,
    OutcomeUnknown,
    TriggerError,
)
from mwaa_dags_trigger.request import RunKey, Trigger
from mwaa_dags_trigger.transport import (
    FINAL_STATES,
    OWN_WORDS,
    DagRun,
    Lost,
    Refused,
    Unsettled,
    no_time,
    sent,
    unknown_dag,
)

READ_S = 75.0
"""Seconds for one command; on MWAA 5 to 30 are usual (apache/airflow#59805, #21707)."""
LEAST_S = 10.0
"""Seconds for one command below which it is not sent."""
LOOK_S = 35.0
"""Seconds kept back from a trigger, for a look whether the run is there."""
REPORT_S = 5.0
"""Seconds kept back from a look, to report what it found."""
NEVER = "1970-01-01"
"""A date without a DAG run."""

Command = Callable[[AirflowVersion], list[str]]
"""Makes the words of a command, without the leading `airflow`, for one version."""


class CliTransport:
    """Airflow's own commands, sent to `/aws_mwaa/cli` of an environment's web server.

    Parameters
    ----------
    environments
        Where versions and tokens come from.
    clock
        Seconds that never go back.
    """

    name = "cli"
    trigger_seconds = LEAST_S + LOOK_S
    look_seconds = LEAST_S + REPORT_S

    def __init__(
        self, environments: Environments, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.environments = environments
        self.endpoint = CliEndpoint(clock)

    def trigger(self, trigger: Trigger, deadline: Deadline) -> DagRun:
        """Send `dags trigger` once; see `Transport.trigger`."""
        run = trigger.run
        answer = self._run(run, partial(trigger_command, trigger), deadline, keep=LOOK_S)
        with sent(run.mwaa_env_name):
            state = created_state(answer, run)
            if state is None:
                raise self._failure(answer, run)
            version = self.environments.airflow_version(run.mwaa_env_name)
            return DagRun(state=state, airflow_version=version.text, conf=trigger.conf)

    def find(self, run: RunKey, deadline: Deadline) -> DagRun | None:
        """Look with `dags state`, which costs the same however many runs the DAG has.

        Airflow 2 wants the run's date there, which `tasks states-for-dag-run` tells. Both take a
        run id that they do not know for a date where they can, and would show another run: no date
        has a `_` in it. The dates of a run that was found so are those of its first and last task.
        """
        version = self.environments.airflow_version(run.mwaa_env_name)
        alone = "_" in run.dag_run_id and (version.major, version.minor) >= (2, 2)
        rows = self._tasks(run, deadline) if alone and version.major == 2 else None
        if rows == [] or not alone:  # a run without tasks does not tell its date
            rows = self._runs(run, deadline)
            if not rows:
                return None
        if rows:
            name = rows[0].get("execution_date", run.dag_run_id)
        else:
            # Without a run Airflow 2 has no date, but still says whether the DAG is there.
            name = NEVER if version.major == 2 else run.dag_run_id
        state, conf = self._state(run, name, deadline)
        if state is None:
            return None
        if rows is None and state in FINAL_STATES:
            rows = self._tasks(run, deadline)
        started = [row["start_date"] for row in rows or [] if row["start_date"]]
        ended = [row["end_date"] for row in rows or [] if row["end_date"]]
        return DagRun(
            state=state,
            airflow_version=version.text,
            conf=conf,
            start_date=min(started, default=None),
            end_date=max(ended, default=None) if state in FINAL_STATES else None,
        )

    def failed_tasks(self, run: RunKey, deadline: Deadline) -> list[str]:
        """Ask with `tasks states-for-dag-run`; see `Transport.failed_tasks`."""
        rows = self._tasks(run, deadline) or []
        return [row["task_id"] for row in rows if row.get("state") == "failed"]

    def is_paused(self, run: RunKey, deadline: Deadline) -> bool:
        """Ask with `dags next-execution`, which MWAA takes and which says so; see `Transport.is_paused`."""
        words = ["dags", "next-execution", run.mwaa_dag_name]
        return says_paused(self._run(run, lambda _: words, deadline, keep=REPORT_S))

    def _tasks(self, run: RunKey, deadline: Deadline) -> Rows | None:
        """Return a row for each task of the run; None where there is no such run."""
        words = ["tasks", "states-for-dag-run", run.mwaa_dag_name, run.dag_run_id, "-o", "json"]
        answer = self._run(run, lambda _: words, deadline, keep=REPORT_S)
        failure = read_failure(answer.stderr)
        if failure and failure.run_not_found:
            return None
        rows = listed(answer, run, "task_id")
        if rows is None:
            raise self._failure(answer, run)
        return rows

    def _runs(self, run: RunKey, deadline: Deadline) -> Rows:
        """Return the run's row out of all that the DAG has, if it is there."""
        answer = self._run(run, partial(list_command, run), deadline, keep=REPORT_S)
        rows = listed(answer, run, "run_id")
        if rows is None:
            raise self._failure(answer, run)
        return [row for row in rows if row["run_id"] == run.dag_run_id]

    def _state(self, run: RunKey, name: str, deadline: Deadline) -> Shown:
        """Return state and conf of the run that `dags state` knows by this name."""
        words = ["dags", "state", run.mwaa_dag_name, name]
        answer = self._run(run, lambda _: words, deadline, keep=REPORT_S)
        shown = shown_run(answer)
        if shown is None:
            raise self._failure(answer, run)
        return shown

    def _run(self, run: RunKey, command: Command, deadline: Deadline, *, keep: float) -> Answer:
        """Run a command; `keep` are the seconds that have to be left after it."""
        if deadline.time_left() - keep < LEAST_S:
            raise no_time(run.mwaa_env_name)
        version = self.environments.airflow_version(run.mwaa_env_name)
        return self._send(run.mwaa_env_name, command(version), deadline, keep=keep)

    def _send(self, name: str, words: list[str], deadline: Deadline, *, keep: float) -> Answer:
        """Send a command, again with a fresh token where the one at hand is refused."""
        command = shlex.join(words).encode()
        answer = self._try_token(name, command, deadline, keep=keep)
        if answer is None:
            try:
                answer = self._try_token(name, command, deadline, keep=keep)
            except (MwaaBusy, MwaaUnavailable) as error:
                raise _lost(f"A CLI token was refused. {error.problem}") from None
        if answer is None:
            raise AccessDenied(
                f"The web server of MWAA environment {name} refused a fresh CLI token (HTTP 401 or "
                "403). Check that the environment lets this function's network in."
            )
        return answer

    def _try_token(
        self, name: str, command: bytes, deadline: Deadline, *, keep: float
    ) -> Answer | None:
        """Send a command with the token at hand; return None, and forget it, where it is refused."""
        token = self.environments.cli_token(name)
        seconds = min(READ_S, deadline.time_left() - keep)
        if seconds < LEAST_S:
            raise no_time(name)
        try:
            with sent(name):
                status, body = self.endpoint.send(name, token, command, seconds)
                # A command that fails may come with any status, and with its envelope.
                answer = read_envelope(body)
        except (MwaaUnavailable, Lost):
            self.environments.forget(name)
            raise
        if answer is not None:
            return answer
        if status in (429, 503):
            # More than about 4 commands at once (apache/airflow#32020).
            raise Lost(
                MwaaBusy(
                    f"The web server of MWAA environment {name} is busy (HTTP {status}): it takes "
                    "about 4 commands at once."
                )
            )
        self.environments.forget(name)
        if status in (401, 403):
            return None
        raise _lost(
            f"The web server of MWAA environment {name} gave an answer that cannot be read "
            f"(HTTP {status})."
        )

    def _failure(self, answer: Answer, run: RunKey) -> Unsettled | TriggerError:
        """Return why the answer is not the one that was hoped for."""
        name = run.mwaa_env_name
        failure = read_failure(answer.stderr)
        if failure is None:
            self.environments.forget(name)
            return _lost(
                f"The web server of MWAA environment {name} gave an answer that does not show the "
                f"DAG run of {run.mwaa_dag_name}."
            )
        if failure.dag_not_found:
            return unknown_dag(run)
        if failure.unknown_flag:
            # The environment was upgraded since its version was asked for.
            self.environments.forget(name)
            return MwaaUnavailable(
                f"Airflow in MWAA environment {name} does not know the command line. Try again."
            )
        problem = f"Airflow in MWAA environment {name} refused the command: {failure.kind}."
        if failure.taken:
            return Refused(OutcomeUnknown(problem))
        if failure.passing:
            return _lost(problem)
        return Refused(CommandRejected(f"{problem} {OWN_WORDS}"))


def trigger_command(trigger: Trigger, version: AirflowVersion) -> list[str]:
    """Return the command that makes the run.

    Raises
    ------
    CommandRejected
        If the environment is older than Airflow 2.
    """
    if version.major < 2:
        raise CommandRejected(
            f"MWAA environment {trigger.run.mwaa_env_name} runs Airflow {version.text}, whose "
            "commands are other ones. Upgrade it to Airflow 2 or later."
        )
    # Inside of a JSON string only, where ' may stand: no shell gets to see it.
    conf = json.dumps(trigger.conf, ensure_ascii=True).replace("'", "\\u0027")
    words = ["dags", "trigger", trigger.run.mwaa_dag_name]
    words += ["--run-id", trigger.run.dag_run_id, "--conf", conf]
    if (version.major, version.minor) >= (2, 6):
        words += ["-o", "json"]
        if version.major == 2:
            # Otherwise two runs of a DAG within a second collide.
            words += ["--no-replace-microseconds"]
    return words


def list_command(run: RunKey, version: AirflowVersion) -> list[str]:
    """Return the command that lists the DAG's runs."""
    dag = ["-d", run.mwaa_dag_name] if version.major == 2 else [run.mwaa_dag_name]
    return ["dags", "list-runs", *dag, "-o", "json"]


def _lost(problem: str) -> Lost:
    return Lost(OutcomeUnknown(problem))
