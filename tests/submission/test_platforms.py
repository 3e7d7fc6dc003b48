from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.errors import IntakeError, SubmissionError
from graders.submission import Submission, find_submissions
from graders.submission.layouts import canvas as canvas_layout
from graders.submission.layouts import gradescope as gradescope_layout
from graders.submission.layouts import moodle as moodle_layout
from graders.submission.layouts.nbgrader import parse_time
from tests.builders.submissions import (
    Files,
    canvas_name,
    github,
    gradescope,
    lay,
    moodle,
    moodle_flat,
    moodle_name,
    nbgrader,
    pack,
    work,
    zipped,
)

CLASS = {
    ("Alice Ash", 101): {"hw.ipynb": work(1)},
    ("Bo van der Birch", 102): {"my work/hw.ipynb": work(2), "my work/data.csv": b"1"},
}


@pytest.fixture(params=["folder", "one above", "zip", "tgz"])
def found(request, tmp_path: Path):
    """Find a class's files in each form that a TA may point at."""

    def find(files: Files, **wish: str) -> dict[str, Submission]:
        if request.param == "folder":
            path = lay(tmp_path / "class", files)
        elif request.param == "one above":
            path = lay(tmp_path / "above" / "class", files).parent
        else:
            path = zipped(tmp_path / "downloads", files, f"class.{request.param}")
        listed = find_submissions([path], unpack_into=tmp_path / "unpacked", **wish)
        assert len({one.student for one in listed}) == len(listed)
        return {one.student: one for one in listed}

    return find


def keys(found: dict[str, Submission]) -> dict[str, str]:
    return {name: one.key for name, one in found.items()}


# Moodle


@pytest.mark.parametrize("old", [True, False])
def test_moodles_folders_give_names_and_numbers(found, old):
    got = found(moodle(CLASS, old=old))
    assert keys(got) == {"Alice Ash": "moodle:101", "Bo van der Birch": "moodle:102"}
    assert got["Alice Ash"].read() == work(1)
    assert got["Bo van der Birch"].brought() == {"data.csv": b"1"}


def test_moodles_files_without_folders_get_their_own_names_back(found):
    students = {("Alice Ash", 101): {"hw_1.ipynb": work(1), "my_helpers.py": b"y = 1"}}
    alice = found(moodle_flat(students | {("Bo Birch", 102): {"hw.ipynb": work(2)}}))["Alice Ash"]
    assert (alice.file_name, alice.read()) == ("hw_1.ipynb", work(1))
    assert alice.brought() == {"my_helpers.py": b"y = 1"}


def test_blind_marking_tells_participants_apart(found):
    got = found(moodle({("Participant", n): {"hw.ipynb": work(n)} for n in (11, 12)}))
    assert keys(got) == {"Participant 11": "moodle:11", "Participant 12": "moodle:12"}


def test_a_team_goes_by_its_own_name_and_the_default_team_has_no_number(found):
    files = moodle({("Team A", 5): {"hw.ipynb": work(1)}})
    got = found(files | {f"{moodle_name('Default group')}/hw.ipynb": work(2)})
    assert keys(got) == {"Team A": "moodle:5", "Default group": "name:Default group"}


def test_the_groups_name_is_taken_off_where_everybody_has_it(found):
    names = ("Ada Alder", "Bo Birch", "Cy Cedar")
    got = found(moodle({(f"Tutorial-2-{name}", n): {"hw.py": b"x = %d" % n} for n, name in
                        enumerate(names, 1)}))  # fmt: skip
    assert sorted(got) == list(names)


def test_what_was_typed_into_moodles_form_is_no_file_of_work(found):
    typed = {f"{moodle_name('Alice Ash', 101, 'onlinetext')}/onlinetext.html": b"<p>hi</p>"}
    only = {f"{moodle_name('Cy Cedar', 103, 'onlinetext')}/onlinetext.html": b"<p>hi</p>"}
    got = found(moodle(CLASS) | typed | only)
    assert got["Alice Ash"].read() == work(1)
    assert "holds no notebook" in str(got["Cy Cedar"].problem)


def test_two_students_of_one_name_both_get_their_number(found):
    got = found(moodle({("Alice Ash", n): {"hw.ipynb": work(n)} for n in (7, 8)}))
    assert sorted(got) == ["Alice Ash (7)", "Alice Ash (8)"]


