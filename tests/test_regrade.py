"""A class that is checked again: what is missing, damaged or changed since."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graders.assignment import load_assignment
from graders.batch.scores import make_missing
from graders.cli import app
from graders.errors import AssignmentError, RunError
from graders.gradebook import Gradebook
from graders.ran import RUN, Ran
from graders.recording.schema import Recording
from graders.regrade import regrade
from graders.result import DataSetUse, Result
from reference.datasets import locate
from tests.builders.classes import Watcher
from tests.builders.recordings import ran, write
from tests.builders.results import info

ASSIGNMENT = load_assignment("fashion_cnn")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A class of two: one ran and left an empty recording, one could not be read."""
    data = locate("fashion_mnist", "builtin")
    use = DataSetUse(name=data.name, source=data.source, fingerprint=data.fingerprint)
    for student in ("alice", "bob"):
        folder = tmp_path / "out" / student
        folder.mkdir(parents=True)
        of = info("", student, files=[f"{student}.ipynb"], sha256="0" * 64)
        run = ran(ASSIGNMENT.address, of, data_sets=[use])
        if student == "alice":
            write(folder / "recording", Recording(status="complete"))
        else:
            run.ended = None
            run.problem, run.blame = "bob.ipynb: the file is empty.", "unusable"
        run.save(folder)
    return tmp_path / "out"


def again(out: Path, assignment: str | None = None) -> dict[str, Result]:
    done = regrade(out, assignment, Watcher())
    return {one.result.submission.student: one.result for one in done.outcomes.graded}


def test_every_student_is_checked_again(out):
    results = again(out)
    assert {name: r.execution.status for name, r in results.items()} == {
        "alice": "complete",
        "bob": "unusable",
    }
    assert results["bob"].execution.message == "bob.ipynb: the file is empty."
    assert results["bob"].submission.sha256 == "0" * 64


def test_results_feedback_table_and_class_page_are_written(out):
    again(out)
    for student in ("alice", "bob"):
        names = {path.name for path in (out / student).iterdir()}
        assert {"result.json", "feedback.html", "feedback.md"} <= names
    assert "alice" in (out / "grades.csv").read_text()
    assert "alice/feedback.html" in (out / "index.html").read_text(encoding="utf-8")


def test_a_folder_without_runs_is_an_error_that_says_what_to_name(tmp_path):
    with pytest.raises(RunError, match="tensormark grade"):
        regrade(tmp_path, None, Watcher())


def test_a_folder_that_is_not_there_is_an_error_as_well(tmp_path):
    with pytest.raises(RunError, match="no graded submissions"):
        regrade(tmp_path / "nowhere", None, Watcher())


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema_version": 9}', "\x00"])
def test_a_damaged_run_file_leaves_that_student_as_before_and_the_class_goes_on(out, content):
    (out / "bob" / RUN).write_text(content)
    done = regrade(out, None, Watcher())
    assert [one.result.submission.student for one in done.outcomes.graded] == ["alice"]
    (sentence,) = done.left
    assert "is damaged" in sentence
    assert "bob" in sentence


def test_a_missing_recording_is_an_error_of_the_grader_and_no_zero(out):
    shutil.rmtree(out / "alice" / "recording")
    result = again(out)["alice"]
    assert result.execution.status == "error"
    assert result.pending == ASSIGNMENT.points + ASSIGNMENT.bonus_points


def test_damaged_trainings_are_an_error_of_the_grader_and_no_zero(out):
    (out / "alice" / "trained").mkdir()
    (out / "alice" / "trained" / "trainings.json").write_text("[{]")
    result = again(out)["alice"]
    assert result.execution.status == "error"
    assert "trainings.json is damaged" in result.execution.message


def test_other_data_than_it_was_graded_on_are_refused_with_a_sentence(out):
    ran = Ran.load(out / "alice")
    ran.data_sets[0].fingerprint = "f" * 16
    ran.save(out / "alice")
    done = regrade(out, None, Watcher())
    assert [one.result.submission.student for one in done.outcomes.graded] == ["bob"]
    assert "TENSORMARK_DATA" in done.left[0]


