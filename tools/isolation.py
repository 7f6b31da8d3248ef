"""Isolation of the sandbox from the user's settings for AWS, Terraform and proxies."""

from __future__ import annotations

import os

_KEPT = {"AWS_CA_BUNDLE", "TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR"}
LOOPBACK = "localhost,127.0.0.1"


def isolate() -> None:
    """Remove the user's AWS and Terraform settings from this process, and exclude loopback from its proxies.

    Call this function before you create a client. Otherwise the user's profiles, endpoints and credentials would affect
    the sandbox.
    """
    for name in [
        name for name in os.environ if name.startswith(("AWS_", "TF_")) and name not in _KEPT
    ]:
        del os.environ[name]
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        os.environ[name] = os.devnull
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = ",".join(filter(None, [os.environ.get(name), LOOPBACK]))
