"""Terraform in the sandbox: what goes wrong is one message."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.aws import AwsServer
from tests.support.terraform import Terraform
from tools.errors import UserError


def test_an_apply_that_fails_half_way_says_where_and_why(
    terraform: Terraform, tmp_path: Path
) -> None:
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
        deployment = terraform.deployment(tmp_path, aws)
        with pytest.raises(UserError, match=r"(?s)terraform apply failed:.*missing"):
            deployment.apply(lambda *_: None)
        assert len(deployment.resources()) > 1
