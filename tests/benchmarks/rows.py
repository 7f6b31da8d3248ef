"""The figures: what is measured against which baseline, and what it is to reach."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tests.benchmarks.lambda_code import Code
from tests.benchmarks.measuring import Figure, Sample, differences, in_turns
from tests.benchmarks.mwaa import NAME, Mwaa, add_old_runs, pause
from tests.faults.burst import COMMAND_SECONDS, SLOTS, burst
from tools.errors import UserError
from tools.paths import ZIP

TRANSPORTS = ("cli", "rest")
STARTS = 15
PAIRS = 40
TRIGGERS = 100
SLOW_TRIGGERS = 5
START_S = 60.0

# What a function that is asked to use these two does before its first invocation.
SAMPLE = """
import boto3, requests
client = boto3.client("mwaa")
"""
START_TARGETS = {"cli": 0.85, "rest": 0.7}
LOOKS = 15
RUNS = 20_000
EXECUTIONS = 80
HANDLER = "import mwaa_dags_trigger.app"


def start_up(code: Code) -> list[Figure]:
    """Time whole processes, up to where Lambda would hand over the first event."""
    # Lambda's runtime brings boto3, and no `requests`: it comes out of the zip in both.
    tasks = {"sample": _process(SAMPLE, code.environment(code.task))}
    for transport in TRANSPORTS:
        chosen = {"TRANSPORT": transport}
        tasks[transport] = _process(HANDLER, code.environment(code.task) | chosen)
        compiled = code.environment(code.compiled_task) | chosen
        tasks[f"{transport} compiled"] = _process(HANDLER, compiled)
    in_turns(1, tasks)
    taken = in_turns(STARTS, tasks)
    ratio = {name: it.median / taken["sample"].median for name, it in taken.items()}
    return [
        Figure(
            name=f"start-up of the handler's process, {transport.upper()}",
            baseline_name="`boto3.client` and `requests`",
            unit="ms",
            measured=taken[transport].scaled(1000),
            baseline=taken["sample"].scaled(1000),
            target=START_TARGETS[transport],
            target_is_ratio=True,
            how=f"{STARTS} whole processes each, imports and clients included: the unpacked zip, "
            "whose modules have no bytecode, because Lambda's code directory is read-only and the "
            "zip serves all versions of Python; and a script that imports the two and makes the client. "
            "Lambda's runtime brings no `requests`, so that comes out of the zip in both. "
            "Both find boto3 and botocore with bytecode; whether those of "
            "Lambda's runtime have it is not documented, and that they do favours the baseline.",
            why=f"With bytecode its modules would start in {ratio[f'{transport} compiled']:.2f} of the "
            "baseline; what is beyond that is Python compiling them at each start. Bytecode would "
            "bind the zip to one version of Python.",
        )
        for transport in TRANSPORTS
    ]


def warm_trigger(mwaa: Mwaa, code: Code) -> list[Figure]:
    """Compare a warm trigger with a bare POST of the same command."""
    url = f"https://{mwaa.front.hostname}/aws_mwaa/cli"
    commands: dict[str, list[float]] = {"trigger": [], "post": []}
    with mwaa.container(code, "cli") as container:
        token = mwaa.front.create_cli_token(NAME)
        container.trigger()
        container.post(url, token)
        tasks = {"trigger": container.trigger, "post": lambda: container.post(url, token)}
        taken = in_turns(
            PAIRS, {name: _noting(mwaa, commands[name], task) for name, task in tasks.items()}
        )
    trigger, post = (
        differences(taken[name].values, commands[name]) for name in ("trigger", "post")
    )
    command = statistics.median(commands["trigger"] + commands["post"])
    whole_trigger, whole_post = (
        Sample(tuple(command + value for value in sample.values)) for sample in (trigger, post)
    )
    how = (
        f"{PAIRS} triggers of the handler and {PAIRS} bare POSTs of the same command to the same "
        "address, redirect included, in one process; connections and token are warm. From each is "
        "subtracted what Airflow itself took for the command, which varies by more than what is "
        "measured here"
    )
    why = "It is what checking the event, logging and reading the answer take."
    return [
        Figure(
            name="overhead of a warm trigger beyond its HTTP calls",
            baseline_name="the same POST by a bare `requests.Session`",
            unit="ms",
            measured=differences(trigger.values, post.values).scaled(1000),
            baseline=whole_post.scaled(1000),
            target=5,
            target_is_ratio=False,
            how=f"{how}; the overhead is the difference in each turn.",
            why=why,
        ),
        Figure(
            name="a warm trigger as a whole",
            baseline_name="the same POST by a bare `requests.Session`",
            unit="ms",
            measured=whole_trigger.scaled(1000),
            baseline=whole_post.scaled(1000),
            target=1.05,
            target_is_ratio=True,
            how=f"{how}, and then the median of all commands is added to each. A command runs in a "
            "fork of a process that has imported Airflow already; on MWAA it takes seconds, and the "
            "ratio is nearer to 1.",
            why=why,
        ),
    ]


def calls(mwaa: Mwaa, code: Code) -> list[Figure]:
    """Count what reaches MWAA for a hundred triggers in a new container."""
    tokens, counts = len(mwaa.front.tokens), []
    with mwaa.container(code, "cli") as container:
        started = time.monotonic()
        for _ in range(TRIGGERS):
            before = len(mwaa.front.commands)
            container.trigger()
            counts.append(len(mwaa.front.commands) - before)
        seconds = time.monotonic() - started
    return [
        Figure(
            name=f"CreateCliToken calls for {TRIGGERS} triggers within a minute",
            baseline_name="one for each trigger",
            unit="",
            measured=Sample((len(mwaa.front.tokens) - tokens,)),
            baseline=Sample((TRIGGERS,)),
            target=1,
            target_is_ratio=False,
            how=f"Counted where the API makes tokens; one container got the triggers one after the "
            f"other, in {seconds:.0f} s. A token is used for 45 s of its 60 s, so that it outlives a command "
            "that is sent last: triggers spread over the whole of a minute need two.",
            why=f"The triggers took {seconds:.0f} s, more than the 45 s for which a token is used.",
        ),
        Figure(
            name="CLI commands for a trigger that goes well",
            baseline_name="a single one",
            unit="",
            measured=Sample(tuple(counts)),
            baseline=Sample((1,)),
            target=1,
            target_is_ratio=False,
            how=f"Counted at the web server, for each of these {TRIGGERS} triggers.",
            why="A trigger needed another try.",
        ),
    ]


def rest(mwaa: Mwaa, code: Code) -> Figure:
    """Compare both transports, with commands that start as they do on MWAA."""
    with mwaa.container(code, "rest") as over_rest, mwaa.container(code, "cli") as over_cli:
        requests: list[float] = []
        over_rest.trigger()
        over_cli.trigger()
        taken = in_turns(
            SLOW_TRIGGERS,
            {"rest": _noting(mwaa, requests, over_rest.trigger), "cli": over_cli.trigger},
        )
    airflow = statistics.median(requests) / taken["cli"].median
    return Figure(
        name=f"trigger over REST, Airflow {mwaa.airflow.version}",
        baseline_name="trigger over the CLI, a process for each command",
        unit="ms",
        measured=taken["rest"].scaled(1000),
        baseline=taken["cli"].scaled(1000),
        target=0.05,
        target_is_ratio=True,
        how=f"{SLOW_TRIGGERS} whole triggers each, through the handler in a warm container. Each "
        "command starts an `airflow` process of its own, as on MWAA.",
        why=f"Airflow's REST API itself, without handler and AWS, takes {airflow:.3f} of the baseline.",
    )


def look(mwaa: Mwaa, code: Code) -> Figure:
    """Compare a look at a DAG with few runs with one at a DAG that has many."""
    run_id = "sfn__looked-for"
    pause(mwaa.airflow.airflow, "onboarding")
    with mwaa.container(code, "cli") as container:
        for dag in ("paused", "onboarding"):
            container.trigger(dag, run_id)
        add_old_runs(mwaa.airflow.airflow, "onboarding", run_id, RUNS)
        taken = in_turns(
            LOOKS,
            {dag: partial(container.look, dag, run_id) for dag in ("paused", "onboarding")},
        )
    return Figure(
        name=f"look at a run among {RUNS} of its DAG over the CLI, Airflow {mwaa.airflow.version}",
        baseline_name="the same of a DAG with a single run",
        unit="ms",
        measured=taken["onboarding"].scaled(1000),
        baseline=taken["paused"].scaled(1000),
        target=1.3,
        target_is_ratio=True,
        how=f"{LOOKS} times the action `status` each, through the handler in a warm container. Each "
        "command starts an `airflow` process of its own, as on MWAA.",
        why="The commands themselves take longer the more runs the DAG has.",
    )


def burst_of_executions(version: str, state: Mapping[str, Any]) -> Figure:
    """Count the looks of a burst."""
    result = burst(version, EXECUTIONS, state)
    ended = ", ".join(f"{name} {count}" for name, count in sorted(result.endings.items()))
    return Figure(
        name=f"looks for the run in a burst of {EXECUTIONS} executions, Airflow {version}",
        baseline_name="one for each execution",
        unit="",
        measured=Sample((result.looks,)),
        baseline=Sample((EXECUTIONS,)),
        target=1,
        target_is_ratio=True,
        how=f"A model on a simulated clock: {EXECUTIONS} executions start at once, each in a container "
        f"of its own, under the retries of the state machine; the web server takes {SLOTS} commands "
        f"at once, each takes {COMMAND_SECONDS:.0f} s, and refuses all others with 503. It ended "
        f"with: {ended}, after {result.seconds:.0f} s (at best {EXECUTIONS // SLOTS * COMMAND_SECONDS:.0f}), "
        f"{result.invocations} invocations and {result.refused} refusals.",
        why="A refused command is looked for.",
    )


def zip_size(code: Code) -> Figure:
    """Weigh the zip against one with all of boto3 in it."""
    return Figure(
        name="size of the zip",
        baseline_name="boto3 and `requests` vendored",
        unit="MiB",
        measured=Sample((ZIP.stat().st_size / 2**20,)),
        baseline=Sample((code.runtime_zip.stat().st_size / 2**20,)),
        target=0.75,
        target_is_ratio=False,
        how="The baseline is what boto3, `requests` and all that they need put into a directory, "
        "without bytecode, as a zip with the best compression of Python's own.",
        why="`requests` and what it needs have grown.",
    )


def _noting(mwaa: Mwaa, noted: list[float], task: Callable[[], float]) -> Callable[[], float]:
    """Have the task note what of its seconds was Airflow's."""

    def run() -> float:
        seconds = task()
        noted.append(mwaa.airflow.seconds)
        return seconds

    return run


def _process(script: str, environment: dict[str, str]) -> Callable[[], float]:
    # -S: the packages of this environment are not those of the runtime.
    command = [sys.executable, "-S", "-P", "-c", script]

    def run() -> float:
        started = time.perf_counter()
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=START_S,
            check=False,
        )
        seconds = time.perf_counter() - started
        if done.returncode:
            raise UserError(f"A process did not start:\n{done.stderr}")
        return seconds

    return run
