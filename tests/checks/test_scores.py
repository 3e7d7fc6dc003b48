"""Accuracies against made-up ranges: who passes, who is trained again, who is left open."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graders.assignment import load_assignment
from graders.checks import CheckFailed, Match, Unscored, assert_accuracy, assert_better, differs
from graders.checks.attempts import Step
from graders.checks.context import CheckContext
from graders.checks.outcome import Notes, begin_notes
from graders.expectations import Expectations, Measured
from graders.recording.schema import TrainingRecord
from graders.result import ScoreEvidence
from graders.tolerance import chance_of_false_fail
from graders.training.request import Cap
from reference.datasets import LOOKALIKE, DataSet
from tests.builders.fashion_cnn import Solution
from tests.builders.networks import compiled, dense_layers
from tests.builders.ranges import measured
from tests.builders.recordings import scores_of

# Of the small network 0.60 (floor), 0.70 (cutoff), 0.80 (largest), 0.90 (upper limit).
# Of the wide one minus the small one -0.02, 0.04, 0.10, 0.16; of the wide one 0.62 to 1.04.
SMALL = [0.70, *[0.75] * 17, 0.80]
WIDE = [0.74, *[0.83] * 17, 0.90]
WORDS = ("the network with 64 units", "the network with 10 units")


def context(
    *groups: Measured,
    fingerprint: str = "known",
    source: str = "TENSORMARK_DATA",
    cap: Cap | None = None,
    device: str = "cpu",
) -> CheckContext:
    groups = groups or (measured("small", SMALL), measured("wide", WIDE))
    return CheckContext(
        load_assignment("fashion_cnn"),
        Solution().run.folder(),
        Expectations(assignment="fashion_cnn", measured=list(groups)),
        [DataSet("fashion_mnist", source, Path("unused"), fingerprint)],
        cap,
        device,
    )


def trained(run: Solution, name: str) -> TrainingRecord:
    """The training that was meant for an experiment."""
    return next(t for t in run.run.recording.trainings if t.id == run.meant[name])


def reached(*attempts: float | None, name: str = "small", **changes: Any) -> Solution:
    """A right run of which one training has reached this, attempt by attempt."""
    first, *further = attempts
    return Solution(**{name: {"accuracy": first, "repeats": further, **changes}})


class Judged:
    """What an assertion has said and left."""

    def __init__(self, assertion: Any, *arguments: Any, **settings: Any) -> None:
        self.notes: Notes = begin_notes()
        self.error: Any = None
        try:
            assertion(*arguments, **settings)
        except (CheckFailed, Unscored) as error:
            self.error = error

    @property
    def passed(self) -> bool:
        return self.error is None

    @property
    def failed(self) -> bool:
        return isinstance(self.error, CheckFailed)

    @property
    def open(self) -> bool:
        return isinstance(self.error, Unscored)

    @property
    def score(self) -> ScoreEvidence:
        (score,) = [e for e in self.notes.evidence if isinstance(e, ScoreEvidence)]
        return score


def accuracy(run: Solution, known: CheckContext | None = None) -> Judged:
    return Judged(assert_accuracy, known or context(), run.matches["small"], "small", "network")


def better(run: Solution, known: CheckContext | None = None) -> Judged:
    wide, small = run.matches["wide"], run.matches["small"]
    names, hint = ("wide", "small"), "Train both alike."
    return Judged(assert_better, known or context(), wide, small, names, WORDS, hint=hint)


# -- passing and failing --------------------------------------------------------------------


@pytest.mark.parametrize("score", [0.7, 0.75, 0.8, 0.95])
def test_an_accuracy_from_the_cutoff_on_passes(score):
    assert accuracy(reached(score)).passed


def test_an_accuracy_below_the_floor_in_all_attempts_fails_without_credit():
    judged = accuracy(reached(0.5, 0.55, 0.45))
    assert judged.failed
    assert judged.error.credit == 0
    assert judged.error.message == (
        "The network reaches 0.550 at best, in 3 attempts, on the test set, less than a right "
        "solution does."
    )


@pytest.mark.parametrize(("best", "credit"), [(0.65, 0.5), (0.61, 0.1), (0.69, 0.9)])
def test_between_floor_and_cutoff_the_best_attempt_earns_part_of_the_points(best, credit):
    judged = accuracy(reached(0.5, best, 0.45))
    assert judged.failed
    assert judged.error.credit == pytest.approx(credit)


def test_a_failure_says_the_cutoff_and_where_it_comes_from():
    expected = accuracy(reached(0.5, 0.5, 0.5)).error.expected
    assert "at least 0.700, the smallest of 19 right trainings" in expected


def test_the_rank_of_the_cutoff_is_said_where_it_is_not_the_smallest():
    many = context(measured("small", [0.1, *[0.7] * 58]))
    expected = accuracy(reached(0.5, 0.5, 0.5), many).error.expected
    assert "at least 0.700, the second smallest of 59 right trainings" in expected


def test_the_report_is_given_everything_that_it_shows():
    score = accuracy(reached(0.65, 0.66, 0.64)).score
    assert score.title == "test accuracy"
    assert score.observed == [0.65, 0.66, 0.64]
    assert (score.cutoff, score.floor, score.high) == pytest.approx((0.7, 0.6, 0.9))
    assert score.reference == sorted(SMALL)
    assert score.chance == chance_of_false_fail(19)


@pytest.mark.parametrize("passes", [True, False])
def test_a_score_is_shown_whether_it_passes_or_not(passes):
    judged = accuracy(reached(0.75) if passes else reached(0.5, 0.5, 0.5))
    assert judged.score.reference == sorted(SMALL)


# -- further attempts -----------------------------------------------------------------------


@pytest.mark.parametrize("attempts", [(0.5, 0.75), (0.5, 0.5, 0.75), (0.75,), (0.5, None, 0.75)])
def test_the_best_attempt_counts(attempts):
    assert accuracy(reached(*attempts)).passed


@pytest.mark.parametrize("attempts", [(0.69,), (0.1,), (0.69, 0.5), (0.69, None)])
def test_a_right_training_that_is_too_low_is_to_be_trained_again_and_is_left_open(attempts):
    run = reached(*attempts)
    judged = accuracy(run)
    assert judged.open
    assert judged.score.again == [trained(run, "small").request]
    assert "up to 3 attempts" in judged.error.message
    assert "Nothing is lost" in judged.error.hint


def test_after_three_attempts_no_more_are_wanted():
    judged = accuracy(reached(0.5, 0.5, 0.5))
    assert judged.failed
    assert judged.score.again == []


def test_what_has_passed_is_not_trained_again():
    assert accuracy(reached(0.7)).score.again == []


@pytest.mark.parametrize("attempts", [(0.5, None, 0.5), (0.5, None, None), (0.5, 0.5, None)])
def test_an_attempt_that_came_to_no_end_leaves_a_low_accuracy_open(attempts):
    judged = accuracy(reached(*attempts))
    assert judged.open
    assert judged.score.again == []
    assert "can't be repeated" in judged.error.message
    assert "a person will look" in judged.error.hint


def test_attempts_that_came_to_no_end_are_not_shown_as_scores():
    assert accuracy(reached(0.5, None, 0.6)).score.observed == [0.5, 0.6]


WRONG = [
    ({"top": 255.0}, "1b"),
    ({"settings": compiled("Adam")}, "1e"),
    ({"settings": compiled(loss="mse")}, "1e"),
    ({"layers": dense_layers(2, 2)}, "1c"),
]


@pytest.mark.parametrize(("change", "source"), WRONG)
def test_a_low_accuracy_follows_from_the_mistake_that_explains_it(change, source):
    judged = accuracy(reached(0.1, **change))
    assert judged.failed
    assert judged.error.follows_from == (source,)


@pytest.mark.parametrize(("change", "_"), WRONG)
def test_another_training_than_the_reference_is_not_trained_again(change, _):
    assert accuracy(reached(0.1, **change)).score.again == []


def test_too_few_epochs_are_paid_for_by_another_check_of_the_same_exercise():
    judged = accuracy(reached(0.5, epochs=1))
    assert judged.failed
    assert judged.error.follows_from == ("1f",)
    assert judged.score.again == []


@pytest.mark.parametrize(
    "changes", [{"validated": False}, {"settings": compiled(metrics=[])}, {"exercise": "1f"}]
)
def test_what_moves_no_accuracy_takes_no_attempts_away(changes):
    run = reached(0.5, **changes)
    assert not differs(run.matches["small"])
    assert accuracy(run).score.again


# -- the upper limit ------------------------------------------------------------------------


def test_an_accuracy_beyond_the_upper_limit_is_flagged_and_passes():
    judged = accuracy(reached(0.91))
    assert judged.passed
    assert "0.910" in judged.notes.flag
    assert "0.900" in judged.notes.flag
    assert "No points are taken" in judged.notes.flag


@pytest.mark.parametrize("score", [0.7, 0.8, 0.899])
def test_an_accuracy_within_the_limits_is_not_flagged(score):
    assert accuracy(reached(score)).notes.flag == ""


def test_a_further_attempt_beyond_the_upper_limit_is_flagged_as_well():
    """Else who draws a low first attempt on purpose could forge the next one unseen."""
    judged = accuracy(reached(0.5, 0.95))
    assert judged.passed
    assert "0.950" in judged.notes.flag


@pytest.mark.parametrize(("change", "_"), WRONG)
def test_another_training_than_the_reference_may_well_reach_more(change, _):
    judged = accuracy(reached(0.95, **change))
    assert judged.passed
    assert judged.notes.flag == ""


# -- never measured -------------------------------------------------------------------------

CAP = Cap(epochs=3, samples=10_000)


@pytest.mark.parametrize(
    ("circumstances", "options"),
    [
        ({}, ""),
        ({"cap": CAP}, " --training capped"),
        ({"device": "gpu"}, " --device gpu"),
        ({"source": LOOKALIKE}, " --data builtin"),
        (
            {"source": LOOKALIKE, "cap": CAP, "device": "gpu"},
            " --data builtin --training capped --device gpu",
        ),
    ],
)
@pytest.mark.parametrize("score", [0.1, 0.99])
def test_without_a_range_the_command_that_makes_it_is_said(circumstances, options, score):
    judged = accuracy(reached(score), context(fingerprint="other", **circumstances))
    assert judged.open
    assert judged.error.message.startswith("Calibrate first: for these data")
    assert judged.error.hint.endswith(f": tensormark calibrate fashion_cnn{options}")
    assert judged.notes.flag == ""


@pytest.mark.parametrize(("score", "passes"), [(0.1, False), (0.99, True)])
def test_a_loop_that_a_cap_does_not_bound_can_pass_and_not_fail(score, passes):
    match = reached(score).matches["small"]
    training = match.attempt.training.model_copy(update={"epochs_before": 3})
    looped = replace(match.attempt, training=training, before=(Step(training),))
    known = context(measured("small", SMALL), cap=CAP)
    judged = Judged(assert_accuracy, known, replace(match, attempt=looped), "small", "network")
    assert judged.passed is passes
    assert judged.open is not passes


def test_too_few_scores_are_no_range():
    judged = accuracy(reached(0.1), context(measured("small", SMALL[:18])))
    assert judged.open
    assert "Calibrate first" in judged.error.message


def with_batches(size: int | None, *attempts: float) -> Solution:
    run = reached(*attempts)
    trained(run, "small").batch_size = size
    return run


def test_a_low_accuracy_with_a_batch_size_that_was_not_measured_is_left_open():
    judged = accuracy(with_batches(1000, 0.5))
    assert judged.open
    assert "with batches of 1000" in judged.error.message
    assert judged.error.hint.endswith("tensormark calibrate fashion_cnn --batch-size 1000")
    assert judged.score.again == []


def test_an_accuracy_that_smaller_batches_reach_passes_with_any_batches():
    judged = accuracy(with_batches(1000, 0.95))
    assert judged.passed
    assert judged.notes.flag == ""


def test_a_low_accuracy_with_an_unknown_batch_size_is_left_open():
    judged = accuracy(with_batches(None, 0.5))
    assert judged.open
    assert judged.error.hint.endswith("tensormark calibrate fashion_cnn")


def test_a_mistake_is_a_mistake_with_any_batch_size():
    run = with_batches(1000, 0.1)
    trained(run, "small").epochs = 1
    assert accuracy(run).failed


# -- what the grader can't measure ----------------------------------------------------------


def test_an_accuracy_that_nobody_measured_is_left_open():
    judged = accuracy(reached(None))
    assert judged.open
    assert "Nothing is lost" in judged.error.hint


@pytest.mark.parametrize("claimed", [0.99, 0.1])
def test_an_accuracy_that_only_the_students_process_claims_is_left_open(claimed):
    run = reached(claimed, claimed, claimed)
    training = trained(run, "small")
    training.measured_by, training.note = "", "the layer Own is not one of Keras' own"
    judged = accuracy(run)
    assert judged.open
    assert judged.error.message == (
        "The grader couldn't measure the test accuracy itself: "
        "the layer Own is not one of Keras' own."
    )


@pytest.mark.parametrize("score", [0.99, 0.1])
def test_what_weights_reach_that_were_brought_along_is_left_open(score):
    run = reached(score)
    trained(run, "small").start = "given"
    judged = accuracy(run)
    assert judged.open
    assert "weights that were not trained in this submission" in judged.error.message
    assert judged.notes.evidence == []


def test_where_nothing_was_trained_the_option_is_named():
    run = reached(0.75)
    trained(run, "small").status = "skipped"
    judged = accuracy(run)
    assert judged.open
    assert "--training none" in judged.error.hint


# -- accuracies that are no number ----------------------------------------------------------


def test_an_accuracy_of_nan_is_below_every_range_and_earns_nothing():
    judged = accuracy(reached(math.nan, math.nan, math.nan))
    assert judged.failed
    assert judged.error.credit == 0


def test_an_accuracy_of_nan_does_not_hide_a_better_attempt():
    assert accuracy(reached(math.nan, 0.75)).passed


# -- differences ----------------------------------------------------------------------------


def pair(
    wide: tuple[float | None, ...], small: tuple[float | None, ...], **changes: Any
) -> Solution:
    """A right run of which both trainings have reached this, attempt by attempt."""
    run = reached(*wide, name="wide", **changes)
    own = trained(run, "small")
    own.measured = {"test_accuracy": small[0]}
    own.repeats = scores_of(small[1:])
    return run


@pytest.mark.parametrize("small", [0.70, 0.75, 0.759])
def test_a_difference_from_the_cutoff_on_passes(small):
    judged = better(pair((0.80,), (small,)))
    assert judged.passed
    assert judged.score.observed == pytest.approx([0.80 - small])


def test_a_difference_is_shown_beside_those_of_the_reference():
    score = better(pair((0.80,), (0.75,))).score
    assert score.title == "the network with 64 units minus the network with 10 units"
    assert score.reference == pytest.approx([0.04, *[0.08] * 17, 0.10])
    assert (score.floor, score.cutoff, score.high) == pytest.approx((-0.02, 0.04, 0.16))


def test_a_difference_that_is_too_small_in_all_attempts_fails_with_credit():
    judged = better(pair((0.75, 0.75, 0.75), (0.75, 0.74, 0.76)))
    assert judged.failed
    assert judged.error.credit == pytest.approx((0.01 + 0.02) / 0.06)
    assert judged.error.message == (
        "The network with 64 units is not ahead of the network with 10 units as in a right "
        "solution: 0.750 against 0.740 on the test set, the best of 3 attempts."
    )
    assert judged.error.hint == "Train both alike."


def test_a_small_difference_asks_for_further_attempts_of_both_trainings():
    run = pair((0.75,), (0.75,))
    judged = better(run)
    assert judged.open
    wanted = {trained(run, "wide").request, trained(run, "small").request}
    assert set(judged.score.again) == wanted


def test_an_attempt_at_a_difference_is_one_of_both_trainings():
    """0.80 and 0.70 were never reached together."""
    judged = better(pair((0.70, 0.80, 0.71), (0.70, 0.80, 0.71)))
    assert judged.failed
    assert judged.score.observed == [0, 0, 0]


def test_an_attempt_that_was_made_for_one_of_the_two_alone_does_not_count():
    judged = better(pair((0.70,), (0.70, 0.60, 0.60)))
    assert judged.open
    assert judged.score.observed == [0]


@pytest.mark.parametrize(
    ("wide", "small"), [((0.7, None, 0.7), (0.7,) * 3), ((0.7,) * 3, (0.7, 0.7, None))]
)
def test_an_attempt_of_which_either_came_to_no_end_leaves_a_difference_open(wide, small):
    judged = better(pair(wide, small))
    assert judged.open
    assert "can't be repeated" in judged.error.message


def test_a_difference_beyond_the_upper_limit_is_flagged():
    judged = better(pair((0.95,), (0.75,)))
    assert judged.passed
    assert judged.notes.flag


@pytest.mark.parametrize(("change", "_"), WRONG[:3])
def test_a_difference_of_another_training_than_the_reference_is_not_trained_again(change, _):
    judged = better(pair((0.70,), (0.75,), **change))
    assert judged.failed
    assert judged.score.again == []


def unmeasured(run: Solution) -> None:
    trained(run, "small").measured_by = ""


def other_epochs(run: Solution) -> None:
    trained(run, "small").epochs = 30


def other_layers(run: Solution) -> None:
    run.run.recording.networks[0].layers = dense_layers(11, 10)


def brought_along(run: Solution) -> None:
    trained(run, "small").start = "given"


not_comparable = pytest.mark.parametrize(
    "make", [unmeasured, other_epochs, other_layers, brought_along]
)


@not_comparable
def test_where_the_other_can_not_be_compared_with_the_own_accuracy_is_judged(make):
    """0.80 is no more than the small one's, and enough for a wide one."""
    run = pair((0.80,), (0.80,))
    make(run)
    judged = better(run)
    assert judged.passed
    assert judged.score.title == "test accuracy"
    assert judged.score.reference == sorted(WIDE)


