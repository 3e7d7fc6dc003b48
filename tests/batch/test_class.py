from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from graders.batch import Outcomes, default_workers, threads_for
from graders.errors import AssignmentError, ClassError
from graders.result import Result
from graders.submission import Submission
from tests.builders.classes import SHEET, FakeGrader, Watcher, grade, hand_in


def rows(out: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((out / "grades.csv").read_text(encoding="utf-8"))))


def graded(tmp_path: Path, *students: str, workers: int = 1, **fails: Exception) -> Outcomes:
    submissions = hand_in(tmp_path / "in", **dict.fromkeys(students, 1.0))
    return grade(tmp_path / "out", submissions, FakeGrader(fails), workers=workers)


def test_every_student_has_a_folder_with_result_and_feedback(tmp_path):
    graded(tmp_path, "alice", "bob")

    for name in ("alice", "bob"):
        files = {path.name for path in (tmp_path / "out" / name).iterdir()}
        assert files >= {"run.json", "result.json", "feedback.html", "feedback.md", "recording"}


def test_the_class_has_a_gradebook_a_table_and_a_page(tmp_path):
    graded(tmp_path, "alice", "bob")

    out = tmp_path / "out"
    assert (out / "gradebook.db").is_file()
    assert [row["student"] for row in rows(out)] == ["alice", "bob"]
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "alice/feedback.html" in page
    assert "bob/feedback.html" in page


@pytest.mark.parametrize("workers", [1, 4])
def test_outcomes_are_in_the_order_of_names(tmp_path, workers):
    names = [f"student{n}" for n in range(12)]

    outcomes = graded(tmp_path, *reversed(names), workers=workers)

    assert [one.student for one in outcomes.graded] == names
    assert [row.student for row in outcomes.rows] == names


def test_nothing_partial_is_left_behind(tmp_path):
    graded(tmp_path, "alice")

    out = tmp_path / "out"
    hidden = {path.name for path in out.rglob(".*")} - {".lock"}
    assert hidden == set()
    assert list(out.rglob("*.partial")) == []


def test_the_observer_is_told_of_each_step(tmp_path):
    watcher = Watcher()

    grade(tmp_path / "out", hand_in(tmp_path / "in", alice=1.0), watcher=watcher)

    assert watcher.told == [("begin", "alice"), ("event", "alice"), ("end", "alice")]


@pytest.mark.parametrize(
    "error", [RuntimeError("out of memory"), KeyError("x"), MemoryError(), RecursionError()]
)
def test_a_submission_that_breaks_the_grader_does_not_end_the_class(tmp_path, error):
    outcomes = graded(tmp_path, "alice", "bob", "carol", bob=error)

    assert [row.status for row in outcomes.rows] == ["complete", "error", "complete"]


def test_a_submission_that_breaks_the_grader_has_a_result_that_says_so(tmp_path):
    graded(tmp_path, "bob", bob=RuntimeError("out of memory"))

    read = Result.load(tmp_path / "out" / "bob" / "result.json")
    assert read.execution.message == (
        "The grader failed on this submission (RuntimeError: out of memory)."
    )
    assert (tmp_path / "out" / "bob" / "feedback.html").is_file()


def test_points_that_the_grader_could_not_look_at_are_pending_and_not_lost(tmp_path):
    (one,) = graded(tmp_path, "bob", bob=RuntimeError("out of memory")).graded

    assert one.result.pending == SHEET.points + SHEET.bonus_points


def test_a_page_that_can_not_be_made_costs_its_student_alone(tmp_path, monkeypatch):
    def render(made):
        if made.submission.student == "mallory" and made.execution.status != "error":
            raise ValueError("no page")
        return "page"

    monkeypatch.setattr("graders.batch.reports.render_html", render)

    outcomes = graded(tmp_path, "mallory", "bob")

    assert {row.student: row.status for row in outcomes.rows} == {
        "mallory": "error",
        "bob": "complete",
    }
    kept = Result.load(tmp_path / "out" / "mallory" / "result.json")
    assert "ValueError: no page" in kept.execution.message


def test_a_broken_assignment_ends_the_class(tmp_path):
    error = AssignmentError.points_differ("1a", 2, 3)

    with pytest.raises(AssignmentError, match="Exercise 1a declares"):
        graded(tmp_path, "alice", "bob", "carol", alice=error)


def test_a_broken_assignment_begins_no_other_submission(tmp_path):
    names = [f"student{n}" for n in range(50)]
    grader = FakeGrader({"student0": AssignmentError("broken")})

    with pytest.raises(AssignmentError):
        grade(tmp_path / "out", hand_in(tmp_path / "in", **dict.fromkeys(names, 1.0)), grader)

    assert len(grader.graded) < 50


def test_a_file_that_can_not_be_read_is_a_result_like_any_other(tmp_path):
    submissions = [
        *hand_in(tmp_path / "in", alice=1.0),
        Submission("bob", tmp_path / "in" / "bob", "bob: the folder holds no notebook."),
    ]

    outcomes = grade(tmp_path / "out", submissions)

    assert len(outcomes.rows) == 2


def test_a_file_that_nobody_can_make_sense_of_costs_its_student_alone(tmp_path, monkeypatch):
    submissions = hand_in(tmp_path / "in", alice=1.0, mallory=1.0)
    read = Submission.read

    def fails(submission):
        if submission.student == "mallory" and submission.problem is None:
            raise RecursionError("too deep")
        return read(submission)

    monkeypatch.setattr(Submission, "read", fails)
    told = []

    class Grader(FakeGrader):
        def grade(self, submission, out, progress=None, **options):
            told.append((submission.student, submission.held.problem))
            return super().grade(submission, out, progress, **options)

    grade(tmp_path / "out", submissions, Grader())

    assert told[0] == ("alice", "")
    assert told[1][0] == "mallory"
    assert "RecursionError: too deep" in told[1][1]


def test_two_runs_never_grade_into_one_folder(tmp_path):
    submissions = hand_in(tmp_path / "in", alice=1.0)
    refused = []

    def other(_: str) -> None:
        try:
            grade(tmp_path / "out", submissions)
        except ClassError as error:
            refused.append(str(error))

    grade(tmp_path / "out", submissions, FakeGrader(meanwhile=other))

    assert "another tensormark is grading" in refused[0]


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "..", ".hidden", "nul\x00l", "a\nb", "<script>", "", "C:"],
)
def test_a_folder_leads_nowhere_whatever_a_student_is_called(tmp_path, name):
    (one,) = graded(tmp_path, name).graded

    assert one.folder.parent == tmp_path / "out"
    assert all(c.isalnum() or c in "._-" for c in one.folder.name)
    assert not one.folder.name.startswith(".")


def test_there_are_never_more_workers_than_submissions():
    assert default_workers(1) == 1
    assert default_workers(0) == 1


def test_few_gigabytes_allow_few_workers(monkeypatch):
    memory = type("Memory", (), {"available": 5.1e9})
    monkeypatch.setattr("psutil.virtual_memory", lambda: memory)
    monkeypatch.setattr("os.cpu_count", lambda: 64)
    assert default_workers(300) == 2


def test_one_worker_takes_all_cores_and_several_share_them(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    assert [threads_for(workers) for workers in (1, 2, 4, 16)] == [0, 4, 2, 1]
