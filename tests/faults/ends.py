"""The end of an invocation under each fault: what test_each_fault.py and test_real_airflow.py assert."""

from __future__ import annotations

from tests.faults.conftest import Lane
from tests.support.fake_mwaa.faults import Fault, Kind

UNCLEAR = [
    *(Kind.RESET, Kind.HANG, Kind.TRUNCATED, Kind.SERVER_ERROR, Kind.BAD_GATEWAY, Kind.HTML),
    *(Kind.WRONG_BASE64, Kind.EMPTY_STDOUT, Kind.DATABASE_ERROR),
]
SAME_AS = {
    **dict.fromkeys(UNCLEAR, Kind.GATEWAY_TIMEOUT),
    Kind.TOO_MANY_REQUESTS: Kind.SERVICE_UNAVAILABLE,
}
"""Faults that say as little as another about what Airflow did. For each of them
tests/lambda/contract/test_attempts.py shows that the function sends the request again, finds a DAG run that exists, and
which error it reports if every attempt fails."""

# Each cell is the end of an invocation whose command was not run, run, or run after the next command:
# `created` and `found` are results, by their field `created`; all else is the error's name. `-` stands
# where there is no such fault, `all` for every transport that has it.
ONE_FAULT = """
faults                                              | over | not run      | run          | run late
307, API down, date taken, not ready, throttled     | all  | created      | -            | -
307 away, 307 loop, refuse                          | cli  | created      | -            | -
401, 403                                            | cli  | created      | found        | created
401, 403                                            | rest | AccessDenied | AccessDenied | AccessDenied
503, 504                                            | all  | created      | found        | created
colour, log lines, printed empty list               | cli  | created      | created      | created
printed lists, unterminated line, warnings          | cli  | created      | created      | created
row of another run                                  | cli  | created      | created      | created
row of another run                                  | rest | created      | found        | created
stale DAG                                           | all  | DagNotFound  | -            | -
"""
EVERY_TIME = """
faults                                     | over | not run             | run            | run late
307, date taken                            | all  | OutcomeUnknown      | -              | -
307 away, 307 loop                         | cli  | OutcomeUnknown      | -              | -
401, 403                                   | all  | AccessDenied        | AccessDenied   | AccessDenied
503                                        | all  | MwaaBusy            | MwaaBusy       | MwaaBusy
504                                        | all  | OutcomeUnknown      | OutcomeUnknown | OutcomeUnknown
API down, refuse                           | all  | MwaaUnavailable     | -              | -
colour, log lines, printed empty list      | cli  | OutcomeUnknown      | created        | OutcomeUnknown
printed lists, unterminated line, warnings | cli  | OutcomeUnknown      | created        | OutcomeUnknown
not ready                                  | cli  | EnvironmentNotReady | -              | -
not ready                                  | rest | created             | -              | -
row of another run                         | cli  | OutcomeUnknown      | created        | OutcomeUnknown
row of another run                         | rest | OutcomeUnknown      | OutcomeUnknown | OutcomeUnknown
stale DAG                                  | all  | DagNotFound         | -              | -
throttled                                  | all  | MwaaBusy            | -              | -
"""


def expected(table: str, lane: Lane, fault: Fault) -> str:
    """Return the cell of this fault over this transport."""
    (_, _, *headings), *rows = (
        [cell.strip() for cell in line.split("|")] for line in table.split("\n")[1:-1]
    )
    kind = SAME_AS.get(fault.kind, fault.kind)
    for kinds, over, *cells in rows:
        if kind in kinds.split(", ") and over in ("all", lane.transport):
            return cells[headings.index(fault.ran)]
    raise KeyError(f"The table has no line for {fault} over {lane}")