@not_comparable
def test_where_the_other_can_not_be_compared_with_attempts_are_those_of_the_own_training(make):
    run = pair((0.60,), (0.50,))
    make(run)
    judged = better(run)
    assert judged.open
    assert judged.score.again == [trained(run, "wide").request]


def test_where_the_other_is_missing_the_own_accuracy_is_judged():
    run = reached(0.80, name="wide")
    lonely = Match(run.matches["small"].wanted, None)
    names = ("wide", "small")
    judged = Judged(
        assert_better, context(), run.matches["wide"], lonely, names, WORDS, hint="Train both."
    )
    assert judged.passed
    assert judged.score.title == "test accuracy"


@pytest.mark.parametrize("score", [0.99, 0.1])
def test_a_first_one_that_can_not_be_measured_is_left_open(score):
    run = pair((score,), (0.75,))
    trained(run, "wide").measured_by = ""
    judged = better(run)
    assert judged.open
    assert "couldn't measure it itself" in judged.error.message


@pytest.mark.parametrize("score", [0.99, 0.1])
def test_a_first_one_that_was_brought_along_is_left_open(score):
    run = pair((score,), (0.75,))
    trained(run, "wide").start = "given"
    judged = better(run)
    assert judged.open
    assert "weights that were not trained in this submission" in judged.error.message


