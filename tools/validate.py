"""Run `terraform validate` on the root configuration, and on the modules that it calls."""

from __future__ import annotations

import os
import sys

from tools.errors import UserError
from tools.isolation import isolate
from tools.paths import BUILD
from tools.terraform import init, link_configuration, run


def main() -> None:
    """Validate, or say in one sentence what is wrong."""
    isolate()
    directory = BUILD / "validate"
    try:
        link_configuration(directory)
        init(directory, os.environ)
        run(["validate", "-no-color"], directory=directory, environment=os.environ)
    except UserError as error:
        sys.exit(f"mwaa-dags-trigger: {error}")


if __name__ == "__main__":
    main()
