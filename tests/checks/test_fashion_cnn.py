"""The checks of fashion_cnn on made-up runs: one mistake loses its own exercise and no other."""

from __future__ import annotations

import numpy as np
import pytest

from graders.grading import verify_points
from graders.result import CheckResult, Outcome, ScoreEvidence
from tests.builders.fashion_cnn import (
    ACCURACY,
    ANSWERS,
    ASSIGNMENT,
    BOOTS,
    FIRST_WRONG,
    LABELS,
    MATRICES,
    PREDICTED,
    Solution,
    graded,
    lost_in,
    right,
)
from tests.builders.networks import compiled, dense_layers, pooled_layers, strided_layers


def test_a_right_solution_keeps_every_point(data):
    results = graded(data)
    assert [(r.id, r.message) for r in results if r.outcome is not Outcome.PASSED] == []
    verify_points(ASSIGNMENT, results)


def test_the_order_of_the_trainings_costs_nothing(data):
    names = list(ACCURACY)
    assert lost_in(graded(data, right(*reversed(names)))) == set()


@pytest.mark.parametrize(
    ("changes", "exercises"),
    [
        ({"small": {"epochs": 1, "accuracy": 0.6}}, {"1f"}),
        ({"small": {"validated": False}}, {"1f"}),
        ({"small": {"settings": compiled("Adam")}}, {"1e"}),
        ({"small": {"settings": compiled(loss="mse")}}, {"1e"}),
        ({"small": {"settings": compiled(metrics=[])}}, {"1e"}),
        ({"slow": {"settings": compiled(rate=0.05)}}, {"1g"}),
        ({"wide": {"layers": dense_layers(65, 65)}}, {"1h"}),
        ({"fewer": {"items": 10_000}}, {"1i"}),
        ({"fewer": {"epochs_before": 3}}, {"1i"}),
        ({"cnn": {"layers": pooled_layers(8, 16)}}, {"3a"}),
        ({"cnn": {"epochs": 1}}, {"3b"}),
        ({"cnn": {"accuracy": 0.5, "repeats": (0.5, 0.5)}}, {"3b"}),
        (
            {
                "strided": {"accuracy": 0.79, "repeats": (0.79, 0.79)},
                "adam": {"accuracy": 0.3, "repeats": (0.3, 0.3)},
            },
            {"4b"},
        ),
    ],
)
def test_one_mistake_loses_its_own_exercise_and_no_other(data, changes, exercises):
    results = graded(data, right(**changes))
    assert lost_in(results) == exercises
    assert [r.id for r in results if r.outcome.is_open] == []


@pytest.mark.parametrize(
    ("key", "exercise"), [("1d", "1d"), ("1g", "1g"), ("1h", "1h"), ("3c", "3c"), ("4a", "4a")]
)
@pytest.mark.parametrize("value", [None, 1, "unknown"])
def test_a_wrong_answer_loses_its_own_exercise_and_no_other(data, key, exercise, value):
    assert lost_in(graded(data, answers={key: value})) == {exercise}


def test_no_scaling_anywhere_loses_1b_alone(data):
    unscaled = {
        name: {"top": 255.0, "accuracy": 0.1} for name in ("small", "slow", "wide", "fewer")
    }
    unscaled |= {"cnn": {"top": 255.0}, "strided": {"top": 255.0}, "adam": {"top": 255.0}}
    assert lost_in(graded(data, right(**unscaled))) == {"1b"}


def test_hidden_layers_of_20_with_honest_answers_lose_1c_alone(data):
    twenty = {"layers": dense_layers(20, 20)}
    student = right(small=twenty, slow=twenty, fewer=twenty)
    for network in student.run.recording.networks:
        if network.layers == twenty["layers"]:
            network.trainable = 16_330
    assert lost_in(graded(data, student, answers={"1d": 16_330})) == {"1c"}


def test_adam_throughout_part_1_loses_1e_alone(data):
    adam = {"settings": compiled("Adam")}
    student = right(small=adam, slow={"settings": compiled("Adam", 0.005)}, wide=adam, fewer=adam)
    assert lost_in(graded(data, student, answers={"1g": 0.001})) == {"1e"}


def test_swapped_filters_carried_to_the_end_lose_3a_alone(data):
    student = right(
        cnn={"layers": pooled_layers(8, 16)},
        strided={"layers": strided_layers(8, 16)},
        adam={"layers": strided_layers(8, 16)},
    )
    assert lost_in(graded(data, student)) == {"3a"}


def test_a_strided_network_that_is_wrong_in_both_trainings_loses_4a_alone(data):
    layers = strided_layers(32, 8)
    student = right(strided={"layers": layers}, adam={"layers": layers})
    assert lost_in(graded(data, student)) == {"4a"}


