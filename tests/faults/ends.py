"""The end of an invocation under each fault: what tests/faults/test_each_fault.py asserts."""

from __future__ import annotations

from tests.faults.conftest import Lane
from tests.support.faults import Fault

# Each cell is the end of an invocation whose command was not run, run, or run after the next command:
# `created` and `found` are results, by their field `created`; all else is the error's name. `-` stands
# where there is no such fault, `all` for every transport that has it.
ONE_FAULT = """
fault              | over | not run             | run          | run late
API down           | all  | created             | -            | -
colour             | cli  | created             | created      | found
database error     | all  | created             | found        | found
date taken         | all  | created             | -            | -
empty stdout       | all  | created             | found        | found
hang               | all  | created             | found        | found
HTML               | all  | created             | found        | found
log lines          | cli  | created             | created      | found
not ready          | all  | EnvironmentNotReady | -            | -
printed empty list | cli  | created             | created      | found
printed lists      | cli  | created             | created      | found
refuse             | cli  | created             | -            | -
reset              | all  | created             | found        | found
row of another run | cli  | created             | created      | found
row of another run | rest | created             | found        | found
throttled          | all  | created             | -            | -
truncated          | all  | created             | found        | found
unterminated line  | cli  | created             | created      | found
warnings           | cli  | created             | created      | found
wrong base64       | all  | created             | found        | found
307                | all  | created             | -            | -
307 away           | cli  | created             | -            | -
307 loop           | cli  | created             | -            | -
401                | cli  | created             | found        | created
401                | rest | AccessDenied        | AccessDenied | AccessDenied
403                | cli  | created             | found        | created
403                | rest | AccessDenied        | AccessDenied | AccessDenied
429                | all  | created             | found        | found
500                | rest | created             | found        | found
502                | all  | created             | found        | found
503                | all  | created             | found        | found
504                | all  | created             | found        | found
"""
EVERY_TIME = """
fault              | over | not run             | run            | run late
API down           | all  | MwaaUnavailable     | -              | -
colour             | cli  | OutcomeUnknown      | created        | OutcomeUnknown
database error     | all  | OutcomeUnknown      | OutcomeUnknown | OutcomeUnknown
date taken         | all  | OutcomeUnknown      | -              | -
empty stdout       | all  | OutcomeUnknown      | OutcomeUnknown | OutcomeUnknown
hang               | all  | OutcomeUnknown      | OutcomeUnknown | OutcomeUnknown
HTML               | all  | OutcomeUnknown      | OutcomeUnknown | OutcomeUnknown
log lines          | cli  | OutcomeUnknown      | created        | OutcomeUnknown
not ready          | all  | EnvironmentNotReady | -              | -
printed empty list | cli  | OutcomeUnknown      | created        | OutcomeUnknown
printed lists      | cli  | OutcomeUnknown      | created        | OutcomeUnknown
refuse             | cli  | MwaaUnavailable     | -              | -
reset              | all  | OutcomeUnknown      | OutcomeUnknown | OutcomeUnknown
row of another run | cli  | OutcomeUnknown      | created        | OutcomeUnknown
row of another run | rest | OutcomeUnknown      | OutcomeUnknown | OutcomeUnknown
throttled          | all  | MwaaUnavailable     | -              | -
truncated          | all  | OutcomeUnknown      | OutcomeUnknown | OutcomeUnknown
unterminated line  | cli  | OutcomeUnknown      | created        | OutcomeUnknown
warnings           | cli  | OutcomeUnknown      | created        | OutcomeUnknown
wrong base64       | all  | OutcomeUnknown      | OutcomeUnknown | OutcomeUnknown
307                | all  | OutcomeUnknown      | -              | -
307 away           | cli  | OutcomeUnknown      | -              | -
307 loop           | cli  | OutcomeUnknown      | -              | -
401                | all  | AccessDenied        | AccessDenied   | AccessDenied
403                | all  | AccessDenied        | AccessDenied   | AccessDenied
429                | all  | OutcomeUnknown      | OutcomeUnknown | OutcomeUnknown
500                | rest | OutcomeUnknown      | OutcomeUnknown | OutcomeUnknown
502                | all  | OutcomeUnknown      | OutcomeUnknown | OutcomeUnknown
503                | all  | OutcomeUnknown      | OutcomeUnknown | OutcomeUnknown
504                | all  | OutcomeUnknown      | OutcomeUnknown | OutcomeUnknown
"""
# Once, before a DAG that has a run with the same run id and another conf. Whether the command is run
# makes no difference. The command line of Airflow 2 does not show a run's conf.
ANOTHER_CONF = """
fault              | cli 2               | cli 3               | rest
API down           | found               | RunIdConflict       | RunIdConflict
colour             | found               | RunIdConflict       | -
database error     | found               | RunIdConflict       | RunIdConflict
date taken         | found               | RunIdConflict       | RunIdConflict
empty stdout       | found               | RunIdConflict       | RunIdConflict
hang               | found               | RunIdConflict       | RunIdConflict
HTML               | found               | RunIdConflict       | RunIdConflict
log lines          | found               | RunIdConflict       | -
not ready          | EnvironmentNotReady | EnvironmentNotReady | EnvironmentNotReady
printed empty list | found               | RunIdConflict       | -
printed lists      | found               | RunIdConflict       | -
refuse             | found               | RunIdConflict       | -
reset              | found               | RunIdConflict       | RunIdConflict
row of another run | found               | RunIdConflict       | RunIdConflict
throttled          | found               | RunIdConflict       | RunIdConflict
truncated          | found               | RunIdConflict       | RunIdConflict
unterminated line  | found               | RunIdConflict       | -
warnings           | found               | RunIdConflict       | -
wrong base64       | found               | RunIdConflict       | RunIdConflict
307                | found               | RunIdConflict       | RunIdConflict
307 away           | found               | RunIdConflict       | -
307 loop           | found               | RunIdConflict       | -
401                | found               | RunIdConflict       | AccessDenied
403                | found               | RunIdConflict       | AccessDenied
429                | found               | RunIdConflict       | RunIdConflict
500                | -                   | -                   | RunIdConflict
502                | found               | RunIdConflict       | RunIdConflict
503                | found               | RunIdConflict       | RunIdConflict
504                | found               | RunIdConflict       | RunIdConflict
"""


def expected(table: str, lane: Lane, fault: Fault) -> str:
    """Return the cell of this fault on this version over this transport."""
    (_, *headings), *rows = (
        [cell.strip() for cell in line.split("|")] for line in table.split("\n")[1:-1]
    )
    for kind, *row in rows:
        cells = dict(zip(headings, row, strict=True))
        if kind == fault.kind and cells.get("over", "all") in ("all", lane.transport):
            by_version = f"{lane.transport} {lane.version[0]}"
            (found,) = (name for name in (fault.ran, by_version, lane.transport) if name in cells)
            return cells[found]
    raise KeyError(f"The table has no line for {fault} over {lane}")