def test_a_stray_file_among_moodles_folders_is_kept_by_its_own_name(found):
    got = found(moodle(CLASS) | {"late one.ipynb": work(9), "grades.csv": b"a,b"})
    assert sorted(got) == ["Alice Ash", "Bo van der Birch", "late one"]
    assert got["late one"].read() == work(9)


def test_feedback_goes_back_under_moodles_own_name(found):
    got = found(moodle(CLASS, old=True))
    assert got["Alice Ash"].handed.label == "Alice Ash_101_assignsubmission_file_"


NAMES = st.text(
    st.characters(exclude_characters="_/\\\0", exclude_categories=("C", "Z")), min_size=1
)


@given(NAMES, st.integers(1, 10**12), NAMES, st.booleans())
def test_any_name_goes_into_moodles_and_comes_out_again(student, number, file, flat):
    name = moodle_name(student, number) + (f"_{file}" if flat else "")
    entry = moodle_layout.parse(name, folder=not flat)
    assert entry is not None
    assert (entry.student, entry.id) == (student, str(number))
    assert entry.file == (file if flat else "")


@given(st.text())
def test_any_text_is_a_name_of_moodles_and_canvas_or_none(text):
    for entry in (moodle_layout.parse(text, folder=True), moodle_layout.parse(text, folder=False)):
        assert entry is None or "_assignsubmission_" in text
    entry = canvas_layout.parse(text)
    assert entry is None or entry.id in text


# Canvas


def test_canvas_files_are_gathered_by_user_and_lose_their_prefix(found):
    files = {
        canvas_name("Ash, Alice", 4711, 9921, "hw_10.ipynb"): work(1),
        canvas_name("Ash, Alice", 4711, 9922, "helpers.py"): b"y = 1",
        canvas_name("Birch, Bo", 4712, 9923, "hw.ipynb", late=True): work(2),
    }
    got = found(files)
    assert keys(got) == {"ashalice": "canvas:4711", "birchbo": "canvas:4712"}
    assert got["ashalice"].file_name == "hw_10.ipynb"
    assert got["ashalice"].brought() == {"helpers.py": b"y = 1"}
    assert [got[name].handed.late for name in ("ashalice", "birchbo")] == [False, True]
    assert got["birchbo"].handed.label == "birchbo_LATE_4712_9923_hw.ipynb"


def test_anonymous_files_of_canvas_are_told_apart(found):
    files = {f"anon_x1y{n}z_{n}9921_hw.ipynb": work(n) for n in (1, 2)}
    files["LATE_anon_abcde_39921_hw.ipynb"] = work(3)
    got = found(files)
    assert sorted(one.key for one in got.values()) == [
        "canvas:anon_abcde",
        "canvas:anon_x1y1z",
        "canvas:anon_x1y2z",
    ]
    assert got["anon_abcde"].handed.late


def test_of_canvas_attempts_the_latest_counts_and_it_is_said(found):
    files = {
        canvas_name("Ash, Alice", 4711, 9921, "hw.ipynb"): work(1),
        canvas_name("Ash, Alice", 4711, 9999, "hw-2.ipynb"): work(2),
        canvas_name("Birch, Bo", 4712, 9923, "hw.ipynb"): work(3),
    }
    alice = found(files)["ashalice"]
    assert (alice.read(), alice.handed.attempt) == (work(2), 3)
    assert alice.chosen == "Of several attempts the latest counts, and not hw.ipynb."


def test_a_number_that_everybodys_file_has_is_no_attempt(found):
    files = {canvas_name(f"S{n}", 4700 + n, 9900 + n, "lab-3.ipynb"): work(n) for n in range(4)}
    assert {one.handed.attempt for one in found(files).values()} == {None}


def test_a_module_that_was_handed_in_again_can_be_imported(found):
    files = {
        canvas_name("Ash, Alice", 4711, 9921, "hw-1.ipynb"): work(1),
        canvas_name("Ash, Alice", 4711, 9922, "helpers-1.py"): b"y = 1",
    }
    (alice,) = found(files).values()
    assert alice.brought() == {"helpers.py": b"y = 1"}