def test_a_difference_that_was_never_measured_names_both_experiments():
    judged = better(pair((0.8,), (0.7,)), context(measured("wide", WIDE)))
    assert judged.open
    assert "no range for wide and small" in judged.error.message


@pytest.mark.parametrize("odd", ["wide", "small"])
def test_the_command_names_the_batch_size_that_was_not_measured_of_either(odd):
    run = pair((0.75,), (0.75,))
    trained(run, odd).batch_size = 1000
    judged = better(run)
    assert judged.open
    assert judged.error.hint.endswith("--batch-size 1000")


# -- further test sets ----------------------------------------------------------------------

# On pretend images a network does worse: -0.10, and its scores lie in the same order.
PRETEND = [score - 0.1 for score in SMALL]


def on_both(experiment: str, tests: list[float]) -> Measured:
    group = measured(experiment, tests)
    for score in group.scores:
        score.others["pretend"] = score.test - 0.1
    return group


def both(*attempts: tuple[float | None, float | None]) -> Solution:
    """A right run whose small network reached this on the test set and on pretend images."""
    scores = [{"test_accuracy": one, "pretend_accuracy": two} for one, two in attempts]
    run = reached(0.0)
    own = trained(run, "small")
    own.measured, own.repeats = scores[0], list(scores[1:])
    return run


