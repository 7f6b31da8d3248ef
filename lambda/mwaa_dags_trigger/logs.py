"""The execution's ARN in all log records, including the records of libraries."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import Any

execution_arn: ContextVar[str | None] = ContextVar("execution_arn", default=None)


def add_execution_arn() -> None:
    """Add the attribute `execution_arn` to all future log records.

    Lambda's JSON log format shows additional attributes of a record as fields (awslambdaric).
    """
    create_record = logging.getLogRecordFactory()

    def create_record_with_arn(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = create_record(*args, **kwargs)
        record.execution_arn = execution_arn.get()
        return record

    logging.setLogRecordFactory(create_record_with_arn)
