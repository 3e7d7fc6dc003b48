"""A mistake that stops later trainings, or is made again in them, costs once."""

from __future__ import annotations

import pytest

from graders.result import Outcome
from tests.builders.fashion_cnn import graded, lost_in, right
from tests.builders.networks import (
    compiled,
    conv,
    dense,
    dense_layers,
    inputs,
    layer,
    pool,
    pooled_layers,
)

FAILED = {"status": "error", "epochs": 0, "accuracy": None}
UNFIT = FAILED | {"one_hot": True}  # one-hot labels, and the loss for integer ones


def nine_outputs() -> dict:
    layers = pooled_layers()
    layers[-1] = dense(9, "softmax")
    return FAILED | {"layers": layers}


def by_id(results, part: str):
    (found,) = [result for result in results if part in result.id]
    return found


def test_a_loss_that_stops_all_trainings_costs_where_it_was_chosen(data):
    names = ("small", "slow", "wide", "fewer")
    # No dense network was trained, so that there are no predictions to find boots in.
    assert lost_in(graded(data, right(**dict.fromkeys(names, UNFIT)))) == {"1e", "1j"}


def test_a_training_that_was_refused_says_which_exercise_to_mend(data):
    result = by_id(graded(data, right(slow=UNFIT, small=UNFIT)), "test_slower_learning_rate")
    assert result.message == "Keras refused this training because of a mistake in 1e."
    assert (result.follows_from, result.score) == ("1e", result.points)


def test_nine_outputs_cost_where_the_network_is_built(data):
    assert lost_in(graded(data, right(cnn=nine_outputs()))) == {"3a"}


def test_a_training_that_failed_for_another_reason_is_lost(data):
    results = graded(data, right(slow=FAILED))
    assert lost_in(results) == {"1g"}
    assert by_id(results, "test_slower").outcome is Outcome.NOT_ATTEMPTED


def test_who_pays_nothing_elsewhere_pays_for_a_refused_training(data):
    # 1e compiled the first network rightly, so the wrong loss is 1g's own.
    assert lost_in(graded(data, right(slow=UNFIT))) == {"1g"}


def test_unscaled_images_in_part_three_alone_cost_in_3a(data):
    low = {"top": 255.0, "accuracy": 0.5, "repeats": (0.5, 0.5)}
    assert lost_in(graded(data, right(cnn=low))) == {"3a"}


def test_unscaled_images_everywhere_cost_in_1b_alone(data):
    names = ("small", "slow", "wide", "fewer", "cnn", "strided", "adam")
    assert lost_in(graded(data, right(**{key: {"top": 255.0} for key in names}))) == {"1b"}


def test_a_hidden_layer_too_many_in_both_dense_networks_costs_in_1c(data):
    changes = {
        name: {"layers": dense_layers(*[units] * 3)}
        for name, units in (("small", 10), ("slow", 10), ("wide", 64), ("fewer", 10))
    }
    assert lost_in(graded(data, right(**changes))) == {"1c"}


def test_a_hidden_layer_too_many_in_the_wide_network_alone_costs_in_1h(data):
    assert lost_in(graded(data, right(wide={"layers": dense_layers(64, 64, 64)}))) == {"1h"}


@pytest.mark.parametrize(
    ("name", "changes", "part", "words"),
    [
        ("adam", {"settings": compiled("Adam", 0.01)}, "test_adam", "optimizer='adam'"),
        (
            "small",
            {"agreement": 0.1, "accuracy": 0.1, "repeats": (0.1, 0.1)},
            "test_accuracy_of_the_small",
            "10% of the labels",
        ),
        (
            "cnn",
            {
                "layers": [
                    inputs(28, 28, 1),
                    conv(16),
                    conv(8),
                    pool(),
                    layer("Flatten"),
                    dense(10, "softmax"),
                ],
                "accuracy": 0.1,
            },
            "test_accuracy_of_the_cnn",
            "is missing",
        ),
    ],
)
def test_what_is_known_to_be_wrong_is_what_the_hint_names(data, name, changes, part, words):
    assert words in by_id(graded(data, right(**{name: changes})), part).hint
