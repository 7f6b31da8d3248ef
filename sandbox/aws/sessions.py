"""boto3 sessions that share the models of AWS services."""

from __future__ import annotations

import functools

import boto3
import botocore.session
from botocore.loaders import Loader, create_loader

from sandbox.aws.accounts import REGION


def new_session(
    *, access_key: str | None = None, secret_key: str | None = None, token: str | None = None
) -> boto3.Session:
    """Return a session with these keys. If they are omitted, each client must specify its keys."""
    session = botocore.session.Session()
    session.register_component("data_loader", _models())
    return boto3.Session(
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        aws_session_token=token,
        botocore_session=session,
        region_name=REGION,
    )


@functools.cache
def _models() -> Loader:
    return create_loader()
