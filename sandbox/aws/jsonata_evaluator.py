"""JSONata for moto's Step Functions: its parser takes the language, and it has nothing to evaluate it with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from jsonata import Jsonata
from moto.stepfunctions.parser.api import EvaluationFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.common.query_language import QueryLanguage
from moto.stepfunctions.parser.asl.component.common.string import string_expression
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.intrinsic import jsonata as intrinsic
from moto.stepfunctions.parser.asl.eval import states, variable_store
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.jsonata import validations
from moto.stepfunctions.parser.asl.parse import asl_parser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str


class _NotEvaluated(Exception):
    """The expression has a fault, or its result is none that JSON knows."""


class _OwnScopes(Preprocessor):  # type: ignore[misc]  # moto is not typed here
    """Knows the languages of one definition; moto's own has one list of them for all of its threads."""

    def __init__(self) -> None:
        super().__init__()
        self._query_language_per_scope: list[QueryLanguage] = []


@contextmanager
def jsonata_evaluated() -> Iterator[None]:
    """Evaluate the expressions of `"QueryLanguage": "JSONata"` while the `with` lasts.

    An undefined result, an error of the expression and a result that is no JSON fail the state with
    `States.QueryEvaluationError`, as AWS page "Transforming data with JSONata in Step Functions" says.
    Left out are `$hash` and `$uuid`, which AWS adds to JSONata: they are unknown, so they fail too.
    """
    evaluate_state = StringJSONata._eval_body

    def failing_as_aws_does(expression: StringJSONata, env: Environment) -> None:
        try:
            evaluate_state(expression, env)
        except _NotEvaluated as error:
            raise _query_evaluation_error(env, expression.expression, str(error)) from error

    known = intrinsic._DECLARATION_BY_VARIABLE_REFERENCE.items()
    # moto's stand-ins return a text that says that they are none, and its `$parse` evaluates what is no JSON.
    declared = {name: text for name, text in known if name not in {"$hash", "$parse", "$uuid"}}
    with (
        patch.object(asl_parser, "Preprocessor", _OwnScopes),
        patch.object(intrinsic, "_DECLARATION_BY_VARIABLE_REFERENCE", declared),
        patch.object(StringJSONata, "_eval_body", failing_as_aws_does),
        patch.object(string_expression, "eval_jsonata_expression", _evaluate),
        # It asks whether a null is one, or an undefined result.
        patch.object(validations, "eval_jsonata_expression", _evaluate),
        patch.object(states, "encode_jsonata_variable_declarations", _declare),
        patch.object(variable_store, "encode_jsonata_variable_declarations", _declare),
    ):
        yield


def _evaluate(expression: str) -> Any:
    try:
        parsed = Jsonata(expression)
        parsed.register_lambda("parse", json.loads)
        result = parsed.evaluate(None)
        # The library's own kinds of list become Python's.
        return json.loads(json.dumps(result))
    except Exception as error:
        raise _NotEvaluated(str(error)) from error


def _declare(bindings: dict[str, Any]) -> str:
    """Return the bindings in JSONata, each as JSON for `$parse`: that is faster than JSONata's own parser."""
    texts = {name: json.dumps(to_json_str(value)) for name, value in bindings.items()}
    return "".join(f"{name}:=$parse({text});" for name, text in texts.items())


def _query_evaluation_error(
    env: Environment, expression: str, problem: str
) -> FailureEventException:
    error = StatesErrorName(StatesErrorNameType.StatesQueryEvaluationError)
    details = EvaluationFailedEventDetails(
        error=error.error_name,
        cause=f"The JSONata expression '{expression}' threw an error during evaluation. {problem}",
    )
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=error,
            event_type=HistoryEventType.EvaluationFailed,
            event_details=EventDetails(evaluationFailedEventDetails=details),
        )
    )
