"""What tests of several levels share: plans of the configuration, and an Airflow of each major version."""

from __future__ import annotations

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
from tests.support.pytest_plugins.groups import group_of, only_here
from tools.isolation import isolate
from tools.paths import BUILD

# The local AWS takes 1.4 s to import, and tests/lambda does not use it: the fixtures that do import it themselves.
if TYPE_CHECKING:
    from tests.support.local_aws.terraform import Terraform
    from tests.terraform.planner import Plan, Planner

isolate()
# Terraform and its provider live for seconds: their garbage is collected only where they get large.
os.environ |= {"GOGC": "off", "GOMEMLIMIT": "1GiB"}

_TO_COME = pytest.StashKey[Counter[str | None]]()
"""The number of tests of each group that have yet to use an Airflow."""


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """Terraform, with its provider installed."""
    from tests.support.local_aws.terraform import with_provider_of  # noqa: PLC0415

    return with_provider_of(tmp_path_factory.mktemp("provider"))


@pytest.fixture(scope="session")
def planner(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> Planner:
    """Plans a copy of the configuration against a local AWS of two accounts."""
    from tests.terraform.planner import Planner  # noqa: PLC0415

    only_here(tmp_path_factory, "plans")
    return Planner(tmp_path_factory.mktemp("configuration"), terraform)


@pytest.fixture(scope="session")
def sandbox_plan(planner: Planner) -> Plan:
    """The root configuration as `make demo` deploys it: defaults throughout."""
    from tests.terraform.root_variables import ROOT_VARIABLES  # noqa: PLC0415

    return planner.plan(**ROOT_VARIABLES["default"])


@pytest.fixture(scope="session")
def example_plan(planner: Planner) -> Plan:
    """The root configuration with the example to copy: a dedicated invoker role, and no defaults."""
    from tests.terraform.root_variables import ROOT_VARIABLES  # noqa: PLC0415

    return planner.plan(**ROOT_VARIABLES["rest"])


@pytest.fixture(scope="session")
def modules_plan(planner: Planner) -> Plan:
    """The modules with several sources, environments and preliminary tasks, with none, and as their READMEs show."""
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
    """A running Airflow that all tests of a version share, so each looks at its own DAG runs only."""
    only_here(tmp_path_factory, f"airflow-{installation.version}")
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
    """Stop an Airflow after the last test that uses it: idle, it uses CPU until the worker ends."""
    if not _uses_airflow(item):
        return
    to_come = item.session.stash[_TO_COME]
    to_come[group_of(item)] -= 1
    # A skipped test has no fixtures.
    airflow = item.funcargs.get("airflow")
    if isinstance(airflow, Airflow) and not to_come[group_of(item)]:
        _stop(airflow)


def _stop(airflow: Airflow) -> None:
    """Stop an Airflow, unless it is stopped already; no process of it may remain."""
    airflow.stop()
    assert processes_in(airflow.home) == []


def _uses_airflow(item: pytest.Item) -> TypeGuard[pytest.Function]:
    return isinstance(item, pytest.Function) and "airflow" in item.fixturenames
