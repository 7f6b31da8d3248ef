"""The sandbox's commands: `python -m sandbox demo | up | down`; `make` calls them."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from types import FrameType

from tools.errors import UserError
from tools.isolation import isolate
from tools.paths import BUILD


def main(command: str) -> None:
    """Run one command; a condition that the user can mend is one message, without a traceback."""
    isolate()
    signal.signal(signal.SIGTERM, _stop)
    logging.basicConfig(filename=BUILD / "sandbox.log", filemode="w")
    airflow_version = os.environ.get("AIRFLOW", "3.3.1")
    try:
        # Imported late: moto takes two seconds, and not every command needs it.
        match command:
            case "demo":
                from sandbox.demo import demo

                demo(airflow_version)
            case "up":
                from sandbox.background import up

                up(airflow_version)
            case "serve":
                from sandbox.background import serve

                serve(airflow_version)
            case "down":
                from sandbox.background import down

                down()
            case _:
                sys.exit(__doc__)
    except UserError as error:
        sys.exit(f"mwaa-dags-trigger: {error}")
    except subprocess.TimeoutExpired as error:
        sys.exit(
            f"mwaa-dags-trigger: `{error.cmd}` took more than {error.timeout:.0f} s: try again."
        )
    except KeyboardInterrupt:
        sys.exit(130)


def _stop(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) == 2 else "")
