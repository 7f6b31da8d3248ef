"""Markdown pages have valid links, existing commands and wrapped lines, and the English of all texts is plain."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from tests.tools.english import CODE_BLOCK, refused_phrases, texts
from tools.paths import PROJECT

PLAIN_ENGLISH = (
    "*.md",
    "*.tf",
    ".ci/run",
    ".github/*.md",
    "Makefile",
    "console/**/*.py",
    "docs/**/*.md",
    "environments/*.tfvars",
    "examples/**/*.tf",
    "lambda/**/*.in",
    "lambda/**/*.py",
    "modules/**/*.tf",
    "pyproject.toml",
    "requirements-dev.in",
    "sandbox/**/*.py",
    "tests/clients/*.in",
    "tests/conftest.py",
    *(
        f"tests/{directory}/**/*.py"
        for directory in (
            "benchmarks",
            "clients",
            "console",
            "e2e",
            "faults",
            "iam",
            "lambda",
            "sandbox",
            "support",
            "terraform",
            "tools",
        )
    ),
    "tools/*.in",
    "tools/**/*.py",
)
"""Files whose English is checked."""


def files(*patterns: str) -> list[Path]:
    return sorted({file for pattern in patterns for file in PROJECT.glob(pattern)})


PAGES = files(
    "*.md",
    ".github/*.md",
    "docs/**/*.md",
    "examples/**/*.md",
    "modules/**/*.md",
    "tests/**/*.md",
)
# `make bench` writes a line for each paragraph.
WRITTEN_BY_HAND = [page for page in PAGES if page != PROJECT / "docs" / "benchmarks.md"]


def name(page: Path) -> str:
    return str(page.relative_to(PROJECT))


@cache
def prose(page: Path) -> str:
    """Return the text of a page without code blocks."""
    return CODE_BLOCK.sub("", page.read_text())


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page. GitHub derives them from the headings."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_valid(page: Path, link: str) -> bool:
    # GitHub serves a workflow and its badge two levels above the README.
    link = re.sub(r"^\.\./\.\./actions/(workflows/[^/]+)(/badge\.svg)?$", r".github/\1", link)
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_to_existing_files_and_headings(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", prose(page))

    dead = [link for link in links if "://" not in link and not is_valid(page, link)]
    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_all_make_commands_of_a_page_exist(page: Path) -> None:
    commands = re.findall(
        r"(?:`|^ +)(?:[A-Z]+=\S+ )?make (?:-C \S+ )?([a-z-]+)", page.read_text(), re.MULTILINE
    )
    targets = re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE)

    assert set(commands) <= set(targets)


@pytest.mark.parametrize("page", WRITTEN_BY_HAND, ids=name)
def test_prose_is_wrapped(page: Path) -> None:
    lines = prose(page).splitlines()

    # Table rows and images cannot be wrapped.
    assert [line for line in lines if len(line) > 120 and not line.startswith(("|", "!["))] == []


@pytest.mark.parametrize("file", files(*PLAIN_ENGLISH), ids=name)
def test_english_is_plain(file: Path) -> None:
    assert [phrase for text in texts(file) for phrase in refused_phrases(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "Who wants another run starts another execution.",
        "The log group that is made by this module.",
        "Retries make no second one.",
        "The role is recreated, and the policy written anew.",
        "This takes all of it away.",
        "A key of its own.",
        "The newest is the one to use.",
        "Repeat the request, or send one that\nis smaller.",
        "The role and those of the sources.",
        "The run is not there.",
        "The workspace if left out.",
        "Kept for ever.",
        "There were two polls, and each look found it running.",
        "Each try sends the command.",
        "The run goes on.",
        "The source asks for a run.",
        "MWAA answered with HTTP 504.",
        "That came of an attempt.",
        "Wait for an execution to its end.",
        "A role that was created by hand.",
        "Tags beside the default tags.",
        "A plan is dear.",
        "Wait for so many seconds.",
        "The server turned the command away.",
        "It looked in vain.",
    ],
)
def test_a_phrase_that_has_to_be_decoded_is_refused(text: str) -> None:
    assert refused_phrases(text)


@pytest.mark.parametrize(
    "text",
    [
        "Who owns the account? The target team.",
        "The table is made of rows.",
        "Make each function idempotent.",
        "Of course there is a default.",
        "The names look like one word.",
    ],
)
def test_plain_english_is_accepted(text: str) -> None:
    assert refused_phrases(text) == []


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("page.md", "# Heading\n\nKept for ever, `not for ever`.\n\n    for ever\n"),
        ("module.py", 'X = "for ever"\n"""Kept for ever."""\n'),
        ("line.tf", 'variable "x" {\n  description = "Kept for ever."\n}\n'),
        ("lines.tf", 'variable "x" {\n  description = <<-EOT\n    Kept for ever.\n  EOT\n}\n'),
        ("validation.tf", 'error_message = "Kept for ever."\n'),
        ("comment.tf", 'x = "for ever" # Kept for ever.\n'),
        ("comment.py", "X = 1  # Kept for ever.\n"),
        ("test.py", "def test_a_run_is_kept_for_ever(): pass\n"),
        ("Makefile", "clean: ## Delete what is kept for ever\n\tfor ever\n"),
    ],
    ids=[
        *("page", "docstring", "description", "long description", "validation message"),
        *("comment in Terraform", "comment in Python", "name of a test", "comment of another file"),
    ],
)
def test_only_the_text_of_a_file_is_checked(tmp_path: Path, file: str, source: str) -> None:
    (tmp_path / file).write_text(source)

    assert sum(len(refused_phrases(text)) for text in texts(tmp_path / file)) == 1
