"""The doctor names states of AWS that the local AWS cannot reach."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from mwaa_dags.doctor.airflow_checks import check_environment
from mwaa_dags.doctor.facts import Facts
from mwaa_dags.doctor.findings import CheckImpossible

from sandbox.aws.accounts import TARGET_ACCOUNT
from tests.support.local_aws.scripted import ALIAS, Responses, ScriptedAws, identity


def responses(*, status: str = "AVAILABLE", environment: Mapping[str, object]) -> Responses:
    function = {"Role": "arn:aws:iam::222222222222:role/invoker", "Environment": environment}
    return {
        "GetCallerIdentity": [identity(TARGET_ACCOUNT)],
        ALIAS: [{"FunctionVersion": "7"}],
        "GET /2015-03-31/functions/NAME/configuration?Qualifier=7": [function],
        "GET /environments/sandbox": [{"Environment": {"Status": status}}],
    }


@pytest.mark.parametrize(
    ("status", "words", "error"),
    [
        ("CREATE_FAILED", "Executions fail with EnvironmentNotFound", "EnvironmentNotFound"),
        ("DELETING", "Executions fail with EnvironmentNotFound", "EnvironmentNotFound"),
        ("DELETED", "Executions fail with EnvironmentNotFound", "EnvironmentNotFound"),
        ("UPDATING", "wait for it for up to 3 hours", "EnvironmentNotReady"),
    ],
)
def test_an_environment_is_reported_as_the_function_treats_it(
    status: str, words: str, error: str
) -> None:
    with ScriptedAws(responses(status=status, environment={})) as aws:
        [finding] = check_environment(Facts(aws.operator()), "sandbox")

    assert words in finding.text
    assert f"redrive --failed --error {error}" in finding.todo


def test_variables_that_cannot_be_decrypted_are_not_taken_as_defaults() -> None:
    error = {"Error": {"ErrorCode": "AccessDeniedException"}}
    with (
        ScriptedAws(responses(environment=error)) as aws,
        pytest.raises(CheckImpossible, match="kms:Decrypt"),
    ):
        _ = Facts(aws.operator()).transport
