"""The sample class, graded from end to end: real notebooks, real TensorFlow, whole data sets.

On built-in data, or on real ones where TENSORMARK_DATA points to them.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from graders.assignment import load_assignment
from graders.batch import (
    Enrolled,
    Graded,
    Outcomes,
    default_workers,
    grade_class,
    outline,
    threads_for,
)
from graders.gradebook import Gradebook
from graders.grading import Grader, Settings
from graders.regrade import regrade
from graders.result import Outcome, Result
from graders.samples import load_samples, sample_submissions

pytestmark = pytest.mark.slow

ASSIGNMENT = load_assignment("fashion_cnn")
SAMPLES = {sample.path.stem: sample for sample in load_samples(ASSIGNMENT)}
USABLE = sorted(name for name, sample in SAMPLES.items() if not sample.unusable)


class Silent:
    """An observer that shows nothing."""

    def begin(self, student: str) -> None: ...

    def event(self, student: str, event: dict[str, object]) -> None: ...

    def end(self, student: str, result: Result) -> None: ...

    def kept(self, student: str) -> None: ...


@pytest.fixture(scope="session")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("class")


@pytest.fixture(scope="session")
def in_class(out: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    submissions = sample_submissions(ASSIGNMENT, everything=True)
    workers = default_workers(len(submissions))
    data = "local" if os.environ.get("TENSORMARK_DATA") else "builtin"
    store = tmp_path_factory.mktemp("store")
    settings = Settings(device="cpu", data=data, threads=threads_for(workers), store=store)
    grader = Grader(ASSIGNMENT, settings)
    return grade_class(grader, Enrolled(submissions), out, workers=workers, observer=Silent())


@pytest.fixture(scope="session")
def graded(in_class: Outcomes) -> dict[str, Graded]:
    """The whole results, as they stand on disk."""
    return {one.student: one for one in in_class.graded}


def lost(result: Result) -> set[str]:
    """Exercises that lost automatic points."""
    return {check.exercise for check in result.checks if check.score < check.points}


@pytest.mark.parametrize("name", USABLE)
def test_a_sample_loses_points_on_what_it_breaks_and_nowhere_else(name, graded):
    result = graded[name].result
    why = {
        check.id: f"{check.outcome}: {check.message} {check.found}"
        for check in result.checks
        if check.outcome is not Outcome.PASSED
    }

    assert lost(result) == SAMPLES[name].loses, why


@pytest.mark.parametrize("name", USABLE)
def test_nothing_about_a_sample_is_the_grader_s_fault(name, graded):
    result = graded[name].result

    assert result.execution.status == "complete"
    assert result.execution.cuts == []
    assert result.count(Outcome.ERROR) == result.count(Outcome.UNSCORED) == 0


@pytest.mark.parametrize("name", [n for n in USABLE if not SAMPLES[n].loses])
def test_a_sample_with_full_marks_has_all_automatic_points(name, graded):
    result = graded[name].result
    automatic = sum(exercise.automatic_points for exercise in ASSIGNMENT.exercises)

    assert result.score == automatic
    assert result.score + result.pending == result.points + result.bonus_points


def test_each_lost_point_comes_with_a_reason_and_a_hint(graded):
    for one in graded.values():
        for check in one.result.checks:
            if check.score < check.points:
                assert check.message, check.id
                assert check.hint, check.id


def test_the_unusable_sample_gets_one_sentence_and_the_class_goes_on(graded):
    result = graded["merge_conflict"].result

    assert result.execution.status == "unusable"
    assert "merge-conflict marker" in result.execution.message
    assert len(graded) == len(SAMPLES)


def test_text_answers_are_found_for_a_person_to_read(graded):
    for name in ("full_marks", "full_marks_one_name", "functional_one_hot"):
        exercises = {e.id: e for e in graded[name].result.exercises if e.manual}
        missing = [i for i, e in exercises.items() if e.manual and not e.manual.answer]
        assert not missing, name


def test_an_untouched_text_cell_is_no_answer(graded):
    exercises = {e.id: e for e in graded["open_blank"].result.exercises}

    assert exercises["4b"].manual.answer is None


def test_stale_outputs_prove_nothing(graded):
    """correlation.ipynb carries outputs of a right convolution; the code says otherwise."""
    assert "2a" in lost(graded["correlation"].result)


def test_a_mistake_that_is_carried_on_says_where_it_was_paid(graded):
    follows = {
        check.exercise: check.follows_from
        for check in graded["hidden_20"].result.checks
        if check.follows_from
    }

    assert follows == {"1d": "1c", "1g": "1c", "1i": "1c"}


def test_every_student_has_every_report(graded, out):
    for one in graded.values():
        for file in ("result.json", "feedback.html", "feedback.md"):
            assert (one.folder / file).stat().st_size > 200, (one.folder.name, file)
    assert "full_marks/feedback.html" in (out / "index.html").read_text(encoding="utf-8")


def test_the_grades_are_those_of_the_results(graded, out):
    with (out / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}

    assert set(rows) == set(graded)
    for name, one in graded.items():
        assert float(rows[name]["score"]) == one.result.score
        per_exercise = sum(float(rows[name][e.id]) for e in ASSIGNMENT.exercises)
        assert per_exercise == pytest.approx(one.result.score, abs=1e-9)


def test_the_gradebook_keeps_the_outline_of_each_result(graded, out):
    with Gradebook.open(out, create=False) as book:
        kept = {student.name: result for student, result in book.outlines()}

    assert kept == {name: outline(one.result) for name, one in graded.items()}


def test_every_training_of_a_sample_is_the_graders_own(graded):
    trainings = [t for name in USABLE for t in graded[name].result.trainings]

    assert len(trainings) > 60
    assert all(t.verified and t.fingerprint and t.test_accuracy is not None for t in trainings)


def test_equal_trainings_of_a_class_are_done_once(graded):
    trainings = [t for name in USABLE for t in graded[name].result.trainings]
    done = [t.fingerprint for t in trainings if not t.cached]

    assert len(done) == len(set(done))
    assert set(done) == {t.fingerprint for t in trainings}
    assert len(done) < len(trainings)


def test_a_class_that_is_checked_again_has_the_same_results(graded, out):
    class_page = (out / "index.html").read_text(encoding="utf-8")
    before = {name: one.result for name, one in graded.items()}

    again = regrade(out, None, Silent())

    assert again.left == []
    for one in again.outcomes.graded:
        now = Result.load(one.folder / "result.json")
        same = {"graded_at": before[now.submission.student].graded_at}
        assert now.model_copy(update=same) == before[now.submission.student]
    assert (out / "index.html").read_text(encoding="utf-8").count("<tr") == class_page.count("<tr")


def test_results_name_the_data_they_rest_on(graded):
    for name in USABLE:
        (data,) = graded[name].result.data_sets
        assert data.source in {"built-in look-alike", "TENSORMARK_DATA"}
        assert len(data.fingerprint) == 16
