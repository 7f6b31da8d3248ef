"""Terraform finds everything as it left it."""

from __future__ import annotations

from tests.e2e.conftest import BATCH, Stack, on_the_default, over_cli


@on_the_default
@over_cli
def test_a_second_plan_shows_no_changes(stack: Stack) -> None:
    assert stack.deployment.plan(batch=BATCH) == {}
