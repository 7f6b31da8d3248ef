"""Every command of `mwaa-dags` in the documentation works as it stands."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.e2e.conftest import Stack, on_the_default, over_cli
from tests.e2e.terminal import COLUMNS, on_a_terminal, without_styles
from tests.support.local_aws.commands import Commands
from tools.paths import PROJECT

PAGES = "\n".join(page.read_text() for page in sorted(PROJECT.glob("docs/*.md")))
COMMANDS = list(dict.fromkeys(re.findall(r"^ {4,}mwaa-dags (.*)$", PAGES, re.MULTILINE)))
ITEMS = [
    {"mwaa_env_name": "sandbox", "mwaa_dag_name": name}
    for name in ("paused", "onbording", "paused")
]


@pytest.fixture(scope="module")
def failed(stack: Stack) -> dict[str, str]:
    """An execution and a batch that have failed, by their names in the documentation."""
    execution = stack.execute(mwaa_dag_name="onbording").executionArn
    batch = stack.source.states.start_execution(
        stateMachineArn=stack.outputs["batch_state_machine_arn"],
        input=json.dumps({"dag_runs": ITEMS}),
    )["executionArn"]
    return {
        "EXECUTION": execution,
        "BATCH": stack.ended(batch).executionArn,
        "analytics": "sandbox",
    }


@on_the_default
@over_cli
@pytest.mark.parametrize("command", COMMANDS)
def test_a_documented_command_works(
    stack: Stack, failed: dict[str, str], mwaa_dags: Commands, tmp_path: Path, command: str
) -> None:
    (tmp_path / "items.json").write_text(json.dumps(ITEMS[:1]))
    words = [failed.get(word, word) for word in shlex.split(command)]
    file = words[words.index(">") + 1] if ">" in words else None
    if file:
        words = words[: words.index(">")]

    result = mwaa_dags(*words)
    if file:
        (tmp_path / file).write_text(result.stdout)
    for name in ("EXECUTION", "BATCH"):
        # A redrive of it fails again, before the next test.
        stack.ended(failed[name])

    # The doctor and a followed failure end with 1.
    assert result.exit_code == 0 or (words[0] == "doctor" and result.exit_code == 1), result
    assert result.stdout
    assert result.stderr == "" or words[0] == "remaining"
    if file:
        assert json.loads((tmp_path / file).read_text())


@over_cli
@pytest.mark.parametrize(
    "command",
    [
        "run paused --env sandbox --follow",
        "status",
        "status --failed",
        "status EXECUTION",
        "status BATCH",
        "doctor --env sandbox --dag onbording",
        "redrive EXECUTION",
        "timeline BATCH -o batch.svg",
    ],
)
def test_a_command_fits_on_a_terminal(
    stack: Stack, failed: dict[str, str], mwaa_dags: Commands, command: str
) -> None:
    words = [failed.get(word, word) for word in command.split()]

    printed, exit_code = on_a_terminal(mwaa_dags, *words)
    # A redrive of it fails again, before the next test.
    stack.ended(failed["EXECUTION"])

    assert exit_code == (words[0] == "doctor")
    lines = without_styles(printed).splitlines()
    assert lines
    # A link or a name that is too long for a line stays whole.
    assert [line for line in lines if len(line) > COLUMNS and len(line.split()) > 1] == []


def test_all_commands_are_documented() -> None:
    assert {command.split()[0] for command in COMMANDS} == {
        *("run", "status", "doctor", "redrive", "remaining", "timeline")
    }
