"""The commands of the sandbox work, and leave no process behind however they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import psutil
import pytest

from sandbox.mwaa.install import install
from sandbox.mwaa.releases import DEFAULT, NEWEST_OF_EACH_MAJOR
from tests.support.processes import processes_in
from tools.paths import BUILD, PROJECT

# pytest-xdist starts with groups. Without a group, these tests could run last and keep one worker busy alone.
pytestmark = pytest.mark.xdist_group("commands")

SECONDS = 900.0


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state directory of a command. Airflow installations are shared."""
    install(DEFAULT, BUILD, nullcontext)
    return tmp_path


@pytest.fixture
def other_major(monkeypatch: pytest.MonkeyPatch) -> str:
    """The other major version, set in AIRFLOW. Its start needs a third of the CPU time of the default."""
    version = NEWEST_OF_EACH_MAJOR[0]
    install(version, BUILD, nullcontext)
    monkeypatch.setenv("AIRFLOW", version)
    return version


def sandbox(command: str, state: Path) -> Sequence[str]:
    return (sys.executable, "-m", "sandbox", "--state", str(state), command)


def guarded(command: str, state: Path) -> Sequence[str]:
    return (sys.executable, "-m", "tools.guard", *sandbox(command, state))


@contextmanager
def started(arguments: Sequence[str], **environment: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        arguments,
        cwd=PROJECT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def run(
    arguments: Sequence[str], *, cwd: Path = PROJECT, check: bool = True
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments, cwd=cwd, capture_output=True, text=True, timeout=SECONDS, check=check
    )


def read_until(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout
    seen = []
    for line in process.stdout:
        seen.append(line)
        if words in line:
            return
    raise AssertionError("".join(seen))


def command(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess):
        return " ".join(process.cmdline())
    return ""


def tree(pid: int) -> list[psutil.Process]:
    """Return the process and its descendants, as soon as Airflow and Terraform run."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        commands = " ".join(command(process) for process in processes)
        if "terraform apply" in commands and "cli_server.py" in commands:
            return processes
        time.sleep(0.05)
    raise TimeoutError


def test_the_demo_shows_a_dag_run_and_deletes_everything(state: Path) -> None:
    with started(guarded("demo", state)) as process:
        output, _ = process.communicate(timeout=SECONDS)

    assert process.returncode == 0, output
    assert "success" in output
    assert output.count("is not authorized to") == 4
    assert "Everything is deleted" in output
    assert not list(state.glob("demo-*"))


def test_a_signal_ends_the_demo_and_its_processes(state: Path, other_major: str) -> None:
    # A shell that runs no terminal ignores SIGINT for commands in the background.
    arguments = ("sh", "-c", 'trap "" INT; exec "$@"', "sh", *guarded("demo", state))
    with started(arguments) as process:
        read_until(process, "terraform init")
        processes = tree(process.pid)
        process.send_signal(signal.SIGINT)
        _, alive = psutil.wait_procs(processes, timeout=SECONDS)
        assert alive == []
        output = process.communicate()[0]
    assert "Traceback" not in output
    assert "Running the state machine" not in output


@pytest.mark.skipif(sys.platform != "linux", reason="on other systems, the guard polls its parent")
def test_the_end_of_the_parent_ends_the_demo_and_its_processes(
    state: Path, other_major: str
) -> None:
    """The guard receives SIGTERM, so this also tests that signal."""
    arguments = ("sh", "-c", '"$@"; true', "sh", *guarded("demo", state))
    with started(arguments) as process:
        read_until(process, "terraform init")
        processes = tree(process.pid)
        process.kill()
        _, alive = psutil.wait_procs(processes, timeout=SECONDS)
        assert alive == []
        assert "Traceback" not in process.communicate()[0]


def test_the_demo_reports_a_missing_provider_in_one_sentence(state: Path, tmp_path: Path) -> None:
    configuration = tmp_path / "terraform.rc"
    configuration.write_text(
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{tmp_path}"\n  }}\n}}\n'
    )
    with started(guarded("demo", state), TF_CLI_CONFIG_FILE=str(configuration)) as process:
        output, _ = process.communicate(timeout=SECONDS)

    assert process.returncode == 1
    assert "mwaa-dags-trigger: Terraform found its AWS provider neither in the registry" in output
    assert "Traceback" not in output


def test_the_sandbox_runs_until_it_is_stopped(state: Path, other_major: str) -> None:
    script = (
        ". sandbox/env && cd sandbox/configuration && terraform init && "
        "terraform workspace select -or-create sandbox && "
        "terraform apply -auto-approve -var-file=environments/sandbox.tfvars && "
        "aws --profile source stepfunctions start-execution --query executionArn "
        '--state-machine-arn "$(terraform output -raw state_machine_arn)" --input "{}" && '
        "aws --profile target mwaa get-environment --name sandbox --query Environment.Arn"
    )
    up = run(sandbox("up", state))
    try:
        again = run(sandbox("up", state), check=False)
        deployed = run(["sh", "-c", script], cwd=state, check=False)
        processes = processes_in(state)
    finally:
        down = run(sandbox("down", state))
    _, alive = psutil.wait_procs(processes, timeout=SECONDS)

    assert f"Airflow {other_major}" in up.stdout
    assert "password" in up.stdout
    assert (again.returncode, "already running" in again.stderr) == (1, True)
    assert deployed.stdout.count(":execution:mwaa-dags-trigger-sandbox:") == 1, deployed.stderr
    assert ":environment/sandbox" in deployed.stdout, deployed.stderr
    assert "Stopping the sandbox" in down.stdout
    assert processes
    assert alive == []
    assert not (state / "sandbox").exists()


def test_sandbox_down_reports_that_no_sandbox_is_running(state: Path) -> None:
    down = run(sandbox("down", state), check=False)

    assert (down.returncode, down.stdout) == (0, "No sandbox is running.\n")