def test_a_class_can_be_checked_with_a_changed_copy_of_its_assignment(out, tmp_path):
    copy = tmp_path / "fashion_cnn"
    shutil.copytree(ASSIGNMENT.folder, copy, ignore=shutil.ignore_patterns("__pycache__"))
    text = (copy / "assignment.toml").read_text(encoding="utf-8")
    (copy / "assignment.toml").write_text(
        text.replace('title = "Turn images into vectors"', 'title = "Flatten"'), encoding="utf-8"
    )
    assert again(out, str(copy))["alice"].exercises[0].title == "Flatten"


def test_an_assignment_that_is_gone_is_an_error_that_names_it(out):
    with pytest.raises(AssignmentError, match="nothing_here"):
        again(out, "nothing_here")


def test_the_command_says_what_it_left_and_exits_with_2(out):
    (out / "bob" / RUN).write_text("{")
    done = CliRunner().invoke(app, ["regrade", str(out)], env={"COLUMNS": "400"})
    assert done.exit_code == 2
    assert "1 of 1 submission graded;" in done.output
    assert "Left as it was:" in done.output


def test_the_command_says_where_the_reports_are(out):
    done = CliRunner().invoke(app, ["regrade", str(out)], env={"COLUMNS": "400"})
    assert done.exit_code == 0
    assert "index.html" in done.output


def test_a_training_that_was_capped_is_compared_with_ranges_of_the_same_cap(out):
    from graders.grading import Checker

    cap = ASSIGNMENT.training.cap
    data = [locate("fashion_mnist", "builtin")]
    capped = Checker(ASSIGNMENT, data, cap).expected
    full = Checker(ASSIGNMENT, data).expected
    fingerprint = data[0].fingerprint
    low = capped.range("small", fingerprint, 64)
    high = full.range("small", fingerprint, 64)
    assert low is not None
    assert high is not None
    assert low.middle < high.middle - 0.1


def test_a_class_that_was_graded_before_there_were_gradebooks_gets_one(out):
    assert not (out / "gradebook.db").exists()

    again(out)

    with Gradebook.open(out, create=False) as book:
        known = {latest.key: (latest.folder, latest.status) for latest in book.latest_all()}
    assert known == {"name:alice": ("alice", "complete"), "name:bob": ("bob", "unusable")}


def test_a_class_that_has_its_gradebook_keeps_one_entry_a_student(out):
    again(out)
    (out / "gradebook.db").unlink()
    again(out)
    again(out)

    with Gradebook.open(out, create=False) as book:
        assert [student.key for student in book.students()] == ["name:alice", "name:bob"]


@pytest.mark.parametrize("left", [None, "", "{"], ids=["gone", "empty", "damaged"])
def test_who_handed_in_nothing_is_missing_whatever_is_left_of_the_former_result(out, left):
    carol = info("email:carol@example.org", "Carol", files=[], sha256="")
    with Gradebook.open(out) as book:
        folder = out / book.enrol(carol.key, carol.student, ids={"email": "carol@example.org"})
        make_missing(book, carol, ASSIGNMENT, "of other checks", folder)
    (folder / "result.json").unlink()
    if left is not None:
        (folder / "result.json").write_text(left)

    result = again(out)["Carol"]

    assert (result.execution.status, result.submission) == ("missing", carol)
    assert "Nothing was handed in" in (folder / "feedback.md").read_text()
    with Gradebook.open(out, create=False) as book:
        assert not [one for one in book.latest_all() if one.checks_key.startswith("of other")]


def test_a_file_in_place_of_the_folder_is_said_to_be_one(tmp_path):
    (tmp_path / "out").write_text("x")
    done = CliRunner().invoke(app, ["regrade", str(tmp_path / "out")], env={"COLUMNS": "400"})
    assert done.exit_code == 2
    assert "that is a file" in done.output
