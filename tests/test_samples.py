"""The sample classes, graded from end to end: real notebooks, real TensorFlow, whole data sets.

On built-in data with capped trainings, or where TENSORMARK_DATA points to real ones, on these and
with whole trainings. Of samples that are alike to the engine, one is in the usual run.
"""

from __future__ import annotations

import csv
import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from graders.assignment import Assignment, list_assignments, load_assignment
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
from graders.samples import Sample, load_samples, sample_submissions
from tests.builders.classes import Watcher
from tests.tiers import with_exhaustive

ASSIGNMENTS = list_assignments()
# Only `make test-all` lets it through.
REAL = bool(os.environ.get("TENSORMARK_DATA"))
pytestmark = [pytest.mark.sandbox, *([pytest.mark.real_data] if REAL else [])]

# Whole trainings on real data take an hour, capped ones on built-in data a minute.
CAPPED = not REAL
# The cap doesn't bound a loop of fit(epochs=1), so its ranges don't hold for that.
WHOLE_ONLY = {"full_marks_script"}
SAMPLES = {
    name: {
        sample.path.stem: sample
        for sample in load_samples(load_assignment(name))
        if not CAPPED or sample.path.stem not in WHOLE_ONLY
    }
    for name in ASSIGNMENTS
}
# Samples that the engine sees like one that stays, or like one of the demo's class.
EXHAUSTIVE = {
    "fashion_cnn": {
        *("crashed", "crashed_copy", "full_marks", "full_marks_one_name", "no_scaling"),
        *("one_epoch", "swapped_filters"),
    },
    "fashion_training": {"full_marks", "nearest_fill", "one_curve", "one_round", "weights_only"},
}
# A draw in which those that stay are right at once; further attempts have tests of their own.
DRAWS = {"fashion_training": 2}
# Samples that train in their own process, which the grader only measures: how many times.
TRAINED_BY_THEMSELVES = {
    "fashion_training": {
        "full_marks_script": 1,  # on a generator of its own
        "full_marks_layers": 1,  # on a tf.data pipeline
    }
}
# How many trainings of a usable sample the grader carries out or reuses, at least on average.
TRAININGS = {"fashion_cnn": 5.5, "fashion_training": 14.4}


@dataclass(frozen=True)
class SampleClass:
    """The samples of an assignment, graded."""

    assignment: Assignment
    samples: dict[str, Sample]
    out: Path
    outcomes: Outcomes

    @property
    def usable(self) -> list[str]:
        return [name for name, sample in self.samples.items() if not sample.unusable]

    @functools.cached_property
    def graded(self) -> dict[str, Graded]:
        """The whole results, as they stand on disk."""
        return {one.student: one for one in self.outcomes.graded}

    def result(self, sample: str) -> Result:
        return self.graded[sample].result


@pytest.fixture(scope="session")
def class_of(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], SampleClass]:
    """Grade the samples of an assignment, once in a session."""
    exhaustive = request.config.getoption("--exhaustive")

    @functools.cache
    def grade(name: str) -> SampleClass:
        assignment = load_assignment(name)
        samples = {
            sample: found
            for sample, found in SAMPLES[name].items()
            if exhaustive or sample not in EXHAUSTIVE.get(name, ())
        }
        everybody = sample_submissions(assignment)
        submissions = [one for one in everybody if one.student in samples]
        workers = default_workers(len(submissions))
        settings = Settings(
            device="cpu",
            data="local" if REAL else "builtin",
            training="capped" if CAPPED else "full",
            threads=threads_for(workers),
            store=tmp_path_factory.mktemp("store"),
            draw=0 if exhaustive else DRAWS.get(name, 0),
        )
        out = tmp_path_factory.mktemp("class")
        grader = Grader(assignment, settings)
        enrolled = Enrolled(submissions)
        outcomes = grade_class(grader, enrolled, out, workers=workers, observer=Watcher())
        return SampleClass(assignment, samples, out, outcomes)

    return grade


