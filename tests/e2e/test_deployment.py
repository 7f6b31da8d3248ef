"""Terraform finds everything as it left it."""

from __future__ import annotations

from tests.e2e.conftest import BATCH, Stack, on_the_default


@on_the_default
def test_a_second_plan_shows_no_changes(stack: Stack) -> None:
    assert stack.deployment.plan(transport=stack.transport, batch=BATCH) == {}
