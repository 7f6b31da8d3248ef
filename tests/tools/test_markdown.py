"""The Markdown pages: their links lead somewhere, and their prose can be read in any editor."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from tools.paths import PROJECT

PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "modules/**/*.md", "examples/**/*.md", "tests/**/*.md")
    for page in PROJECT.glob(pattern)
)
# `make bench` writes a line for each paragraph.
WRITTEN_BY_HAND = [page for page in PAGES if page != PROJECT / "docs" / "benchmarks.md"]


def name(page: Path) -> str:
    return str(page.relative_to(PROJECT))


@cache
def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return re.sub(r"^```.*?^```$|^    .*?$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Return what can stand behind `#` in a link to a page, made of its headings as GitHub does."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def leads_somewhere(page: Path, link: str) -> bool:
    # GitHub serves a workflow and its badge two levels above the README.
    link = re.sub(r"^\.\./\.\./actions/(workflows/[^/]+)(/badge\.svg)?$", r".github/\1", link)
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_to_files_and_headings_that_are_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", prose(page))

    dead = [link for link in links if "://" not in link and not leads_somewhere(page, link)]
    assert dead == []


@pytest.mark.parametrize("page", WRITTEN_BY_HAND, ids=name)
def test_prose_is_wrapped(page: Path) -> None:
    lines = prose(page).splitlines()

    # A table's row and an image cannot be wrapped.
    assert [line for line in lines if len(line) > 120 and not line.startswith(("|", "!["))] == []
