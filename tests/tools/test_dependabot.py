"""Dependabot watches every directory with locked packages."""

from __future__ import annotations

import re

from tools.paths import BUILD, PROJECT


def test_dependabot_watches_every_directory_with_locked_packages() -> None:
    configuration = (PROJECT / ".github" / "dependabot.yml").read_text()
    watched = re.findall(r"^ {6}- /(\S*)$", configuration, re.MULTILINE)

    locked = {
        file.parent.relative_to(PROJECT).as_posix().removeprefix(".")
        for pattern in ("*requirements*.in", "package-lock.json")
        for directory in PROJECT.iterdir()
        if directory.is_dir() and directory != BUILD
        for file in (*directory.rglob(pattern), *PROJECT.glob(pattern))
    }
    assert sorted(watched) == sorted(locked)
