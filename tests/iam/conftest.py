"""Plans, and the evaluator that is asked about them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.iam import Simulator
from tests.iam.accounts import Iam
from tests.terraform.planner import Plan


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def iam(sandbox_plan: Plan, simulator: Simulator) -> Iam:
    """One role in the target, the function's own."""
    return Iam(sandbox_plan, simulator, "mwaa-dags-trigger-sandbox")


@pytest.fixture
def split(example_plan: Plan, simulator: Simulator) -> Iam:
    """A dedicated invoker role; the function reaches Airflow by REST, as the Airflow role User."""
    return Iam(example_plan, simulator, "data-onboarding-staging")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many questions were asked, whichever worker asked them."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    asked = [n for report in reports for name, n in report.user_properties if name == "questions"]
    if asked:
        terminalreporter.section("permissions")
        terminalreporter.write_line(f"{sum(asked):,} questions, {len(asked)} configurations")