@pytest.fixture
def in_class(assignment: str, class_of: Callable[[str], SampleClass]) -> SampleClass:
    """The class of the assignment that a test is about."""
    return class_of(assignment)


def of(assignment: str) -> pytest.MarkDecorator:
    """Mark a test of one assignment's samples alone."""
    return pytest.mark.parametrize("assignment", [assignment])


of_each = pytest.mark.parametrize("assignment", ASSIGNMENTS)


def each_sample(which: Callable[[Sample], bool]) -> pytest.MarkDecorator:
    """Parametrize a test with the samples that it is about."""
    return pytest.mark.parametrize(
        ("assignment", "name"),
        [
            pytest.param(
                assignment,
                name,
                id=f"{assignment}-{name}",
                marks=[pytest.mark.exhaustive] if name in EXHAUSTIVE.get(assignment, ()) else [],
            )
            for assignment, samples in SAMPLES.items()
            for name, sample in sorted(samples.items())
            if which(sample)
        ],
    )


of_each_sample = each_sample(lambda sample: not sample.unusable)
of_each_right_sample = each_sample(lambda sample: not sample.unusable and not sample.loses)


def lost(result: Result) -> set[str]:
    """Exercises that lost automatic points."""
    return {check.exercise for check in result.checks if check.score < check.points}


@of_each_sample
def test_a_sample_loses_points_on_what_it_breaks_and_nowhere_else(name, in_class):
    result = in_class.result(name)
    why = {
        check.id: f"{check.outcome}: {check.message} {check.found}"
        for check in result.checks
        if check.outcome is not Outcome.PASSED
    }

    assert lost(result) == in_class.samples[name].loses, why


@of_each_sample
def test_nothing_about_a_sample_is_the_grader_s_fault(name, in_class):
    result = in_class.result(name)

    assert result.execution.status == "complete"
    assert result.execution.cuts == []
    assert result.count(Outcome.ERROR) == result.count(Outcome.UNSCORED) == 0


@of_each_right_sample
def test_a_sample_with_full_marks_has_all_automatic_points(name, in_class):
    result = in_class.result(name)
    automatic = sum(exercise.automatic_points for exercise in in_class.assignment.exercises)

    assert result.score == automatic
    assert result.score + result.pending == result.points + result.bonus_points


@of_each
def test_each_lost_point_comes_with_a_reason_and_a_hint(in_class):
    for one in in_class.graded.values():
        for check in one.result.checks:
            if check.score < check.points:
                assert check.message, check.id
                assert check.hint, check.id


@of_each
def test_the_whole_class_is_graded(in_class):
    assert in_class.graded.keys() == in_class.samples.keys()


@of("fashion_cnn")
def test_the_unusable_sample_gets_one_sentence_and_the_class_goes_on(in_class):
    result = in_class.result("merge_conflict")

    assert result.execution.status == "unusable"
    assert "merge-conflict marker" in result.execution.message
    assert len(in_class.graded) == len(in_class.samples)


@of_each_right_sample
def test_text_answers_are_found_for_a_person_to_read(name, in_class):
    exercises = {e.id: e for e in in_class.result(name).exercises if e.manual}

    missing = [i for i, e in exercises.items() if e.manual and not e.manual.answer]

    assert not missing


@of("fashion_cnn")
def test_an_untouched_text_cell_is_no_answer(in_class):
    exercises = {e.id: e for e in in_class.result("open_blank").exercises}

    assert exercises["4b"].manual.answer is None


@of("fashion_cnn")
def test_stale_outputs_prove_nothing(in_class):
    """correlation.ipynb carries outputs of a right convolution; the code says otherwise."""
    assert "2a" in lost(in_class.result("correlation"))


@of("fashion_cnn")
def test_a_mistake_that_is_carried_on_says_where_it_was_paid(in_class):
    follows = {
        check.exercise: check.follows_from
        for check in in_class.result("hidden_20").checks
        if check.follows_from
    }

    assert follows == {"1d": "1c", "1g": "1c", "1i": "1c"}


