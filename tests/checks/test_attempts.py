from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graders.checks import Attempt, attempts_of, true_labels_of
from graders.checks.aspects import Wanted, unknowns_of
from graders.checks.attempts import place, uses_test_set
from graders.recording.schema import PairRecord
from tests.builders.networks import compiled, dense, dense_layers, inputs, layer
from tests.builders.recordings import TEST, TRAIN, Run, pair

SMALL = dense_layers(10, 10)


def only(run: Run) -> Attempt:
    (attempt,) = attempts_of(run.folder())
    return attempt


def test_every_training_is_an_attempt_in_the_order_of_its_cells():
    run = Run()
    for width in (10, 20, 30):
        run.fit(dense_layers(width))
    run.recording.trainings.reverse()
    assert [attempt.name for attempt in attempts_of(run.folder())] == [
        "784-10-10",
        "784-20-10",
        "784-30-10",
    ]


def test_a_network_that_was_never_trained_is_an_attempt_in_its_place():
    run = Run()
    run.fit(dense_layers(10))
    run.build(dense_layers(20))
    run.fit(dense_layers(30))
    found = attempts_of(run.folder())
    assert [(a.name, a.trained) for a in found] == [
        ("784-10-10", True),
        ("784-20-10", False),
        ("784-30-10", True),
    ]


def test_a_network_without_layers_is_no_attempt():
    run = Run()
    run.build([])
    assert attempts_of(run.folder()) == []


def test_a_training_of_an_unknown_network_is_passed_over():
    run = Run()
    run.fit(SMALL).network = 999
    assert [attempt.training for attempt in attempts_of(run.folder())] == [None]


def test_a_training_that_broke_off_does_not_count_as_trained():
    run = Run()
    run.fit(SMALL, status="error")
    assert not only(run).trained


def test_a_training_of_no_epoch_does_not_count_as_trained():
    run = Run()
    run.fit(SMALL, epochs=0, epochs_before=3)
    assert not only(run).trained


def test_a_training_that_the_grader_left_out_counts_as_trained():
    run = Run()
    run.fit(SMALL, epochs=0, status="skipped")
    assert only(run).trained


@pytest.mark.parametrize(
    ("steps", "cut"), [(None, False), (1, True), (936, True), (937, False), (938, False)]
)
def test_an_epoch_is_a_pass_with_or_without_the_last_smaller_batch(steps, cut):
    """60,000 items in batches of 64 are 937 whole batches and a half: `len(x) // 64` is usual."""
    run = Run()
    run.fit(SMALL).steps_per_epoch = steps
    assert only(run).cut_short is cut


def test_whether_steps_of_a_generator_are_a_pass_is_unknown():
    run = Run()
    training = run.fit(SMALL)
    training.data.x, training.steps_per_epoch = None, 10
    assert only(run).cut_short is None


def test_a_validation_split_makes_a_pass_shorter():
    run = Run()
    run.fit(SMALL, validation_split=0.5).steps_per_epoch = 468
    assert only(run).cut_short is False


def test_what_went_on_from_epochs_cut_short_may_have_been_cut_short():
    run = Run()
    run.fit(SMALL, epochs=2).steps_per_epoch = 1
    run.fit(SMALL, epochs=1, epochs_before=2)
    run.fit(SMALL)
    assert [attempt.cut_before for attempt in attempts_of(run.folder())] == [False, True, False]


def test_what_the_grader_has_trained_went_on_from_nothing_that_it_has_not_trained():
    run = Run()
    pipeline = run.fit(SMALL)
    pipeline.data.x, pipeline.steps_per_epoch = None, 10
    own = run.fit(SMALL, epochs=1, epochs_before=2)
    own.trained, own.verified = "trusted", True
    assert [attempt.cut_before for attempt in attempts_of(run.folder())] == [False, False]


def test_the_exercise_comes_from_the_cell():
    run = Run()
    run.fit(SMALL, exercise="1f")
    assert only(run).exercise == "1f"


def test_epochs_of_earlier_calls_on_the_same_weights_are_added():
    run = Run()
    run.fit(SMALL, epochs=1, epochs_before=2)
    assert only(run).epochs == 3


def test_a_validation_split_takes_items_off():
    run = Run()
    run.fit(SMALL, validation_split=0.1)
    assert only(run).items == 54_000


def test_items_are_unknown_where_the_data_could_not_be_recognised():
    run = Run()
    run.fit(SMALL).data.x = None
    assert only(run).items is None


# -- accuracy -------------------------------------------------------------------------------


def test_the_accuracy_is_what_the_grader_has_measured():
    run = Run()
    training = run.fit(SMALL, accuracy=0.7)
    training.history = {"val_accuracy": [0.99]}
    run.evaluate(training, pair(TEST, "test"), accuracy=0.98)
    assert only(run).test_accuracy == 0.7


def test_no_claim_of_the_students_process_is_an_accuracy():
    run = Run()
    training = run.fit(SMALL, accuracy=0.97)
    training.measured_by, training.predictions = "", "claimed.npy"
    training.history = {"val_accuracy": [0.6, 0.99]}
    run.evaluate(training, pair(TEST, "test"), accuracy=0.98)
    attempt = only(run)
    assert (attempt.test_accuracy, attempt.predicted) == (None, None)
    assert attempt.tested


