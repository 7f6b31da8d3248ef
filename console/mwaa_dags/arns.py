"""Names in the ARNs of Step Functions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from mwaa_dags.errors import ConsoleError

_STATE_MACHINE = re.compile(
    r"(arn:[\w-]+:states:(?P<region>[\w-]+):(?P<account>\d{12}):)stateMachine:(?P<name>[^:/]+)"
)
_BATCH_SUFFIX = "-batch"


@dataclass(frozen=True)
class StateMachineArn:
    """The ARN of a state machine. An ARN of the batch state machine becomes the ARN of its items' state machine."""

    text: str
    region: str
    account: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the ARN of a state machine.

        Raises
        ------
        ConsoleError
            If it is not such an ARN.
        """
        match = _STATE_MACHINE.fullmatch(text.strip())
        if not match:
            raise ConsoleError(
                f"{text} is not the ARN of a state machine: give an ARN such as "
                "arn:aws:states:eu-central-1:111111111111:stateMachine:NAME."
            )
        name = match["name"].removesuffix(_BATCH_SUFFIX)
        return cls(f"{match[1]}stateMachine:{name}", match["region"], match["account"], name)

    @property
    def batch(self) -> str:
        """The ARN of the batch state machine."""
        return f"{self.text}{_BATCH_SUFFIX}"

    def execution(self, name: str, *, batch: bool = False) -> str:
        """Return the ARN of an execution."""
        machine = self.batch if batch else self.text
        return f"{machine.replace(':stateMachine:', ':execution:')}:{name}"

    def owns(self, execution_arn: str) -> bool:
        """Return whether the ARN belongs to an execution of the state machine or of its batch state machine."""
        return execution_arn.startswith((self.execution(""), self.execution("", batch=True)))

    def is_batch(self, execution_arn: str) -> bool:
        """Return whether the ARN belongs to a batch."""
        return execution_arn.startswith(self.execution("", batch=True))


def execution_name(execution_arn: str) -> str:
    """Return the last part of the ARN of an execution."""
    return execution_arn.rpartition(":")[2]


def short_name(execution_arn: str) -> str:
    """Return the name of an execution, and of a generated name only the first 8 characters."""
    name = execution_name(execution_arn)
    return name[:8] if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", name) else name