def test_a_loss_that_is_wrong_from_3b_on_loses_3b_alone(data):
    wrong = {"settings": compiled(loss="mse")}
    adam = {"settings": compiled("Adam", loss="mse")}
    assert lost_in(graded(data, right(cnn=wrong, strided=wrong, adam=adam))) == {"3b"}


@pytest.mark.parametrize(
    ("missing", "exercises"),
    [("slow", {"1g"}), ("wide", {"1h"}), ("fewer", {"1i"}), ("adam", {"4b"})],
)
def test_a_missing_training_loses_its_own_exercise_and_no_other(data, missing, exercises):
    assert lost_in(graded(data, right(without=(missing,)))) == exercises


def test_a_lucky_repetition_of_the_small_network_is_not_the_wide_one(data):
    student = right(without=("wide",))
    student.add("small", accuracy=0.80)
    results = [r for r in graded(data, student) if r.exercise == "1h"]
    scores = {result.id.split("::")[1]: result.score for result in results}
    assert scores["test_wide_network_is_better"] == 0


def named(results: list[CheckResult], check: str) -> CheckResult:
    return next(result for result in results if check in result.id)


# -- attempts and parts of points -----------------------------------------------------------

JUDGED_BY_ACCURACY = {
    "small": "test_accuracy_of_the_small_network",
    "wide": "test_wide_network_is_better",
    "cnn": "test_accuracy_of_the_cnn",
    "adam": "test_adam_is_better",
}
in_each = pytest.mark.parametrize("name", JUDGED_BY_ACCURACY)


def again(name: str, *attempts: float) -> Solution:
    """A right solution of which one training reaches this, and whatever it is compared with."""
    low, *repeats = attempts
    as_before = {
        one: {"repeats": [ACCURACY[one]] * len(repeats)} for one in ("small", "strided", "cnn")
    }
    return right(**(as_before | {name: {"accuracy": low, "repeats": repeats}}))


@in_each
def test_an_unlucky_first_attempt_is_left_open_until_there_were_three(data, name):
    result = named(graded(data, again(name, 0.2)), JUDGED_BY_ACCURACY[name])
    assert result.outcome is Outcome.UNSCORED
    assert "up to 3 attempts" in result.message


@in_each
@pytest.mark.parametrize("unlucky", [1, 2])
def test_a_further_attempt_that_is_as_good_as_the_reference_keeps_every_point(data, name, unlucky):
    student = again(name, *[0.2] * unlucky, ACCURACY[name])
    assert lost_in(graded(data, student)) == set()


@in_each
def test_three_attempts_far_too_low_lose_the_check(data, name):
    result = named(graded(data, again(name, 0.2, 0.2, 0.2)), JUDGED_BY_ACCURACY[name])
    assert (result.outcome, result.score) == (Outcome.FAILED, 0)


@pytest.mark.parametrize("name", ["small", "cnn"])
def test_three_attempts_a_little_too_low_lose_part_of_the_check(data, name):
    # The cutoff lies 0.009 below, the floor 0.018 below that.
    low = ACCURACY[name] - 0.018
    result = named(graded(data, again(name, low, low, low)), JUDGED_BY_ACCURACY[name])
    assert result.outcome is Outcome.FAILED
    assert 0.49 <= result.score <= 0.5


@pytest.mark.parametrize(
    ("changes", "flagged"),
    [
        ({}, []),
        (
            {"small": {"accuracy": 0.80}, "wide": {"accuracy": 0.84}},
            ["test_accuracy_of_the_small_network"],
        ),
        ({"wide": {"accuracy": 0.90}}, ["test_wide_network_is_better"]),
        ({"cnn": {"accuracy": 0.99}}, ["test_accuracy_of_the_cnn"]),
        ({"adam": {"accuracy": 0.99}}, ["test_adam_is_better"]),
    ],
)
def test_what_is_too_good_is_flagged_and_keeps_every_point(data, changes, flagged):
    results = graded(data, right(**changes))
    assert lost_in(results) == set()
    assert [r.id.split("::")[1] for r in results if r.flag] == flagged


def test_a_small_network_that_was_lucky_does_not_cost_the_wide_one(data):
    student = right(
        small={"accuracy": 0.79, "repeats": (0.77,)}, wide={"accuracy": 0.82, "repeats": (0.82,)}
    )
    assert lost_in(graded(data, student)) == set()


