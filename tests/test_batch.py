from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from graders.assignment import Assignment
from graders.batch import Graded, default_workers, grade_class, grades_csv, outline, threads_for
from graders.errors import AssignmentError
from graders.result import (
    AssignmentInfo,
    CheckResult,
    Execution,
    ExerciseResult,
    Outcome,
    Result,
    SubmissionInfo,
)
from graders.submission import Submission

SHEET = Assignment.model_validate(
    {
        "schema_version": 1,
        "id": "sheet",
        "title": "A sheet",
        "section": [{"id": "1", "title": "Part 1"}],
        "exercise": [
            {"id": "1a", "section": "1", "title": "First", "points": 2},
            {"id": "1b", "section": "1", "title": "Second", "points": 3, "bonus": True},
        ],
    }
)


def result(student: str, *, files: list[str] | None = None, message: str = "") -> Result:
    exercises = [
        ExerciseResult(id="1a", section="1", title="First", points=2, score=1.5, pending=0.5),
        ExerciseResult(id="1b", section="1", title="Second", points=3, score=3, bonus=True),
    ]
    return Result(
        tensormark="0.1.0",
        graded_at="2026-01-15T09:30:00+00:00",
        assignment=AssignmentInfo(id="sheet", title="A sheet", sections={"1": "Part 1"}),
        submission=SubmissionInfo(student=student, files=files or ["hw.ipynb"]),
        score=4.5,
        points=2,
        bonus_points=3,
        pending=0.5,
        exercises=exercises,
        execution=Execution(status="complete", message=message),
    )


class FakeGrader:
    """Grades by name: whose name stands in `fails` makes it raise."""

    def __init__(self, fails: dict[str, Exception] | None = None) -> None:
        self.assignment = SHEET
        self.fails = fails or {}
        self.graded: list[str] = []

    def stop(self) -> None:
        """Nothing runs."""

    def grade(self, submission: Submission, out: Path, progress: Any = None) -> Result:
        out.mkdir(parents=True, exist_ok=True)
        self.graded.append(submission.student)
        if submission.student in self.fails:
            raise self.fails[submission.student]
        if progress is not None:
            progress({"cell": 0})
        made = result(submission.student)
        made.save(out / "result.json")
        return made


class Watcher:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def begin(self, student: str) -> None:
        self.told.append(("begin", student))

    def event(self, student: str, event: dict[str, Any]) -> None:
        self.told.append(("event", student))

    def end(self, student: str, result: Result) -> None:
        self.told.append(("end", student))


def grade(out: Path, *students: str, workers: int = 1, **fails: Exception) -> list[Graded]:
    submissions = [Submission(name, Path(f"{name}.ipynb")) for name in students]
    return grade_class(
        FakeGrader(fails),  # type: ignore[arg-type]  # the fake has what a class needs of a grader
        submissions,
        out,
        workers=workers,
        observer=Watcher(),
    )


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


# -- a class --------------------------------------------------------------------------------


def test_every_student_has_a_folder_with_result_and_feedback(tmp_path):
    grade(tmp_path, "alice", "bob")
    for name in ("alice", "bob"):
        files = {path.name for path in (tmp_path / name).iterdir()}
        assert files == {"result.json", "feedback.html", "feedback.md"}


def test_the_class_has_a_table_and_a_page(tmp_path):
    grade(tmp_path, "alice", "bob")
    assert [row["student"] for row in rows((tmp_path / "grades.csv").read_text())] == [
        "alice",
        "bob",
    ]
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert 'alice/feedback.html"' in page
    assert 'bob/feedback.html"' in page


@pytest.mark.parametrize("workers", [1, 4])
def test_results_are_in_the_order_of_the_submissions(tmp_path, workers):
    names = [f"student{n}" for n in range(12)]
    graded = grade(tmp_path, *names, workers=workers)
    assert [one.result.submission.student for one in graded] == names


def test_nothing_partial_is_left_behind(tmp_path):
    grade(tmp_path, "alice")
    assert list(tmp_path.rglob("*.partial")) == []


