"""The console and the documentation give the same advice about each error."""

from __future__ import annotations

import error_tables
import pytest
from mwaa_dags.advice import FUNCTION_ERRORS, OTHER, SERVICE_ERRORS, Redrive, advise
from mwaa_dags_trigger.errors import TriggerError


def test_operations_has_a_place_for_each_table() -> None:
    places = error_tables.MARKED.finditer(error_tables.PAGE.read_text())

    assert [place[2] for place in places] == list(error_tables.TABLES)


def test_operations_has_the_tables_of_errors() -> None:
    # Where not: `make docs` writes them.
    assert error_tables.render() == error_tables.PAGE.read_text()


def test_there_is_advice_for_each_error_of_the_function() -> None:
    assert set(FUNCTION_ERRORS) == {kind.__name__ for kind in TriggerError.__subclasses__()}


ADVICE = {**FUNCTION_ERRORS, **SERVICE_ERRORS}


@pytest.mark.parametrize(
    "error", [error for error, each in ADVICE.items() if each.redrive is Redrive.FAILS_AGAIN]
)
def test_a_redrive_that_would_be_refused_is_advised_with_force(error: str) -> None:
    for step in ADVICE[error].steps:
        assert step.count("redrive") == step.count("`mwaa-dags redrive {execution} --force`")


@pytest.mark.parametrize(
    "error", ["Runtime.HandlerNotFound", "Lambda.KMSDisabledException", "RuntimeError"]
)
def test_there_is_advice_for_errors_of_lambda_that_are_not_retried(error: str) -> None:
    assert advise(error) is not OTHER
