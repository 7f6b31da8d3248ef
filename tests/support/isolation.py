"""Isolation of AWS clients from the configuration of the user."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROXIES = {"http_proxy", "https_proxy", "all_proxy"}
"""Environment variables that name a proxy, in lower or upper case."""


def isolate(patch: pytest.MonkeyPatch, ca_file: Path) -> None:
    """Make clients trust this CA and ignore the AWS and proxy configuration of the user."""
    variables = {
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        "REQUESTS_CA_BUNDLE": str(ca_file),
    }
    for name, value in variables.items():
        patch.setenv(name, value)
    proxies = [name for name in os.environ if name.lower() in PROXIES]
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", *proxies):
        patch.delenv(name, raising=False)
