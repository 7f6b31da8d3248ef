"""Calls MWAA with Airflow's own `MwaaHook`, in an Airflow of its own: one JSON list of calls in, one of answers out."""

from __future__ import annotations

import json
import sys
from typing import Any

from airflow.providers.amazon.aws.hooks.mwaa import MwaaHook
from botocore.exceptions import ClientError


def call(arguments: dict[str, Any]) -> Any:
    try:
        return MwaaHook(aws_conn_id=None).invoke_rest_api(**arguments)
    except ClientError as error:
        return {"error": error.response["Error"]["Code"], **error.response}


print(json.dumps([call(arguments) for arguments in json.load(sys.stdin)]))  # noqa: T201
