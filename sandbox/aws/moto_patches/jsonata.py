"""JSONata in Step Functions."""

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


class _EvaluationError(Exception):
    """The expression is invalid, or its result cannot be written as JSON."""


class _ThreadSafePreprocessor(Preprocessor):  # type: ignore[misc]  # moto is not typed here
    """A preprocessor with its own stack of query languages."""

    def __init__(self) -> None:
        super().__init__()
        self._query_language_per_scope: list[QueryLanguage] = []


@contextmanager
def patch_jsonata() -> Iterator[None]:
    """Evaluate JSONata expressions.

    moto: parses JSONata, but has no evaluator, so that each expression raises a `TypeError`. Its parser has one stack
    of query languages for all threads. Its `$parse` evaluates its argument as an expression.
    AWS: fails the state with `States.QueryEvaluationError` if the expression is invalid, or if its result is undefined
    or cannot be written as JSON. Source: "Transforming data with JSONata in Step Functions" in the AWS Step Functions
    Developer Guide.
    Patch: evaluates with the package `jsonata-python`, converts errors, and gives each parser its own stack.
    Limits: no `$hash` and `$uuid`. An expression that calls them fails.
    """
    evaluate_state = StringJSONata._eval_body

    def convert_error(expression: StringJSONata, env: Environment) -> None:
        try:
            evaluate_state(expression, env)
        except _EvaluationError as error:
            raise _create_query_evaluation_error(env, expression.expression, str(error)) from error

    declarations = intrinsic._DECLARATION_BY_VARIABLE_REFERENCE.items()
    # moto's `$hash` and `$uuid` are placeholders that return a message.
    supported = {
        name: text for name, text in declarations if name not in {"$hash", "$parse", "$uuid"}
    }
    with (
        patch.object(asl_parser, "Preprocessor", _ThreadSafePreprocessor),
        patch.object(intrinsic, "_DECLARATION_BY_VARIABLE_REFERENCE", supported),
        patch.object(StringJSONata, "_eval_body", convert_error),
        patch.object(string_expression, "eval_jsonata_expression", _evaluate),
        # This module uses it to distinguish null from undefined.
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
        # Convert the library's list types to Python's.
        return json.loads(json.dumps(result))
    except Exception as error:
        raise _EvaluationError(str(error)) from error


def _declare(bindings: dict[str, Any]) -> str:
    """Return the bindings in JSONata. `$parse` reads their values faster than JSONata's parser does."""
    texts = {name: json.dumps(to_json_str(value)) for name, value in bindings.items()}
    return "".join(f"{name}:=$parse({text});" for name, text in texts.items())


def _create_query_evaluation_error(
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
