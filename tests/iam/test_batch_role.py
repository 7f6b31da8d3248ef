"""The key policy in modules/source/README.md allows the role of the batch to use an encrypted bucket.

The actions are documented in "IAM permissions for AWS KMS key encrypted Amazon S3 bucket" in "IAM policies for using
Distributed Map states", AWS Step Functions Developer Guide.
"""

from __future__ import annotations

import json
import re

import pytest

from sandbox.aws.accounts import REGION
from sandbox.aws.accounts import SOURCE_ACCOUNT as SOURCE
from sandbox.iam import is_allowed
from tools.paths import PROJECT

README = (PROJECT / "modules/source/README.md").read_text()
OVER_S3 = {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}


@pytest.mark.parametrize("action", ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"])
@pytest.mark.parametrize(
    ("role", "context", "may"),
    [
        pytest.param("data-onboarding-batch", OVER_S3, True, id="over S3"),
        pytest.param("data-onboarding-batch", {}, False, id="directly"),
        pytest.param("data-onboarding-source", OVER_S3, False, id="another role"),
    ],
)
def test_the_documented_key_policy_allows_only_the_batch_role_over_s3(
    action: str, role: str, context: dict[str, str], may: bool
) -> None:
    shown = re.search(r"^```json\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    assert shown

    allowed = is_allowed(
        principal=f"arn:aws:iam::{SOURCE}:role/{role}",
        action=action,
        resource=f"arn:aws:kms:{REGION}:{SOURCE}:key/bucket",
        identity_policies={},
        resource_policy={"Version": "2012-10-17", "Statement": [json.loads(shown[1])]},
        context=context,
    )

    assert allowed is may
