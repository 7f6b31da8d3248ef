"""Terraform in the sandbox: what goes wrong is one message."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.aws import AwsServer
from sandbox.aws.accounts import REGION
from sandbox.deployment import Deployment, prepare
from tools.errors import UserError


def test_an_apply_that_fails_half_way_says_where_and_why(tmp_path: Path) -> None:
    prepare(tmp_path)
    (tmp_path / "broken.tf").write_text(
        """
        resource "aws_iam_role_policy" "broken" {
          provider = aws.target
          name     = "broken"
          role     = "missing"
          policy   = "{}"
        }
        """
    )
    with AwsServer() as aws:
        keys = {"AWS_ACCESS_KEY_ID": "sandbox", "AWS_SECRET_ACCESS_KEY": "sandbox"}
        deployment = Deployment(
            tmp_path, {"AWS_ENDPOINT_URL": aws.url, "AWS_REGION": REGION, **keys}
        )
        with pytest.raises(UserError, match=r"(?s)terraform apply failed:.*missing"):
            deployment.apply(lambda *_: None)
        assert len(deployment.resources()) > 1
