"""Paths of the project. Like `tools.setup`, this module supports old versions of Python 3."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BUILD = PROJECT / ".build"
ZIP = PROJECT / "dist" / "mwaa_dags_trigger.zip"
SBOM = ZIP.with_suffix(".cdx.json")
ZIP_HASH = PROJECT / "modules" / "target" / "package.sha256"
