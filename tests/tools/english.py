"""Phrases that tests refuse because they are hard to read, and the texts of a file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

REFUSED = {
    r"\b(?:Who|Whoever|Whatever) [^.?]*\.": "name the actor: 'To run the DAG again, start …'",
    r"\b(?:is|are|was|were|be|been) made\b(?! (?:of|up|from)\b)": "created",
    r"\b[Mm]ak(?:e|es|ing) (?:\w+ ){0,2}(?:second one|DAG runs?|state machines?|roles?|buckets?)\b": "create",
    r"\bmade (?:here|again)\b|\banew\b": "created by this module, recreate",
    r"\b[Tt]ak(?:e|es|en|ing) (?:\w+ ){0,3}away\b": "delete",
    r"\b(?i:an?|no|each|every) (?:\w+ ){1,3}of (?:its|their|our|your) own\b": "its own key, not a key of its own",
    r"\bthe ones?(?= (?:that|which|who|of|in|to|for|from|with|is|are)\b|[.,;:)])": "repeat the noun",
    r"\bone that\b|\bneither of both\b": "repeat the noun",
    r"\b(?:that|those) of\b(?! course)": "repeat the noun",
    r"\b(?:is|are|was|were|be)(?: not)? there\b": "exists, does not exist",
    r"\bleft out\b|\b[Ll]eav(?:e|es|ing) (?:\w+ )?out\b": "omitted, defaults to",
    r"\bfor ever\b": "indefinitely",
}
"""Regular expressions of the phrases, each with the words to use instead."""

CODE_BLOCK = re.compile(r"^```.*?^```$|^    .*?$", re.DOTALL | re.MULTILINE)

# Tables that `make docs` writes, and the targets of links.
_NO_PROSE = re.compile(r"<!-- inputs.*?<!-- end -->|(?<=\])\([^)\s]*\)", re.DOTALL)
_HCL_TEXT = re.compile(
    r'(?:description|error_message) += (?:"((?:[^"\\]|\\.)*)"|<<-EOT\n(.*?)\n +EOT)', re.DOTALL
)


def refused_phrases(text: str) -> list[str]:
    """Return each refused phrase with its context and a better phrase."""
    line = " ".join(re.sub(r"`[^`]*`", "NAME", text).split())
    return [
        f"…{line[max(0, match.start() - 40) : match.end() + 40]}… → {instead}"
        for pattern, instead in REFUSED.items()
        for match in re.finditer(pattern, line)
    ]


def texts(file: Path) -> list[str]:
    """Return the prose of a Markdown page, or the docstrings or the descriptions in a source file."""
    source = file.read_text()
    match file.suffix:
        case ".py":
            return list(_docstrings(ast.parse(source)))
        case ".tf":
            return [line or lines for line, lines in _HCL_TEXT.findall(source)]
        case _:
            return [_NO_PROSE.sub("", CODE_BLOCK.sub("", source))]


def _docstrings(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield text
