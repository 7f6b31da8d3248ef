"""The command `timeline`: a picture of an execution or a batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mwaa_dags.arns import short_name
from mwaa_dags.batch_status import describe_item
from mwaa_dags.batches import MAX_DETAILS, Batch, Item, read_batch
from mwaa_dags.errors import ConsoleError
from mwaa_dags.executions import Execution, describe_all
from mwaa_dags.history import Step, find_results, parse_steps, read_events
from mwaa_dags.output import Output
from mwaa_dags.system import CHECK, TRIGGER, Operator

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = {
    "done": "#2a9d5c",
    "failed": "#d1495b",
    "running": "#3d7dca",
    "waiting": "#c8ccd2",
    "stopped": "#8b929c",
    "DAG run": "#8a63c9",
}
_LEAST_SHARE = 0.004
"""The least width of a bar, as a share of the whole time: shorter bars would be invisible."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A bar in a lane. `kind` is a key of `COLORS`."""

    lane: str
    kind: str
    start: datetime
    end: datetime


def check_file(file: Path) -> None:
    """Check that the picture can be written.

    Raises
    ------
    ConsoleError
        If it cannot.
    """
    if file.suffix.lower() != ".svg":
        raise ConsoleError("--output must name an .svg file, such as timeline.svg.")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        is_new = not file.exists()
        file.open("ab").close()
        if is_new:
            file.unlink()
    except OSError as error:
        raise ConsoleError(f"{file} cannot be written: {error.strerror}.") from None


def draw(operator: Operator, output: Output, execution: Execution, file: Path) -> int:
    """Write the picture, and return the number of bars."""
    is_batch = operator.system.arn.is_batch(execution.arn)
    bars = list(
        _batch_bars(operator, output, execution) if is_batch else _bars(operator, execution)
    )
    if not bars:
        raise ConsoleError(f"The execution {short_name(execution.arn)} has not done anything yet.")
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 (an extra, and slow to import)
    except ImportError:
        raise ConsoleError(
            "The timeline needs matplotlib: install the extra, for example with `pipx install '.[timeline]'`."
        ) from None
    lanes = list(dict.fromkeys(bar.lane for bar in bars))
    figure = Figure(figsize=(10, 1.3 + 0.32 * len(lanes)), layout="constrained")
    axes = figure.subplots()
    _draw_bars(axes, bars, lanes)
    subject = execution.dag_id or "batch"
    axes.set_title(f"{short_name(execution.arn)}  {subject}  {execution.status}", loc="left")
    figure.savefig(file)
    return len(bars)


def _draw_bars(axes: Axes, bars: Sequence[Bar], lanes: Sequence[str]) -> None:
    start, end = min(bar.start for bar in bars), max(bar.end for bar in bars)
    whole = max((end - start).total_seconds(), 1.0)
    unit, name = (60.0, "minutes") if whole > 300 else (1.0, "seconds")
    for kind, color in COLORS.items():
        drawn = [bar for bar in bars if bar.kind == kind]
        axes.barh(
            [lanes.index(bar.lane) for bar in drawn],
            [
                max((bar.end - bar.start).total_seconds(), whole * _LEAST_SHARE) / unit
                for bar in drawn
            ],
            left=[(bar.start - start).total_seconds() / unit for bar in drawn],
            color=color,
            height=0.6,
            label=kind if drawn else None,
            edgecolor="white",
            linewidth=0.4,
        )
    axes.set_yticks(range(len(lanes)), lanes)
    axes.invert_yaxis()
    axes.set_xlabel(f"{name} since {start.astimezone():%Y-%m-%d %H:%M:%S %Z}")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", color="#e4e6ea", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(
        loc="lower right", bbox_to_anchor=(1, 1), ncols=len(COLORS), frameon=False, fontsize="small"
    )


def _bars(operator: Operator, execution: Execution) -> Iterator[Bar]:
    steps = parse_steps(read_events(operator.source, execution.arn), execution.input)
    now = execution.stopped or datetime.now(UTC)
    for step in steps:
        yield from _step_bars(step, now)
    yield from _dag_run_bars(steps, now)


def _step_bars(step: Step, now: datetime) -> Iterator[Bar]:
    """Yield the attempts of a task and the time between them, or the waiting for the DAG run."""
    if step.kind == "Wait":
        yield Bar(lane="waiting", kind="waiting", start=step.entered, end=step.exited or now)
    previous: datetime | None = None
    for attempt in step.attempts:
        if previous:
            yield Bar(lane=step.state, kind="waiting", start=previous, end=attempt.started)
        kind = "failed" if attempt.reason else "done" if attempt.ended else "running"
        previous = attempt.ended
        yield Bar(lane=step.state, kind=kind, start=attempt.started, end=attempt.ended or now)


def _dag_run_bars(steps: Sequence[Step], now: datetime) -> Iterator[Bar]:
    """Yield the DAG run: with its own dates if the function reported them, else since the trigger."""
    triggered = [
        attempt.ended
        for step in steps
        for attempt in step.attempts
        if step.state == TRIGGER and attempt.result and attempt.ended
    ]
    checked = list(find_results(steps, CHECK))
    if not triggered or not any(step.state == CHECK for step in steps):
        return
    last = checked[-1] if checked else {}
    start, end = (_parse(last.get(name)) for name in ("start_date", "end_date"))
    yield Bar(lane="DAG run", kind="DAG run", start=start or triggered[0], end=end or now)


def select_items(output: Output, batch: Batch) -> list[Item]:
    """Return the first items that have an execution, and print how many there are if others are omitted."""
    items = [item for item in batch.items if item.execution_arn][:MAX_DETAILS]
    if len(items) < batch.total:
        output.line(f"{len(items)} of {batch.total} items are drawn.")
    return items


def _batch_bars(operator: Operator, output: Output, execution: Execution) -> Iterator[Bar]:
    """Yield a bar for each selected item."""
    batch = read_batch(operator.source, execution)
    items = select_items(output, batch) if batch else []
    found = describe_all(operator.source, [str(item.execution_arn) for item in items])
    for item, each in zip(items, found, strict=True):
        lane = f"{item.index}  {item.dag_id}  {describe_item(item)}"
        yield Bar(
            lane=lane,
            kind=_kind(item),
            start=each.started,
            end=each.stopped or datetime.now(UTC),
        )


def _kind(item: Item) -> str:
    match item.status:
        case "SUCCEEDED":
            return "done"
        case "RUNNING":
            return "running"
        case "ABORTED":
            return "stopped"
    return "failed"


def _parse(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
