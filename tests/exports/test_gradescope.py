from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graders.exports import Notes, Options
from graders.exports.gradescope import results_json, write_gradescope
from graders.result import Judgement, Late, ManualResult, Outcome, Result

from .made_up import HOSTILE_NAMES, broken, check, result, students

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
    content = made(result(checks=[check(), failed], score=1))
    first, second = content["tests"]
    assert (first["score"], first["max_score"], first["status"]) == (1, 1, "passed")
    assert (second["score"], second["status"], second["number"]) == (0, "failed", "1a.2")
    assert second["output"] == "Wrong size.\nexpected: 10\nfound: 12\ntry: Count."


def test_the_score_is_the_students_and_not_the_sum_of_tests():
    late = Late(due="2026-01-01T00:00:00+00:00", submitted_at=None, deducted=0.5, message="Late!")
    one = result(score=1.5, late=late).model_copy(update={"score": 1.0})
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
    content = made(result(checks=[hidden], score=0))
    assert SECRET not in json.dumps(content)
    assert content["tests"][0]["visibility"] == "hidden"


def test_a_rubric_and_the_names_of_staff_are_not_written():
    judged = Judgement(score=1, comment="Nice.", by="A. Teacher", at="2026-01-20T00:00:00+00:00")
    manual = ManualResult(points=1, score=1, judgement=judged, question="Why?", rubric=[SECRET])
    text = json.dumps(made(result(manual=manual)))
    assert SECRET not in text
    assert "A. Teacher" not in text
    assert "Nice." in text


def test_points_that_wait_for_a_person_are_neither_given_nor_lost():
    manual = ManualResult(points=2, question="Why?")
    open_check = check("1a", Outcome.ERROR, message=SECRET)
    content = made(result(checks=[open_check], manual=manual, score=0, pending=3))
    assert all("score" not in test and "status" not in test for test in content["tests"])
    assert "3 more points wait for a person." in content["output"]
    assert SECRET not in json.dumps(content)


def test_a_persons_score_for_an_exercise_stands_in_place_of_its_checks():
    given = Judgement(score=2, comment="Good idea.", at="2026-01-20T00:00:00+00:00")
    content = made(result(checks=[check()], override=given, score=2))
    assert [test.get("score") for test in content["tests"]] == [None, 2]
    assert content["tests"][1]["output"] == "Scored by a person. Good idea."


@pytest.mark.parametrize("visibility", sorted(VISIBILITIES))
def test_a_person_decides_when_tests_are_seen(visibility):
    assert made(result(), visibility=visibility)["visibility"] == visibility


def test_texts_of_students_reach_the_page_as_text_without_controls():
    failed = check("1a", Outcome.FAILED, message="\x1b[31m<b>red</b>\x00\ud800")
    content = made(result(checks=[failed]))
    assert content["tests"][0]["output"] == "<b>red</b>\N{REPLACEMENT CHARACTER}"
    assert content["test_output_format"] == "text"


def write(folder: Path, *results: Result, **options: Any) -> Notes:
    notes = Notes()
    write_gradescope(students(*results), folder / "made", Options(**options), notes)
    return notes


def test_each_student_has_a_file(tmp_path):
    notes = write(tmp_path, result("a"), result("b", score=2))
    scores = {
        path.parent.name: json.loads(path.read_text(encoding="utf-8"))["score"]
        for path in (tmp_path / "made").glob("*/results.json")
    }
    assert scores == {"s00": 1.5, "s01": 2.0}
    assert notes.written == 2


def test_who_was_not_graded_has_no_file_and_is_named(tmp_path):
    notes = write(tmp_path, broken("alice"), result("bob"))
    assert [path.parent.name for path in tmp_path.rglob("results.json")] == ["s01"]
    assert "alice" in notes.warnings[0]


def test_any_name_makes_a_file_that_is_valid(tmp_path):
    write(tmp_path, *[result(name) for name in HOSTILE_NAMES])
    files = sorted(tmp_path.rglob("results.json"))
    assert len(files) == len(HOSTILE_NAMES)
    for path in files:
        verify(json.loads(path.read_text(encoding="utf-8")))
