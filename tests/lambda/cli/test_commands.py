"""The commands for each version of Airflow, and their quoting."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mwaa_dags_trigger.errors import CommandRejected
from mwaa_dags_trigger.mwaa.environments import AirflowVersion
from mwaa_dags_trigger.request import RunKey, Trigger
from mwaa_dags_trigger.transports.cli_commands import list_command, trigger_command

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


RUN = RunKey(mwaa_env_name="etl", mwaa_dag_name="demo", dag_run_id="r1")


def asking(conf: dict[str, Any] | None = None) -> Trigger:
    return Trigger(key=RUN, conf=conf or {}, is_retry=False)


def version(text: str) -> AirflowVersion:
    major, minor = text.split(".")[:2]
    return AirflowVersion(int(major), int(minor), text)


PLAIN = ["dags", "trigger", "demo", "--run-id", "r1", "--conf", "{}"]


@pytest.mark.parametrize(
    ("airflow", "words"),
    [
        pytest.param("2.5.1", PLAIN, id="before -o json"),
        pytest.param("2.6.3", [*PLAIN, "-o", "json", "--no-replace-microseconds"], id="2.6"),
        pytest.param("2.11.2", [*PLAIN, "-o", "json", "--no-replace-microseconds"], id="2.11"),
        pytest.param("3.0.6", [*PLAIN, "-o", "json"], id="3"),
        pytest.param("4.0.0", [*PLAIN, "-o", "json"], id="a major yet to come"),
    ],
)
def test_the_trigger_command_of_each_airflow(airflow: str, words: list[str]) -> None:
    assert trigger_command(asking(), version(airflow)) == words


@pytest.mark.parametrize(
    ("airflow", "command"),
    [
        pytest.param("2.11.2", ["dags", "list-runs", "-d", "demo", "-o", "json"], id="2"),
        pytest.param("3.3.1", ["dags", "list-runs", "demo", "-o", "json"], id="3"),
        pytest.param("4.0.0", ["dags", "list-runs", "demo", "-o", "json"], id="4"),
    ],
)
def test_the_list_command_of_each_airflow(airflow: str, command: list[str]) -> None:
    assert list_command(RUN, version(airflow)) == command


def test_airflow_1_is_refused() -> None:
    with pytest.raises(CommandRejected, match=r"runs Airflow 1\.10\.12"):
        trigger_command(asking(), version("1.10.12"))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("it's", id="apostrophe"),
        pytest.param('say "hi"', id="quotes"),
        pytest.param("C:\\new\\u0027", id="backslashes"),
        pytest.param("\\'", id="backslash and apostrophe"),
        pytest.param("a\nb\r\nc\td", id="newlines"),
        pytest.param("🚀 ünï", id="emoji"),
        pytest.param("$HOME `id` $(id) ; & | > *", id="shell"),
        pytest.param("' --run-id evil --conf '{}", id="injected flags"),
        pytest.param("x' --run-id evil --conf '{}", id="injected flags after a value"),
        pytest.param("\x00\x1b\x7f\u2028", id="control characters"),
        pytest.param("\ud800", id="half a surrogate pair"),
    ],
)
def test_a_conf_arrives_as_it_was_sent(text: str) -> None:
    conf = {text: [text, {"nested": text}]}
    command = shlex.join(trigger_command(asking(conf), version("3.3.1")))
    words = shlex.split(command)
    assert words[:6] == PLAIN[:6]
    assert json.loads(words[6]) == conf
    assert words[7:] == ["-o", "json"]


# A slow machine is no fault.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(conf=st.dictionaries(st.text(), JSON))
def test_every_conf_arrives_as_it_was_sent(conf: dict[str, Any]) -> None:
    command = shlex.join(trigger_command(asking(conf), version("2.11.2")))
    assert command.isascii()
    assert "\n" not in command
    # One pair of quotes, nothing to escape inside: every POSIX shell reads it alike.
    assert command.count("'") in (0, 2)
    words = shlex.split(command)
    assert len(words) == 10
    assert json.loads(words[6]) == conf
