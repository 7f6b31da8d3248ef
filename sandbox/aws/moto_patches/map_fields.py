"""Fields of a distributed map in the Amazon States Language."""

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
def patch_map_fields() -> Iterator[None]:
    """Accept `Arguments` in `ResultWriter`, and an integer as `ToleratedFailurePercentage`.

    moto: accepts only `Parameters`, and only with JSONPath. It accepts only floating-point percentages, and logs that
    they have no effect.
    AWS: with JSONata, `ResultWriter` has `Arguments`; the percentage is a number. Sources: "ResultWriter (Map)" and
    "Setting failure thresholds for Distributed Map states" in the AWS Step Functions Developer Guide.
    Patch: renames and converts the fields before moto parses the definition, and disables the log message, because
    `patch_distributed_map` applies the percentage.
    Limits: no JSONata in these arguments.
    """
    parse = AmazonStateLanguageParser.parse
    visit = Preprocessor.visitParameters_decl

    def parse_converted(definition: str) -> Any:
        return parse(json.dumps(json.loads(definition, object_pairs_hook=_convert_fields)))

    def visit_parameters(
        preprocessor: Preprocessor, context: ASLParser.Parameters_declContext
    ) -> Parameters:
        if isinstance(context.parentCtx, ASLParser.Result_writer_fieldContext):
            return Parameters(preprocessor.visit(context.payload_tmpl_decl()))
        return visit(preprocessor, context)

    with (
        patch.object(AmazonStateLanguageParser, "parse", staticmethod(parse_converted)),
        patch.object(Preprocessor, "visitParameters_decl", visit_parameters),
        patch.object(preprocessor.LOG, "disabled", True),
    ):
        yield


def _convert_fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    writer, percentage = fields.get("ResultWriter"), fields.get("ToleratedFailurePercentage")
    if isinstance(writer, dict) and "Arguments" in writer:
        writer["Parameters"] = writer.pop("Arguments")
    if isinstance(percentage, int):
        fields["ToleratedFailurePercentage"] = float(percentage)
    return fields
