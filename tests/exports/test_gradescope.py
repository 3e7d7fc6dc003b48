from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graders.exports import Notes, Options
from graders.exports.gradescope import results_json, write_gradescope
from graders.result import Outcome, Result
from tests.builders.classes import students
from tests.builders.hostile import HOSTILE_NAMES
from tests.builders.results import broken, check, judgement, late, marked, question

SECRET = "the seventh image is a boot"
FORMATS = {"text", "html", "simple_format", "md", "ansi"}
VISIBILITIES = {"visible", "after_due_date", "after_published", "hidden"}
TOP = {
    *("score", "execution_time", "output", "output_format", "test_output_format"),
    *("test_name_format", "visibility", "stdout_visibility", "tests", "extra_data"),
}
TEST = {
    *("score", "max_score", "status", "name", "name_format", "number", "output", "output_format"),
    *("tags", "visibility", "extra_data"),
}


def verify(content: dict[str, Any]) -> None:
    """Hold a results.json against what Gradescope documents."""
    assert set(content) <= TOP
    assert isinstance(content["score"], float)
    assert content["execution_time"] >= 0
    assert content["output_format"] in FORMATS
    assert content["visibility"] in VISIBILITIES
    assert content["stdout_visibility"] in VISIBILITIES
    for test in content["tests"]:
        assert set(test) <= TEST
        assert ("score" in test) == ("max_score" in test)
        assert test.get("status", "passed") in {"passed", "failed"}
        assert test.get("visibility", "visible") in VISIBILITIES
        assert test.get("output_format", "text") in FORMATS
        assert isinstance(test["number"], str)
        assert all(isinstance(tag, str) for tag in test["tags"])


def made(one: Result, **options: Any) -> dict[str, Any]:
    content = json.loads(
        json.dumps(results_json(one, one.score, **{"visibility": "visible"} | options))
    )
    verify(content)
    return content


def test_a_check_is_a_test_with_its_points_and_words():
    failed = check(
        "1a", Outcome.FAILED, message="Wrong size.", expected="10", found="12", hint="Count."
    )
    content = made(marked(checks=[check(), failed], score=1))
    first, second = content["tests"]
    assert (first["score"], first["max_score"], first["status"]) == (1, 1, "passed")
    assert (second["score"], second["status"], second["number"]) == (0, "failed", "1a.2")
    assert second["output"] == "Wrong size.\nexpected: 10\nfound: 12\ntry: Count."


def test_the_score_is_the_students_and_not_the_sum_of_tests():
    due = late(deducted=0.5, message="Late!")
    one = marked(score=1.5, late=due).model_copy(update={"score": 1.0})
    content = made(one)
    assert content["score"] == 1.0
    assert content["output"].splitlines() == ["1 of 3 points.", "Late!"]


def test_of_a_hidden_check_no_details_are_written_at_all():
    hidden = check(
        "1a",
        Outcome.FAILED,
        hidden=True,
        message=SECRET,
        expected=SECRET,
        found=SECRET,
        hint=SECRET,
    )
    content = made(marked(checks=[hidden], score=0))
    assert SECRET not in json.dumps(content)
    assert content["tests"][0]["visibility"] == "hidden"


def test_a_rubric_and_the_names_of_staff_are_not_written():
    judged = judgement(1, "Nice.", "A. Teacher")
    manual = question(score=1, judgement=judged, rubric=[SECRET])
    text = json.dumps(made(marked(manual=manual)))
    assert SECRET not in text
    assert "A. Teacher" not in text
    assert "Nice." in text


def test_points_that_wait_for_a_person_are_neither_given_nor_lost():
    manual = question(points=2)
    open_check = check("1a", Outcome.ERROR, message=SECRET)
    content = made(marked(checks=[open_check], manual=manual, score=0, pending=3))
    assert all("score" not in test and "status" not in test for test in content["tests"])
    assert "3 more points wait for a person." in content["output"]
    assert SECRET not in json.dumps(content)


def test_a_persons_score_for_an_exercise_stands_in_place_of_its_checks():
    given = judgement(2, "Good idea.", "")
    content = made(marked(checks=[check()], override=given, score=2))
    assert [test.get("score") for test in content["tests"]] == [None, 2]
    assert content["tests"][1]["output"] == "Scored by a person. Good idea."


@pytest.mark.parametrize("visibility", sorted(VISIBILITIES))
def test_a_person_decides_when_tests_are_seen(visibility):
    assert made(marked(), visibility=visibility)["visibility"] == visibility


def test_texts_of_students_reach_the_page_as_text_without_controls():
    failed = check("1a", Outcome.FAILED, message="\x1b[31m<b>red</b>\x00\ud800")
    content = made(marked(checks=[failed]))
    assert content["tests"][0]["output"] == "<b>red</b>\N{REPLACEMENT CHARACTER}"
    assert content["test_output_format"] == "text"


def write(folder: Path, *results: Result, **options: Any) -> Notes:
    notes = Notes()
    write_gradescope(students(*results), folder / "made", Options(**options), notes)
    return notes


def test_each_student_has_a_file(tmp_path):
    notes = write(tmp_path, marked("a"), marked("b", score=2))
    scores = {
        path.parent.name: json.loads(path.read_text(encoding="utf-8"))["score"]
        for path in (tmp_path / "made").glob("*/results.json")
    }
    assert scores == {"s00": 1.5, "s01": 2.0}
    assert notes.written == 2


def test_who_was_not_graded_has_no_file_and_is_named(tmp_path):
    notes = write(tmp_path, broken("alice"), marked("bob"))
    assert [path.parent.name for path in tmp_path.rglob("results.json")] == ["s01"]
    assert "alice" in notes.warnings[0]


def test_any_name_makes_a_file_that_is_valid(tmp_path):
    write(tmp_path, *[marked(name) for name in HOSTILE_NAMES])
    files = sorted(tmp_path.rglob("results.json"))
    assert len(files) == len(HOSTILE_NAMES)
    for path in files:
        verify(json.loads(path.read_text(encoding="utf-8")))
