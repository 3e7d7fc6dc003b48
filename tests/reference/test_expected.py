"""What the expected values of every assignment must hold, whatever was measured."""

from __future__ import annotations

import functools
from itertools import product

import pytest

from graders.assignment import list_assignments, load_assignment
from graders.expectations import Asked, Expectations
from graders.tolerance import LEAST
from reference.suite import reference_module

ASSIGNMENTS = list_assignments()


@functools.cache
def expected(assignment: str) -> Expectations:
    return Expectations.load(assignment)


def caps(assignment: str):
    return {"full": None, "capped": load_assignment(assignment).training.cap}


def fingerprint(assignment: str, data: str) -> str:
    """The fingerprint of the real or of the built-in data; there is one of each."""
    sources = expected(assignment).data_sets
    (found,) = (d for d, source in sources.items() if ("built-in" in source) == (data != "real"))
    return found


of_each = pytest.mark.parametrize("assignment", ASSIGNMENTS)
# What was measured so far; elsewhere an accuracy is left open, and the check says what to run.
EVERYWHERE = list(product(["real", "built-in"], ["full", "capped"]))
MEASURED = {
    "fashion_cnn": EVERYWHERE,
    "fashion_training": [("real", "full"), ("built-in", "capped")],
}
in_all_circumstances = pytest.mark.parametrize(
    ("assignment", "data", "policy"),
    [
        pytest.param(name, *case, id="-".join([name, *case]))
        for name in ASSIGNMENTS
        for case in MEASURED.get(name, EVERYWHERE)
    ],
)


@in_all_circumstances
def test_every_experiment_has_a_range_at_the_usual_batch_sizes(assignment, data, policy):
    known = expected(assignment).under(caps(assignment)[policy])
    module = reference_module(assignment)

    on = fingerprint(assignment, data)
    measured = {
        (one.name, size): len(known.accuracies(Asked(one.name, size), on))
        for one, size in product(module.EXPERIMENTS, module.BATCH_SIZES)
        if one.ranged
    }

    assert {one: scores for one, scores in measured.items() if scores < LEAST} == {}


@in_all_circumstances
def test_every_score_of_these_circumstances_has_each_test_set_of_the_assignment(
    assignment, data, policy
):
    known = expected(assignment).under(caps(assignment)[policy])
    further = {one.name for one in load_assignment(assignment).test_sets}

    scores = [
        score
        for measured in known.measured
        if measured.data == fingerprint(assignment, data)
        for score in measured.scores
    ]

    assert scores
    assert all(score.others.keys() == further for score in scores)


@in_all_circumstances
def test_every_comparison_has_a_range_at_the_usual_batch_sizes(assignment, data, policy):
    known = expected(assignment).under(caps(assignment)[policy])
    module = reference_module(assignment)

    for one, size in product(module.COMPARISONS, module.BATCH_SIZES):
        better, worse = (one.better, size, one.on[0]), (one.worse, size, one.on[1])
        found = known.difference(better, worse, fingerprint(assignment, data))
        assert found is not None, one.title
        assert not found.outside, one.title


@of_each
def test_the_real_and_the_built_in_data_were_measured_and_no_others(assignment):
    measured = {one.data for one in expected(assignment).measured}

    assert measured == {fingerprint(assignment, data) for data in ("real", "built-in")}


@of_each
def test_nothing_stands_in_the_file_that_is_no_experiment_of_the_reference(assignment):
    names = {experiment.name for experiment in reference_module(assignment).EXPERIMENTS}

    assert {measured.experiment for measured in expected(assignment).measured} <= names


@of_each
def test_every_score_has_a_seed_of_its_own(assignment):
    for measured in expected(assignment).measured:
        assert len({score.seed for score in measured.scores}) == len(measured.scores)


@of_each
def test_no_two_experiments_that_are_trained_apart_share_a_seed(assignment):
    """Who shares a seed sees the items in the same order."""
    experiments = reference_module(assignment).EXPERIMENTS
    first_of = {
        one.name: next(other.name for other in experiments if other.same_under(one, None))
        for one in experiments
    }
    seen: dict[int, tuple[str, int]] = {}
    for m in expected(assignment).measured:
        if m.cap is None:
            training = (first_of[m.experiment], m.batch_size)
            for score in m.scores:
                assert seen.setdefault(score.seed, training) == training


@of_each
def test_both_forms_of_labels_were_measured_about_as_often(assignment):
    for measured in expected(assignment).measured:
        forms = [score.labels for score in measured.scores]
        assert abs(forms.count("integer") - forms.count("one_hot")) <= 2


@of_each
def test_every_score_is_an_accuracy(assignment):
    for measured in expected(assignment).measured:
        for score in measured.scores:
            assert all(0 <= one <= 1 for one in (score.test, score.train, *score.others.values()))


@of_each
def test_no_kind_stands_twice_in_the_file(assignment):
    keys = [measured.key for measured in expected(assignment).measured]

    assert len(set(keys)) == len(keys)


@of_each
def test_every_comparison_is_one_of_experiments_that_there_are(assignment):
    names = {experiment.name for experiment in reference_module(assignment).EXPERIMENTS}

    for comparison in reference_module(assignment).COMPARISONS:
        assert {comparison.better, comparison.worse} <= names


@of_each
def test_every_experiment_and_comparison_belongs_to_an_exercise_of_the_sheet(assignment):
    exercises = {exercise.id for exercise in load_assignment(assignment).exercises}
    module = reference_module(assignment)

    asked = {one.exercise for one in (*module.EXPERIMENTS, *module.COMPARISONS)}

    assert asked <= exercises


@of_each
def test_the_published_figures_in_the_file_are_those_of_the_reference(assignment):
    experiments = reference_module(assignment).EXPERIMENTS
    published = {
        f"{one.name}.{name}": figure
        for one in experiments
        if one.published is not None
        for name, figure in one.published.figures().items()
    }

    assert expected(assignment).published == published


@pytest.mark.training
@of_each
def test_the_kept_facts_are_those_computed_now(assignment):
    assert expected(assignment).facts == reference_module(assignment).facts()
