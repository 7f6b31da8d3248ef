"""The interface through which tests of all transports script the responses of MWAA."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Protocol

from mwaa_dags_trigger import __version__
from mwaa_dags_trigger.mwaa.environments import Environments
from mwaa_dags_trigger.request import RunKey, Trigger
from mwaa_dags_trigger.transports.base import Transport

from tests.support.clock import Clock
from tests.support.fake_mwaa.faults import Kind
from tests.support.fake_mwaa.responses import ScriptedResponse
from tests.support.fake_mwaa.server import FakeMwaa, Operation

DAG_ID, RUN_ID, CONF = "demo", "sfn__r1", {"k": "v"}
"""The requested DAG run. DAG and conf are the same as in the transcripts."""
RUN = RunKey(mwaa_env_name="etl", mwaa_dag_name=DAG_ID, dag_run_id=RUN_ID)
TRIGGER = Trigger(key=RUN, conf=CONF, is_retry=False)

Script = list[ScriptedResponse]
ResponseForVersion = Callable[[str], ScriptedResponse]
"""Returns the response of this version of Airflow."""


class Adapter(Protocol):
    """One transport to one version of Airflow, with the responses about run `RUN_ID` of DAG `DAG_ID`.

    Attributes
    ----------
    transport
        Name of the transport.
    outcome_unknown, busy, already_exists
        Responses to a trigger that do not show whether a run was created. With `outcome_unknown`, Airflow sends no
        message. With `busy`, the web server rejects the request. With `already_exists`, Airflow has this run, or
        another run with the same date.
    trigger, lookup, failed_lookup, failed_tasks_query, dag_query
        Calls in `airflow_calls` for a trigger, for a lookup that finds the run or does not, and for the queries of
        failed tasks and of the DAG.
    kinds
        Kinds of faults that this transport can have.
    throttles
        First operation of a trigger, which AWS can throttle.
    denial
        Part of the error message if `denied` is the response.
    version
        Version of Airflow.
    """

    transport: ClassVar[str]
    outcome_unknown: ClassVar[Mapping[str, ResponseForVersion]]
    busy: ClassVar[Mapping[str, ResponseForVersion]]
    already_exists: ClassVar[Mapping[str, ResponseForVersion]]
    kinds: ClassVar[frozenset[Kind]]
    throttles: ClassVar[Operation]
    denial: ClassVar[str]
    trigger: list[str]
    lookup: list[str]
    failed_lookup: list[str]
    failed_tasks_query: list[str]
    dag_query: list[str]
    version: str

    def __init__(self, version: str) -> None: ...

    @staticmethod
    def connect(environments: Environments, mwaa: FakeMwaa, clock: Clock) -> Transport:
        """Create the transport, which waits by this clock."""
        ...

    def created(self) -> Script:
        """Return the response to a trigger that created the run."""
        ...

    def unknown_dag(self) -> Script:
        """Return the response to a trigger of a DAG that does not exist."""
        ...

    def rejected(self) -> Script:
        """Return the response to an invalid trigger."""
        ...

    def rejected_with(self, message: str) -> Script:
        """Return the response to an invalid trigger, with this message."""
        ...

    def denied(self) -> Script:
        """Return the responses to one attempt of a caller without permission."""
        ...

    def found(self) -> Script:
        """Return the response to a lookup: the run is queued and has the conf `CONF`."""
        ...

    def absent(self) -> Script:
        """Return the response to a lookup of a run that does not exist."""
        ...

    def absent_dag(self) -> Script:
        """Return the response to a lookup of a run whose DAG does not exist."""
        ...

    def run_in_state(self, state: str, start_date: str | None, end_date: str | None) -> Script:
        """Return the response to a lookup of a run in this state."""
        ...

    def tasks(self, states: Mapping[str, str]) -> Script:
        """Return the response to the query of failed tasks, for these states by task id."""
        ...

    def dag(self, *, paused: bool) -> Script:
        """Return the response to the query of the DAG."""
        ...

    def gateway_timeout(self) -> Script:
        """Return HTTP 504 as the response to any call."""
        ...

    def airflow_calls(self, mwaa: FakeMwaa) -> list[str]:
        """Return the commands or requests that were sent to Airflow, in their order."""
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
