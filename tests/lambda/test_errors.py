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


def test_the_readme_names_each_error_and_which_are_tried_again() -> None:
    readme = (PROJECT / "README.md").read_text()
    [tried_again] = re.findall(r"^\| tried again .*$", readme, re.MULTILINE)
    [named] = re.findall(r"^\| \| errors \|\n(?:\|.*\n)*", readme, re.MULTILINE)

    assert set(re.findall(r"`(\w+)`", named)) == set(TRANSIENT)
    assert {name: name in tried_again for name in TRANSIENT} == TRANSIENT
