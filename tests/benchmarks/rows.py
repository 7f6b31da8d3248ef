"""The figures, with their baselines and targets."""

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
START_TIMEOUT_SECONDS = 60.0

# Code that a function with both libraries runs before its first invocation.
SAMPLE = """
import boto3, requests
client = boto3.client("mwaa")
"""
START_TARGETS = {"cli": 0.85, "rest": 0.7}
LOOKUPS = 15
RUNS = 20_000
EXECUTIONS = 80
HANDLER = "import mwaa_dags_trigger.app"


def start_up(code: Code) -> list[Figure]:
    """Measure whole processes, up to the point at which Lambda would pass the first event."""
    # The Lambda runtime provides boto3 but not `requests`: both processes import it from the zip.
    tasks = {"sample": _process(SAMPLE, code.environment(code.task))}
    for transport in TRANSPORTS:
        chosen = {"TRANSPORT": transport}
        tasks[transport] = _process(HANDLER, code.environment(code.task) | chosen)
        compiled = code.environment(code.compiled_task) | chosen
        tasks[f"{transport} compiled"] = _process(HANDLER, compiled)
    in_turns(1, tasks)
    samples = in_turns(STARTS, tasks)
    ratio = {name: sample.median / samples["sample"].median for name, sample in samples.items()}
    return [
        Figure(
            name=f"start-up of the function's process, {transport.upper()}",
            baseline_name="`boto3.client` and `requests`",
            unit="ms",
            measured=samples[transport].scaled(1000),
            baseline=samples["sample"].scaled(1000),
            target=START_TARGETS[transport],
            target_is_ratio=True,
            how=f"{STARTS} whole processes each, including imports and clients. The measured process runs "
            "the unpacked zip. Its modules have no bytecode, because the code directory of a Lambda function "
            "is read-only and the zip supports all versions of Python. The baseline is a script that imports "
            "both libraries and creates the client. The Lambda runtime does not provide `requests`, so both "
            "processes import it from the zip. In both, boto3 and botocore have bytecode. AWS does not "
            "document whether they have it in the Lambda runtime. If they do not, the baseline is too fast.",
            why=f"With bytecode, the process would start in {ratio[f'{transport} compiled']:.2f} of the "
            "baseline. The rest is the time in which Python compiles the modules at each start. Bytecode "
            "would bind the zip to one version of Python.",
        )
        for transport in TRANSPORTS
    ]


def warm_trigger(mwaa: Mwaa, code: Code) -> list[Figure]:
    """Compare a warm trigger with a plain POST of the same command."""
    url = f"https://{mwaa.front.hostname}/aws_mwaa/cli"
    commands: dict[str, list[float]] = {"trigger": [], "post": []}
    with mwaa.container(code, "cli") as container:
        token = mwaa.front.create_cli_token(NAME)
        container.trigger()
        container.post(url, token)
        tasks = {"trigger": container.trigger, "post": lambda: container.post(url, token)}
        samples = in_turns(
            PAIRS, {name: _recording(mwaa, commands[name], task) for name, task in tasks.items()}
        )
    trigger, post = (
        differences(samples[name].values, commands[name]) for name in ("trigger", "post")
    )
    command = statistics.median(commands["trigger"] + commands["post"])
    whole_trigger, whole_post = (
        Sample(tuple(command + value for value in sample.values)) for sample in (trigger, post)
    )
    how = (
        f"{PAIRS} triggers of the function and {PAIRS} plain POSTs of the same command to the same "
        "address, including the redirect, in one process. Connections and the token are warm. The time that "
        "Airflow took for the command is subtracted from each, because it varies more than the measured "
        "overhead."
    )
    why = "This is the time for validating the event, logging and reading the response."
    return [
        Figure(
            name="overhead of a warm trigger beyond its HTTP calls",
            baseline_name="the same POST with a plain `requests.Session`",
            unit="ms",
            measured=differences(trigger.values, post.values).scaled(1000),
            baseline=whole_post.scaled(1000),
            target=5,
            target_is_ratio=False,
            how=f"{how} The overhead is the difference between the two in each turn.",
            why=why,
        ),
        Figure(
            name="total time of a warm trigger",
            baseline_name="the same POST with a plain `requests.Session`",
            unit="ms",
            measured=whole_trigger.scaled(1000),
            baseline=whole_post.scaled(1000),
            target=1.05,
            target_is_ratio=True,
            how=f"{how} Then the median of all commands is added to each. A command runs in a fork of a "
            "process that has already imported Airflow. On MWAA, a command takes seconds, so the ratio is "
            "closer to 1.",
            why=why,
        ),
    ]


def calls(mwaa: Mwaa, code: Code) -> list[Figure]:
    """Count the requests that reach MWAA for a hundred triggers in a new container."""
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
            baseline_name="one per trigger",
            unit="",
            measured=Sample((len(mwaa.front.tokens) - tokens,)),
            baseline=Sample((TRIGGERS,)),
            target=1,
            target_is_ratio=False,
            how=f"Counted where the API creates tokens. One container received the triggers one after the "
            f"other, in {seconds:.0f} s. The function uses a token for 45 of its 60 s, so that the token "
            "outlives the last command. Triggers that are spread over a whole minute therefore need two tokens.",
            why=f"The triggers took {seconds:.0f} s. The function uses a token for 45 s only.",
        ),
        Figure(
            name="CLI commands for a successful trigger",
            baseline_name="one command",
            unit="",
            measured=Sample(tuple(counts)),
            baseline=Sample((1,)),
            target=1,
            target_is_ratio=False,
            how=f"Counted at the web server, for each of these {TRIGGERS} triggers.",
            why="A trigger needed a second attempt.",
        ),
    ]