def on_pretend(run: Solution, known: CheckContext | None = None) -> Judged:
    known = known or context(on_both("small", SMALL))
    small = run.matches["small"]
    return Judged(assert_accuracy, known, small, "small", "network", on="pretend")


@pytest.mark.parametrize(("score", "passed"), [(0.60, True), (0.59, False)])
def test_an_accuracy_is_judged_on_the_test_set_that_is_named(score, passed):
    judged = on_pretend(both((0.1, score), (0.1, 0.3), (0.1, 0.3)))
    assert judged.passed == passed
    assert judged.score.title == "pretend accuracy"
    assert judged.score.observed == [score, 0.3, 0.3]
    assert judged.score.reference == pytest.approx(sorted(PRETEND))
    if not passed:
        assert "on our pretend images" in judged.error.message


def test_a_low_accuracy_on_another_test_set_is_attempted_again():
    assert on_pretend(both((0.9, 0.3))).open
    assert on_pretend(both((0.9, 0.3))).score.again != []


def test_an_attempt_without_a_score_on_that_test_set_came_to_no_end():
    run = both((0.7, 0.3), (0.7, None), (0.7, 0.3))
    trained(run, "small").repeats[1] = {"test_accuracy": 0.7}
    assert on_pretend(run).open


def test_a_training_that_was_not_scored_on_a_test_set_is_left_open():
    judged = on_pretend(reached(0.9))
    assert judged.open
    assert judged.error.message.startswith("The grader couldn't measure the pretend accuracy")


