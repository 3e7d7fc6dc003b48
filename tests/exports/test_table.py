from __future__ import annotations

import csv
import io

import pytest

from graders.exports import Line, Notes, Options, grades_csv
from graders.exports.table import write_table
from graders.report.rows import Row
from graders.result import CheckResult, Outcome, Result
from tests.builders.classes import students
from tests.builders.hostile import HOSTILE_NAMES
from tests.builders.results import check, late, marked


def table(*results: Result) -> list[dict[str, str]]:
    return rows(grades_csv(Line(Row.of(one, None)) for one in results))


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_row_has_the_scores_of_a_student():
    made = marked("alice", score=1.5, key="canvas:4711")
    text = grades_csv([Line(Row.of(made, None), email="alice@example.org", section="B2")])
    assert rows(text) == [
        {
            "student": "alice",
            "key": "canvas:4711",
            "email": "alice@example.org",
            "section": "B2",
            "file": "hw.ipynb",
            "score": "1.5",
            "points": "3",
            "bonus_points": "2",
            "pending": "0",
            "late_points": "",
            "status": "complete",
            "1a": "1.5",
            "1b": "0",
            "look_at": "",
            "message": "",
            "graded_at": "2026-01-15T09:30:00+00:00",
        }
    ]


def test_what_was_taken_off_for_lateness_has_a_column():
    due = late(deducted=0.5, message="Late.")
    (row,) = table(marked("alice", late=due))
    assert row["late_points"] == "0.5"


def flagged(exercise: str, flag: str) -> CheckResult:
    return check(exercise, flag=flag)


def test_exercises_that_a_person_should_look_at_are_named_once_and_in_their_order():
    made = marked("alice", checks=[flagged("1a", "High."), flagged("1a", "Higher.")])
    made.exercises[1].checks = [check("1b"), flagged("1b", "Highest.")]
    (row, other) = table(made, marked("bob"))
    assert row["look_at"] == "1a 1b"
    assert other["look_at"] == ""


def test_a_part_of_the_points_has_two_decimals_at_most():
    made = marked("alice", score=0.618034).model_copy(update={"score": 3.618034})
    (row,) = table(made)
    assert (row["1a"], row["score"]) == ("0.62", "3.62")


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t=", "\r=", " =", "\n+"])
def test_a_name_is_no_formula(sign):
    (row,) = table(marked(f'{sign}HYPERLINK("http://x")'))
    assert row["student"].startswith("'")


def test_a_message_is_no_formula():
    (row,) = table(marked("alice", status="unusable", score=0, message="=1+1: the file is empty."))
    assert row["message"].startswith("'=")


def test_a_name_on_two_lines_stays_in_one_row():
    text = grades_csv([Line(Row.of(marked("ali\nce\r\nb"), None))])
    assert len(text.splitlines()) == 2
    assert rows(text)[0]["student"] == "ali ce b"


@pytest.mark.parametrize("name", ["a,b", 'a"b', "a;b", "漢字", "O'Brien"])
def test_a_name_with_commas_and_quotes_stays_in_its_column(name):
    (row,) = table(marked(name))
    assert (row["student"], row["score"]) == (name, "1.5")


def test_a_class_of_nobody_has_a_header_alone():
    assert len(grades_csv([]).splitlines()) == 1


def test_an_exercise_that_only_later_students_have_keeps_its_column():
    older, newer = marked("alice"), marked("bob")
    newer.exercises[1] = newer.exercises[1].model_copy(update={"id": "1c", "score": 0.25})
    first, second = table(older, newer)
    assert (first["1b"], first["1c"]) == ("0", "")
    assert (second["1b"], second["1c"]) == ("", "0.25")


def test_the_file_for_a_spreadsheet_says_that_it_is_utf8(tmp_path):
    write_table(students(marked("Zoë Müller")), tmp_path / "x.csv", Options(), Notes())
    content = (tmp_path / "x.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert rows(content.decode("utf-8-sig"))[0]["student"] == "Zoë Müller"


def test_any_name_makes_one_row(tmp_path):
    notes = Notes()
    results = [marked(name, key=f"sid:{n}") for n, name in enumerate(HOSTILE_NAMES)]
    write_table(students(*results), tmp_path / "x.csv", Options(), notes)
    read = rows((tmp_path / "x.csv").read_text(encoding="utf-8-sig"))
    assert [row["score"] for row in read] == ["1.5"] * len(HOSTILE_NAMES)
    assert notes.written == len(HOSTILE_NAMES)


def test_a_grader_error_keeps_its_status_beside_the_score():
    failed = [check(outcome=Outcome.ERROR)]
    (row,) = table(marked("alice", score=0, points=1, checks=failed))
    assert (row["score"], row["pending"]) == ("0", "1")
