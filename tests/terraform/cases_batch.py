"""Values that modules/batch refuses, with a sentence that says what to write."""

from __future__ import annotations

from typing import Any

from tests.terraform.cases import Case, tag_cases
from tests.terraform.cases_source import (
    BOUNDARY,
    ENCRYPTION_KEY,
    EXISTING,
    KEY,
    LOG_GROUP,
    LOG_KEY,
    LONG_PATH,
    PATH,
    REUSE,
)


def batch(says: str, **values: Any) -> Case:
    return Case("batch", says, values)


def onboarding(timeout: float) -> dict[str, Any]:
    return {"state_machine_arn": f"{STATES}:stateMachine:m", "timeout_seconds": timeout}


STATES = "arn:aws:states:eu-central-1:111111111111"
BUCKET = (
    "Write bucket as the name of a bucket (no ARN, no s3://): 3 to 63 lower-case letters, digits, "
    "'-' and '.'."
)
CONCURRENCY = "Write max_concurrency as a whole number from 1 to 10000."
PERCENTAGE = "Write tolerated_failure_percentage as a whole number from 0 to 100."
PREFIX = (
    "Write prefix with a slash at its end and none before, such as teams/data/batches/: letters, "
    "digits and _ . = - only."
)
ONBOARDING = (
    f"Give onboarding.state_machine_arn a state machine of this account and Region: "
    f"{STATES}:stateMachine:NAME."
)
TIMEOUT = "`onboarding.timeout_seconds` must be a whole number of seconds from 1 to 99999999, such as 86400."

CASES = {
    "batch: good": batch(""),
    "batch: name too long": batch(
        "Write name with letters, digits, '-' and '_' only, at most 57 of them.", name="n" * 58
    ),
    "bucket: an ARN": batch(BUCKET, bucket="arn:aws:s3:::batches"),
    "bucket: a URL": batch(BUCKET, bucket="s3://batches"),
    "bucket: capitals": batch(BUCKET, bucket="Batches"),
    "bucket: too short": batch(BUCKET, bucket="ba"),
    "bucket: two dots": batch(BUCKET, bucket="ba..tches"),
    "bucket: empty": batch(BUCKET, bucket=""),
    "concurrency: most": batch("", max_concurrency=10000),
    "concurrency: none": batch(CONCURRENCY, max_concurrency=0),
    "concurrency: too much": batch(CONCURRENCY, max_concurrency=10001),
    "concurrency: a fraction": batch(CONCURRENCY, max_concurrency=1.5),
    "percentage: all": batch("", tolerated_failure_percentage=100),
    "percentage: a fraction": batch(PERCENTAGE, tolerated_failure_percentage=0.5),
    "percentage: below 0": batch(PERCENTAGE, tolerated_failure_percentage=-1),
    "percentage: above 100": batch(PERCENTAGE, tolerated_failure_percentage=101),
    "prefix: two parts": batch("", prefix="teams/data/"),
    "prefix: no slash at its end": batch(PREFIX, prefix="batches"),
    "prefix: a slash before": batch(PREFIX, prefix="/batches/"),
    "prefix: a wildcard": batch(PREFIX, prefix="batches*/"),
    "prefix: empty": batch(PREFIX, prefix=""),
    "onboarding: of another account": batch(
        ONBOARDING,
        onboarding={"state_machine_arn": "arn:aws:states:eu-central-1:222222222222:stateMachine:m"},
    ),
    "onboarding: a name": batch(ONBOARDING, onboarding={"state_machine_arn": "onboarding"}),
    "onboarding: longest time": batch("", onboarding=onboarding(99999999)),
    "onboarding: no time": batch(TIMEOUT, onboarding=onboarding(0)),
    "onboarding: too much time": batch(TIMEOUT, onboarding=onboarding(100000000)),
    "onboarding: a fraction of a second": batch(TIMEOUT, onboarding=onboarding(1.5)),
    "batch: log level": batch(
        "Write logging.level as ALL, ERROR, FATAL or OFF.", logging={"level": "LOUD"}
    ),
    "batch: key of the log": batch(LOG_KEY, logging={"kms_key_arn": "alias/logs"}),
    "batch: log group": batch(LOG_GROUP, logging={"log_group_name": "team:states"}),
    "batch: longest log group": batch("", logging={"log_group_name": "n" * 205}),
    "batch: log group too long": batch(LOG_GROUP, logging={"log_group_name": "n" * 206}),
    "batch: existing log group with a retention": batch(
        EXISTING, logging={"log_group_name": "/team/states", "retention_in_days": 7}
    ),
    "batch: key": batch(ENCRYPTION_KEY, encryption={"kms_key_arn": "alias/states"}),
    "batch: data key used for too long": batch(
        REUSE, encryption={"kms_key_arn": KEY, "data_key_reuse_period_seconds": 901}
    ),
    "batch: path": batch(PATH, role={"path": "teams/"}),
    "batch: longest path": batch("", role={"path": f"/{'p' * 208}/"}),
    "batch: path too long": batch(LONG_PATH.replace("209", "210"), role={"path": f"/{'p' * 209}/"}),
    "batch: boundary by name": batch(BOUNDARY, role={"permissions_boundary": "team"}),
} | tag_cases("batch")
