"""Terraform commands, and the version of the provider."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tools.terraform import PROVIDER, TerraformError, init, link_configuration, run


def test_the_root_configuration_uses_the_tested_provider(tmp_path: Path) -> None:
    link_configuration(tmp_path)

    init(tmp_path, os.environ)

    lock = (tmp_path / ".terraform.lock.hcl").read_text()
    [constraints] = re.findall(r'constraints = "(.*)"', lock)
    # The root then requires exactly this version. The modules add the other constraints.
    assert PROVIDER in constraints.split(", ")


def test_the_error_of_a_failed_command_contains_its_output(tmp_path: Path) -> None:
    with pytest.raises(TerraformError, match=r"(?s)^terraform state list failed:.*No state file"):
        run("state list", directory=tmp_path, environment=os.environ)
