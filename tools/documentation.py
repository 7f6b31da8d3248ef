"""Write tables of inputs and outputs into the Markdown pages, from the Terraform files.

    python -m tools.documentation

The tables are between `<!-- inputs and outputs of DIRECTORY -->`, with a path relative to the page, and `<!-- end -->`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hcl2.query import (
    AttributeView,
    BlockView,
    DocumentView,
    FunctionCallView,
    NodeView,
    ObjectView,
)
from hcl2.rules.containers import ObjectRule
from hcl2.rules.functions import FunctionCallRule
from hcl2.utils import SerializationOptions, process_escape_sequences

from tools.paths import PROJECT

_MARKED = re.compile(r"(<!-- inputs and outputs of (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
_TEXT = SerializationOptions(strip_string_quotes=True, preserve_heredocs=False)
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Field:
    """An input value: a variable, or a field of an object in a variable.

    Attributes
    ----------
    name
        Name with the names of the surrounding objects, such as `role.path`. Empty for the variable itself.
    type
        Type in Terraform's syntax, but `object` without its fields.
    default
        Default in Terraform's syntax, or None if the value is required.
    """

    name: str
    type: str
    default: str | None


@dataclass(frozen=True)
class Variable:
    """A variable. Its first field is the variable itself."""

    name: str
    description: str
    fields: tuple[Field, ...]


def main() -> None:
    """Write all tables."""
    for page in pages():
        page.write_text(render(page))


def pages() -> list[Path]:
    """Return the Markdown files with tables."""
    files = [
        *PROJECT.glob("docs/*.md"),
        *PROJECT.glob("examples/*/README.md"),
        *PROJECT.glob("modules/*/README.md"),
    ]
    return sorted(file for file in files if _MARKED.search(file.read_text()))


def documented_directories(page: Path) -> list[Path]:
    """Return the directories whose tables are on a page."""
    return [(page.parent / name).resolve() for _, name, _ in _MARKED.findall(page.read_text())]


def render(page: Path) -> str:
    """Return the text of a page with current tables."""

    def replace(match: re.Match[str]) -> str:
        return f"{match[1]}\n{_tables((page.parent / match[2]).resolve())}\n{match[3]}"

    return _MARKED.sub(replace, page.read_text())


def variables(directory: Path) -> list[Variable]:
    """Return the variables of a configuration."""
    return [
        Variable(block.name_labels[0], _text(block, "description"), tuple(_variable_fields(block)))
        for block in _blocks(directory / "variables.tf", "variable")
    ]


def _variable_fields(block: BlockView) -> Iterator[Field]:
    default = block.attribute("default")
    code = _code(default.value_node) if isinstance(default, AttributeView) else None
    return _fields("", _attribute(block, "type").value_node, code)


def _tables(directory: Path) -> str:
    inputs = [
        "| input | type | default | |\n|---|---|---|---|\n",
        *(
            f"| `{variable.name}` | {_types(variable)} | {_default(variable.fields[0])} | {variable.description} |\n"
            for variable in variables(directory)
        ),
    ]
    outputs = [
        "| output | |\n|---|---|\n",
        *(
            f"| `{block.name_labels[0]}` | {_text(block, 'description')} |\n"
            for file in sorted(directory.glob("*.tf"))
            for block in _blocks(file, "output")
        ),
    ]
    return "".join([*inputs, "\n", *outputs])


def _types(variable: Variable) -> str:
    whole, *fields = variable.fields
    # The cell has a line for each field.
    lines = [f"`{field.name}` {field.type}{_format_default(field.default)}" for field in fields]
    return "<br>".join([whole.type, *lines])


def _format_default(default: str | None) -> str:
    match default:
        case None:
            return ""
        case "null":
            return ", optional"
    return f" = `{default}`"


def _default(field: Field) -> str:
    return "required" if field.default is None else f"`{field.default}`"


def _fields(name: str, node: NodeView, default: str | None) -> Iterator[Field]:
    """Yield a value and, if it is an object or a collection of objects, their fields."""
    objects = [call for call in _calls(node) if call.name == "object"]
    if not objects:
        yield Field(name, _code(node), default)
        return
    yield Field(name, _code(node).replace(_code(objects[0]), "object"), default)
    for fields in objects[0].find_all(ObjectRule)[:1]:
        assert isinstance(fields, ObjectView)
        for key, value in fields.entries:
            yield from _fields(f"{name}.{key}".removeprefix("."), *_optional(value))


def _optional(node: NodeView) -> tuple[NodeView, str | None]:
    """Return the type of a field without `optional`, and its default."""
    for call in _calls(node)[:1]:
        if call.name == "optional":
            inner, *default = call.args
            return inner, _code(default[0]) if default else "null"
    return node, None


def _calls(node: NodeView) -> list[FunctionCallView]:
    """Return the calls in a type, such as `object(…)`, from the outside in."""
    found = node.find_all(FunctionCallRule)
    return [call for call in found if isinstance(call, FunctionCallView)]


def _code(node: NodeView) -> str:
    return _SPACE.sub(" ", node.to_hcl()).strip()


def _text(block: BlockView, attribute: str) -> str:
    value = _attribute(block, attribute).to_dict(_TEXT)[attribute]
    return _SPACE.sub(" ", process_escape_sequences(value)).replace("|", r"\|")


def _attribute(block: BlockView, name: str) -> AttributeView:
    attribute = block.attribute(name)
    assert isinstance(attribute, AttributeView), f"{block.labels} has no {name}"
    return attribute


def _blocks(file: Path, kind: str) -> list[BlockView]:
    text = file.read_text()
    # Parsing takes seconds.
    blocks = DocumentView.parse(text).blocks(kind) if f'{kind} "' in text else []
    return [block for block in blocks if isinstance(block, BlockView)]


if __name__ == "__main__":
    main()