@of_each
def test_every_student_has_every_report(in_class):
    for one in in_class.graded.values():
        for file in ("result.json", "feedback.html", "feedback.md"):
            assert (one.folder / file).stat().st_size > 200, (one.folder.name, file)
    page = (in_class.out / "index.html").read_text(encoding="utf-8")
    assert all(f"{name}/feedback.html" in page for name in in_class.samples)


@of_each
def test_the_grades_are_those_of_the_results(in_class):
    with (in_class.out / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}

    assert set(rows) == set(in_class.graded)
    for name, one in in_class.graded.items():
        assert float(rows[name]["score"]) == one.result.score
        per_exercise = sum(float(rows[name][e.id]) for e in in_class.assignment.exercises)
        assert per_exercise == pytest.approx(one.result.score, abs=1e-9)


@of_each
def test_the_gradebook_keeps_the_outline_of_each_result(in_class):
    with Gradebook.open(in_class.out, create=False) as book:
        kept = {student.name: result for student, result in book.outlines()}

    assert kept == {name: outline(one.result) for name, one in in_class.graded.items()}


@of_each
def test_every_training_of_a_sample_is_the_graders_own_but_for_those_it_can_t_be_asked_for(
    assignment, in_class
):
    trainings = {name: in_class.result(name).trainings for name in in_class.usable}
    own = {name: [t for t in found if t.verified] for name, found in trainings.items()}
    by_themselves = {name: len(trainings[name]) - len(own[name]) for name in trainings}

    assert sum(map(len, own.values())) >= TRAININGS[assignment] * len(own)
    known = TRAINED_BY_THEMSELVES.get(assignment, {})
    assert by_themselves == {name: known.get(name, 0) for name in trainings}
    assert all(t.fingerprint for found in own.values() for t in found)


@of_each
def test_every_training_is_measured_by_the_grader_on_each_test_set(in_class):
    trainings = [t for name in in_class.usable for t in in_class.result(name).trainings]
    further = {one.name for one in in_class.assignment.test_sets}

    assert all(t.test_accuracy is not None for t in trainings)
    assert all(set(t.others) == further for t in trainings)


@of_each
def test_equal_trainings_of_a_class_are_done_once(in_class):
    trainings = [
        t for name in in_class.usable for t in in_class.result(name).trainings if t.verified
    ]
    done = [t.fingerprint for t in trainings if not t.cached]

    assert len(done) == len(set(done))
    assert set(done) == {t.fingerprint for t in trainings}


# The two of the second assignment that are in the usual run have no training in common.
@pytest.mark.parametrize("assignment", with_exhaustive(ASSIGNMENTS, {"fashion_training"}))
def test_students_of_a_class_share_trainings(in_class):
    trainings = [t for name in in_class.usable for t in in_class.result(name).trainings]

    assert sum(t.cached for t in trainings) > 5


@of_each
def test_a_class_that_is_checked_again_has_the_same_results(in_class):
    class_page = (in_class.out / "index.html").read_text(encoding="utf-8")
    before = {name: one.result for name, one in in_class.graded.items()}

    again = regrade(in_class.out, None, Watcher())

    assert again.left == []
    for one in again.outcomes.graded:
        now = Result.load(one.folder / "result.json")
        same = {"graded_at": before[now.submission.student].graded_at}
        assert now.model_copy(update=same) == before[now.submission.student]
    page = (in_class.out / "index.html").read_text(encoding="utf-8")
    assert page.count("<tr") == class_page.count("<tr")


@of_each_sample
def test_results_name_the_data_they_rest_on(name, in_class):
    (data,) = in_class.result(name).data_sets

    assert data.source in {"built-in look-alike", "TENSORMARK_DATA"}
    assert len(data.fingerprint) == 16
