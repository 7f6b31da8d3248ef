"""Keeps what a user has set for AWS, Terraform and proxies out of the sandbox."""

from __future__ import annotations

import os

_KEPT = {"AWS_CA_BUNDLE", "TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR"}
LOOPBACK = "localhost,127.0.0.1"


def isolate() -> None:
    """Forget the user's AWS and Terraform settings in this process, and reach loopback without a proxy.

    To be called before the first client is made: profiles, endpoints and credentials of a user's own would otherwise
    decide where a call of the sandbox goes.
    """
    for name in [
        name for name in os.environ if name.startswith(("AWS_", "TF_")) and name not in _KEPT
    ]:
        del os.environ[name]
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        os.environ[name] = os.devnull
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = ",".join(filter(None, [os.environ.get(name), LOOPBACK]))
