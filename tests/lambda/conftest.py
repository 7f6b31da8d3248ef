"""The function's code in front of an MWAA that follows a script."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator

import pytest
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.mwaa.environments import Environments
from mwaa_dags_trigger.transports.base import Transport
from mwaa_dags_trigger.transports.cli import CliTransport
from mwaa_dags_trigger.transports.rest import RestTransport
from mypy_boto3_mwaa import MWAAClient

from sandbox.mwaa.front import Environment
from sandbox.mwaa.releases import NEWEST_OF_EACH_MAJOR
from tests.support.clock import FUNCTION_SECONDS, Clock
from tests.support.fake_mwaa import server as support
from tests.support.fake_mwaa.server import FakeMwaa
from tests.support.handler import Handle, Send, Trigger, handler
from tests.support.isolation import isolate
from tests.support.secrets import MARKS
from tests.support.transports.adapter import CONF, RUN_ID, TRIGGER, Adapter
from tests.support.transports.adapters import NEWEST
from tests.support.transports.cli_adapter import CliAdapter
from tests.support.transports.rest_adapter import RestAdapter
from tests.support.unreachable_airflow import UnreachableAirflow


@pytest.fixture(autouse=True)
def traceback_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restore the limit that the handler sets, because other tests run in the same process."""
    monkeypatch.setattr(sys, "tracebacklimit", 1000, raising=False)


@pytest.fixture(scope="session")
def by_name() -> dict[str, Environment]:
    """The existing MWAA environments by name."""
    return {"etl": UnreachableAirflow(), "other": UnreachableAirflow()}


@pytest.fixture(scope="session")
def clock_of_session() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def mwaa_of_session(
    by_name: dict[str, Environment],
    clock_of_session: Clock,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[FakeMwaa]:
    with FakeMwaa(by_name, tmp_path_factory.mktemp("mwaa"), clock_of_session) as mwaa:
        yield mwaa


@pytest.fixture(scope="session")
def client_of_session(mwaa_of_session: FakeMwaa, clock_of_session: Clock) -> Iterator[MWAAClient]:
    with pytest.MonkeyPatch.context() as patch:
        isolate(patch, mwaa_of_session.ca_file)
        client = support.client(mwaa_of_session, clock_of_session)
    yield client
    client.close()


@pytest.fixture
def clock(clock_of_session: Clock) -> Clock:
    clock_of_session.now, clock_of_session.end = 0.0, FUNCTION_SECONDS
    clock_of_session.pauses.clear()
    return clock_of_session


@pytest.fixture
def airflow() -> UnreachableAirflow:
    return UnreachableAirflow()


@pytest.fixture
def mwaa(
    mwaa_of_session: FakeMwaa,
    by_name: dict[str, Environment],
    airflow: UnreachableAirflow,
    clock: Clock,
) -> Iterator[FakeMwaa]:
    """MWAA with the environment `etl`, which runs Airflow 3.3.1. Each test must use its whole script."""
    by_name.update(etl=airflow, other=UnreachableAirflow("2.11.2"))
    mwaa_of_session.begin()
    yield mwaa_of_session
    to_come = mwaa_of_session.remaining_steps
    mwaa_of_session.begin()
    assert airflow.calls == []
    assert to_come == []


@pytest.fixture(autouse=True)
def aws(mwaa_of_session: FakeMwaa, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the configuration of the machine's user out of all tests."""
    isolate(monkeypatch, mwaa_of_session.ca_file)


@pytest.fixture
def client(client_of_session: MWAAClient, mwaa: FakeMwaa) -> MWAAClient:
    return client_of_session


@pytest.fixture
def environments(client: MWAAClient, clock: Clock) -> Environments:
    return Environments(client, clock)


@pytest.fixture
def deadline(clock: Clock) -> Deadline:
    return Deadline(time_left=lambda: clock.end - clock.now, sleep=clock.sleep)


@pytest.fixture
def transport(environments: Environments, mwaa: FakeMwaa, clock: Clock) -> CliTransport:
    return CliAdapter.connect(environments, mwaa, clock)


@pytest.fixture
def send(transport: CliTransport, deadline: Deadline) -> Send:
    """Send one `dags trigger`."""
    return lambda: transport.trigger(TRIGGER, deadline)


@pytest.fixture
def no_redirect(airflow: UnreachableAirflow) -> None:
    """Let each command need a single request, as on Airflow 2."""
    airflow.version = "2.11.2"


@pytest.fixture
def rest_transport(environments: Environments) -> RestTransport:
    return RestTransport(environments)


@pytest.fixture
def handle(transport: CliTransport, deadline: Deadline) -> Handle:
    """Handle an event over the CLI."""
    return handler(transport, deadline)


@pytest.fixture
def handle_rest(rest_transport: RestTransport, deadline: Deadline) -> Handle:
    """Handle an event over REST."""
    return handler(rest_transport, deadline)


@pytest.fixture(params=NEWEST)
def adapter(request: pytest.FixtureRequest, airflow: UnreachableAirflow) -> Adapter:
    """Each transport, on the newest version of each major version of Airflow."""
    of_transport, version = request.param
    made: Adapter = of_transport(version)
    airflow.version = version
    return made


@pytest.fixture(params=NEWEST_OF_EACH_MAJOR)
def cli(request: pytest.FixtureRequest, airflow: UnreachableAirflow) -> CliAdapter:
    """The command line, on the newest version of each major version."""
    airflow.version = request.param
    return CliAdapter(airflow.version)


@pytest.fixture(params=NEWEST_OF_EACH_MAJOR)
def rest(request: pytest.FixtureRequest, airflow: UnreachableAirflow) -> RestAdapter:
    """InvokeRestApi, on the newest version of each major version."""
    airflow.version = request.param
    return RestAdapter(airflow.version)


@pytest.fixture
def transport_of_adapter(
    adapter: Adapter, environments: Environments, mwaa: FakeMwaa, clock: Clock
) -> Transport:
    return adapter.connect(environments, mwaa, clock)


@pytest.fixture
def handle_over(transport_of_adapter: Transport, deadline: Deadline) -> Handle:
    """Handle an event over the adapter's transport."""
    return handler(transport_of_adapter, deadline)


@pytest.fixture
def trigger(handle_over: Handle) -> Trigger:
    """Trigger the run over the adapter's transport."""
    return lambda: handle_over(mwaa_dag_conf=CONF, run_id=RUN_ID)


@pytest.fixture(autouse=True)
def no_secret_in_any_log(
    mwaa_of_session: FakeMwaa, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    """Check after each test that no log record of any level contains a token or a value of the conf."""
    caplog.set_level(logging.DEBUG)
    before = len(mwaa_of_session.tokens)
    yield
    secrets = (*MARKS, *mwaa_of_session.tokens[before:])
    for record in (r for phase in ("setup", "call") for r in caplog.get_records(phase)):
        text = record.getMessage() + str(record.__dict__)
        assert not [secret for secret in secrets if secret in text]
