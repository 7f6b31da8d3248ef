"""Commands of the sandbox, called by `make`."""

from __future__ import annotations

import argparse
import logging
import signal
import subprocess
import sys
from pathlib import Path

from sandbox.background import Background
from sandbox.mwaa.releases import chosen_version
from tools.errors import UserError
from tools.isolation import isolate
from tools.paths import BUILD


def main() -> None:
    """Run one command. An error that the user can fix is one message without a traceback."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument(
        "--state", type=Path, default=BUILD, help="directory for all files that the command creates"
    )
    parser.add_argument("command", choices=("demo", "up", "serve", "down"))
    arguments = parser.parse_args()
    isolate()
    # In the background of a script, a command inherits that SIGINT is ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    logging.basicConfig(filename=arguments.state / "sandbox.log", filemode="w")
    airflow_version = chosen_version()
    try:
        # Imported late, because importing moto takes a second and not every command needs it.
        match arguments.command:
            case "demo":
                from sandbox.demo import demo

                demo(airflow_version, arguments.state)
            case "serve":
                from sandbox.serve import serve

                serve(airflow_version, arguments.state)
            case "up":
                Background(arguments.state).up(airflow_version)
            case "down":
                Background(arguments.state).down()
    except UserError as error:
        sys.exit(f"mwaa-dags-trigger: {error}")
    except subprocess.TimeoutExpired as error:
        sys.exit(
            f"mwaa-dags-trigger: `{error.cmd}` took longer than {error.timeout:.0f} s: run the command again."
        )
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
