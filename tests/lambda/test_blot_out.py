"""What of a line of Airflow's is shown: no value of the conf."""

from __future__ import annotations

import pytest
from mwaa_dags_trigger.answer import blot_out


@pytest.mark.parametrize(
    ("value", "line", "shown"),
    [
        pytest.param(
            "acme",
            "airflow.exceptions.ParamValidationError: Invalid input for param client: 'acme' is not",
            "airflow.exceptions.ParamValidationError: Invalid input for param client: '***' is not",
            id="whole",
        ),
        pytest.param("x", "ValueError: x is odd", "ValueError: *** is odd", id="one character"),
        pytest.param(4711, "ValueError: 4711 is odd", "ValueError: *** is odd", id="number"),
        pytest.param(
            "a-long-secretvalue",
            "E: 'a-long-sec...value'",
            "E: '***-***-sec...***'",
            id="cut short",
        ),
        pytest.param("秘密", r"E: '\u79d8\u5bc6'", r"E: '\***\***'", id="escaped"),
        pytest.param(["a", {"b": "deep"}], "E: deep", "E: ***", id="nested"),
        pytest.param("KeyError one", "KeyError: 'one'", "KeyError: '***'", id="not the exception"),
        pytest.param(True, "E: True or None", "E: True or None", id="booleans tell nothing"),
    ],
)
def test_values_of_the_conf_are_blotted_out(value: object, line: str, shown: str) -> None:
    assert blot_out(line, {"key": value}) == shown


def test_a_shown_line_has_an_end() -> None:
    assert len(blot_out("ValueError: " + "word " * 1000, {})) == 301


@pytest.mark.timeout(10)
def test_a_line_of_megabytes_beside_a_large_conf_costs_no_time() -> None:
    line = "ValueError: " + " ".join(f"word{n}" for n in range(1_000_000))
    assert len(blot_out(line, {"k": "x" * 250_000})) == 301
