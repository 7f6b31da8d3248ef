"""Fixtures of several directories: plans of the configuration, and an Airflow of each major version."""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING, TypeGuard

import pytest

from sandbox.mwaa.airflow import Airflow
from sandbox.mwaa.install import AirflowInstallation, install
from sandbox.mwaa.releases import NEWEST_OF_EACH_MAJOR
from tests.support.processes import processes_in
from tests.support.pytest_plugins.groups import claim, group_of
from tools.isolation import isolate
from tools.paths import BUILD

# The import of the local AWS takes time. The fixtures import it, because tests/lambda does not need it.
if TYPE_CHECKING:
    from tests.support.local_aws.terraform import Terraform
    from tests.terraform.planner import Plan, Planner

isolate()
# Terraform and its provider run for seconds, so garbage collection pays off only if they get large.
os.environ |= {"GOGC": "off", "GOMEMLIMIT": "1GiB"}
# With the default thresholds, garbage collection takes a sixth of a worker's time.
gc.set_threshold(100_000, 20, 20)

_TO_COME = pytest.StashKey[Counter[str | None]]()
"""Number of remaining tests that use an Airflow, by group."""


@pytest.fixture(scope="module", autouse=True)
def collect_garbage() -> Iterator[None]:
    """Find the files and sockets that the tests of a module have not closed: a warning, and thus an error."""
    gc.freeze()  # a collection then examines only what is created later
    yield
    gc.collect()


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """Terraform with an installed provider."""
    from tests.support.local_aws.terraform import with_provider_of  # noqa: PLC0415

    return with_provider_of(tmp_path_factory.mktemp("provider"))


@pytest.fixture(scope="session")
def planner(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> Planner:
    """Plans a copy of the configuration in a local AWS with two accounts."""
    from tests.terraform.planner import Planner  # noqa: PLC0415

    claim(tmp_path_factory, "plans")
    return Planner(tmp_path_factory.mktemp("configuration"), terraform)


@pytest.fixture(scope="session")
def sandbox_plan(planner: Planner) -> Plan:
    """The root configuration with default values, as `make demo` deploys it."""
    from tests.terraform.root_variables import ROOT_VARIABLES  # noqa: PLC0415

    return planner.plan(**ROOT_VARIABLES["default"])


@pytest.fixture(scope="session")
def example_plan(planner: Planner) -> Plan:
    """The root configuration with environments/example.tfvars, which sets all common options."""
    from tests.terraform.root_variables import ROOT_VARIABLES  # noqa: PLC0415

    return planner.plan(**ROOT_VARIABLES["rest"])


@pytest.fixture(scope="session")
def modules_plan(planner: Planner) -> Plan:
    """The modules with several sources, environments and preliminary tasks, without them, and as in their READMEs."""
    from tests.terraform.examples import write_usage  # noqa: PLC0415

    write_usage(planner)
    return planner.plan("tests/terraform/configurations/modules")


@pytest.fixture(scope="session", params=NEWEST_OF_EACH_MAJOR)
def installation(request: pytest.FixtureRequest) -> AirflowInstallation:
    """An installed Airflow of each major version."""
    return install(request.param, BUILD, nullcontext)


@pytest.fixture(scope="session")
def airflow(
    installation: AirflowInstallation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Airflow]:
    """A running Airflow. All tests of a version share it, so each test must check only its own DAG runs."""
    claim(tmp_path_factory, f"airflow-{installation.version}")
    with Airflow(installation, tmp_path_factory.mktemp("airflow") / "home") as airflow:
        airflow.wait_ready()
        assert len(processes_in(airflow.home)) > 5
        yield airflow
        _stop(airflow)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Count the tests that use an Airflow."""
    session.stash[_TO_COME] = Counter(
        group_of(item) for item in session.items if _uses_airflow(item)
    )


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Stop an Airflow after the last test that uses it, because an idle Airflow uses CPU."""
    if not _uses_airflow(item):
        return
    to_come = item.session.stash[_TO_COME]
    to_come[group_of(item)] -= 1
    # A skipped test has no fixtures.
    airflow = item.funcargs.get("airflow")
    if isinstance(airflow, Airflow) and not to_come[group_of(item)]:
        _stop(airflow)


def _stop(airflow: Airflow) -> None:
    """Stop an Airflow unless it is stopped, and check that none of its processes remain."""
    airflow.stop()
    assert processes_in(airflow.home) == []


def _uses_airflow(item: pytest.Item) -> TypeGuard[pytest.Function]:
    return isinstance(item, pytest.Function) and "airflow" in item.fixturenames
