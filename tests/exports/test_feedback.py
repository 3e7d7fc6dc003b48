from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from graders.exports import Notes, Options
from graders.exports.feedback import write_feedback_zip
from graders.exports.students import class_of
from graders.result import Result
from tests.builders.classes import write
from tests.builders.hostile import HOSTILE_NAMES
from tests.builders.results import broken, marked


def made(folder: Path, *results: Result, **options: Any) -> tuple[dict[str, str], Notes]:
    out = folder / "out"
    if not out.exists():
        write(out, *results)
    notes = Notes()
    target = folder / "feedback.zip"
    write_feedback_zip(class_of(out, notes), target, Options(**options), notes)
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len({name.casefold() for name in names}) == len(names)
        assert not [n for n in names if n.startswith("/") or ".." in n.split("/") or "\\" in n]
        return {name: archive.read(name).decode() for name in names}, notes


def moodle_finds(name: str) -> tuple[int, str] | None:
    """Apply Moodle's rules: participant and file, or None where it passes over the member."""
    parts = name.split("/")
    if parts[-1].startswith((".", "~")):
        return None
    while parts:
        info = parts.pop(0).split("_", 4)
        if len(info) < 4 or not info[1].isdigit():
            continue
        assert info[2] in {"assignsubmission", "assignfeedback"}
        assert info[3] in {"file", "onlinetext"}
        rest = [info[4] if len(info) > 4 else "", *parts]
        return int(info[1]), "/".join(rest).rpartition("/")[2]
    return None


def canvas_finds(name: str) -> tuple[str, str] | None:
    """Apply Canvas' rules: the ids of a user and of the file that was handed in."""
    numbers = [part for part in Path(name).name.split("_") if re.fullmatch(r"\d+", part)][:2]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else None


def test_pages_lie_in_their_students_folders(tmp_path):
    members, notes = made(tmp_path, marked("a"), marked("b"))
    assert members == {
        "s00/feedback.html": "<p>page 0</p>",
        "s00/feedback.md": "page 0",
        "s01/feedback.html": "<p>page 1</p>",
        "s01/feedback.md": "page 1",
    }
    assert notes.written == 2


def test_the_same_feedback_gives_the_same_bytes(tmp_path):
    made(tmp_path, marked("a"))
    first = (tmp_path / "feedback.zip").read_bytes()
    os.utime(tmp_path / "out" / "s00" / "feedback.html", (1, 1))
    made(tmp_path)
    assert (tmp_path / "feedback.zip").read_bytes() == first
    with zipfile.ZipFile(tmp_path / "feedback.zip") as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize(
    "label",
    [
        "Maria Rossi_100001_assignsubmission_file_",
        "Maria Rossi_100001_assignsubmission_file",
        "Maria Rossi_100001_assignsubmission_file_hw.ipynb",
        "Group-Maria Rossi_100001_assignsubmission_file_my_own_hw.ipynb",
        "Participant_100001_assignsubmission_onlinetext_",
        "..\\x_100001_assignsubmission_file_/../../y",
        "",
    ],
)
def test_moodle_finds_the_student_of_each_page(tmp_path, label):
    one = marked("Maria_Rossi", ids={"moodle": "100001"}, label=label)
    members, _ = made(tmp_path, one, layout="moodle")
    assert [moodle_finds(name) for name in members] == [(100001, "feedback.html")]


def test_moodle_finds_everybody_whatever_the_name(tmp_path):
    # A result.json is UTF-8, which has no half characters.
    names = [name.encode("utf-8", "replace").decode() for name in HOSTILE_NAMES]
    results = [marked(name, ids={"moodle": str(n)}) for n, name in enumerate(names, 1)]
    members, _ = made(tmp_path, *results, layout="moodle")
    found = {moodle_finds(name) for name in members}
    assert found == {(n, "feedback.html") for n in range(1, len(HOSTILE_NAMES) + 1)}


@pytest.mark.parametrize(
    ("label", "ids"),
    [
        ("rossimaria_4711_9912_hw.ipynb", ("4711", "9912")),
        ("rossimaria_LATE_4711_9912_hw-1.ipynb", ("4711", "9912")),
        ("rossimaria_4711_9912_2_3_hw.ipynb", ("4711", "9912")),
        ("../x_4711_9912_hw.ipynb", ("4711", "9912")),
    ],
)
def test_canvas_finds_the_submission_of_each_page(tmp_path, label, ids):
    members, _ = made(tmp_path, marked(label=label), layout="canvas")
    assert [canvas_finds(name) for name in members] == [ids]


@pytest.mark.parametrize("layout", ["moodle", "canvas"])
@pytest.mark.parametrize("label", ["", "hw.ipynb", "anon_x1y2z_9912_hw.ipynb", "_1_"])
def test_who_can_not_be_found_is_left_out_and_named(tmp_path, layout, label):
    members, notes = made(tmp_path, marked("alice", label=label), layout=layout)
    assert members == {}
    assert "alice" in notes.warnings[0]


def test_two_students_never_share_a_member(tmp_path):
    both = [marked(name, label="x_4711_9912_hw.ipynb") for name in ("alice", "bob")]
    members, notes = made(tmp_path, *both, layout="canvas")
    assert list(members.values()) == ["<p>page 0</p>"]
    assert "bob" in notes.warnings[0]


def test_what_was_not_graded_is_not_handed_back(tmp_path):
    members, notes = made(tmp_path, broken("alice"), marked("bob"))
    assert sorted(members) == ["s01/feedback.html", "s01/feedback.md"]
    assert "alice" in notes.warnings[0]


def test_a_page_that_is_a_link_is_left_out(tmp_path):
    out = write(tmp_path / "out", marked("alice"))
    secret = tmp_path / "secret"
    secret.write_text("key")
    (out / "s00" / "feedback.html").unlink()
    (out / "s00" / "feedback.html").symlink_to(secret)
    members, notes = made(tmp_path)
    assert members == {}
    assert "alice" in notes.warnings[0]