def rest(mwaa: Mwaa, code: Code) -> Figure:
    """Compare both transports, with commands that start as on MWAA."""
    with mwaa.container(code, "rest") as over_rest, mwaa.container(code, "cli") as over_cli:
        requests: list[float] = []
        over_rest.trigger()
        over_cli.trigger()
        samples = in_turns(
            SLOW_TRIGGERS,
            {"rest": _recording(mwaa, requests, over_rest.trigger), "cli": over_cli.trigger},
        )
    airflow = statistics.median(requests) / samples["cli"].median
    return Figure(
        name=f"trigger over REST, Airflow {mwaa.airflow.version}",
        baseline_name="trigger over the CLI, one process per command",
        unit="ms",
        measured=samples["rest"].scaled(1000),
        baseline=samples["cli"].scaled(1000),
        target=0.05,
        target_is_ratio=True,
        how=f"{SLOW_TRIGGERS} complete triggers each, through the function in a warm container. Each "
        "command starts its own `airflow` process, as on MWAA.",
        why=f"Airflow's REST API alone, without the function and AWS, takes {airflow:.3f} of the baseline.",
    )


def lookup(mwaa: Mwaa, code: Code) -> Figure:
    """Compare the lookup of a run in a DAG with many runs and in a DAG with one run."""
    run_id = "sfn__lookup"
    pause(mwaa.airflow.airflow, "onboarding")
    with mwaa.container(code, "cli") as container:
        for dag in ("paused", "onboarding"):
            container.trigger(dag, run_id)
        add_old_runs(mwaa.airflow.airflow, "onboarding", run_id, RUNS)
        samples = in_turns(
            LOOKUPS,
            {dag: partial(container.look_up, dag, run_id) for dag in ("paused", "onboarding")},
        )
    return Figure(
        name=f"lookup of one of {RUNS:,} runs over the CLI, Airflow {mwaa.airflow.version}",
        baseline_name="lookup in a DAG with one run",
        unit="ms",
        measured=samples["onboarding"].scaled(1000),
        baseline=samples["paused"].scaled(1000),
        target=1.3,
        target_is_ratio=True,
        how=f"{LOOKUPS} invocations with the action `status` each, through the function in a warm container. "
        "Each command starts its own `airflow` process, as on MWAA.",
        why="The commands themselves take longer if the DAG has more runs.",
    )


def burst_of_executions(version: str, state: Mapping[str, Any]) -> Figure:
    """Count the lookups in a burst of executions."""
    result = burst(version, EXECUTIONS, state)
    ended = ", ".join(f"{name} {count}" for name, count in sorted(result.endings.items()))
    return Figure(
        name=f"lookups in a burst of {EXECUTIONS} executions, Airflow {version}",
        baseline_name="one per execution",
        unit="",
        measured=Sample((result.lookups,)),
        baseline=Sample((EXECUTIONS,)),
        target=1,
        target_is_ratio=True,
        how=f"A model on a simulated clock. {EXECUTIONS} executions start at once, each in its own container, "
        f"with the retries of the state machine. The web server accepts {SLOTS} commands at once, and each "
        f"takes {COMMAND_SECONDS:.0f} s. It rejects all others with status 503. Final states: {ended}. "
        f"Duration: {result.seconds:.0f} s, at best {EXECUTIONS // SLOTS * COMMAND_SECONDS:.0f} s. "
        f"Invocations: {result.invocations}. Rejected commands: {result.refused}.",
        why="The function looked up runs after rejected commands.",
    )


def zip_size(code: Code) -> Figure:
    """Compare the size of the zip with a zip that contains boto3."""
    return Figure(
        name="size of the zip",
        baseline_name="zip with boto3 and `requests`",
        unit="MiB",
        measured=Sample((ZIP.stat().st_size / 2**20,)),
        baseline=Sample((code.runtime_zip.stat().st_size / 2**20,)),
        target=0.75,
        target_is_ratio=False,
        how="The baseline contains boto3, `requests` and all their dependencies without bytecode, with the "
        "best compression of Python's `zipfile`.",
        why="`requests` and its dependencies have grown.",
    )


def _recording(
    mwaa: Mwaa, seconds_of_airflow: list[float], task: Callable[[], float]
) -> Callable[[], float]:
    """Return the task, which then also records the seconds that Airflow took."""

    def run() -> float:
        seconds = task()
        seconds_of_airflow.append(mwaa.airflow.seconds)
        return seconds

    return run


def _process(script: str, environment: dict[str, str]) -> Callable[[], float]:
    # -S excludes the packages of this environment.
    command = [sys.executable, "-S", "-P", "-c", script]

    def run() -> float:
        started = time.perf_counter()
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=START_TIMEOUT_SECONDS,
            check=False,
        )
        seconds = time.perf_counter() - started
        if done.returncode:
            raise UserError(f"A process did not start:\n{done.stderr}")
        return seconds

    return run
