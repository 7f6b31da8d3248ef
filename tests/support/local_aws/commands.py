"""The command line `mwaa-dags`, called in this process."""

from __future__ import annotations

import configparser
import io
import json
import os
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from mwaa_dags.cli import main

from sandbox.account import Account
from sandbox.aws.accounts import REGION
from tools.isolation import LOOPBACK


@dataclass(frozen=True)
class Result:
    """What a command printed, and its exit code."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The printed JSON."""
        return json.loads(self.stdout)


@dataclass(frozen=True)
class Commands:
    """Runs commands with these environment variables, in a directory."""

    environment: dict[str, str]
    directory: Path

    def __call__(self, *arguments: str, stdin: str = "") -> Result:
        """Run a command without a terminal."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        out, err = io.StringIO(), io.StringIO()
        before = Path.cwd()
        os.chdir(self.directory)
        try:
            with (
                # Not `patch.dict`: a thread of the local AWS may be reading the variables.
                patch.object(os, "environ", {**kept, **self.environment}),
                patch("sys.stdin", io.StringIO(stdin)),
                redirect_stdout(out),
                redirect_stderr(err),
            ):
                try:
                    main(arguments)
                    code = 0
                except SystemExit as end:
                    code = int(end.code or 0)
        finally:
            os.chdir(before)
        return Result(code, out.getvalue(), err.getvalue())


def write_profiles(file: Path, **accounts: Account) -> None:
    """Write an AWS configuration file with a profile for each account."""
    profiles = configparser.RawConfigParser()
    for name, account in accounts.items():
        profiles[f"profile {name}"] = {**account.profile, "region": REGION}
    with file.open("w") as opened:
        profiles.write(opened)


def environment_for(endpoint: str, profiles: Path) -> dict[str, str]:
    """Return the environment variables of a user of this local AWS, without profiles and a state machine."""
    return {
        "AWS_CONFIG_FILE": str(profiles),
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        "NO_PROXY": LOOPBACK,
    }
