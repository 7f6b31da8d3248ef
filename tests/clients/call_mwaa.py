"""Call MWAA with the `MwaaHook` of Airflow. Reads a JSON list of calls from stdin and prints a list of responses."""

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
