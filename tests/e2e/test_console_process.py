"""The command line as a process: without a terminal, on a terminal, and interrupted."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import uuid

import pytest
from mwaa_dags import follow

from tests.e2e import breakages
from tests.e2e.conftest import Stack, on_the_default, over_cli
from tests.e2e.terminal import on_a_terminal, without_styles
from tests.support.local_aws.commands import Commands
from tests.support.waiting import TIMEOUT
from tools.paths import BUILD

# In the background, a shell makes its processes ignore interrupts, and they pass this on.
ON_INTERRUPT = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


@over_cli
@on_the_default
def test_interrupted_following_says_how_to_follow_again(stack: Stack, mwaa_dags: Commands) -> None:
    name = f"interrupted-{uuid.uuid4()}"
    command = ["run", "paused", "--env", "sandbox", "--name", name, "--follow"]
    with breakages.updating_environment(stack):
        process = subprocess.Popen(
            [sys.executable, "-c", ON_INTERRUPT, BUILD / "venv/bin/mwaa-dags", *command],
            env={"PATH": os.environ["PATH"], **mwaa_dags.environment},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        begun = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate(timeout=TIMEOUT)
    execution = mwaa_dags("status", name, "--json").json["execution"]
    stack.source.states.stop_execution(executionArn=execution)

    assert "RDS Hack Update Task" in begun[2]
    assert process.returncode == follow.UNFINISHED
    assert f"Follow it again with: mwaa-dags status --follow {name}" in printed


@over_cli
@on_the_default
def test_the_command_works_as_a_process_without_a_terminal(mwaa_dags: Commands) -> None:
    done = subprocess.run(
        [BUILD / "venv/bin/mwaa-dags", "status"],
        env={"PATH": os.environ["PATH"], **mwaa_dags.environment},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=True,
    )

    assert "\x1b[" not in done.stdout
    assert done.stderr == ""


@over_cli
@on_the_default
@pytest.mark.parametrize("colors", [True, False], ids=["colors", "NO_COLOR"])
def test_a_terminal_shows_colors_unless_they_are_not_wanted(
    stack: Stack, mwaa_dags: Commands, *, colors: bool
) -> None:
    execution = stack.execute(mwaa_dag_name="onbording").executionArn

    printed, exit_code = on_a_terminal(
        mwaa_dags, "status", execution, **({} if colors else {"NO_COLOR": "1"})
    )

    assert exit_code == 0
    assert ("\x1b[31mFAILED" in printed) is colors


@over_cli
@on_the_default
def test_a_batch_shows_its_progress_and_its_failed_items_on_a_terminal(
    mwaa_dags: Commands,
) -> None:
    names = ("paused", "onbording", "paused")
    items = [{"mwaa_env_name": "sandbox", "mwaa_dag_name": name} for name in names]
    (mwaa_dags.directory / "items.json").write_text(json.dumps(items))

    printed, exit_code = on_a_terminal(mwaa_dags, "run", "--batch", "items.json", "--follow")

    assert exit_code == follow.FAILED
    text = without_styles(printed)
    assert re.search(r"Items ━+ *[123]/3", text)
    assert re.search(r"item 1 +[0-9a-f]{8} +onbording +DagNotFound: ", text)


@over_cli
@on_the_default
def test_a_redrive_of_all_failed_executions_asks_on_a_terminal(
    stack: Stack, mwaa_dags: Commands
) -> None:
    execution = stack.execute(mwaa_dag_name="onbording").executionArn

    printed, exit_code = on_a_terminal(
        mwaa_dags, "redrive", "--failed", "--error", "DagNotFound", typed="n\n"
    )

    assert re.search(r"Redrive \d+ executions\? \[y/N\]", printed)
    assert exit_code == 1
    described = stack.source.states.describe_execution(executionArn=execution)
    assert described["redriveCount"] == 0
