"""`make release` checks that version, function, changelog, zip, hash and SBOM are consistent."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import tomllib
import zipfile
from pathlib import Path

import pytest

from tools.errors import UserError
from tools.paths import PROJECT, SBOM, ZIP, ZIP_HASH
from tools.release import notes

INIT = "lambda/mwaa_dags_trigger/__init__.py"
CHANGELOG = """# Changelog

## [Unreleased]

## [1.2.3] - 2026-11-25

### Fixed

- What was wrong.

## [1.2.2] - 2026-11-01

- Older.
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of release 1.2.3, with a zip that was built from its sources."""
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    (tmp_path / INIT).parent.mkdir(parents=True)
    (tmp_path / INIT).write_text('"""Start DAG runs."""\n\n__version__ = "1.2.3"\n')
    hash_file(tmp_path).parent.mkdir(parents=True)
    build(tmp_path)
    components = [{"name": "charset-normalizer", "version": "3.5.2"}]
    (tmp_path / SBOM.relative_to(PROJECT)).write_text(json.dumps({"components": components}))
    return tmp_path


def build(checkout: Path) -> None:
    package = checkout / ZIP.relative_to(PROJECT)
    package.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(package, "w") as archive:
        archive.write(checkout / INIT, INIT.removeprefix("lambda/"))
        archive.writestr("charset_normalizer-3.5.2.dist-info/METADATA", "")
    digest = hashlib.sha256(package.read_bytes()).digest()
    hash_file(checkout).write_text(f"{base64.b64encode(digest).decode()}\n")


def hash_file(checkout: Path) -> Path:
    return checkout / ZIP_HASH.relative_to(PROJECT)


def edit(checkout: Path, file: str, old: str, new: str) -> None:
    text = (checkout / file).read_text()
    assert old in text
    (checkout / file).write_text(text.replace(old, new))


def test_the_notes_contain_the_changes_and_the_hashes_of_the_zip(checkout: Path) -> None:
    digest = hashlib.sha256((checkout / "dist/mwaa_dags_trigger.zip").read_bytes()).digest()

    assert notes(checkout).splitlines() == [
        "v1.2.3 - 2026-11-25",
        "",
        "### Fixed",
        "",
        "- What was wrong.",
        "",
        "mwaa_dags_trigger.zip",
        f"sha256:{digest.hex()}",
        f"source_code_hash = {base64.b64encode(digest).decode()}",
    ]


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        pytest.param(
            "pyproject.toml",
            "1.2.3",
            "1.2.4",
            r"pyproject\.toml has version 1\.2\.4, but the newest .* is 1\.2\.3",
            id="another version",
        ),
        pytest.param(
            "CHANGELOG.md", " - 2026-11-25", "", "newest version with a date", id="no date"
        ),
        pytest.param(
            "CHANGELOG.md",
            "[Unreleased]\n",
            "[Unreleased]\n\n- Not yet.\n",
            r"must begin with an empty \[Unreleased\]",
            id="unreleased changes",
        ),
        pytest.param(
            "CHANGELOG.md",
            CHANGELOG,
            "# Changelog\n\n## [Unreleased]\n",
            "is missing",
            id="no release",
        ),
        pytest.param("CHANGELOG.md", CHANGELOG, "", "must begin with", id="no changelog"),
    ],
)
def test_an_inconsistent_version_or_changelog_is_refused(
    checkout: Path, file: str, old: str, new: str, message: str
) -> None:
    edit(checkout, file, old, new)

    with pytest.raises(UserError, match=message):
        notes(checkout)


def test_a_function_with_a_different_version_is_refused(checkout: Path) -> None:
    edit(checkout, INIT, "1.2.3", "1.2.2")
    build(checkout)

    with pytest.raises(UserError, match=f"set __version__ in {INIT} to it"):
        notes(checkout)


def test_a_zip_of_different_sources_is_refused(checkout: Path) -> None:
    edit(checkout, INIT, "Start", "Begin")

    with pytest.raises(UserError, match="differs from the sources: run `make package`"):
        notes(checkout)


@pytest.mark.parametrize(
    "module", ["new.py", "actions/new.py"], ids=["in the package", "in a subpackage"]
)
def test_a_zip_without_a_module_is_refused(checkout: Path, module: str) -> None:
    path = (checkout / INIT).parent / module
    path.parent.mkdir(exist_ok=True)
    path.touch()

    with pytest.raises(UserError, match="differs from the sources"):
        notes(checkout)


def test_the_error_for_a_missing_zip_names_the_command_that_builds_it(checkout: Path) -> None:
    (checkout / "dist/mwaa_dags_trigger.zip").unlink()

    with pytest.raises(UserError, match="does not exist: run `make package`"):
        notes(checkout)


def test_a_module_with_the_hash_of_another_zip_is_refused(checkout: Path) -> None:
    hash_file(checkout).write_text("aGFzaA==\n")

    with pytest.raises(UserError, match=r"package\.sha256 has the hash of another zip"):
        notes(checkout)


def test_an_sbom_with_other_packages_is_refused(checkout: Path) -> None:
    edit(checkout, str(SBOM.relative_to(PROJECT)), "3.5.2", "3.5.1")

    with pytest.raises(
        UserError, match=r"differ in charset_normalizer-3\.5\.1, charset_normalizer-3\.5\.2: run"
    ):
        notes(checkout)


def test_the_error_for_a_missing_sbom_names_the_command_that_writes_it(checkout: Path) -> None:
    (checkout / SBOM.relative_to(PROJECT)).unlink()

    with pytest.raises(UserError, match="does not exist: run `make sbom`"):
        notes(checkout)


def test_the_pages_name_the_current_version() -> None:
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    pages = [(PROJECT / page).read_text() for page in ("README.md", "docs/modules.md")]
    named = re.findall(
        r'(?:\?ref=v|version = "|current version is \[|dags_trigger/)(\d+\.\d+\.\d+)',
        "".join(pages),
    )

    assert len(named) == 5
    assert set(named) == {version}
