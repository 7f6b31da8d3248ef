"""The recordings of a version that responds like another version."""

from __future__ import annotations

import json

import pytest

from sandbox.mwaa.releases import RELEASES
from tests.support.transcripts import digest, read

REFERENCES = [
    pytest.param(kind, json.loads(text), id=f"{kind} {version}")
    for kind in ("airflow", "noise", "rest")
    for version in RELEASES
    if "same_as" in (text := read(kind, version))
]


@pytest.mark.parametrize(("kind", "reference"), REFERENCES)
def test_it_differed_in_version_and_timestamps_only(kind: str, reference: dict[str, str]) -> None:
    other = reference["same_as"]
    assert digest(read(kind, other), other) == reference["sha256"], "Record this version again."
