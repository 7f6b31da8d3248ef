"""Plans of the configuration, for the tests of Terraform and of IAM."""

from __future__ import annotations

import pytest

from tests.terraform.planner import SANDBOX, Plan, Planner
from tools.isolation import isolate

isolate()


@pytest.fixture(scope="session")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Planner:
    """Plans a copy of the configuration against a local AWS of two accounts."""
    return Planner(tmp_path_factory.mktemp("configuration"))


@pytest.fixture(scope="session")
def sandbox_plan(planner: Planner) -> Plan:
    """The root configuration as `make demo` deploys it: defaults throughout."""
    return planner.plan(workspace="sandbox", var_file=SANDBOX)


@pytest.fixture(scope="session")
def example_plan(planner: Planner) -> Plan:
    """The root configuration with the example to copy: a dedicated invoker role, and no defaults."""
    return planner.plan(workspace="staging", var_file="environments/example.tfvars")


@pytest.fixture(scope="session")
def modules_plan(planner: Planner) -> Plan:
    """The modules with several sources, environments and preliminary tasks, and with none."""
    return planner.plan("tests/terraform/configurations/modules")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep in one worker of pytest-xdist what shares something dear: plans, an Airflow, a deployed sandbox."""
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        if "planner" in item.fixturenames:
            item.add_marker(pytest.mark.xdist_group("plans"))
        for fixture in ("installation", "stack"):
            if fixture in item.fixturenames:
                version = item.callspec.params[fixture]
                item.add_marker(pytest.mark.xdist_group(f"{fixture}-{version}"))
