"""The import of moto's Step Functions without AWS Batch.

moto's module for states that submit jobs imports the backend of AWS Batch only for the names of two statuses. That
backend imports EC2, which reads all models of EC2 and takes a second.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from types import ModuleType


class _JobStatus(StrEnum):
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


_NAME = "moto.batch.utils"
_utils = ModuleType(_NAME)
_utils.JobStatus = _JobStatus  # type: ignore[attr-defined]
sys.modules[_NAME] = _utils
try:
    from moto.stepfunctions.parser.asl.parse import asl_parser  # noqa: F401
finally:
    del sys.modules[_NAME]
