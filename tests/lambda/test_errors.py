"""Every error is written down for the person who meets it, as it is."""

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


def test_operations_says_of_each_error_what_it_asks() -> None:
    page = (PROJECT / "docs" / "operations.md").read_text()
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
