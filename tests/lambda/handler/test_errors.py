"""The documentation explains every error."""

from __future__ import annotations

import re

from mwaa_dags_trigger import errors
from mwaa_dags_trigger.errors import TriggerError

from tools.paths import PROJECT

TRANSIENT = {
    name: kind.transient
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, TriggerError) and kind is not TriggerError
}


def test_the_operations_page_explains_every_error() -> None:
    page = (PROJECT / "docs" / "operations.md").read_text()
    page = page.partition("<!-- errors of services -->")[0]
    rows = re.findall(r"^\| `([A-Z]\w+)`( \(transient\))? \| .+ \| .+ \|$", page, re.MULTILINE)

    assert {name: bool(transient) for name, transient in rows} == TRANSIENT


def test_the_reference_lists_every_error_and_which_are_retried() -> None:
    page = (PROJECT / "docs" / "reference.md").read_text()
    rows = re.findall(r"^\| (retries for|fails,) .* \| (`.*`) \|$", page, re.MULTILINE)

    assert {
        name: does == "retries for"
        for does, errors in rows
        for name in errors.strip("`").split("`, `")
    } == TRANSIENT


def test_the_readme_names_the_errors_that_are_retried() -> None:
    readme = (PROJECT / "README.md").read_text()
    [retried] = re.findall(
        r"The state machine retries\s+(.*?) for minutes to hours", readme, re.DOTALL
    )

    assert set(re.findall(r"`(\w+)`", retried)) == {
        n for n, transient in TRANSIENT.items() if transient
    }


def test_every_error_is_transient_or_permanent() -> None:
    transient = {error.__name__ for error in TriggerError.__subclasses__() if error.transient}
    permanent = {error.__name__ for error in TriggerError.__subclasses__() if not error.transient}
    assert transient == {"EnvironmentNotReady", "MwaaBusy", "MwaaUnavailable", "OutcomeUnknown"}
    assert permanent == {
        "InvalidRequest",
        "EnvironmentNotFound",
        "DagNotAllowed",
        "DagNotFound",
        "DagRunNotFound",
        "DagRunFailed",
        "DagRunTimedOut",
        "RunIdConflict",
        "AccessDenied",
        "CommandRejected",
    }
