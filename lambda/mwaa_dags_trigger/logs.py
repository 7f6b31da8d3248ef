"""The execution's ARN on every log record, whichever library writes it."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import Any

execution_arn: ContextVar[str | None] = ContextVar("execution_arn", default=None)


def add_execution_arn() -> None:
    """Have every log record made from now on show `execution_arn`.

    Lambda's JSON log format shows a record's further attributes as fields (awslambdaric).
    """
    make_record = logging.getLogRecordFactory()

    def make_record_with_arn(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make_record(*args, **kwargs)
        record.execution_arn = execution_arn.get()
        return record

    logging.setLogRecordFactory(make_record_with_arn)
