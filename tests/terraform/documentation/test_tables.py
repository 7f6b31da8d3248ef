"""The tables of inputs and outputs match the Terraform files, and repeated variables match each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.documentation import Field, documented_directories, pages, render, variables
from tools.paths import PROJECT

MODULES = PROJECT / "modules"
OF_ITS_OWN = {
    "name": "the root adds the environment to it, and has one to begin with",
    "package": "the root knows where `make package` puts it",
    "trusted_sources": "the root makes the first of them itself",
}
"""Variables of the root that differ from the module's variable with the same name, and why."""


def documented() -> list[Path]:
    """Return the directories that have variables."""
    found = [*PROJECT.glob("modules/*/variables.tf"), *PROJECT.glob("examples/**/variables.tf")]
    return [PROJECT, *(file.parent for file in found)]


def fields(directory: Path) -> dict[str, Field]:
    """Return the inputs of a configuration, by names such as `function` and `function.timeout`."""
    return {
        f"{variable.name}.{field.name}".removesuffix("."): field
        for variable in variables(directory)
        for field in variable.fields
    }


def repeated(side: str) -> Iterator[tuple[str, Field, Field]]:
    """Return the inputs of a module that the root repeats, for both accounts or for this account."""
    root, module = fields(PROJECT), fields(MODULES / side)
    for name, field in root.items():
        same = name.removeprefix(f"{side}_account.")
        if same in module:
            yield name, field, module[same]


def says(field: Field) -> tuple[str, str | None]:
    return field.type, field.default


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(PROJECT)))
def test_a_page_has_current_tables(page: Path) -> None:
    # If this test fails, run `make docs`.
    assert render(page) == page.read_text()


def test_every_configuration_is_shown_on_one_page() -> None:
    assert sorted(path for page in pages() for path in documented_directories(page)) == sorted(
        documented()
    )


@pytest.mark.parametrize("side", ["source", "target"])
def test_the_root_repeats_types_and_defaults_of_its_modules(side: str) -> None:
    found = list(repeated(side))
    assert len(found) > 5
    differing = {name: (says(a), says(b)) for name, a, b in found if says(a) != says(b)}

    assert {name: d for name, d in differing.items() if name not in OF_ITS_OWN} == {}


@pytest.mark.parametrize("name", OF_ITS_OWN)
def test_the_listed_variables_differ(name: str) -> None:
    pairs = [(a, b) for side in ("source", "target") for n, a, b in repeated(side) if n == name]

    assert any(says(a) != says(b) for a, b in pairs)


def test_the_modules_describe_the_same_input_alike() -> None:
    source, target = fields(MODULES / "source"), fields(MODULES / "target")
    common = {name for name in source.keys() & target.keys() if "." in name or name == "tags"}

    assert {"logging.retention_in_days", "role.path", "tags"} <= common
    assert {n: says(source[n]) for n in common} == {n: says(target[n]) for n in common}


@pytest.mark.parametrize(
    ("of_the_source", "of_the_target"),
    [("target.function_timeout", "function.timeout"), ("target.transport", "transport")],
)
def test_the_defaults_of_the_source_match_the_defaults_of_the_target(
    of_the_source: str, of_the_target: str
) -> None:
    source, target = fields(MODULES / "source"), fields(MODULES / "target")

    assert says(source[of_the_source]) == says(target[of_the_target])
