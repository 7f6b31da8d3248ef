"""Measures what a trigger costs, and writes docs/benchmarks.md and docs/benchmarks.svg."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sandbox.steps import Steps
from tests.benchmarks import rows
from tests.benchmarks.lambda_code import unpack
from tests.benchmarks.mwaa import mwaa
from tests.benchmarks.page import page
from tests.benchmarks.picture import picture
from tools.paths import PROJECT

AIRFLOW = "3.3.1"
BOTH_MAJORS = ("3.3.1", "2.11.2")


def main() -> None:
    steps = Steps()
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        code = unpack(directory)
        with steps.step("start-up"):
            figures = rows.start_up(code)
        with mwaa(AIRFLOW, directory / "forks") as environment:
            with steps.step("warm triggers"):
                figures += rows.warm_trigger(environment, code)
            with steps.step("tokens and commands"):
                figures += rows.calls(environment, code)
        for version in BOTH_MAJORS:
            with (
                mwaa(version, directory / version, process_per_command=True) as environment,
                steps.step(f"REST and CLI, Airflow {version}"),
            ):
                figures.append(rows.rest(environment, code))
        figures.append(rows.zip_size(code))
    docs = PROJECT / "docs"
    (docs / "benchmarks.md").write_text(page(figures, airflow_versions=BOTH_MAJORS))
    (docs / "benchmarks.svg").write_text(picture(figures))
    steps.say("docs/benchmarks.md and docs/benchmarks.svg are written.")


main()
