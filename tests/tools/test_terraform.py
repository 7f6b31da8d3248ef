"""The one way to run Terraform, and its provider for the local AWS."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tools.terraform import PROVIDER, TerraformError, init, link_configuration, run


def test_the_root_configuration_takes_the_provider_that_was_tested(tmp_path: Path) -> None:
    link_configuration(tmp_path)

    init(tmp_path, os.environ)

    lock = (tmp_path / ".terraform.lock.hcl").read_text()
    [constraints] = re.findall(r'constraints = "(.*)"', lock)
    # "5.100.0" is what the root asks for then, the rest its modules.
    assert PROVIDER in constraints.split(", ")


def test_a_command_without_messages_fails_with_what_it_prints_as_an_error(tmp_path: Path) -> None:
    with pytest.raises(TerraformError, match=r"(?s)^terraform state list failed:.*No state file"):
        run("state list", directory=tmp_path, environment=os.environ)
