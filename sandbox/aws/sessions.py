"""boto3 sessions and clients that share the models of AWS services."""

from __future__ import annotations

import functools
from threading import Lock
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader, create_loader

from sandbox.aws.accounts import REGION

# A boto3 session can create only one client at a time.
_lock = Lock()


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


def create_client(
    service: str,
    endpoint: str,
    *,
    access_key: str,
    secret_key: str,
    token: str | None = None,
    region: str = REGION,
    config: Config | None = None,
) -> Any:
    """Return a client with these keys. The clients share a session, because creating one takes as long as a request."""
    with _lock:
        return _shared_session().client(
            service,  # type: ignore[call-overload]  # the stubs know services by literal names
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            aws_session_token=token,
            config=config,
            endpoint_url=endpoint,
            region_name=region,
        )


@functools.cache
def _shared_session() -> boto3.Session:
    return new_session()


@functools.cache
def _models() -> Loader:
    return create_loader()
