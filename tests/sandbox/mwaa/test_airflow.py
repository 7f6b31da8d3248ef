"""The Airflow of the sandbox runs DAGs and commands like a normal Airflow, and leaves no process behind."""

from __future__ import annotations

import dataclasses
import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import requests

from sandbox.mwaa.airflow import Airflow, reserved_port
from sandbox.mwaa.cli import CliResult
from sandbox.mwaa.home import DATABASE
from sandbox.mwaa.install import AirflowInstallation
from tests.support.processes import listening_addresses, processes_in
from tests.support.waiting import wait_until
from tools.errors import UserError
from tools.paths import PROJECT

pytestmark = pytest.mark.airflow

COMMAND = 300.0


def last_json(result: CliResult) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(result.stdout.splitlines()[-1])
    return rows


def test_a_dag_run_succeeds_and_its_task_receives_the_conf(airflow: Airflow) -> None:
    conf = {"client": "ACME", "quotes": "it's \"\\😀\n", "' --run-id evil --conf '{}": None}
    command = ["dags", "trigger", "onboarding", "--run-id", "r1", "-o", "json", "--conf"]
    result = airflow.cli([*command, json.dumps(conf)], COMMAND)
    assert result.exit_code == 0
    assert last_json(result)[0]["conf"] == conf

    def states() -> list[object]:
        command = ["tasks", "states-for-dag-run", "onboarding", "r1", "-o", "json"]
        return [row["state"] for row in last_json(airflow.cli(command, COMMAND))]

    def task_logged(text: str) -> bool:
        logs = (airflow.home / "logs").glob("**/run_id=r1/task_id=onboard/attempt=*.log")
        return any(text in log.read_text() for log in logs)

    wait_until(lambda: states() == ["success", "success"])
    wait_until(lambda: task_logged("Returned value was: onboarded ACME"))


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["dags", "trigger", "nosuch", "--run-id", "RUN"], id="exception"),
        pytest.param(["dags", "state", "nosuch", "2026-01-01"], id="exit-message"),
        pytest.param(["dags", "trigger", "paused", "--run-id", "RUN", "-o", "json"], id="success"),
    ],
)
def test_a_forked_command_prints_what_a_fresh_process_prints(
    command: list[str], airflow: Airflow, installation: AirflowInstallation
) -> None:
    if "RUN" in command:  # Airflow 2 otherwise rejects two runs within one second
        command = [*command, "--no-replace-microseconds"]
    forked = [word.replace("RUN", f"forked-{len(command)}") for word in command]
    fresh = [word.replace("RUN", f"single-{len(command)}") for word in command]
    separate = Airflow(installation, airflow.home, process_per_command=True)
    expected = comparable(separate.cli(fresh, COMMAND))
    assert comparable(airflow.cli(forked, COMMAND)) == expected


def test_a_forked_command_exits_with_the_code_of_the_parser(airflow: Airflow) -> None:
    result = airflow.cli(["dags", "trigger", "paused", "--nosuch"], COMMAND)
    assert result.exit_code == 2
    assert b"unrecognized arguments: --nosuch" in result.stderr


def comparable(result: CliResult) -> tuple[int, str, str]:
    """Replace the parts that differ between processes: times, run ids and start-up warnings."""

    def normal(stream: bytes) -> str:
        text = stream.decode()
        text = re.sub(r"datetime\.datetime\([^()]*(\([^)]*\))?\)", "TIME", text)
        text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?", "TIME", text)
        text = re.sub(r"(forked|single)-\d", "RUN", text)
        # Airflow prints this during its import, which a fork does not repeat.
        return re.sub(r"(?m)^.*RemovedInAirflow3Warning: Timer and timing.*\n", "", text)

    return result.exit_code, normal(result.stdout), normal(result.stderr)


def test_a_command_is_ended_after_its_timeout(airflow: Airflow) -> None:
    before = supervisors(airflow)
    with pytest.raises(TimeoutError):
        airflow.cli(["triggerer", "--skip-serve-logs"], 0.01)  # runs indefinitely
    airflow.cli(["version"], COMMAND)  # starts after it
    wait_until(lambda: supervisors(airflow) <= before)


def supervisors(airflow: Airflow) -> set[int]:
    """Return the process ids of the supervisors of all commands, including the components of Airflow."""
    processes = processes_in(airflow.home)
    [server] = [process for process in psutil.Process().children() if process in processes]
    return {process.pid for process in server.children()}


def test_the_web_server_responds_and_accepts_the_password(airflow: Airflow) -> None:
    with requests.Session() as session:
        session.trust_env = False
        assert session.get(airflow.web_url, timeout=COMMAND).status_code == 200
        if airflow.version.startswith("2."):
            login = session.get(
                f"{airflow.web_url}/api/v1/dags",
                auth=(airflow.username, airflow.password),
                timeout=COMMAND,
            )
            assert login.status_code == 200
        else:
            login = session.post(
                f"{airflow.web_url}/auth/token",
                json={"username": airflow.username, "password": airflow.password},
                timeout=COMMAND,
            )
            assert login.status_code == 201


def test_airflow_listens_only_on_the_loopback_interface(airflow: Airflow) -> None:
    listening = [listening_addresses(process) for process in processes_in(airflow.home)]
    assert set().union(*listening) == {"127.0.0.1"}


def test_an_existing_home_is_rejected(airflow: Airflow, installation: AirflowInstallation) -> None:
    with pytest.raises(UserError, match="already exists"):
        Airflow(installation, airflow.home).start()


def test_a_killed_sandbox_leaves_no_process_behind(
    installation: AirflowInstallation, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    code = f"""
import contextlib, pathlib, time
from sandbox.mwaa.airflow import Airflow
from sandbox.mwaa.install import install
from tools.paths import BUILD

Airflow(install({installation.version!r}, BUILD, contextlib.nullcontext), pathlib.Path({str(home)!r})).start()
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT) as sandbox:
        wait_until(lambda: len(processes_in(home)) > 5)
        sandbox.kill()
    wait_until(lambda: processes_in(home) == [])


def test_a_component_that_ends_during_the_start_is_reported_with_its_log(
    installation: AirflowInstallation, tmp_path: Path
) -> None:
    template = tmp_path / "template"
    template.mkdir()
    (template / DATABASE).touch()
    (template / "password.json").write_text("{}")
    broken = dataclasses.replace(installation, template=template)
    with (
        Airflow(broken, tmp_path / "home") as airflow,
        pytest.raises(
            UserError, match=r"(?s)Airflow's \S+ ended during its start:.*airflow db .*\.log\)"
        ),
    ):
        airflow.wait_ready()


def test_only_the_intended_server_can_use_a_reserved_port() -> None:
    with reserved_port() as port, socket.socket() as other, socket.socket() as server:
        with pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen()
