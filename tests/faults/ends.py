"""The end of an invocation under each fault: what tests/faults/test_each_fault.py asserts."""

from __future__ import annotations

from tests.faults.conftest import Lane
from tests.support.faults import Fault

# Each cell is the end of an invocation whose command was not run, run, or run after the next command:
# `created` and `found` are results, by their field `created`; all else is the error's name. `-` stands
# where there is no such fault, `all` for every transport that has it.
ONE_FAULT = """
fault              | over | not run           | run               | run late
307                | all  | created           | -                 | -
307 away           | cli  | created           | -                 | -
307 loop           | cli  | created           | -                 | -
401                | cli  | created           | found             | created
401                | rest | AccessDenied      | AccessDenied      | AccessDenied
403                | cli  | created           | found             | created
403                | rest | AccessDenied      | AccessDenied      | AccessDenied
429                | all  | created           | found             | created
500                | rest | created           | found             | created
502                | all  | created           | found             | created
503                | all  | created           | found             | created
504                | all  | created           | found             | created
API down           | all  | created           | -                 | -
colour             | cli  | created           | created           | created
database error     | all  | created           | found             | created
date taken         | all  | created           | -                 | -
empty stdout       | all  | created           | found             | created
hang               | all  | created           | found             | created
HTML               | all  | created           | found             | created
log lines          | cli  | created           | created           | created
not ready          | all  | created           | -                 | -
printed empty list | cli  | created           | created           | created
printed lists      | cli  | created           | created           | created
refuse             | cli  | created           | -                 | -
reset              | all  | created           | found             | created
row of another run | cli  | created           | created           | created
row of another run | rest | created           | found             | created
stale DAG          | all  | DagNotFound       | -                 | -
throttled          | all  | created           | -                 | -
truncated          | all  | created           | found             | created
unterminated line  | cli  | created           | created           | created
warnings           | cli  | created           | created           | created
wrong base64       | all  | created           | found             | created
"""
EVERY_TIME = """
fault              | over | not run             | run               | run late
307                | all  | OutcomeUnknown      | -                 | -
307 away           | cli  | OutcomeUnknown      | -                 | -
307 loop           | cli  | OutcomeUnknown      | -                 | -
401                | all  | AccessDenied        | AccessDenied      | AccessDenied
403                | all  | AccessDenied        | AccessDenied      | AccessDenied
429                | all  | MwaaBusy            | MwaaBusy          | MwaaBusy
500                | rest | OutcomeUnknown      | OutcomeUnknown    | OutcomeUnknown
502                | all  | OutcomeUnknown      | OutcomeUnknown    | OutcomeUnknown
503                | all  | MwaaBusy            | MwaaBusy          | MwaaBusy
504                | all  | OutcomeUnknown      | OutcomeUnknown    | OutcomeUnknown
API down           | all  | MwaaUnavailable     | -                 | -
colour             | cli  | OutcomeUnknown      | created           | OutcomeUnknown
database error     | all  | OutcomeUnknown      | OutcomeUnknown    | OutcomeUnknown
date taken         | all  | OutcomeUnknown      | -                 | -
empty stdout       | all  | OutcomeUnknown      | OutcomeUnknown    | OutcomeUnknown
hang               | all  | OutcomeUnknown      | OutcomeUnknown    | OutcomeUnknown
HTML               | all  | OutcomeUnknown      | OutcomeUnknown    | OutcomeUnknown
log lines          | cli  | OutcomeUnknown      | created           | OutcomeUnknown
not ready          | cli  | EnvironmentNotReady | -                 | -
not ready          | rest | created             | -                 | -
printed empty list | cli  | OutcomeUnknown      | created           | OutcomeUnknown
printed lists      | cli  | OutcomeUnknown      | created           | OutcomeUnknown
refuse             | cli  | MwaaUnavailable     | -                 | -
reset              | all  | OutcomeUnknown      | OutcomeUnknown    | OutcomeUnknown
row of another run | cli  | OutcomeUnknown      | created           | OutcomeUnknown
row of another run | rest | OutcomeUnknown      | OutcomeUnknown    | OutcomeUnknown
stale DAG          | all  | DagNotFound         | -                 | -
throttled          | all  | MwaaBusy            | -                 | -
truncated          | all  | OutcomeUnknown      | OutcomeUnknown    | OutcomeUnknown
unterminated line  | cli  | OutcomeUnknown      | created           | OutcomeUnknown
warnings           | cli  | OutcomeUnknown      | created           | OutcomeUnknown
wrong base64       | all  | OutcomeUnknown      | OutcomeUnknown    | OutcomeUnknown
"""
# Once, before a DAG that has a run with the same run id and another conf. Whether the command is run
# makes no difference.
ANOTHER_CONF = """
fault              | cli               | rest
307                | RunIdConflict     | RunIdConflict
307 away           | RunIdConflict     | -
307 loop           | RunIdConflict     | -
401                | RunIdConflict     | AccessDenied
403                | RunIdConflict     | AccessDenied
429                | RunIdConflict     | RunIdConflict
500                | -                 | RunIdConflict
502                | RunIdConflict     | RunIdConflict
503                | RunIdConflict     | RunIdConflict
504                | RunIdConflict     | RunIdConflict
API down           | RunIdConflict     | RunIdConflict
colour             | RunIdConflict     | -
database error     | RunIdConflict     | RunIdConflict
date taken         | RunIdConflict     | RunIdConflict
empty stdout       | RunIdConflict     | RunIdConflict
hang               | RunIdConflict     | RunIdConflict
HTML               | RunIdConflict     | RunIdConflict
log lines          | RunIdConflict     | -
not ready          | RunIdConflict     | RunIdConflict
printed empty list | RunIdConflict     | -
printed lists      | RunIdConflict     | -
refuse             | RunIdConflict     | -
reset              | RunIdConflict     | RunIdConflict
row of another run | RunIdConflict     | RunIdConflict
stale DAG          | DagNotFound       | DagNotFound
throttled          | RunIdConflict     | RunIdConflict
truncated          | RunIdConflict     | RunIdConflict
unterminated line  | RunIdConflict     | -
warnings           | RunIdConflict     | -
wrong base64       | RunIdConflict     | RunIdConflict
"""


def expected(table: str, lane: Lane, fault: Fault) -> str:
    """Return the cell of this fault over this transport."""
    (_, *headings), *rows = (
        [cell.strip() for cell in line.split("|")] for line in table.split("\n")[1:-1]
    )
    for kind, *row in rows:
        cells = dict(zip(headings, row, strict=True))
        if kind == fault.kind and cells.get("over", "all") in ("all", lane.transport):
            return cells[fault.ran if fault.ran in cells else lane.transport]
    raise KeyError(f"The table has no line for {fault} over {lane}")
