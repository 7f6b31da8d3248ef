"""What a timeline shows, and where it can be written."""

from __future__ import annotations

from pathlib import Path

import pytest
from mwaa_dags.batches import MAX_DETAILS, Batch, DagRunState, Item, has_details
from mwaa_dags.errors import ConsoleError
from mwaa_dags.output import Output
from mwaa_dags.timeline import check_file, select_items


def batch_of(total: int) -> Batch:
    items = [
        Item(
            index=index,
            item={},
            status="SUCCEEDED",
            run_id=None,
            dag_run=DagRunState.EXISTS,
            execution_arn="arn" if has_details("SUCCEEDED", index) else None,
        )
        for index in range(total)
    ]
    return Batch(total=total, counts={}, tolerated_percentage=0, items=items)


@pytest.mark.parametrize(
    ("total", "printed"),
    [(MAX_DETAILS, ""), (250, "200 of 250 items are drawn.\n")],
    ids=["all", "the first"],
)
def test_a_timeline_names_the_number_of_items_that_are_drawn(
    total: int, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = select_items(Output(as_json=False), batch_of(total))

    assert [item.index for item in drawn] == list(range(MAX_DETAILS))
    assert capsys.readouterr().out == printed


def test_the_execution_of_each_failed_item_is_looked_up() -> None:
    assert has_details("FAILED", 10_000)


def test_a_timeline_can_replace_a_file_or_create_a_directory(tmp_path: Path) -> None:
    existing = tmp_path / "existing.svg"
    existing.write_text("picture")

    check_file(existing)
    check_file(tmp_path / "new" / "timeline.SVG")

    assert existing.read_text() == "picture"
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x.html", "must name an .svg file, such as timeline.svg"),
        ("timeline", "must name an .svg file"),
        ("file/x.svg", "x.svg cannot be written: "),
        ("directory.svg", "directory.svg cannot be written: Is a directory"),
    ],
    ids=["other format", "no format", "file as directory", "directory"],
)
def test_a_timeline_that_cannot_be_written_is_refused(
    tmp_path: Path, name: str, words: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "directory.svg").mkdir()

    with pytest.raises(ConsoleError, match=words):
        check_file(tmp_path / name)