def test_the_observer_is_told_of_each_step(tmp_path):
    watcher = Watcher()
    grader: Any = FakeGrader()
    submission = Submission("alice", Path("a.ipynb"))
    grade_class(grader, [submission], tmp_path, workers=1, observer=watcher)
    assert watcher.told == [("begin", "alice"), ("event", "alice"), ("end", "alice")]


@pytest.mark.parametrize(
    "error", [RuntimeError("out of memory"), KeyError("x"), MemoryError(), RecursionError()]
)
def test_a_submission_that_breaks_the_grader_does_not_end_the_class(tmp_path, error):
    graded = grade(tmp_path, "alice", "bob", "carol", bob=error)
    assert [one.result.execution.status for one in graded] == ["complete", "error", "complete"]


def test_a_submission_that_breaks_the_grader_has_a_result_that_says_so(tmp_path):
    grade(tmp_path, "bob", bob=RuntimeError("out of memory"))
    read = Result.load(tmp_path / "bob" / "result.json")
    assert read.execution.message == (
        "The grader failed on this submission (RuntimeError: out of memory)."
    )
    assert (tmp_path / "bob" / "feedback.html").is_file()


def test_a_page_that_can_not_be_made_costs_its_student_alone(tmp_path, monkeypatch):
    def render(made):
        if made.submission.student == "mallory" and made.execution.status != "error":
            raise ValueError("no page")
        return "page"

    monkeypatch.setattr("graders.batch.render_html", render)

    graded = grade(tmp_path, "mallory", "bob")

    assert [one.result.execution.status for one in graded] == ["error", "complete"]
    assert (
        "ValueError: no page" in Result.load(tmp_path / "mallory" / "result.json").execution.message
    )


def test_points_that_the_grader_could_not_look_at_are_pending_and_not_lost(tmp_path):
    (one,) = grade(tmp_path, "bob", bob=RuntimeError("out of memory"))
    assert one.result.pending == SHEET.points + SHEET.bonus_points


def test_a_broken_assignment_ends_the_class(tmp_path):
    error = AssignmentError.points_differ("1a", 2, 3)
    with pytest.raises(AssignmentError, match="Exercise 1a declares"):
        grade(tmp_path, "alice", "bob", "carol", alice=error)


def test_a_broken_assignment_begins_no_other_submission(tmp_path):
    grader = FakeGrader({"student0": AssignmentError("broken")})
    submissions = [Submission(f"student{n}", Path("a.ipynb")) for n in range(50)]
    with pytest.raises(AssignmentError):
        grade_class(grader, submissions, tmp_path, workers=1, observer=Watcher())  # type: ignore[arg-type]
    assert len(grader.graded) < 50


# -- folders --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "..",
        ".hidden",
        "a/b\\c",
        "name with spaces",
        "semi;colon&and|pipe",
        'quo"te',
        "new\nline",
        "nul\x00l",
        "<script>",
        "%2e%2e",
        "C:",
        "---",
        "",
        "???",
    ],
)
def test_a_folder_name_leads_nowhere_and_holds_nothing_odd(tmp_path, name):
    out = tmp_path / "out"
    (one,) = grade(out, name)
    assert one.folder.parent == out
    assert one.folder.is_dir()
    assert all(c.isalnum() or c in "._-" for c in one.folder.name)
    assert not one.folder.name.startswith(".")


def test_names_in_other_scripts_stay_readable(tmp_path):
    (one,) = grade(tmp_path, "Zoë Müller")
    assert one.folder.name == "Zoë_Müller"


def test_a_long_name_is_cut(tmp_path):
    (one,) = grade(tmp_path, "a" * 200)
    assert len(one.folder.name) <= 100


@pytest.mark.parametrize(
    "names",
    [
        ("a b", "a_b", "a?b"),
        ("alice", "Alice", "ALICE"),
        ("a" * 150, "a" * 150 + "b", "a" * 100),
        ("", "?", "student"),
        ("a", "a?", "a-2"),
    ],
)
def test_no_two_students_share_a_folder_on_any_system(tmp_path, names):
    graded = grade(tmp_path, *names)
    assert len({one.folder.name.lower() for one in graded}) == len(names)


