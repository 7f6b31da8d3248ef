"""What moto's parser does not take of the fields of a distributed map."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser
from moto.stepfunctions.parser.asl.component.common.parargs import Parameters
from moto.stepfunctions.parser.asl.parse import preprocessor
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor


@contextmanager
def map_fields_parsed() -> Iterator[None]:
    """Let `ResultWriter` have `Arguments`, and `ToleratedFailurePercentage` be a whole number.

    moto knows these arguments as `Parameters` only, and not beside JSONata. Left out: JSONata in them. Of the
    percentage it says that it has no effect, which here it has.
    """
    parse = AmazonStateLanguageParser.parse
    visit = Preprocessor.visitParameters_decl

    def parse_in_motos_words(definition: str) -> Any:
        return parse(json.dumps(json.loads(definition, object_pairs_hook=_in_motos_words)))

    def visit_parameters(
        preprocessor: Preprocessor, context: ASLParser.Parameters_declContext
    ) -> Parameters:
        if isinstance(context.parentCtx, ASLParser.Result_writer_fieldContext):
            return Parameters(preprocessor.visit(context.payload_tmpl_decl()))
        return visit(preprocessor, context)

    with (
        patch.object(AmazonStateLanguageParser, "parse", staticmethod(parse_in_motos_words)),
        patch.object(Preprocessor, "visitParameters_decl", visit_parameters),
        patch.object(preprocessor.LOG, "disabled", True),
    ):
        yield


def _in_motos_words(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    words = dict(fields)
    writer, percentage = words.get("ResultWriter"), words.get("ToleratedFailurePercentage")
    if isinstance(writer, dict) and "Arguments" in writer:
        writer["Parameters"] = writer.pop("Arguments")
    if isinstance(percentage, int):
        words["ToleratedFailurePercentage"] = float(percentage)
    return words
