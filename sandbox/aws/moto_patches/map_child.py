"""Child executions of a distributed map."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager

Status = Literal["PENDING", "RUNNING", "SUCCEEDED", "FAILED", "ABORTED"]


@dataclass
class Child:
    """The execution that a map run starts for one item."""

    index: int
    item: Any
    arn: str
    input: Any = None
    status: Status = "PENDING"
    output: Any = None
    error: str | None = None
    cause: str | None = None
    started: datetime | None = None
    stopped: datetime | None = None
    redrives: int = 0
    entered_state: tuple[str, Any] | None = None
    """Name and input of the state that the execution entered last."""
    history: EventManager = field(default_factory=EventManager)
