"""Work that moto repeats for each request or execution."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from moto import backends
from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser

_MAX_TREES = 64


@contextmanager
def patch_module_list() -> Iterator[None]:
    """List moto's services once.

    moto: reads its directory of 200 services for each request. This takes a third of the time of a short request.
    Patch: reads it once.
    """
    services = frozenset(backends.list_of_moto_modules())
    with patch.object(backends, "list_of_moto_modules", lambda: services):
        yield


@contextmanager
def patch_syntax_trees() -> Iterator[None]:
    """Parse the text of a definition once.

    moto: parses the definition at its creation and at the start of each execution, which takes tens of milliseconds.
    Patch: keeps up to 64 syntax trees. Each execution still has its own components, which moto creates from the tree.
    """
    parse = ASLParser.state_machine
    trees: dict[str, ASLParser.State_machineContext] = {}

    def parse_once(parser: ASLParser) -> ASLParser.State_machineContext:
        text = str(parser.getTokenStream().tokenSource.inputStream)
        tree = trees.get(text)
        if tree is None:
            tree = parse(parser)
            if len(trees) >= _MAX_TREES:
                trees.clear()
            if not parser.getNumberOfSyntaxErrors():
                trees[text] = tree
        return tree

    with patch.object(ASLParser, "state_machine", parse_once):
        yield
