"""A real Airflow: it runs DAGs, its forked commands print what a process of its own prints, it ends."""

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


def test_a_dag_run_succeeds_and_its_task_saw_the_conf(airflow: Airflow) -> None:
    conf = {"client": "ACME", "quotes": "it's \"\\😀\n", "' --run-id evil --conf '{}": None}
    command = ["dags", "trigger", "onboarding", "--run-id", "r1", "-o", "json", "--conf"]
    result = airflow.cli([*command, json.dumps(conf)], COMMAND)
    assert result.exit_code == 0
    assert last_json(result)[0]["conf"] == conf

    def states() -> list[object]:
        command = ["tasks", "states-for-dag-run", "onboarding", "r1", "-o", "json"]
        return [row["state"] for row in last_json(airflow.cli(command, COMMAND))]

    def task_said(words: str) -> bool:
        logs = (airflow.home / "logs").glob("**/run_id=r1/task_id=onboard/attempt=*.log")
        return any(words in log.read_text() for log in logs)

    wait_until(lambda: states() == ["success", "success"])
    wait_until(lambda: task_said("Returned value was: onboarded ACME"))


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
    if "RUN" in command:  # two runs of one second, which Airflow 2 otherwise refuses
        command = [*command, "--no-replace-microseconds"]
    forked = [word.replace("RUN", f"forked-{len(command)}") for word in command]
    fresh = [word.replace("RUN", f"single-{len(command)}") for word in command]
    process = Airflow(installation, airflow.home, process_per_command=True)
    expected = comparable(process.cli(fresh, COMMAND))
    assert comparable(airflow.cli(forked, COMMAND)) == expected


def test_a_forked_command_exits_with_the_code_of_the_parser(airflow: Airflow) -> None:
    result = airflow.cli(["dags", "trigger", "paused", "--nosuch"], COMMAND)
    assert result.exit_code == 2
    assert b"unrecognized arguments: --nosuch" in result.stderr


def comparable(result: CliResult) -> tuple[int, str, str]:
    """Take out what differs from one process to the next: times, our run ids, start-up warnings."""

    def normal(stream: bytes) -> str:
        text = stream.decode()
        text = re.sub(r"datetime\.datetime\([^()]*(\([^)]*\))?\)", "TIME", text)
        text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?", "TIME", text)
        text = re.sub(r"(forked|single)-\d", "RUN", text)
        # Printed while Airflow itself is imported, which a fork does not do again.
        return re.sub(r"(?m)^.*RemovedInAirflow3Warning: Timer and timing.*\n", "", text)

    return result.exit_code, normal(result.stdout), normal(result.stderr)


def test_a_command_that_takes_too_long_is_ended(airflow: Airflow) -> None:
    before = commands(airflow)
    with pytest.raises(TimeoutError):
        airflow.cli(["triggerer", "--skip-serve-logs"], 0.01)  # which never ends
    airflow.cli(["version"], COMMAND)  # begins after it
    wait_until(lambda: commands(airflow) <= before)


def commands(airflow: Airflow) -> set[int]:
    """Return the process that looks after each command, of which the components are some."""
    here = processes_in(airflow.home)
    [server] = [process for process in psutil.Process().children() if process in here]
    return {process.pid for process in server.children()}


def test_the_web_page_is_served_and_its_login_works(airflow: Airflow) -> None:
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


def test_it_listens_on_the_loopback_interface_alone(airflow: Airflow) -> None:
    listening = [listening_addresses(process) for process in processes_in(airflow.home)]
    assert set().union(*listening) == {"127.0.0.1"}


def test_a_home_is_not_taken_twice(airflow: Airflow, installation: AirflowInstallation) -> None:
    with pytest.raises(UserError, match="already exists"):
        Airflow(installation, airflow.home).start()


def test_the_death_of_the_sandbox_leaves_no_process(
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


def test_a_component_that_dies_is_reported_at_once_with_its_log(
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


def test_a_reserved_port_is_given_to_its_server_and_to_nobody_else() -> None:
    with reserved_port() as port, socket.socket() as other, socket.socket() as server:
        with pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen()
