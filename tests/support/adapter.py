"""What a transport has to tell for the tests of what every transport must do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Protocol

from mwaa_dags_trigger import __version__
from mwaa_dags_trigger.mwaa.environments import Environments
from mwaa_dags_trigger.request import RunKey, Trigger
from mwaa_dags_trigger.transports.base import Transport

from tests.support.clock import Clock
from tests.support.faults import Kind
from tests.support.mwaa import FakeMwaa, Operation
from tests.support.steps import Answer

DAG_ID, RUN_ID, CONF = "demo", "sfn__r1", {"k": "v"}
"""The run that is asked for; DAG and conf are those of the transcripts."""
RUN = RunKey(mwaa_env_name="etl", mwaa_dag_name=DAG_ID, dag_run_id=RUN_ID)
TRIGGER = Trigger(key=RUN, conf=CONF, is_retry=False)

Script = list[Answer]
Lost = Callable[[str], Answer]
"""Makes an answer, on one version of Airflow, that does not show what was done."""


class Adapter(Protocol):
    """One version of Airflow over one transport, before run `RUN_ID` of DAG `DAG_ID`.

    Attributes
    ----------
    transport
        Its name.
    lost, busy, taken
        Answers to a trigger that leave it open what was done: without a word of Airflow; of a web
        server that is busy; and of an Airflow which has the run, or another one of that date.
    trigger, look, look_in_vain, tasks_of, dag_of
        What `asked` shows for a trigger, for a look that finds the run, for one that does not, and
        for the questions for failed tasks and for a paused DAG.
    kinds
        What can go wrong, for the tests of faults.
    throttles
        The operation that is asked for first, and throttled.
    """

    transport: ClassVar[str]
    lost: ClassVar[Mapping[str, Lost]]
    busy: ClassVar[Mapping[str, Lost]]
    taken: ClassVar[Mapping[str, Lost]]
    kinds: ClassVar[frozenset[Kind]]
    throttles: ClassVar[Operation]
    denial: ClassVar[str]
    trigger: list[str]
    look: list[str]
    look_in_vain: list[str]
    tasks_of: list[str]
    dag_of: list[str]
    version: str

    def __init__(self, version: str) -> None: ...

    @staticmethod
    def connect(environments: Environments, mwaa: FakeMwaa, clock: Clock) -> Transport:
        """Make the transport, one that waits by the clock."""
        ...

    def created(self) -> Script:
        """Answer a trigger: made."""
        ...

    def unknown_dag(self) -> Script:
        """Answer a trigger: there is no such DAG."""
        ...

    def rejected(self) -> Script:
        """Answer a trigger: not like this."""
        ...

    def refused_with(self, words: str) -> Script:
        """Answer a trigger: not like this, in these words."""
        ...

    def denied(self) -> Script:
        """Refuse the caller, for one try."""
        ...

    def found(self) -> Script:
        """Answer a look: the run, queued, and its conf `CONF`."""
        ...

    def absent(self) -> Script:
        """Answer a look: not there."""
        ...

    def absent_dag(self) -> Script:
        """Answer a look: there is no such DAG."""
        ...

    def shown(self, state: str, start_date: str | None, end_date: str | None) -> Script:
        """Answer a look: the run, so far."""
        ...

    def tasks(self, states: Mapping[str, str]) -> Script:
        """Answer the question for the failed ones of tasks in these states, by their ids."""
        ...

    def dag(self, *, paused: bool) -> Script:
        """Answer the question whether the DAG is paused."""
        ...

    def gateway_timeout(self) -> Script:
        """Answer anything with HTTP 504."""
        ...

    def asked(self, mwaa: FakeMwaa) -> list[str]:
        """Return what Airflow was asked, in the order it was."""
        ...


def result(adapter: Adapter, **fields: object) -> dict[str, object]:
    """Return what the function returns about the run over this transport, with these further fields."""
    return {
        "mwaa_env_name": RUN.mwaa_env_name,
        "mwaa_dag_name": RUN.mwaa_dag_name,
        "dag_run_id": RUN.dag_run_id,
        "airflow_version": adapter.version,
        "transport": adapter.transport,
        "package_version": __version__,
        **fields,
    }
