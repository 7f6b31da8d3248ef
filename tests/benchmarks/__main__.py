"""Measure the cost of a trigger, and write docs/benchmarks.md and docs/benchmarks.svg."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

from sandbox.mwaa.releases import DEFAULT, NEWEST_OF_EACH_MAJOR
from sandbox.steps import Steps
from tests.benchmarks import batches, polls, rows
from tests.benchmarks.deployed import deployed
from tests.benchmarks.lambda_code import unpack
from tests.benchmarks.mwaa import mwaa
from tests.benchmarks.page import page
from tests.benchmarks.picture import picture
from tests.benchmarks.prices import section
from tests.support.local_aws.terraform import with_provider_of
from tests.terraform.planner import Planner
from tests.terraform.root_variables import ROOT_VARIABLES
from tools.paths import PROJECT


def main() -> None:
    steps = Steps()
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        code = unpack(directory)
        with steps.step("start-up"):
            figures = rows.start_up(code)
        with mwaa(DEFAULT, directory / "forks") as environment:
            with steps.step("warm triggers"):
                figures += rows.warm_trigger(environment, code)
            with steps.step("tokens and commands"):
                figures += rows.calls(environment, code)
        for version in NEWEST_OF_EACH_MAJOR:
            with (
                mwaa(version, directory / version, process_per_command=True) as environment,
                steps.step(f"REST and CLI, Airflow {version}"),
            ):
                figures.append(rows.rest(environment, code))
                figures.append(rows.lookup(environment, code))
        provider = directory / "provider"
        provider.mkdir()
        terraform = with_provider_of(provider)
        with deployed(terraform, directory / "deployed") as stack:
            with steps.step("a batch"):
                figures.append(batches.wall_time(stack))
            with steps.step("polls"):
                figures += polls.polls(stack)
            with steps.step("the price of an item"):
                costs = section(*batches.charged(stack))
        # Nothing reads the log of the functions in the burst.
        logging.disable()
        with steps.step("a burst, on a simulated clock"):
            planner = Planner(directory / "configuration", terraform)
            plan = planner.plan(**ROOT_VARIABLES["default"])
            state = plan.definition()["States"]["Trigger MWAA DAG"]
            figures += [rows.burst_of_executions(v, state) for v in NEWEST_OF_EACH_MAJOR]
        figures.append(rows.zip_size(code))
    docs = PROJECT / "docs"
    (docs / "benchmarks.md").write_text(page(figures, costs, airflow_versions=NEWEST_OF_EACH_MAJOR))
    (docs / "benchmarks.svg").write_text(picture(figures))
    steps.show("Wrote docs/benchmarks.md and docs/benchmarks.svg.")


main()
