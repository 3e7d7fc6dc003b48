"""The checks of 1j on made-up runs: boots of which network, and what is wrong with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from graders.recording.schema import ArrayRecord, CallRecord, PairRecord
from graders.result import CheckResult, Outcome
from tests.builders.fashion_cnn import LABELS, Solution, checked, right
from tests.builders.networks import dense_layers

DENSE = ("small", "slow", "wide", "fewer")
ITEMS = np.arange(10_000)


def calling(offset: int, every: int = 50) -> NDArray[np.uint8]:
    """Classes of a network that takes every so manieth item for a boot, from the offset on."""
    return np.where(ITEMS % every == offset, 9, LABELS).astype(np.uint8)


def boots_of(classes: NDArray[Any]) -> NDArray[Any]:
    return np.flatnonzero(classes == 9)


# Each network's own, so that none agrees with another; the first wrong boots are 3, 4, 5, ...
OF = {name: calling(place) for place, name in enumerate((*DENSE, "cnn", "strided", "adam"), 3)}
SMALL, WIDE, CNN = (boots_of(OF[name]) for name in ("small", "wide", "cnn"))
NO_BOOTS = np.zeros(10_000, np.uint8)
UNTRAINED = calling(21)


def judged(
    data,
    boots: Any,
    first_wrong: Any = None,
    *,
    of: dict[str, NDArray[Any] | None] | None = None,
    student: Solution | None = None,
    predicts: tuple[str, ...] = (),
    untrained: NDArray[Any] | None = None,
) -> tuple[CheckResult, CheckResult]:
    """Check boots and first_wrong.

    Args:
        data: the fixture.
        boots: what the student's variable holds; None: there is none.
        first_wrong: likewise.
        of: the grader's own predictions, by network, where they are others; None: it has none.
        student: the run; a right one where it is left out.
        predicts: networks that the student called predict on, with the whole test set.
        untrained: what a predict of a network that was never fitted said.

    """
    student = student or right()
    recording = student.run.recording
    known = OF | (of or {})
    arrays: dict[str, Any] = {}
    for name, number in student.meant.items():
        training = next(t for t in recording.trainings if t.id == number)
        if (classes := known[name]) is None:
            training.measured_by = ""
        elif training.status == "ok":
            training.predictions, arrays[f"{name}.npy"] = f"{name}.npy", classes
        if name in predicts:
            call = student.run.evaluate(training, PairRecord())
            call.kind, call.predictions = "predict", training.predictions
    if untrained is not None:
        arrays["untrained.npy"] = untrained
        recording.calls.append(
            CallRecord(
                kind="predict",
                model=999,
                after_training=None,
                cell=0,
                data=PairRecord(),
                predictions="untrained.npy",
            )
        )
    if boots is not None:
        recording.arrays["boots"] = ArrayRecord(shape=[1], dtype="int64", file="boots.npy")
        arrays["boots.npy"] = np.asarray(boots)
    recording.values["first_wrong"] = first_wrong
    results = checked(data, recording, arrays)
    one, other = (result for result in results if result.exercise == "1j")
    return one, other


def outcomes(results: tuple[CheckResult, CheckResult]) -> tuple[Outcome, Outcome]:
    return results[0].outcome, results[1].outcome


PASSED, FAILED, OPEN = Outcome.PASSED, Outcome.FAILED, Outcome.UNSCORED
NOT_ATTEMPTED = Outcome.NOT_ATTEMPTED
UNMEASURED = dict.fromkeys(DENSE)


# -- what the grader has no predictions of --------------------------------------------------


def test_networks_that_the_grader_cannot_let_predict_leave_both_checks_open(data):
    assert outcomes(judged(data, SMALL, 3, of=UNMEASURED)) == (OPEN, OPEN)


def test_no_wrong_boot_is_left_open_as_well_where_the_grader_has_no_predictions(data):
    true = np.flatnonzero(LABELS == 9)
    assert outcomes(judged(data, true, None, of=UNMEASURED)) == (OPEN, OPEN)


def test_a_first_wrong_boot_without_boots_is_left_open_where_there_are_no_predictions(data):
    assert judged(data, None, 3, of=UNMEASURED)[1].outcome is OPEN


def test_the_network_that_the_student_chose_decides_whether_it_can_be_compared(data):
    one_unmeasured = {"slow": None}
    wrong = boots_of(calling(33))
    assert judged(data, wrong, 3, of=one_unmeasured)[0].outcome is OPEN
    chosen = judged(data, wrong, 3, of=one_unmeasured, predicts=("slow",))
    assert chosen[0].outcome is OPEN
    other = judged(data, wrong, 3, of=one_unmeasured, predicts=("small",))
    assert other[0].outcome is FAILED


def test_a_network_trained_step_by_step_leaves_the_check_open(data):
    student = right(without=DENSE)
    student.run.build(dense_layers(10, 10)).custom_steps = 500
    assert outcomes(judged(data, SMALL, 3, student=student)) == (OPEN, OPEN)


def test_boots_were_not_attempted_where_nothing_was_trained(data):
    results = judged(data, SMALL, 3, student=Solution(without=tuple(OF)))
    assert outcomes(results) == (NOT_ATTEMPTED, NOT_ATTEMPTED)


# -- networks that were never trained -------------------------------------------------------


def test_what_a_network_predicts_that_was_never_trained_fails_and_says_so(data):
    result, _ = judged(data, boots_of(UNTRAINED), 21, untrained=UNTRAINED)
    assert result.outcome is FAILED
    assert "never trained" in result.message


def test_a_crashed_training_does_not_make_a_network_a_trained_one(data):
    crashed = {"status": "error", "epochs": 0, "accuracy": None}
    student = right(small=crashed)
    call = student.run.evaluate(student.run.recording.trainings[0], PairRecord())
    call.kind, call.predictions = "predict", "untrained.npy"
    result, _ = judged(data, boots_of(UNTRAINED), 21, student=student, untrained=UNTRAINED)
    assert result.outcome is FAILED
    assert "never trained" in result.message


def test_a_predict_of_an_untrained_network_leaves_nothing_open(data):
    result, _ = judged(data, boots_of(calling(33)), 33, untrained=UNTRAINED)
    assert result.outcome is FAILED
    assert "differs" in result.message


def test_a_network_that_was_never_trained_costs_once(data):
    boots, first = judged(data, boots_of(UNTRAINED), 21, untrained=UNTRAINED)
    assert (boots.score, first.score, first.follows_from) == (0, 1, "1j")


def test_boots_of_a_network_whose_training_failed_follow_from_where_that_was_lost(data):
    student = right(wide={"status": "error", "epochs": 0, "accuracy": None})
    results = judged(data, boots_of(UNTRAINED), 21, student=student, untrained=UNTRAINED)
    assert [(one.score, one.follows_from) for one in results] == [(1, "1h"), (1, "1h")]


def test_a_copy_of_a_trained_network_is_no_untrained_one(data):
    assert outcomes(judged(data, SMALL, 3, untrained=OF["small"])) == (PASSED, PASSED)


# -- which network --------------------------------------------------------------------------


@pytest.mark.parametrize("name", DENSE)
def test_boots_of_any_dense_network_pass_whichever_predict_was_called_on(data, name):
    boots = boots_of(OF[name])
    first = DENSE.index(name) + 3
    assert outcomes(judged(data, boots, first, predicts=("small",))) == (PASSED, PASSED)


def test_a_network_that_predict_was_called_on_is_what_the_message_expects(data):
    # Nearer to the small network's, of which nothing was asked.
    result, _ = judged(data, SMALL[:-20], 3, predicts=("wide",))
    assert result.expected.startswith(f"{len(WIDE):,} positions (5, 9,")


def test_empty_boots_of_another_collapsed_network_do_not_pass(data):
    result, _ = judged(data, [], None, of={"slow": NO_BOOTS}, predicts=("small",))
    assert result.outcome is FAILED
    assert "axis=1" in result.hint


def test_nearly_empty_boots_of_another_collapsed_network_do_not_pass(data):
    result, _ = judged(data, [3, 9], 3, of={"slow": NO_BOOTS}, predicts=("small",))
    assert result.outcome is FAILED


def test_empty_boots_pass_where_predict_was_called_on_the_collapsed_network(data):
    results = judged(data, [], None, of={"slow": NO_BOOTS}, predicts=("slow",))
    assert outcomes(results) == (PASSED, PASSED)


def test_empty_boots_are_left_open_where_nothing_tells_which_network_was_meant(data):
    assert outcomes(judged(data, [], None, of={"slow": NO_BOOTS})) == (OPEN, OPEN)


def test_empty_boots_pass_where_every_dense_network_predicts_none(data):
    results = judged(data, [], None, of=dict.fromkeys(DENSE, NO_BOOTS))
    assert outcomes(results) == (PASSED, PASSED)


def test_empty_boots_that_no_network_predicts_fail(data):
    assert judged(data, [], None)[0].outcome is FAILED


def test_a_convolutional_network_counts_where_predict_was_called_on_it(data):
    assert outcomes(judged(data, CNN, 7, predicts=("cnn",))) == (PASSED, PASSED)


def test_a_convolutional_network_does_not_count_where_another_was_asked(data):
    result, _ = judged(data, CNN, 7, predicts=("small",))
    assert result.outcome is FAILED
    assert "one of the dense networks" in result.hint


def test_a_convolutional_network_is_left_open_where_nothing_tells_what_was_asked(data):
    assert judged(data, CNN, 7)[0].outcome is OPEN


# -- first_wrong ----------------------------------------------------------------------------


def test_the_first_wrong_boot_of_another_network_is_not_that_of_boots(data):
    boots, first = judged(data, SMALL, 5)
    assert (boots.outcome, first.outcome) == (PASSED, FAILED)
    assert (first.expected, first.score) == ("3", 0)


def test_a_border_case_in_boots_may_be_the_first_wrong_one(data):
    assert outcomes(judged(data, [0, *SMALL], 0)) == (PASSED, PASSED)
    assert outcomes(judged(data, [0, *SMALL], 3)) == (PASSED, PASSED)


def test_the_first_wrong_one_of_wrong_boots_follows_from_them(data):
    boots, first = judged(data, boots_of(calling(33)), 33)
    assert (boots.outcome, first.outcome) == (FAILED, FAILED)
    assert (first.score, first.follows_from) == (1, "1j")


def test_wrong_boots_do_not_borrow_the_first_wrong_one_of_a_network(data):
    _, first = judged(data, boots_of(calling(33)), 5)
    assert (first.outcome, first.score, first.expected) == (FAILED, 0, "33")


def test_boots_that_are_cut_off_keep_their_first_wrong_one(data):
    assert outcomes(judged(data, SMALL[:100], 3)) == (FAILED, PASSED)


def test_without_boots_the_first_wrong_one_of_any_dense_network_counts(data):
    assert outcomes(judged(data, None, 5)) == (NOT_ATTEMPTED, PASSED)
    assert outcomes(judged(data, None, 7)) == (NOT_ATTEMPTED, FAILED)


def test_true_boots_keep_the_first_wrong_one_of_the_network_that_was_asked(data):
    true = np.flatnonzero(LABELS == 9)
    assert outcomes(judged(data, true, 3, predicts=("small",))) == (FAILED, PASSED)
    assert outcomes(judged(data, true, 5, predicts=("small",))) == (FAILED, FAILED)


def test_a_fraction_is_no_position(data):
    result = judged(data, SMALL, 3.7)[1]
    assert result.outcome is FAILED
    assert result.found == "3.7, which is no position in the test set"


WRONG = [SMALL + 1, SMALL - 1, SMALL, boots_of(calling(33)), np.flatnonzero(LABELS == 9), [], None]


@pytest.mark.parametrize("boots", WRONG)
@pytest.mark.parametrize("first", [None, 2, 3, 5, 33, 10_000])
def test_no_message_expects_what_was_found(data, boots, first):
    of_boots, of_first = judged(data, boots, first, predicts=("wide",))
    assert Outcome.ERROR not in {of_boots.outcome, of_first.outcome}
    if of_boots.message:
        assert of_boots.found != of_boots.expected
    if of_first.message:
        assert of_first.found.split(",")[0] != of_first.expected.split(":")[0]


# -- what boots may hold --------------------------------------------------------------------


def test_positions_in_the_training_set_are_counted_and_named(data):
    boots = np.arange(0, 60_000, 8)
    result, _ = judged(data, boots, 3)
    assert result.found == "7,500 positions (0, 8, 16, 24, 32, ...)"
    assert "positions beyond 9,999 are positions in the training set" in result.hint.lower()


def test_repeated_positions_are_counted_as_they_stand_there(data):
    result, _ = judged(data, list(range(500)) * 2, 3)
    assert result.found.startswith("1,000 positions, 500 of them different (0, 1, 2, 3, 4, ...)")


@pytest.mark.parametrize(("step", "word"), [(1, "high"), (-1, "low")])
def test_positions_that_are_all_off_by_one_are_named(data, step, word):
    result, _ = judged(data, SMALL + step, 3)
    assert f"one too {word}: count from 0" in result.hint


def test_no_boots_at_all_are_named_as_argmax_over_the_wrong_axis(data):
    assert "axis=1" in judged(data, [], None)[0].hint


@pytest.mark.parametrize("boots", [OF["small"], OF["small"][SMALL], LABELS])
def test_classes_instead_of_positions_are_named(data, boots):
    boots, first = judged(data, boots, 3)
    assert "asked for are the positions" in boots.hint
    assert (boots.outcome, first.outcome) == (FAILED, PASSED)


@pytest.mark.parametrize(
    "boots",
    [
        np.full(1000, 2**63 - 1),
        np.full(1000, 2**64 - 1, np.uint64),
        np.arange(-500, 500),
        np.linspace(0, 9999, 777),
        np.array([np.nan] * 20),
        np.array([np.inf, -np.inf, np.nan, 1e308, -1e308]),
        np.array([np.finfo(np.longdouble).max] * 9),
        np.array([np.inf] * 9, np.float16),
        np.random.default_rng(0).random((1000, 10)),
        np.zeros((0, 4)),
        np.array(7),
        np.zeros((3, 4, 5), bool),
        np.arange(1_000_000),
        np.zeros(8_000_000, np.int8),
    ],
    ids=[
        "huge",
        "unsigned",
        "negative",
        "fractions",
        "nan",
        "infinite",
        "longer floats",
        "short floats",
        "outputs",
        "nothing in two axes",
        "one number",
        "no mask",
        "a million",
        "eight million",
    ],
)
def test_no_number_breaks_the_checks(data, boots):
    for result in judged(data, boots, 1e300):
        assert result.outcome is FAILED
    assert f"{boots.size:,} positions" in judged(data, boots, 3)[0].found


def test_positions_with_a_fraction_are_none(data):
    assert judged(data, SMALL + 0.4, 3)[0].outcome is FAILED
