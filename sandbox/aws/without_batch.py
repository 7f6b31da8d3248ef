"""The import of moto's Step Functions without AWS Batch.

The module with the states that submit jobs to AWS Batch imports its backend, which imports EC2 and reads all its
models. This takes a second, in every process of the sandbox. No state machine of the sandbox submits such jobs.
"""

from __future__ import annotations

import sys
from enum import Enum
from types import ModuleType


class _JobStatus(Enum):
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