@pytest.mark.parametrize("name", ["index.html", "grades.csv", "gradebook.db", "INDEX.HTML"])
def test_a_students_folder_never_stands_where_a_report_of_the_class_belongs(tmp_path, name):
    grade(tmp_path, name)
    reports = {"index.html", "grades.csv", "gradebook.db"}
    folders = {path.name.lower() for path in tmp_path.iterdir() if path.is_dir()}
    assert not folders & reports


@pytest.mark.parametrize("name", ["con", "NUL", "aux", "com1"])
def test_a_folder_name_is_none_that_windows_keeps_for_itself(tmp_path, name):
    (one,) = grade(tmp_path, name)
    assert one.folder.name.lower() != name.lower()


# -- grades.csv -----------------------------------------------------------------------------


def table(*results: Result) -> list[dict[str, str]]:
    return rows(grades_csv([Graded(one, Path("x")) for one in results]))


def test_a_row_has_the_scores_of_a_student():
    assert table(result("alice")) == [
        {
            "student": "alice",
            "file": "hw.ipynb",
            "score": "4.5",
            "points": "2",
            "bonus_points": "3",
            "pending": "0.5",
            "status": "complete",
            "1a": "1.5",
            "1b": "3",
            "look_at": "",
            "message": "",
        }
    ]


def check(exercise: str, *, flag: str = "", score: float = 1) -> CheckResult:
    return CheckResult(
        id=f"test_sheet.py::test_{exercise}",
        exercise=exercise,
        title="x",
        outcome=Outcome.PASSED if score == 1 else Outcome.FAILED,
        score=score,
        points=1,
        flag=flag,
    )


def test_exercises_that_a_person_should_look_at_are_named_once_and_in_their_order():
    made = result("alice")
    made.exercises[0].checks = [check("1a", flag="High."), check("1a", flag="Higher.")]
    made.exercises[1].checks = [check("1b"), check("1b", flag="Highest.")]
    (row, other) = table(made, result("bob"))
    assert row["look_at"] == "1a 1b"
    assert other["look_at"] == ""


def test_what_a_person_should_look_at_outlives_the_outline_that_a_class_is_made_of():
    made = result("alice")
    made.exercises[1].checks = [check("1b", flag="High.")]
    (row,) = table(outline(made))
    assert row["look_at"] == "1b"


def test_a_part_of_the_points_has_two_decimals_at_most():
    made = result("alice")
    made.exercises[0] = made.exercises[0].model_copy(
        update={"score": 0.618034, "checks": [check("1a", score=0.618034)]}
    )
    (row,) = table(made.model_copy(update={"score": 3.618034}))
    assert (row["1a"], row["score"]) == ("0.62", "3.62")


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t=", "\r=", " =", "\n+"])
def test_a_name_is_no_formula(sign):
    (row,) = table(result(f'{sign}HYPERLINK("http://x")', files=[f"{sign}1.ipynb"]))
    assert row["student"].startswith("'")
    assert row["file"].startswith("'")


def test_a_message_is_no_formula():
    (row,) = table(result("alice", message="=1+1: the file is empty."))
    assert row["message"].startswith("'=")


def test_a_name_on_two_lines_stays_in_one_row():
    text = grades_csv([Graded(result("ali\nce\r\nb"), Path("x"))])
    assert len(text.splitlines()) == 2
    assert rows(text)[0]["student"] == "ali ce b"


@pytest.mark.parametrize("name", ["a,b", 'a"b', "a;b", "漢字", "O'Brien"])
def test_a_name_with_commas_and_quotes_stays_in_its_column(name):
    (row,) = table(result(name))
    assert (row["student"], row["score"]) == (name, "4.5")


def test_a_class_of_nobody_has_a_header_alone():
    assert len(grades_csv([]).splitlines()) == 1


# -- workers --------------------------------------------------------------------------------


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
