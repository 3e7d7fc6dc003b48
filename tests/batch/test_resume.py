from __future__ import annotations

import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graders.batch import Enrolled, Wanted
from graders.errors import ClassError
from graders.gradebook import Gradebook
from graders.result import Handed, Result
from graders.roster import Person
from graders.submission import Submission
from tests.builders.classes import FakeGrader, Watcher, grade, hand_in, recipe


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def again(
    out: Path, submissions: list[Submission], **options: object
) -> tuple[FakeGrader, Watcher]:
    grader, watcher = FakeGrader(), Watcher()
    grade(out, submissions, grader, watcher=watcher, **options)  # type: ignore[arg-type]
    return grader, watcher


def test_an_unchanged_submission_is_neither_run_nor_checked_again(tmp_path, out):
    submissions = hand_in(tmp_path / "in", alice=1.0, bob=0.5)
    grade(out, submissions)

    grader, watcher = again(out, submissions)

    assert (grader.graded, grader.checked) == ([], [])
    assert watcher.of("kept") == ["alice", "bob"]


def test_a_changed_submission_is_graded_anew_and_no_other(tmp_path, out):
    grade(out, hand_in(tmp_path / "in", alice=1.0, bob=0.5))

    grader, _ = again(out, hand_in(tmp_path / "in", alice=1.0, bob=0.75))

    assert grader.graded == ["bob"]
    assert Result.load(out / "bob" / "result.json").exercises[0].score == 1.5


def test_both_submissions_of_a_student_stay_in_the_history(tmp_path, out):
    (alice,) = hand_in(tmp_path / "in", alice=1.0)
    grade(out, [alice])
    grade(out, hand_in(tmp_path / "in", alice=0.5))

    with Gradebook.open(out) as book:
        scores = [event.score for event in book.history(alice.key) if event.what == "graded"]

    assert scores == [4.0, 3.0]


def test_redo_runs_what_has_not_changed(tmp_path, out):
    submissions = hand_in(tmp_path / "in", alice=1.0)
    grade(out, submissions)

    grader, _ = again(out, submissions, redo=True)

    assert grader.graded == ["alice"]


def test_another_way_of_running_runs_everybody_again(tmp_path, out):
    submissions = hand_in(tmp_path / "in", alice=1.0)
    grade(out, submissions, how=recipe(run="full"))

    grader, _ = again(out, submissions, how=recipe(run="capped"))

    assert grader.graded == ["alice"]


def test_a_changed_check_is_made_again_on_the_recording_and_nothing_is_run(tmp_path, out):
    submissions = hand_in(tmp_path / "in", alice=0.5)
    grade(out, submissions, how=recipe(checks="old"))

    grader, _ = again(out, submissions, how=recipe(checks="new"))

    assert (grader.graded, grader.checked) == ([], ["alice"])


def test_what_the_grader_failed_on_is_tried_again(tmp_path, out):
    submissions = hand_in(tmp_path / "in", alice=1.0, bob=1.0)
    grade(out, submissions, FakeGrader({"bob": RuntimeError("no memory")}))

    grader, _ = again(out, submissions)

    assert grader.graded == ["bob"]
    assert Result.load(out / "bob" / "result.json").execution.status == "complete"


@pytest.mark.parametrize("file", ["result.json", "run.json"])
def test_a_folder_that_has_lost_its_result_is_filled_again(tmp_path, out, file):
    submissions = hand_in(tmp_path / "in", alice=1.0)
    grade(out, submissions)
    (out / "alice" / file).unlink()

    grader, _ = again(out, submissions)

    assert grader.graded == ["alice"]


def test_a_finished_folder_is_taken_in_where_the_gradebook_was_lost(tmp_path, out):
    submissions = hand_in(tmp_path / "in", alice=1.0, bob=0.5)
    grade(out, submissions)
    for file in out.glob("gradebook.db*"):
        file.unlink()

    grader, _ = again(out, submissions)

    assert (grader.graded, grader.checked) == ([], ["alice", "bob"])
    with Gradebook.open(out) as book:
        assert [latest.score for latest in book.latest_all()] == [4.0, 3.0]


def test_students_of_earlier_runs_stay_in_the_class(tmp_path, out):
    grade(out, hand_in(tmp_path / "in", alice=1.0))

    outcomes = grade(out, hand_in(tmp_path / "late", bob=1.0))

    assert [row.student for row in outcomes.rows] == ["alice", "bob"]
    assert "alice" in (out / "grades.csv").read_text()


def test_who_handed_in_nothing_is_missing_and_not_lost(tmp_path, out):
    carol = Person("Carol", {"email": "carol@example.org"})

    outcomes = grade(out, Enrolled(hand_in(tmp_path / "in", alice=1.0), missing=[carol]))

    assert {row.student: row.status for row in outcomes.rows} == {
        "alice": "complete",
        "Carol": "missing",
    }
    assert "Nothing was handed in" in (out / "Carol" / "feedback.md").read_text()


