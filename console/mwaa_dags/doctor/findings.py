"""Results of checks."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from botocore.exceptions import BotoCoreError, ClientError

from mwaa_dags.accounts import explain
from mwaa_dags.errors import ConsoleError


class Verdict(Enum):
    """The result of a check, and its mark."""

    PASSED = "✓"
    FAILED = "✗"
    NOT_CHECKED = "-"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A result of a check.

    Parameters
    ----------
    check
        The number of the check.
    text
        What was found, or why the check was not possible.
    todo
        What to do.
    """

    check: int
    verdict: Verdict
    text: str
    todo: str = ""


class CheckImpossible(Exception):
    """Why a check is not possible, as the end of a sentence."""


@dataclass(frozen=True)
class Check:
    """A check. `find` yields the findings."""

    number: int
    name: str
    find: Callable[[], Iterable[Finding]]

    def run(self) -> Iterator[Finding]:
        """Yield the findings. A call that AWS denies makes the check impossible, but is not a failure."""
        try:
            yield from self.find()
        except CheckImpossible as missing:
            yield self.not_checked(str(missing))
        except (BotoCoreError, ClientError) as error:
            yield self.not_checked(explain(error))
        except ConsoleError as error:
            yield self.not_checked(str(error))

    def not_checked(self, reason: str) -> Finding:
        """Return a finding with the reason why the check is not possible."""
        text = f"{self.name}: not checked, because {reason[0].lower()}{reason[1:]}"
        if reason.startswith("AWS"):
            text = f"{self.name}: not checked, because {reason}"
        return Finding(check=self.number, verdict=Verdict.NOT_CHECKED, text=text.rstrip("."))


def passed(check: int, text: str) -> Finding:
    """Return a finding without a problem."""
    return Finding(check=check, verdict=Verdict.PASSED, text=text)


def failed(check: int, text: str, todo: str) -> Finding:
    """Return a problem and what to do."""
    return Finding(check=check, verdict=Verdict.FAILED, text=text, todo=todo)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a question with similar names, or an empty string."""
    close = difflib.get_close_matches(name, sorted(set(known)), n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(close)}?" if close else ""
