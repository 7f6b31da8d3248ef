"""Run `terraform validate` on the root configuration with the modules that it calls, and on each of examples/."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.errors import UserError
from tools.isolation import isolate
from tools.paths import BUILD, PROJECT
from tools.terraform import init, link_configuration, override, run


def main() -> None:
    """Validate, or say in one sentence what is wrong."""
    isolate()
    root = BUILD / "validate"
    try:
        link_configuration(root)
        # Each takes seconds, most of them to load the provider.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for _ in pool.map(_validate, [root, *_examples(root)]):
                pass
    except UserError as error:
        sys.exit(f"mwaa-dags-trigger: {error}")


def _validate(directory: Path) -> None:
    init(directory, os.environ)
    try:
        run(["validate", "-no-color"], directory=directory, environment=os.environ)
    except UserError as error:
        raise UserError(f"In {directory.relative_to(BUILD)}: {error}") from error


def _examples(root: Path) -> Iterator[Path]:
    """Make a directory of links for each example, as deep as the example is: they name the modules from there."""
    for path in sorted((PROJECT / "examples").rglob("main.tf")):
        directory = root / path.parent.relative_to(PROJECT)
        directory.mkdir(parents=True, exist_ok=True)
        for file in path.parent.glob("*.tf"):
            link = directory / file.name
            link.unlink(missing_ok=True)
            link.symlink_to(file)
        override(directory)
        yield directory


if __name__ == "__main__":
    main()
