"""The commands do what they say, and leave no process behind however they end."""

from __future__ import annotations

import os
import shutil
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
from tools.paths import BUILD, PROJECT, ZIP

SECONDS = 120.0


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the project that shares what is installed, so that its state is its own."""
    install("3.3.1", BUILD, nullcontext)
    for name in ("sandbox", "modules", "environments"):
        shutil.copytree(
            PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    for file in PROJECT.glob("*.tf"):
        shutil.copy(file, tmp_path)
    (tmp_path / "dist").mkdir()
    shutil.copy(ZIP, tmp_path / "dist")
    for name in ("airflow/3.3.1/venv", "iam"):
        (tmp_path / ".build" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / ".build" / name).symlink_to(BUILD / name)
    return tmp_path


def sandbox(command: str) -> Sequence[str]:
    return (sys.executable, "-m", "sandbox", command)


def guarded(command: str) -> Sequence[str]:
    return (sys.executable, "-m", "tools.guard", *sandbox(command))


@contextmanager
def started(
    arguments: Sequence[str], checkout: Path, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        arguments,
        cwd=checkout,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


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
    """The process and its descendants, once there is an Airflow and a Terraform among them."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        commands = " ".join(command(process) for process in processes)
        if "terraform apply" in commands and "cli_server.py" in commands:
            return processes
        time.sleep(0.05)
    raise TimeoutError


def test_the_demo_shows_its_dag_run_and_takes_everything_away(checkout: Path) -> None:
    with started(guarded("demo"), checkout) as process:
        output, _ = process.communicate(timeout=SECONDS)

    assert process.returncode == 0, output
    assert "success" in output
    assert output.count("is not authorized to") == 3
    assert "Nothing is left" in output
    assert not list((checkout / ".build").glob("demo-*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_half_way_ends_the_demo(checkout: Path, number: signal.Signals) -> None:
    with started(guarded("demo"), checkout) as process:
        read_until(process, "terraform init")
        processes = tree(process.pid)
        process.send_signal(number)
        _, alive = psutil.wait_procs(processes, timeout=SECONDS)
        assert alive == []
        assert "Traceback" not in process.communicate()[0]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the guard polls for its parent")
def test_the_kill_of_the_parent_ends_the_demo(checkout: Path) -> None:
    arguments = ("sh", "-c", '"$@"; true', "sh", *guarded("demo"))
    with started(arguments, checkout) as process:
        read_until(process, "terraform init")
        processes = tree(process.pid)
        process.kill()
        _, alive = psutil.wait_procs(processes, timeout=SECONDS)
        assert alive == []


def test_a_failure_half_way_ends_the_demo_with_a_sentence(checkout: Path) -> None:
    (checkout / "modules" / "target" / "broken.tf").write_text(
        'resource "aws_iam_role" "broken" {\n  name = "broken"\n  assume_role_policy = "no policy"\n}\n'
    )
    with started(guarded("demo"), checkout) as process:
        output, _ = process.communicate(timeout=SECONDS)

    assert process.returncode == 1
    assert "mwaa-dags-trigger: terraform apply failed:" in output
    assert "Traceback" not in output


def test_terraform_without_its_provider_ends_the_demo_with_a_sentence(
    checkout: Path, tmp_path: Path
) -> None:
    configuration = tmp_path / "terraform.rc"
    configuration.write_text(
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{tmp_path}"\n  }}\n}}\n'
    )
    with started(guarded("demo"), checkout, TF_CLI_CONFIG_FILE=str(configuration)) as process:
        output, _ = process.communicate(timeout=SECONDS)

    assert process.returncode == 1
    assert "mwaa-dags-trigger: Terraform found its AWS provider neither in the registry" in output
    assert "Traceback" not in output


def test_the_sandbox_stays_until_it_is_ended(checkout: Path) -> None:
    up = subprocess.run(
        sandbox("up"), cwd=checkout, capture_output=True, text=True, timeout=SECONDS, check=True
    )
    again = subprocess.run(
        sandbox("up"), cwd=checkout, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    script = (
        ". .build/sandbox/env && cd .build/sandbox/configuration && terraform init && "
        "terraform workspace select -or-create sandbox && "
        "terraform apply -auto-approve -var-file=environments/sandbox.tfvars && "
        "for i in 1 2; do aws --profile source stepfunctions start-execution --query executionArn "
        '--state-machine-arn "$(terraform output -raw state_machine_arn)" --input "{}"; done'
    )
    deployed = subprocess.run(
        ["sh", "-c", script],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    processes = running_in(checkout)
    down = subprocess.run(
        sandbox("down"), cwd=checkout, capture_output=True, text=True, timeout=SECONDS, check=True
    )
    _, alive = psutil.wait_procs(processes, timeout=10)

    assert "password" in up.stdout
    assert (again.returncode, "runs already" in again.stderr) == (1, True)
    assert deployed.stdout.count(":execution:mwaa-dags-trigger-sandbox:") == 2, deployed.stderr
    assert "End the sandbox" in down.stdout
    assert processes
    assert alive == []
    assert not (checkout / ".build" / "sandbox").exists()


def test_ending_no_sandbox_says_so(checkout: Path) -> None:
    down = subprocess.run(
        sandbox("down"), cwd=checkout, capture_output=True, text=True, timeout=SECONDS, check=False
    )

    assert (down.returncode, down.stdout) == (0, "No sandbox runs.\n")


def running_in(checkout: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(checkout):
                found.append(process)
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found
