"""The settings of an environment whose plugins print and fail, as the variable NOISE says. Loads on Airflow 2 and 3."""

from __future__ import annotations

import atexit
import json
import logging
import os
import sys
import threading
import traceback


def fail() -> None:
    raise ConnectionError("metrics collector")


def fail_and_print() -> None:
    try:
        fail()
    except ConnectionError:
        traceback.print_exc()


def fail_to_log() -> None:
    logger = logging.getLogger("metrics")
    logger.addHandler(logging.StreamHandler())
    logger.error("%d runs", "many")


def fail_in_thread() -> None:
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()


def forge_list() -> None:
    run = {"dag_id": sys.argv[3], "dag_run_id": sys.argv[sys.argv.index("--run-id") + 1]}
    print(json.dumps([{**run, "state": "queued"}]))


NOISE = {
    "exit hook fails": lambda: atexit.register(fail),
    "exit hook prints a traceback": lambda: atexit.register(fail_and_print),
    "exit hook prints a state": lambda: atexit.register(print, "success"),
    "exit hook warns": lambda: atexit.register(
        print, "sys:1: ResourceWarning: unclosed socket", file=sys.stderr
    ),
    "exit hook prints a list": lambda: atexit.register(forge_list),
    "logging fails": fail_to_log,
    "thread fails": fail_in_thread,
}

for name in filter(None, os.environ.get("NOISE", "").split(", ")):
    NOISE[name]()
