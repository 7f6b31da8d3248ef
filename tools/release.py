"""Check that a release is consistent, and print the notes for its tag.

python -m tools.release
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
import tomllib
import zipfile
from pathlib import Path

from tools.errors import UserError
from tools.paths import PROJECT, SBOM, ZIP, ZIP_HASH

_LAMBDA = "mwaa_dags_trigger/__init__.py"
_SECTION = re.compile(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?\n(.*?)(?=^## |\Z)", re.DOTALL | re.M)


def main() -> None:
    """Print the notes, or exit with an error message."""
    try:
        print(notes(PROJECT))  # noqa: T201
    except UserError as error:
        sys.exit(f"mwaa-dags-trigger: {error}")


def notes(project: Path) -> str:
    """Return the notes of the release in a checkout: version, date, changes and hashes of the zip.

    Raises
    ------
    UserError
        If pyproject.toml, the function, the changelog, the zip, its hash and its SBOM are inconsistent.
    """
    version = tomllib.loads((project / "pyproject.toml").read_text())["project"]["version"]
    date, changes = _changes(project / "CHANGELOG.md", version)
    package = project / ZIP.relative_to(PROJECT)
    _check_zip(package, project / "lambda", version)
    _check_sbom(project / SBOM.relative_to(PROJECT), package)
    digest = hashlib.sha256(package.read_bytes())
    encoded = base64.b64encode(digest.digest()).decode()
    hash_file = ZIP_HASH.relative_to(PROJECT)
    if (project / hash_file).read_text().strip() != encoded:
        raise UserError(
            f"{hash_file} has the hash of another zip: run `make package`, and commit it."
        )
    return (
        f"v{version} - {date}\n\n{changes}\n\n"
        f"{package.name}\nsha256:{digest.hexdigest()}\n"
        f"source_code_hash = {encoded}"
    )


def _changes(changelog: Path, version: str) -> tuple[str, str]:
    sections = [match.groups() for match in _SECTION.finditer(changelog.read_text())]
    unreleased, *released = [*sections, ("", "", "")]
    if unreleased[0] != "Unreleased" or unreleased[2].strip():
        raise UserError(
            "CHANGELOG.md must begin with an empty [Unreleased]: add a heading above its entries, "
            f"such as `## [{version}] - 2026-01-31`."
        )
    newest, date, changes = released[0]
    if newest != version or not date:
        raise UserError(
            f"pyproject.toml has version {version}, but the newest version with a date in CHANGELOG.md is "
            f"{newest or 'missing'}: use the same version."
        )
    return date, changes.strip()


def _check_zip(package: Path, sources: Path, version: str) -> None:
    if not package.exists():
        raise UserError("The zip of the function does not exist: run `make package`.")
    modules = {path.relative_to(sources).as_posix(): path for path in sources.glob("*/**/*.py")}
    with zipfile.ZipFile(package) as archive:
        packaged = {name for name in archive.namelist() if name.startswith("mwaa_dags_trigger/")}
        if packaged != modules.keys() or any(
            archive.read(name) != path.read_bytes() for name, path in modules.items()
        ):
            raise UserError("The zip of the function differs from the sources: run `make package`.")
    if f'\n__version__ = "{version}"\n' not in modules[_LAMBDA].read_text():
        raise UserError(
            f"pyproject.toml has version {version}: set __version__ in lambda/{_LAMBDA} to it."
        )


def _check_sbom(sbom: Path, package: Path) -> None:
    if not sbom.exists():
        raise UserError("The SBOM does not exist: run `make sbom`.")
    listed = {
        f"{component['name'].replace('-', '_')}-{component['version']}"
        for component in json.loads(sbom.read_text())["components"]
    }
    with zipfile.ZipFile(package) as archive:
        packaged = {
            name.partition(".dist-info/")[0] for name in archive.namelist() if ".dist-info/" in name
        }
    if listed != packaged:
        raise UserError(
            f"The SBOM and the zip of the function differ in {', '.join(sorted(listed ^ packaged))}: "
            "run `make package sbom`."
        )


if __name__ == "__main__":
    main()
