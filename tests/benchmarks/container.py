"""A warm Lambda container: runs a task for each line of its stdin, and prints the seconds.

It runs in a separate process, on the unpacked zip.
"""

from __future__ import annotations

import json
import logging
import sys
import time

import requests
from mwaa_dags_trigger import app

TIMEOUT_SECONDS = 120.0


class Context:
    """The context of an invocation that has just started."""

    def __init__(self) -> None:
        self._end = time.monotonic() + TIMEOUT_SECONDS

    def get_remaining_time_in_millis(self) -> int:
        return int((self._end - time.monotonic()) * 1000)


def main() -> None:
    # As in Lambda, so that the figures include the cost of logging.
    logging.basicConfig(level=logging.INFO)
    session = requests.Session()
    for line in sys.stdin:
        task = json.loads(line)
        started = time.perf_counter()
        if "event" in task:
            result = app.lambda_handler(task["event"], Context())
        else:
            response = session.post(**task["post"], timeout=TIMEOUT_SECONDS)
            response.raise_for_status()
            result = response.json()
        seconds = time.perf_counter() - started
        sys.stdout.write(json.dumps({"seconds": seconds, "result": result}) + "\n")
        sys.stdout.flush()


main()
