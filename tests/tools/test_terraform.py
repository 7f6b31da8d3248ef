"""Terraform for the local AWS."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tools.terraform import PROVIDER, init, link_configuration


def test_the_root_configuration_takes_the_provider_that_was_tested(tmp_path: Path) -> None:
    link_configuration(tmp_path)

    init(tmp_path, os.environ)

    lock = (tmp_path / ".terraform.lock.hcl").read_text()
    [constraints] = re.findall(r'constraints = "(.*)"', lock)
    # "5.100.0" is what the root asks for then, the rest its modules.
    assert PROVIDER in constraints.split(", ")