def test_what_was_typed_into_canvas_form_is_no_work(found):
    files = {
        canvas_name("Ash, Alice", 4711, 9921, "hw.ipynb"): work(1),
        "birchbo_4712_text.html": b"<p>sorry</p>",
    }
    got = found(files)
    assert "holds no notebook" in str(got["birchbo"].problem)
    assert got["birchbo"].key == "canvas:4712"


LOWER = st.text("abcdefghijklmnopqrstuvwxyzäéø_", max_size=30).map(lambda name: name.strip("_"))


@given(LOWER, st.integers(1, 10**9), st.integers(1, 10**9), NAMES, st.booleans())
def test_any_name_goes_into_canvas_and_comes_out_again(student, user, file_id, file, late):
    entry = canvas_layout.parse(canvas_name(student or "x", user, file_id, file, late=late))
    assert entry == canvas_layout.Entry(student or "x", str(user), str(file_id), late, file)


# Gradescope


def test_a_groups_work_in_gradescope_is_each_submitters(found):
    got = found(
        gradescope(
            {
                "submission_1": ([("Alice Ash", "s1", "a@x.org")], {"hw.ipynb": work(1)}),
                "submission_2": (
                    [("Bo Birch", "s2", "b@x.org"), ("Cy Cedar", "", "c@x.org")],
                    {"hw.ipynb": work(2), "data.csv": b"1"},
                ),
            }
        )
    )
    assert keys(got) == {"Alice Ash": "sid:s1", "Bo Birch": "sid:s2", "Cy Cedar": "email:c@x.org"}
    assert got["Bo Birch"].read() == got["Cy Cedar"].read() == work(2)
    assert got["Alice Ash"].handed.submitted_at == datetime(
        2026, 5, 11, 21, 59, 30, 123456, tzinfo=UTC
    )
    assert got["Alice Ash"].handed.label == "submission_1"


def test_a_submission_that_gradescope_names_and_that_is_not_there_is_kept(found):
    files = gradescope(
        {
            "submission_1": ([("Alice Ash", "s1", "a@x.org")], {"hw.ipynb": work(1)}),
            "submission_2": ([("Bo Birch", "s2", "b@x.org")], {}),
        }
    )
    assert "holds no notebook" in str(found(files)["Bo Birch"].problem)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe\x00",
        b"a: [",
        b"- 1\n- 2\n",
        b"[" * 200_000,
        b"? [a]\n: b\n",
        b"a: &a [*a]",
        b"{" * 200_000,
        b"a" * 1_000,
    ],
    ids=lambda text: repr(text[:10]),
)
def test_metadata_that_is_none_is_refused_at_once(text):
    began = time.monotonic()
    with pytest.raises(IntakeError, match="Export the submissions"):
        gradescope_layout.read_metadata("submission_metadata.yml", text)
    assert time.monotonic() - began < 60


def test_aliases_in_metadata_multiply_nothing():
    levels = ["a: &l0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"b{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 40)]
    entries = gradescope_layout.read_metadata("m", "\n".join(levels).encode())
    assert len(entries) == 1


# nbgrader


def test_nbgrader_gives_the_login_and_the_time_with_its_zone(found):
    files = nbgrader(
        {
            "alice": {"ps1": {"hw.ipynb": work(1), "data.csv": b"1"}},
            "bo": {"ps1": {"hw.ipynb": b"{}"}},
        },
        "2026-02-02 15:58:23.948203 America/Los_Angeles",
    )
    got = found(files)
    assert keys(got) == {"alice": "login:alice", "bo": "login:bo"}
    handed = got["alice"].handed.submitted_at
    assert handed is not None
    assert handed.astimezone(UTC) == datetime(2026, 2, 2, 23, 58, 23, 948203, tzinfo=UTC)
    assert got["alice"].brought() == {"data.csv": b"1"}


SEVERAL = nbgrader(
    {
        "alice": {"ps1": {"a.ipynb": work(1)}, "Fashion CNN": {"b.ipynb": work(2)}},
        "bo": {"ps1": {"a.ipynb": work(3)}},
    }
)


def test_of_nbgraders_assignments_the_one_that_is_graded_counts(found):
    got = found(SEVERAL, assignment="fashion_cnn")
    assert {name: one.read() for name, one in got.items()} == {"alice": work(2)}


