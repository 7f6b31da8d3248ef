"""Plans, and the evaluator that is asked about them."""

from __future__ import annotations

import pytest

from tests.iam.accounts import Iam
from tests.terraform.planner import Plan


@pytest.fixture
def iam(sandbox_plan: Plan) -> Iam:
    """One role in the target, the function's own."""
    return Iam(sandbox_plan, "mwaa-dags-trigger-sandbox")


@pytest.fixture
def split(example_plan: Plan) -> Iam:
    """A dedicated invoker role; the function reaches Airflow by REST, as the Airflow role User."""
    return Iam(example_plan, "data-onboarding-staging")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many questions were asked, whichever worker asked them."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    asked = [n for report in reports for name, n in report.user_properties if name == "questions"]
    if asked:
        terminalreporter.section("permissions")
        terminalreporter.write_line(f"{sum(asked):,} questions, {len(asked)} configurations")
