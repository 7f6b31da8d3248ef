"""Generated scripts of faults, and the runs of a property over them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from itertools import chain
from typing import TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mwaa_dags_trigger.errors import TriggerError

from tests.faults.conftest import Lane
from tests.support.fake_mwaa.faults import Fault, Kind, Ran, faults
from tests.support.transports.adapters import ADAPTERS

TRIGGERS = int(os.environ.get("FAULTS_TRIGGERS", "500"))
SOAK = TRIGGERS > 500

TRANSIENT = {
    *{error.__name__ for error in TriggerError.__subclasses__() if error.transient},
    *{"Runtime.ExitError", "Sandbox.Timedout"},
}

TRUSTED = {Kind.UNAUTHORIZED, Kind.FORBIDDEN}
"""A server that refuses a caller has not done what the caller requested."""

Example = TypeVar("Example")


def scripts(lane: Lane) -> st.SearchStrategy[tuple[Fault, ...]]:
    """Return up to 12 faults, the last of which may stay."""
    possible = [
        (fault,)
        for fault in faults(ADAPTERS[lane.transport].kinds)
        if fault.kind not in TRUSTED or fault.ran is Ran.NO
    ]
    # A run that was created unseen, and then a DAG that is not known any more.
    stale = [(Fault(Kind.CRASH, ran), Fault(Kind.STALE)) for ran in (Ran.YES, Ran.LATE)] * 5
    nothing = [(Fault(Kind.NONE),)] * (len(possible) // 3)

    def stay(script: list[Fault], times: int) -> tuple[Fault, ...]:
        stays = script and script[-1].kind is not Kind.HANG
        return (*script, *script[-1:] * (times if stays else 0))

    steps = st.lists(st.sampled_from([*possible, *stale, *nothing]), max_size=12)
    return st.builds(stay, steps.map(lambda some: [*chain(*some)]), st.sampled_from([0] * 9 + [40]))


def try_each(
    examples: st.SearchStrategy[Example], check: Callable[[Example], None], *, times: int
) -> None:
    """Check generated examples: always the same ones, except in a soak, which prints what breaks."""

    @settings(
        max_examples=times,
        derandomize=not SOAK,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    @given(examples)
    def holds(example: Example) -> None:
        check(example)

    holds()


def listed(counts: Counter[str]) -> str:
    """Return the counts, the highest first."""
    return ", ".join(f"{name} {times}" for name, times in counts.most_common())