def test_the_ta_can_name_nbgraders_assignment(found):
    got = found(SEVERAL, notebook="ps1/*")
    assert {one.chosen for one in got.values()} == {""}
    assert {name: one.read() for name, one in got.items()} == {"alice": work(1), "bo": work(3)}


def test_nbgraders_assignments_that_cannot_be_told_are_named(tmp_path):
    with pytest.raises(IntakeError, match=r"several assignments \(Fashion CNN, ps1\)"):
        find_submissions([lay(tmp_path / "course", SEVERAL)])


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-02-02 15:58:23.948203 America/Los_Angeles", "2026-02-02T23:58:23.948203"),
        ("2026-07-02 15:58:23 Europe/Zurich\n", "2026-07-02T13:58:23"),
        ("2026-02-02 15:58:23 UTC", "2026-02-02T15:58:23"),
        ("2026-02-02 15:58:23.948203", "2026-02-02T15:58:23.948203"),
        ("2026-02-02T15:58:23+02:00", "2026-02-02T13:58:23"),
        ("2026-02-02 15:58:23 +0000", "2026-02-02T15:58:23"),
    ],
)
def test_a_time_of_nbgrader_is_read_with_its_zone(text, utc):
    read = parse_time(text)
    assert read is not None
    assert read.astimezone(UTC).isoformat() == f"{utc}+00:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-13-02 15:58:23",
        "2026-02-02 15:58:23 ../../etc/passwd",
        "2026-02-02 15:58:23 /etc/passwd",
        "2026-02-02 15:58:23 Moon/Base",
        "2026-02-02 15:58:23 Europe",
        "0001-01-01 00:00:00 +14:00",
    ],
)
def test_a_time_that_nobody_can_tell_is_none(text):
    assert parse_time(text) is None


# GitHub Classroom


def test_clones_give_the_login_without_the_assignments_name(found):
    got = found(github("hw10", {"alice": {"hw.ipynb": work(1)}, "bo-birch": {"hw.ipynb": work(2)}}))
    assert keys(got) == {"alice": "github:alice", "bo-birch": "github:bo-birch"}


def test_clones_a_level_deeper_are_named_after_their_folder(tmp_path):
    folder = tmp_path / "class" / "hw-10-submissions"
    lay(folder, github("hw-10", {"a-b": {"hw.ipynb": work(1)}, "a-c": {"hw.ipynb": work(2)}}))
    got = find_submissions([folder.parent])
    assert [one.student for one in got] == ["a-b", "a-c"]


def test_git_is_nothing_that_is_brought_along(found):
    got = found(github("hw10", {"alice": {"hw.ipynb": work(1)}, "bo": {"hw.ipynb": work(2)}}))
    assert got["alice"].brought() == {}


# Several downloads


def test_a_student_in_two_downloads_counts_once_with_the_latest(tmp_path):
    first = nbgrader({"alice": {"ps1": {"hw.ipynb": work(1)}}}, "2026-02-02 15:58:23 UTC")
    second = nbgrader({"alice": {"ps1": {"hw.ipynb": work(2)}}}, "2026-02-01 15:58:23 UTC")
    paths = [lay(tmp_path / "a", first), lay(tmp_path / "b", second)]
    (alice,) = find_submissions(paths)
    assert alice.read() == work(1)
    assert alice.chosen == "It was handed in 2 times; the latest counts."


def test_two_sections_zips_are_one_class(tmp_path):
    paths = [
        pack(tmp_path / f"{n}.zip", moodle({(f"Student {n}", n): {"hw.ipynb": work(n)}}))
        for n in (1, 2)
    ]
    got = find_submissions(paths, unpack_into=tmp_path / "unpacked")
    assert [one.key for one in got] == ["moodle:1", "moodle:2"]


# Near misses


def students(folder: Path) -> list[str]:
    return [one.student for one in find_submissions([folder])]


def test_folders_with_numbers_in_their_names_are_students(tmp_path):
    for name in ("a_1_b", "b_1_b", "c_2_2_b"):
        lay(tmp_path / name, {"hw.ipynb": work(1)})
    assert students(tmp_path) == ["a_1_b", "b_1_b", "c_2_2_b"]