def test_adam_on_the_pooled_network_is_compared_with_sgd_on_it(data):
    student = right(adam={"layers": pooled_layers(), "accuracy": ACCURACY["cnn"] + 0.08})
    result = named(graded(data, student), "test_adam_is_better")
    assert result.outcome is Outcome.PASSED
    (score,) = [e for e in result.evidence if isinstance(e, ScoreEvidence)]
    assert score.observed == pytest.approx([0.08])
    assert score.cutoff == pytest.approx(0.08 - 0.018)


@pytest.mark.parametrize("accuracy", [0.2, 0.85, 0.99])
def test_adam_at_another_rate_than_its_default_loses_4b_whatever_it_reaches(data, accuracy):
    student = right(adam={"settings": compiled("Adam", 0.01), "accuracy": accuracy})
    results = graded(data, student)
    assert lost_in(results) == {"4b"}
    assert named(results, "test_adam_is_better").outcome is Outcome.FAILED


def test_a_cnn_on_the_reduced_data_is_compared_with_one_on_as_many(data):
    student = right(cnn={"items": 20_000, "accuracy": 0.68})
    result = named(graded(data, student), "test_accuracy_of_the_cnn")
    assert result.outcome is Outcome.PASSED


# -- convolutions and boots -----------------------------------------------------------------


@pytest.mark.parametrize("name", ["KxIA", "KyIB"])
def test_a_correlation_is_named_and_loses_one_matrix(data, name):
    wrong = (-np.asarray(MATRICES[name])).tolist()
    results = [r for r in graded(data, matrices={name: wrong}) if r.score < r.points]
    assert [result.exercise for result in results] == ["2a"]
    assert "correlation" in results[0].hint


def test_a_missing_matrix_was_not_attempted(data):
    results = graded(data, matrices={"KxIA": None})
    assert [r.outcome for r in results if r.score < r.points] == [Outcome.NOT_ATTEMPTED]


@pytest.mark.parametrize(
    "boots", [BOOTS, BOOTS.astype(float), BOOTS[::-1], BOOTS.reshape(-1, 1), PREDICTED == 9]
)
def test_boots_may_be_written_in_many_ways(data, boots):
    assert lost_in(graded(data, boots=boots)) == set()


def test_the_true_boots_are_not_those_that_the_network_predicts(data):
    results = [r for r in graded(data, boots=np.flatnonzero(LABELS == 9)) if r.score < r.points]
    assert [result.exercise for result in results] == ["1j"]
    assert "true ankle boots" in results[0].hint


def test_what_only_the_students_process_predicts_passes_nothing(data):
    claimed = np.where(np.arange(10_000) % 100 == 47, 9, PREDICTED).astype(np.uint8)
    boots = np.flatnonzero(claimed == 9)
    results = graded(data, boots=boots, first_wrong=FIRST_WRONG, claimed=claimed)
    (unscored,) = [r for r in results if r.score < r.points]
    assert (unscored.exercise, unscored.outcome) == ("1j", Outcome.UNSCORED)
    assert "Nothing is lost" in unscored.hint


@pytest.mark.parametrize("boots", [BOOTS, BOOTS[:40]], ids=["agrees", "differs"])
def test_without_any_measurement_trainings_and_boots_are_left_open(data, boots):
    student = right()
    for training in student.run.recording.trainings:
        training.measured_by = ""
    results = [r for r in graded(data, student, boots=boots) if r.score < r.points]
    assert {r.outcome for r in results} == {Outcome.UNSCORED}
    assert {r.exercise for r in results} == {"1f", "1g", "1h", "1i", "1j", "3b", "4a", "4b"}


def test_that_no_boot_is_wrong_has_to_be_so_for_a_network(data):
    true = np.flatnonzero(LABELS == 9)
    results = graded(data, boots=true, first_wrong=None)
    assert {r.outcome for r in results if r.exercise == "1j"} == {Outcome.FAILED}


def test_a_position_within_boots_is_not_an_index_into_the_test_set(data):
    results = [r for r in graded(data, first_wrong=0) if r.score < r.points]
    assert [result.exercise for result in results] == ["1j"]
    assert "position within boots" in results[0].hint


@pytest.mark.parametrize("value", [3, 3.0, "3"])
def test_the_first_wrong_boot_may_be_written_in_many_ways(data, value):
    assert lost_in(graded(data, first_wrong=value)) == set()


def test_an_empty_run_gets_nothing_and_breaks_nothing(data):
    student = Solution(without=tuple(ACCURACY))
    results = graded(
        data,
        student,
        answers=dict.fromkeys(ANSWERS),
        matrices=dict.fromkeys(MATRICES),
        boots=None,
        first_wrong=None,
    )
    assert {result.outcome for result in results} == {Outcome.NOT_ATTEMPTED}
