"""Checks 5 to 7: the function, its concurrency and the log groups."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

from botocore.exceptions import ClientError

from mwaa_dags.accounts import Account, error_code
from mwaa_dags.doctor.facts import Facts
from mwaa_dags.doctor.findings import Finding, failed, passed

ZIP = Path("dist/mwaa_dags_trigger.zip")
_MIN_TIMEOUT_SECONDS = 60
"""The least value of the variable `function.timeout`."""


def check_function(facts: Facts) -> Iterator[Finding]:
    """Check the alias, the code of its version, and the timeout."""
    system, version = facts.system, facts.alias_version
    name = f"{system.function_name}:{system.alias}"
    if version is None:
        yield failed(5, f"the function or its alias {name} does not exist", "Apply the target.")
        return
    function, problems = facts.function, 0
    code = function["CodeSha256"]
    latest = facts.target.functions.get_function_configuration(FunctionName=system.function_name)
    if ZIP.exists() and code != _hash(ZIP):
        problems += 1
        yield failed(
            5,
            f"the alias {name} invokes version {version}, whose code differs from {ZIP}",
            "Run `make package` in the checkout that you want to deploy, and apply the target.",
        )
    elif code != latest["CodeSha256"]:
        problems += 1
        yield failed(
            5,
            f"the alias {name} invokes version {version}, whose code differs from the latest code",
            "If nobody rolled back on purpose, apply the target.",
        )
    if function["Timeout"] < _MIN_TIMEOUT_SECONDS:
        problems += 1
        yield failed(
            5,
            f"the timeout of the function is {function['Timeout']} s, too short for a command",
            "Set `function.timeout` to 300, its default, and apply the target.",
        )
    if not problems:
        yield passed(
            5, f"the alias {name} invokes version {version}, timeout {function['Timeout']} s"
        )


def check_concurrency(facts: Facts) -> Iterator[Finding]:
    """Check that the reserved concurrency of the function is not 0."""
    name = facts.system.function_name
    found = facts.target.functions.get_function_concurrency(FunctionName=name)
    reserved = found.get("ReservedConcurrentExecutions")
    if reserved == 0:
        yield failed(
            6,
            f"the reserved concurrency of {name} is 0, so Lambda throttles every invocation",
            "Set `function.reserved_concurrency`, and apply the target.",
        )
    else:
        yield passed(6, f"the reserved concurrency is {reserved or 'not set'}")


def check_log_groups(facts: Facts) -> Iterator[Finding]:
    """Check that the log groups of the executions, the batches and the function exist."""
    groups = [facts.system.log_group_arn, _batch_log_group(facts)]
    names = [(facts.source, arn.split(":")[6], "source") for arn in groups if arn]
    if facts.operator.target:
        names.append((facts.target, facts.function["LoggingConfig"]["LogGroup"], "target"))
    missing = [(name, side) for account, name, side in names if not _exists(account, name)]
    for name, side in missing:
        text = f"the log group {name} does not exist, so nothing is logged to it"
        yield failed(7, text, f"Apply the {side}.")
    if not missing:
        yield passed(7, "the log groups exist")


def _batch_log_group(facts: Facts) -> str | None:
    try:
        batch = facts.source.states.describe_state_machine(stateMachineArn=facts.system.arn.batch)
    except ClientError as error:
        if error_code(error) != "StateMachineDoesNotExist":
            raise
        return None
    destinations = batch.get("loggingConfiguration", {}).get("destinations", [])
    return destinations[0]["cloudWatchLogsLogGroup"]["logGroupArn"] if destinations else None


def _exists(account: Account, name: str) -> bool:
    found = account.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return name in [group["logGroupName"] for group in found]


def _hash(file: Path) -> str:
    return base64.b64encode(hashlib.sha256(file.read_bytes()).digest()).decode()