def test_one_file_in_canvas_pattern_among_others_is_called_as_it_is(tmp_path):
    lay(tmp_path, {name: work(1) for name in ("ash_1_2_hw.ipynb", "bo.ipynb", "cy.ipynb")})
    assert students(tmp_path) == ["ash_1_2_hw", "bo", "cy"]


def test_a_sheets_number_in_everybodys_file_name_is_not_canvas(tmp_path):
    lay(tmp_path, {f"{name}_1_2_hw.ipynb": work(1) for name in ("alice", "bo", "cy")})
    assert students(tmp_path) == ["alice_1_2_hw", "bo_1_2_hw", "cy_1_2_hw"]


def test_folders_in_folders_without_times_are_not_nbgraders(tmp_path):
    lay(tmp_path, {f"{name}/week 1/hw.ipynb": work(1) for name in ("alice", "bo")})
    assert [one.key for one in find_submissions([tmp_path])] == ["name:alice", "name:bo"]


def test_one_repository_alone_is_a_student_of_its_whole_name(tmp_path):
    lay(tmp_path, github("hw", {"alice": {"hw.ipynb": work(1)}}))
    assert students(tmp_path) == ["hw-alice"]


def test_a_student_with_many_repositories_inside_stays_one(tmp_path):
    lay(tmp_path / "class" / "alice", github("hw", {"a": {"x.ipynb": work(1)}, "b": {}}))
    lay(tmp_path / "class" / "bo", {"hw.ipynb": work(2)})
    assert students(tmp_path / "class") == ["alice", "bo"]


def test_an_archive_that_claims_to_be_a_class_is_one_students_among_others(tmp_path):
    claims = {canvas_name("Rival", 4711, 9921, "hw.ipynb"): b"{}", "x_4712_9922_b.ipynb": work(1)}
    paths = [
        pack(tmp_path / "mallory.zip", claims),
        pack(tmp_path / "alice.zip", {"hw.ipynb": work(2)}),
    ]
    got = find_submissions(paths, unpack_into=tmp_path / "unpacked")
    assert [one.key for one in got] == ["name:alice", "name:mallory"]


def test_without_a_place_to_unpack_an_archive_is_one_students(tmp_path):
    path = zipped(tmp_path, moodle(CLASS))
    assert [one.student for one in find_submissions([path])] == ["class"]


def test_a_class_in_a_class_of_one_folder_is_found(tmp_path):
    lay(tmp_path / "above" / "x", {f"{n}/hw.ipynb": work(1) for n in ("alice", "bo")})
    assert students(tmp_path / "above") == ["alice", "bo"]


def test_a_folder_called_submissions_holds_the_class(tmp_path):
    lay(tmp_path / "course" / "hw10-submissions", {"alice.ipynb": work(1), "bo.ipynb": work(2)})
    assert students(tmp_path / "course") == ["alice", "bo"]


def test_graders_feedback_is_no_student(tmp_path):
    lay(tmp_path, {"alice/hw.ipynb": work(1), "feedback/alice.html": b"", "roster.csv": b""})
    assert students(tmp_path) == ["alice"]


@pytest.mark.parametrize("files", [moodle(CLASS), {f"{n}/hw.ipynb": work(1) for n in "ab"}])
def test_a_class_is_found_again_beside_its_own_results(tmp_path, files):
    lay(tmp_path / "above" / "class", files)
    out = tmp_path / "above" / "out"
    before = find_submissions([out.parent], out)
    lay(out, {"alice/recording/left.py": b"x = 1"})
    assert find_submissions([out.parent], out) == before
    assert len(before) == 2


def test_names_that_are_no_utf_8_can_be_written_down(tmp_path):
    name = os.fsdecode(b"M\xfcller_5_assignsubmission_file")
    lay(tmp_path / name, {"hw.ipynb": work(1)})
    (found,) = find_submissions([tmp_path])
    assert found.read() == work(1)
    assert found.handed.model_dump_json()
    assert found.student.isprintable()


def test_a_login_of_several_lines_is_shown_in_one(tmp_path):
    files = nbgrader({"a\nb": {"ps1": {"hw.ipynb": work(1)}}})
    (found,) = find_submissions([lay(tmp_path, files)])
    assert (found.student, found.key) == ("a?b", "login:a?b")


def test_a_folder_that_cannot_be_listed_is_said(tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(SubmissionError, match="Permission denied"):
        find_submissions([tmp_path])