def test_scores_on_one_test_set_make_no_range_on_another():
    judged = on_pretend(both((0.9, 0.9)), context())
    assert judged.open
    assert "Calibrate first" in judged.error.message


def one_network(run: Solution, known: CheckContext | None = None) -> Judged:
    """Compare a network's accuracy on the test set with its own on pretend images."""
    known = known or context(on_both("small", SMALL))
    small = run.matches["small"]
    return Judged(
        assert_better,
        known,
        small,
        small,
        ("small", "small"),
        ("the network on the original images", "the same on pretend ones"),
        hint="Train it on the original images alone.",
        on=("test", "pretend"),
    )


def test_one_network_is_compared_with_itself_on_two_test_sets():
    assert one_network(both((0.80, 0.70))).passed


def test_a_network_that_does_as_well_on_both_is_not_ahead():
    judged = one_network(both((0.70, 0.80), (0.70, 0.80), (0.70, 0.80)))
    assert judged.failed
    assert "0.700 against 0.800 on the test set and our pretend images" in judged.error.message


def test_where_the_other_is_no_measure_the_first_is_judged_on_its_own_test_set():
    run = both((0.9, 0.59))
    lonely = Match(run.matches["wide"].wanted, None)
    judged = Judged(
        assert_better,
        context(on_both("small", SMALL)),
        run.matches["small"],
        lonely,
        ("small", "wide"),
        WORDS,
        hint="Train both.",
        on=("pretend", "pretend"),
    )
    assert judged.open
    assert judged.score.title == "pretend accuracy"


def test_a_mistake_that_another_check_takes_points_for_explains_a_low_accuracy():
    low = (0.3, 0.3, 0.3)
    judged = accuracy(reached(*low, epochs=1, settings=compiled("Adam")))
    assert judged.failed
    assert set(judged.error.follows_from) == {"1e", "1f"}
    assert "What may explain it" in judged.error.hint
