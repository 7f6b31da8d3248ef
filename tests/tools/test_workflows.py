"""The workflows use pinned actions, the versions that the modules allow, and the files that `make` writes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.paths import PROJECT, SBOM, ZIP

WORKFLOWS = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))
CI, RELEASE = (PROJECT / ".github" / "workflows" / f"{name}.yml" for name in ("ci", "release"))


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.stem)
def test_each_action_is_pinned_by_commit_with_its_version(workflow: Path) -> None:
    uses = re.findall(r"^ +(?:- )?uses: (.*)$", workflow.read_text(), re.MULTILINE)

    assert uses
    assert [u for u in uses if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", u)] == []


def test_an_action_has_one_version_in_all_workflows() -> None:
    text = "".join(workflow.read_text() for workflow in WORKFLOWS)
    pinned = set(re.findall(r"uses: (\S+)@(\S+)", text))

    assert len(pinned) == len({action for action, _ in pinned})


def test_the_lowest_versions_in_ci_are_the_lowest_that_the_modules_allow() -> None:
    versions = (PROJECT / "examples" / "complete" / "versions.tf").read_text()
    terraform, provider = re.findall(r'version += ">= (\d+\.\d+)', versions)

    matrix = CI.read_text()
    assert f"version: [{terraform}.0, latest]" in matrix
    assert f"provider: [{provider}.0, ~> 6.0]" in matrix


def test_ci_replaces_the_version_of_the_provider_in_the_example() -> None:
    [replaced] = re.findall(r"sed -i \"s/(.*?)/\$PROVIDER/\" versions\.tf", CI.read_text())

    assert replaced in (PROJECT / "examples" / "complete" / "versions.tf").read_text()


def test_a_release_attests_and_publishes_the_zip_and_its_sbom() -> None:
    attested, published = (
        RELEASE.read_text().partition("subject-path")[2].split("gh release create")
    )

    for file in (ZIP, SBOM):
        assert f"dist/{file.name}\n" in attested
        assert f" {file.name}" in published
