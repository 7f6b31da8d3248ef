"""The tests that docs/security.md names exist."""

from __future__ import annotations

import re

import pytest

from tools.paths import PROJECT

_, *THREATS = re.split(r"^### ", (PROJECT / "docs/security.md").read_text(), flags=re.MULTILINE)


@pytest.mark.parametrize("threat", THREATS, ids=[threat.partition("\n")[0] for threat in THREATS])
def test_each_threat_names_at_least_three_existing_tests(threat: str) -> None:
    named = re.findall(r"^- `(tests/[\w/]+\.py)::(\w+)`$", threat, re.MULTILINE)

    missing = [
        f"{path}::{test}"
        for path, test in named
        if not (PROJECT / path).exists() or f"def {test}(" not in (PROJECT / path).read_text()
    ]
    assert len(named) >= 3
    assert missing == []


def test_the_page_covers_all_threats() -> None:
    assert [threat.partition("\n")[0] for threat in THREATS] == [
        "A compromised source",
        "Another source of the same target",
        "A compromised function",
        "A compromised deployment",
        "A neighbor in the source account",
        "A neighbor in the target account",
        "A malicious DAG author",
        "A leaked token",
        "Conf values in logs",
    ]
