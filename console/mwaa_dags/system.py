"""The deployed system, as far as it follows from the state machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from mwaa_dags.accounts import Account, error_code
from mwaa_dags.arns import StateMachineArn
from mwaa_dags.errors import ConsoleError

TRIGGER, CHECK = "Trigger MWAA DAG", "Check DAG Run"
"""States of the state machine."""


@dataclass(frozen=True, kw_only=True)
class System:
    """The state machine and the ARNs in its definition.

    Parameters
    ----------
    target_role_arn
        The role that the state machine assumes.
    function_arn
        The alias that it invokes.
    preliminary_functions
        The functions of the preliminary tasks.
    """

    arn: StateMachineArn
    status: str
    role_arn: str
    log_group_arn: str | None
    target_role_arn: str
    function_arn: str
    preliminary_functions: tuple[str, ...]
    states: Mapping[str, Any] = field(repr=False)

    @property
    def target_account(self) -> str:
        """The account of the function."""
        return self.function_arn.split(":")[4]

    @property
    def function_name(self) -> str:
        """The name of the function."""
        return self.function_arn.split(":")[6]

    @property
    def alias(self) -> str:
        """The alias of the function that the state machine invokes."""
        return self.function_arn.split(":")[7]

    @property
    def waits(self) -> bool:
        """Whether an execution waits for its DAG run."""
        return CHECK in self.states


@dataclass(frozen=True)
class Operator:
    """The system, and the accounts for which the user has credentials.

    Parameters
    ----------
    target
        None if the user has no credentials for the target account.
    """

    source: Account
    target: Account | None
    system: System


def find_system(source: Account, arn: StateMachineArn) -> System:
    """Return the system of a state machine.

    Raises
    ------
    ConsoleError
        If the state machine does not exist, or does not belong to this project.
    """
    if source.account_id != arn.account:
        raise ConsoleError(
            f"The credentials belong to account {source.account_id}, but the state machine {arn.name} is in "
            f"account {arn.account}: set --source-profile to a profile of that account."
        )
    try:
        described = source.states.describe_state_machine(stateMachineArn=arn.text)
    except ClientError as error:
        if error_code(error) != "StateMachineDoesNotExist":
            raise
        raise ConsoleError(
            f"The state machine {arn.name} does not exist in account {arn.account} and {arn.region}: check "
            "the ARN, or apply the configuration."
        ) from None
    states = json.loads(described["definition"])["States"]
    trigger = states.get(TRIGGER, {})
    destinations = described.get("loggingConfiguration", {}).get("destinations", [])
    groups = [group["cloudWatchLogsLogGroup"]["logGroupArn"] for group in destinations]
    try:
        return System(
            arn=arn,
            status=described.get("status", "ACTIVE"),
            role_arn=described["roleArn"],
            log_group_arn=groups[0].removesuffix(":*") if groups else None,
            target_role_arn=trigger["Credentials"]["RoleArn"],
            function_arn=trigger["Arguments"]["FunctionName"],
            preliminary_functions=tuple(
                state["Resource"]
                for state in states.values()
                if ":function:" in state.get("Resource", "")
            ),
            states=states,
        )
    except KeyError:
        raise ConsoleError(
            f"The state machine {arn.name} has no state {TRIGGER} of this project: check --state-machine."
        ) from None
