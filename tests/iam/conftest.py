"""Planned roles, and the number of evaluated questions."""

from __future__ import annotations

import pytest

from tests.iam.accounts import Iam
from tests.terraform.planner import Plan


@pytest.fixture
def iam(sandbox_plan: Plan) -> Iam:
    """The sandbox, with one role in the target account for the function and the source."""
    return Iam(sandbox_plan, "mwaa-dags-trigger-sandbox")


@pytest.fixture
def split(example_plan: Plan) -> Iam:
    """A configuration with a dedicated invoker role, which uses REST with the Airflow role User."""
    return Iam(example_plan, "data-onboarding-staging")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the number of questions that all workers evaluated."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    questions = [
        n for report in reports for name, n in report.user_properties if name == "questions"
    ]
    if questions:
        terminalreporter.section("permissions")
        terminalreporter.write_line(
            f"{sum(questions):,} questions, {len(questions)} configurations"
        )
