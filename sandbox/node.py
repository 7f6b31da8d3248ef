"""Node scripts that run as long as this Python process and respond to its requests."""

from __future__ import annotations

import atexit
import json
import subprocess
import threading
from pathlib import Path
from typing import Any

from sandbox import npm
from tools.errors import UserError

_EXIT_SECONDS = 60.0


class NodeScript:
    """A running Node script that reads one JSON value per line and writes one JSON value per line.

    Starting Node and loading a library takes as long as hundreds of requests, so a script runs until this Python
    process ends. Threads can share it.

    Parameters
    ----------
    script
        Path of the script. It must exit when its standard input ends.
    packages
        Directory with the `node_modules` that the script loads. It is the only argument of the script.
    """

    def __init__(self, script: Path, packages: Path) -> None:
        self._name = script.name
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [npm.node(), script, packages],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        atexit.register(self._process.communicate, timeout=_EXIT_SECONDS)

    def request(self, value: object) -> Any:
        """Send a request and return the script's response. Raises `UserError` if the script has ended."""
        assert self._process.stdin and self._process.stdout
        with self._lock:
            try:
                self._process.stdin.write(json.dumps(value) + "\n")
                self._process.stdin.flush()
            except BrokenPipeError:
                line = ""
            else:
                line = self._process.stdout.readline()
        if not line:
            code = self._process.wait(_EXIT_SECONDS)
            raise UserError(f"{self._name} ended with exit code {code}: see its messages above.")
        return json.loads(line)
