"""Phrases that tests refuse because they are hard to read, and the texts of a file."""

from __future__ import annotations

import ast
import io
import re
import tokenize
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
    r"\b(?i:an?|the|each|every|no|one|first|last|next|another|many) looks?\b(?! like\b)": "check, lookup, poll",
    r"\b(?i:an?|each|every|one) try\b": "attempt, retry",
    r"\b(?:go|goes|going|went) on\b": "continue",
    r"\b(?:ask|asks|asked|asking) for\b": "require, request",
    r"\b[Aa]nswer(?:s|ed)?\b": "response, respond",
    r"\b(?:come|comes|came) of\b": "result of",
    r"\b(?:at|to|until) its end\b": "when it ends, until it ends",
    r"\b(?i:by hand|hand-made)\b": "manually",
    r"\bbeside\b": "with, together with, next to",
    r"\bdear(?:er|est)?\b": "expensive",
    r"\bso many\b": "this number of",
    r"\bturn(?:s|ed)? (?:\w+ ){0,3}away\b": "reject, deny",
    r"\bin vain\b": "without success",
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
    """Return the texts of a file.

    These are the prose of a Markdown page, the docstrings, comments and names of tests in Python, the descriptions,
    messages and comments in Terraform, and the comments of all other files.
    """
    source = file.read_text()
    match file.suffix:
        case ".py":
            return [*_docstrings_and_tests(ast.parse(source)), *_python_comments(source)]
        case ".tf":
            return [line or lines for line, lines in _HCL_TEXT.findall(source)] + _comments(source)
        case ".md":
            return [_NO_PROSE.sub("", CODE_BLOCK.sub("", source))]
        case _:
            return _comments(source)


def _comments(source: str) -> list[str]:
    return re.findall(r"(?:^|\s)#+ (.*)", source)


def _docstrings_and_tests(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield text
            case ast.FunctionDef(name=name) if name.startswith("test_"):
                yield name.replace("_", " ")


def _python_comments(source: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string.lstrip("# ")
