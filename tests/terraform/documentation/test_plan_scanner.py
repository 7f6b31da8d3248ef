"""The findings of a plan scanner with the default options."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.terraform.planner import Plan
from tools.paths import BUILD, PROJECT

CHECKOV = BUILD / "checkov"


def test_the_page_explains_what_checkov_reports_on_a_default_plan(
    sandbox_plan: Plan, tmp_path: Path
) -> None:
    if not (CHECKOV / ".installed").exists():
        pytest.skip("checkov is not installed: run `make lint-checkov`")
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(sandbox_plan.document))
    options = ["--framework", "terraform_plan", "--skip-download", "--output", "json"]

    result = subprocess.run(
        [CHECKOV / "bin" / "checkov", *options, "--file", plan],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    failed = json.loads(result.stdout)["results"]["failed_checks"]
    page = (PROJECT / "docs" / "security.md").read_text()
    assert sorted({check["check_id"] for check in failed}) == re.findall(
        r"^\| (CKV\w+) ", page, re.MULTILINE
    )