def test_a_grader_that_could_not_measure_takes_no_validation_for_it():
    run = Run()
    training = run.fit(SMALL, accuracy=None)
    training.history = {"val_accuracy": [0.75]}
    assert only(run).test_accuracy is None


def test_the_training_accuracy_is_that_of_the_last_epoch():
    run = Run()
    run.fit(SMALL).history = {"accuracy": [0.5, 0.7, 0.8]}
    assert only(run).train_accuracy == 0.8


def test_the_whole_test_set_with_its_own_labels_is_the_test_set():
    assert uses_test_set(pair(TEST, "test"))


@pytest.mark.parametrize(
    "other",
    [
        None,
        pair(TRAIN, "train"),
        pair(TEST, "mixed"),
        pair(TEST, "test", agreement=0.1),
        pair(0, "test"),
    ],
)
def test_other_data_are_not_the_test_set(other):
    assert not uses_test_set(other)


def test_the_test_set_twice_over_is_not_the_test_set():
    repeated = pair(TEST, "test")
    assert repeated.x is not None
    repeated.x.shape = [2 * TEST, 784]
    assert not uses_test_set(repeated)


def test_an_evaluation_after_fit_counts_as_testing():
    run = Run()
    training = run.fit(SMALL, validated=False)
    assert not only(run).tested
    run.evaluate(training, pair(TEST, "test"), accuracy=0.7)
    assert only(run).tested


def described(pair_of: PairRecord, **origin: Any) -> PairRecord:
    """Change how images were recognised."""
    assert pair_of.x is not None
    assert pair_of.x.origin is not None
    pair_of.x.origin = pair_of.x.origin.model_copy(update=origin)
    return pair_of


@pytest.mark.parametrize("layout", ["in place", "transposed", "scrambled"])
def test_only_images_that_mix_pixels_are_scrambled(layout):
    run = Run()
    described(run.fit(SMALL).data, layout=layout)
    assert only(run).scrambled == (layout == "scrambled")
    assert not only(run).tested_scrambled


def test_scrambled_test_images_are_found_in_fit_and_in_evaluate():
    for evaluated in (False, True):
        run = Run()
        training = run.fit(SMALL, validated=not evaluated)
        if evaluated:
            run.evaluate(training, pair(TEST, "test"))
            described(run.recording.calls[0].data, layout="scrambled")
        else:
            assert training.validation is not None
            described(training.validation, layout="scrambled")
        assert only(run).tested_scrambled
        assert not only(run).scrambled


@pytest.mark.parametrize(
    ("training", "validation", "unrecognised"),
    [
        ("values", "values", False),
        ("values", "labels", True),
        ("labels", "labels", False),  # each pixel was standardised
        ("labels", "values", False),
    ],
)
def test_a_test_set_that_is_told_by_its_labels_is_doubted_beside_training_images_that_are_known(
    training, validation, unrecognised
):
    run = Run()
    record = run.fit(SMALL)
    described(record.data, by=training)
    assert record.validation is not None
    described(record.validation, by=validation)
    assert only(run).tested_unrecognised == unrecognised
    named = {unknown.name for unknown in unknowns_of(Wanted("small", "1f"), only(run))}
    assert ("validation" in named) == unrecognised


def test_an_evaluation_on_the_recognised_test_set_leaves_no_doubt():
    run = Run()
    record = run.fit(SMALL)
    assert record.validation is not None
    described(record.validation, by="labels")
    run.evaluate(record, pair(TEST, "test"))
    assert not only(run).tested_unrecognised


# -- words ----------------------------------------------------------------------------------


def test_the_title_says_network_optimizer_items_epochs_and_batches():
    run = Run()
    run.fit(SMALL)
    assert only(run).title == "784-10-10-10, SGD 0.01, 60,000 items, 3 epochs, batches of 64"


def test_one_epoch_is_singular():
    run = Run()
    run.fit(SMALL, epochs=1)
    assert "1 epoch," in only(run).title


def test_the_title_of_a_network_without_training_says_so():
    run = Run()
    run.build(SMALL, compiled("Adam"))
    assert only(run).title == "784-10-10-10, Adam 0.001, never trained"


def test_cells_are_counted_from_one():
    assert (place(0), place(11), place(None)) == ("cell 1", "cell 12", "")


def test_a_rescaling_layer_multiplies_the_pixels():
    scaled = [inputs(28, 28), layer("Rescaling", scale=1 / 255), layer("Flatten"), dense(10)]
    run = Run()
    run.build(scaled)
    assert only(run).rescaled == pytest.approx(1 / 255)


def test_a_rescaling_layer_behind_the_first_weights_scales_no_pixels():
    run = Run()
    run.build([inputs(784), dense(10), layer("Rescaling", scale=1 / 255), dense(10)])
    assert only(run).rescaled == 1.0


def test_positions_of_a_class_are_ascending():
    assert true_labels_of(np.array([9, 1, 9, 0, 9]), 9).tolist() == [0, 2, 4]
