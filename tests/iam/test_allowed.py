"""Least privilege: of all questions that fit a configuration, the answers that are yes stand in a text."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.iam.allowed import TEXTS, answer, text
from tests.iam.configurations import CONFIGURATIONS, plan
from tests.terraform.planner import Planner
from tests.terraform.root_variables import ROOT_VARIABLES


def permissions(lines: str) -> Iterator[str]:
    """Return each permission in a line, with who has it."""
    principal = ""
    for line in lines.splitlines():
        if line.startswith("  "):
            yield f"{principal} {' '.join(line.split())}"
        elif not line.startswith("#"):
            principal = line


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_only_what_is_written_down_is_allowed(
    planner: Planner, name: str, record_property: Callable[[str, object], None]
) -> None:
    answers = answer(name, plan(planner, name))
    record_property("questions", answers.asked)
    file = text(name)
    written = file.read_text(encoding="utf-8") if file.exists() else ""

    now, before = set(permissions(answers.text)), set(permissions(written))
    changed = [f"+ {line}" for line in sorted(now - before)]
    changed += [f"- {line}" for line in sorted(before - now)]
    if answers.text != written:
        pytest.fail(
            f"tests/iam/allowed/{file.name} differs from the permissions of the configuration. If you "
            "changed them on purpose, run `make iam-snapshot` and review each line:\n"
            + "\n".join(changed),
            pytrace=False,
        )


def test_each_text_is_of_a_configuration() -> None:
    assert sorted(TEXTS.iterdir()) == sorted(text(name) for name in CONFIGURATIONS)


def test_each_option_of_the_root_configuration_is_taken_by_one_of_them(planner: Planner) -> None:
    plans = [plan(planner, name).document for name in ROOT_VARIABLES]
    options = {
        name: variable["default"]
        for name, variable in plans[0]["configuration"]["root_module"]["variables"].items()
        if "default" in variable
    }
    taken = {n for p in plans for n, v in p["variables"].items() if v["value"] != options.get(n)}

    assert sorted(options.keys() - taken) == []
