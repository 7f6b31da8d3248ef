"""Write the tables of errors in docs/operations.md, from the advice of the command line. `make docs` calls it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from mwaa_dags.advice import FUNCTION_ERRORS, SERVICE_ERRORS, Advice
from mwaa_dags_trigger import errors

PAGE = Path(__file__).parents[1] / "docs" / "operations.md"
MARKED = re.compile(r"(<!-- errors of (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
TABLES = {"function": FUNCTION_ERRORS, "services": SERVICE_ERRORS}
_PLACEHOLDERS = {"execution": "EXECUTION", "env": "ENVIRONMENT", "dag": "DAG"}


def render() -> str:
    """Return the text of the page with current tables."""

    def replace(match: re.Match[str]) -> str:
        return f"{match[1]}\n{_table(TABLES[match[2]])}\n{match[3]}"

    return MARKED.sub(replace, PAGE.read_text())


def _table(advice: Mapping[str, Advice]) -> str:
    rows = [
        f"| {', '.join(_name(name) for name, other in advice.items() if other == each)} | {each.meaning} | "
        f"{_steps(each)} |\n"
        for each in dict.fromkeys(advice.values())
    ]
    return "".join(["| error | meaning | what to do |\n|---|---|---|\n", *rows])


def _name(name: str) -> str:
    is_transient = getattr(getattr(errors, name, None), "transient", False)
    return f"`{name}` (transient)" if is_transient else f"`{name}`"


def _steps(advice: Advice) -> str:
    return " ".join(advice.steps).format(**_PLACEHOLDERS)


if __name__ == "__main__":
    PAGE.write_text(render())
