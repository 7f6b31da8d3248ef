"""The dedicated invoker role, and the function's role beside it."""

from __future__ import annotations

from tests.iam.accounts import Iam


def test_the_source_role_assumes_it_with_the_state_machine_as_external_id(split: Iam) -> None:
    context = {"sts:ExternalId": split.state_machine}

    assert split.may_assume(split.source_role, split.invoker_role, context)
    assert not split.may_assume(split.source_role, split.invoker_role)


def test_the_functions_role_is_assumed_by_lambda_alone(split: Iam) -> None:
    context = {"sts:ExternalId": split.state_machine}

    assert split.may_assume("lambda.amazonaws.com", split.function_role)
    assert not split.may_assume(split.source_role, split.function_role, context)


def test_lambda_does_not_assume_it(split: Iam) -> None:
    assert not split.may_assume("lambda.amazonaws.com", split.invoker_role)