def test_who_hands_in_later_is_missing_no_more(tmp_path, out):
    handed = Handed(ids={"email": "carol@example.org"})
    (plain,) = hand_in(tmp_path / "in", Carol=1.0)
    carol = Submission(plain.student, plain.path, handed=handed)
    grade(out, Enrolled([], missing=[Person("Carol", dict(handed.ids))]))

    outcomes = grade(out, [carol])

    assert [(row.student, row.status) for row in outcomes.rows] == [("Carol", "complete")]


def test_who_handed_in_before_is_not_missing(tmp_path, out):
    handed = Handed(ids={"email": "carol@example.org"})
    (plain,) = hand_in(tmp_path / "in", Carol=1.0)
    grade(out, [Submission(plain.student, plain.path, handed=handed)])

    outcomes = grade(out, Enrolled([], missing=[Person("Carol", dict(handed.ids))]))

    assert [row.status for row in outcomes.rows] == ["complete"]


# -- people's scores ----------------------------------------------------------------------------


def judge(out: Path, submission: Submission, points: float) -> None:
    result = Result.load(out / submission.student / "result.json")
    with Gradebook.open(out) as book:
        book.judge(
            submission.key,
            "1a",
            "override",
            points,
            comment="Seen.",
            by="tutor",
            submission_sha256=result.submission.sha256,
        )


def test_a_score_that_was_given_while_the_class_ran_is_in_the_result(tmp_path, out):
    alice, bob = hand_in(tmp_path / "in", alice=0.0, bob=1.0)
    grade(out, [alice])

    def score(student: str) -> None:
        if student == "bob":
            judge(out, alice, 2.0)

    grade(out, [alice, bob], FakeGrader(meanwhile=score))

    assert Result.load(out / "alice" / "result.json").exercises[0].score == 2.0


def test_a_score_survives_a_changed_check(tmp_path, out):
    (alice,) = hand_in(tmp_path / "in", alice=0.0)
    grade(out, [alice])
    judge(out, alice, 2.0)

    grade(out, [alice], how=recipe(checks="new"))

    assert Result.load(out / "alice" / "result.json").exercises[0].override is not None


def test_a_score_that_nobody_took_in_is_taken_in_by_the_next_run(tmp_path, out):
    (alice,) = hand_in(tmp_path / "in", alice=0.0)
    grade(out, [alice])
    judge(out, alice, 2.0)

    grader, _ = again(out, [alice])

    assert grader.graded == []
    assert Result.load(out / "alice" / "result.json").exercises[0].score == 2.0


# -- whom it is about ---------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", ["alice", "ALICE", "al*", "name:alice"])
def test_only_names_a_student_by_name_key_or_pattern(tmp_path, pattern):
    submissions = hand_in(tmp_path, alice=1.0, bob=1.0)

    assert [one.student for one in Wanted((pattern,)).select(submissions)] == ["alice"]


def test_only_says_who_is_meant_where_nobody_is_called_so(tmp_path):
    with pytest.raises(ClassError, match=r"nobody is called so\. Did you mean alice"):
        Wanted(("alcie",)).select(hand_in(tmp_path, alice=1.0, bob=1.0))


def test_since_goes_by_the_time_that_the_platform_says(tmp_path):
    (plain,) = hand_in(tmp_path, alice=1.0)
    at = datetime(2026, 1, 10, 12, tzinfo=UTC)
    alice = Submission("alice", plain.path, handed=Handed(submitted_at=at))

    assert Wanted(since=at).select([alice]) == [alice]
    assert Wanted(since=at.replace(hour=13)).select([alice]) == []


def test_since_goes_by_the_files_own_time_where_nobody_says_another(tmp_path):
    (alice,) = hand_in(tmp_path, alice=1.0)

    assert Wanted(since=datetime(2020, 1, 1, tzinfo=UTC)).select([alice]) == [alice]
    assert Wanted(since=datetime(2100, 1, 1, tzinfo=UTC)).select([alice]) == []


# -- what else may have happened to OUT ---------------------------------------------------------


def test_a_damaged_gradebook_is_told_and_nothing_is_overwritten(tmp_path, out):
    submissions = hand_in(tmp_path / "in", alice=1.0)
    grade(out, submissions)
    for file in out.glob("gradebook.db-*"):
        file.unlink()
    (out / "gradebook.db").write_bytes(b"not a database at all" * 100)

    with pytest.raises(Exception, match=r"gradebook\.db") as caught:
        grade(out, submissions)

    assert not isinstance(caught.value, sqlite3.Error)
    assert (out / "gradebook.db").read_bytes().startswith(b"not a database")


def test_a_folder_that_was_removed_by_hand_is_made_again(tmp_path, out):
    submissions = hand_in(tmp_path / "in", alice=1.0, bob=1.0)
    grade(out, submissions)
    shutil.rmtree(out / "bob")

    grader, _ = again(out, submissions)

    assert grader.graded == ["bob"]
