"""The snapshots in tests/iam/allowed contain all permissions of each configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.iam.configurations import CONFIGURATIONS, plan
from tests.iam.snapshot import DIRECTORY, snapshot_file, take_snapshot
from tests.terraform.planner import Planner
from tests.terraform.root_variables import ROOT_VARIABLES


def permissions(lines: str) -> Iterator[str]:
    """Return each permission of a snapshot, with its principal."""
    principal = ""
    for line in lines.splitlines():
        if line.startswith("  "):
            yield f"{principal} {' '.join(line.split())}"
        elif not line.startswith("#"):
            principal = line


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_only_the_permissions_in_the_snapshot_are_allowed(
    planner: Planner, name: str, record_property: Callable[[str, object], None]
) -> None:
    snapshot = take_snapshot(name, plan(planner, name))
    record_property("questions", snapshot.questions)
    file = snapshot_file(name)
    written = file.read_text(encoding="utf-8") if file.exists() else ""

    now, before = set(permissions(snapshot.text)), set(permissions(written))
    changed = [f"+ {line}" for line in sorted(now - before)]
    changed += [f"- {line}" for line in sorted(before - now)]
    if snapshot.text != written:
        pytest.fail(
            f"tests/iam/allowed/{file.name} differs from the permissions of the configuration. If you "
            "changed them on purpose, run `make iam-snapshot` and review each line:\n"
            + "\n".join(changed),
            pytrace=False,
        )


def test_every_snapshot_belongs_to_a_configuration() -> None:
    assert sorted(DIRECTORY.iterdir()) == sorted(snapshot_file(name) for name in CONFIGURATIONS)


def test_every_option_of_the_root_configuration_is_set_in_one_of_them(planner: Planner) -> None:
    plans = [plan(planner, name).document for name in ROOT_VARIABLES]
    options = {
        name: variable["default"]
        for name, variable in plans[0]["configuration"]["root_module"]["variables"].items()
        if "default" in variable
    }
    set_options = {
        n for p in plans for n, v in p["variables"].items() if v["value"] != options.get(n)
    }

    assert sorted(options.keys() - set_options) == []
