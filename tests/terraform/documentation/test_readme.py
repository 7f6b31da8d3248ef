"""The module blocks of pages are complete, and the blocks of the README are part of the modules' own blocks."""

from __future__ import annotations

import re

import pytest
from hcl2 import loads

from tools.documentation import variables
from tools.paths import PROJECT

BLOCK = re.compile(r"^```hcl\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def arguments(page: str, module: str) -> dict[str, object]:
    """Return the arguments of a module's block on a page."""
    usage, *_ = BLOCK.findall((PROJECT / page).read_text())
    [block] = [b[f'"{module}"'] for b in loads(usage)["module"] if f'"{module}"' in b]
    assert isinstance(block, dict)
    return {key: value for key, value in block.items() if not key.startswith("__")}


@pytest.mark.parametrize("module", ["source", "target"])
def test_the_readme_calls_a_module_like_its_own_page(module: str) -> None:
    shown = arguments("README.md", module)
    planned = arguments(f"modules/{module}/README.md", module)

    assert {key: planned.get(key) for key in shown} == shown


@pytest.mark.parametrize("page", ["README.md", "docs/modules.md"])
@pytest.mark.parametrize("module", ["source", "target"])
def test_a_page_sets_what_a_module_requires(module: str, page: str) -> None:
    found = variables(PROJECT / "modules" / module)
    required = {variable.name for variable in found if variable.fields[0].default is None}

    assert required <= arguments(page, module).keys()
