"""Where things are. It loads on any Python 3, as `tools.setup` has to."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BUILD = PROJECT / ".build"
ZIP = PROJECT / "dist" / "mwaa_dags_trigger.zip"
