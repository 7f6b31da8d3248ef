"""Errors of Terraform commands in the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.aws import AwsServer
from sandbox.aws.accounts import ADMINISTRATOR_ROLE, SOURCE_ACCOUNT
from sandbox.deployment import Deployment
from tests.support.local_aws.terraform import Terraform
from tools.errors import UserError

CONFIGURATION = f"""
provider "aws" {{
  assume_role {{
    role_arn = "arn:aws:iam::{SOURCE_ACCOUNT}:role/{ADMINISTRATOR_ROLE}"
  }}
}}

resource "aws_cloudwatch_log_group" "before" {{
  name = "before"
}}

resource "aws_iam_role_policy" "broken" {{
  name       = "broken"
  role       = "missing"
  policy     = "{{}}"
  depends_on = [aws_cloudwatch_log_group.before]
}}
"""


def test_the_error_of_a_partial_apply_names_the_resource_and_the_reason(
    terraform: Terraform, tmp_path: Path
) -> None:
    (tmp_path / "main.tf").write_text(CONFIGURATION)
    with AwsServer() as aws:
        deployment = Deployment(tmp_path, terraform.environment_for(aws), var_files=[])
        with pytest.raises(
            UserError, match=r"(?s)terraform apply failed:.*missing.*aws_iam_role_policy\.broken"
        ):
            deployment.apply(lambda *_: None)
        assert deployment.resources() == ["aws_cloudwatch_log_group.before"]
