"""The request in all log records, including the records of libraries."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

NO_REQUEST: Mapping[str, str | None] = {
    "execution_arn": None,
    "mwaa_dag_name": None,
    "dag_run_id": None,
}
about: ContextVar[Mapping[str, str | None]] = ContextVar("about", default=NO_REQUEST)
"""Attributes of all log records. The function cannot see its caller: the execution is what the request claims."""


def add_request() -> None:
    """Add the attributes in `about` to all future log records.

    Lambda's JSON log format shows additional attributes of a record as fields (awslambdaric).
    """
    create_record = logging.getLogRecordFactory()

    def create_record_about_request(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = create_record(*args, **kwargs)
        vars(record).update(about.get())
        return record

    logging.setLogRecordFactory(create_record_about_request)
