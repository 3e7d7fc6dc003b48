from __future__ import annotations

import re

import pytest

from graders.assignment import load_assignment
from graders.expectations import Expectations
from reference import fashion_training

ASSIGNMENT = load_assignment("fashion_training")


def parameters_by_hand(units: int) -> int:
    """Count weights and biases of the sheet's network, layer by layer.

    28 x 28 pixels become 26 x 26 by the first kernels, 13 x 13 by pooling, 11 x 11 by the second
    kernels and 5 x 5 by pooling: 200 numbers of 8 filters.
    """
    side = ((28 - 2) // 2 - 2) // 2
    first = 16 * (3 * 3 * 1 + 1)
    second = 8 * (3 * 3 * 16 + 1)
    dense = units * (side * side * 8 + 1)
    return first + second + dense + 10 * (units + 1)


@pytest.mark.parametrize(("network", "units"), [("cnn", 64), ("wider", 128)])
def test_parameter_counts_are_those_of_arithmetic(network, units):
    assert Expectations.load("fashion_training")[f"{network}.parameters"] == parameters_by_hand(
        units
    )


def test_the_networks_have_14834_and_28338_parameters():
    assert (parameters_by_hand(64), parameters_by_hand(128)) == (14_834, 28_338)


@pytest.mark.parametrize("network", ["cnn", "wider"])
def test_the_networks_are_those_of_the_sheet(network):
    layers = Expectations.load("fashion_training")[f"{network}.layers"]
    units = {"cnn": 64, "wider": 128}[network]

    assert [layer["type"] for layer in layers if layer["type"] != "InputLayer"] == [
        "Conv2D",
        "MaxPooling2D",
        "Conv2D",
        "MaxPooling2D",
        "Flatten",
        "Dense",
        "Dense",
    ]
    assert [layer["config"]["units"] for layer in layers if layer["type"] == "Dense"] == [units, 10]


def test_the_pretend_test_set_is_drawn_as_the_sheet_asks_its_students_to():
    (test_set,) = ASSIGNMENT.test_sets

    assert test_set.name == fashion_training.PRETEND
    assert (test_set.split, test_set.items) == ("train", fashion_training.PRETEND_ITEMS)
    assert test_set.generator == {
        "rotation_range": 20,
        "width_shift_range": 0.1,
        "height_shift_range": 0.1,
        "shear_range": 0.5,
        "zoom_range": [0.9, 1.1],
        "fill_mode": "constant",
    }


def test_rates_sizes_and_epochs_are_those_of_the_sheet():
    by_name = {one.name: one for one in fashion_training.EXPERIMENTS}
    sweep = [one for one in fashion_training.EXPERIMENTS if one.exercise == "1a"]
    sizes = [one for one in fashion_training.EXPERIMENTS if one.exercise == "2a"]

    assert [one.learning_rate for one in sweep] == [1.0, 0.1, 0.01, 0.001, 0.0001]
    assert {(one.network, one.optimizer, one.items, one.epochs) for one in sweep} == {
        ("cnn", "SGD", 20_000, 10)
    }
    assert [one.items for one in sizes] == [30_000, 15_000, 2500, 500]
    assert {(one.network, one.optimizer, one.learning_rate, one.epochs) for one in sizes} == {
        ("wider", "Adam", 0.001, 10)
    }
    adam = [one for one in fashion_training.EXPERIMENTS if one.exercise[0] in "34"]
    assert {(one.network, one.optimizer, one.learning_rate) for one in adam} == {
        ("cnn", "Adam", 0.01)
    }
    assert {one.name for one in adam if one.after} == {"transfer_500", "transfer_all"}
    assert by_name["augmented"].epochs * 313 == pytest.approx(4000, rel=0.02)


def test_batches_are_those_of_keras():
    assert fashion_training.BATCH_SIZES == (32,)


def test_the_sheet_and_the_checks_count_the_same_steps():
    handout = (ASSIGNMENT.folder / "handout.md").read_text(encoding="utf-8")

    rounds = re.search(r"(\d+) rounds are ([\d,]+)", handout)

    assert rounds is not None
    assert int(rounds[1]) == fashion_training.AUGMENTED_EPOCHS
    assert int(rounds[2].replace(",", "")) == fashion_training.AUGMENTED_EPOCHS * 313


# -- what was measured ----------------------------------------------------------------------


def _data() -> list[str]:
    """The fingerprints of the real and of the built-in data."""
    sources = Expectations.load("fashion_training").data_sets
    return sorted(sources, key=lambda data: "built-in" in sources[data])


# Published figures of one training each that lie where ours do, on pretend images that the course
# has drawn for itself: experiment and test set.
AS_PUBLISHED = [
    ("orig", "test"),
    ("orig", "pretend"),
    ("pret", "pretend"),
    # The course's generator may have flowed over the original images or over the pretend ones.
    ("augmented_original", "pretend"),
    ("transfer_500", "pretend"),
    ("novo_500", "pretend"),
    ("transfer_all", "pretend"),
    ("novo_all", "pretend"),
]


@pytest.mark.parametrize(("experiment", "test_set"), AS_PUBLISHED, ids=lambda one: one)
def test_published_accuracies_lie_in_the_ranges_measured_on_real_data(experiment, test_set):
    expected = Expectations.load("fashion_training")
    figure = expected.published[f"{experiment}.{test_set}_accuracy"]

    found = expected.under(None).range(experiment, _data()[0], 32, test_set)

    assert found is not None
    assert found.low < figure < found.high


def test_on_real_data_500_items_cost_the_published_ten_points_of_test_accuracy_and_more():
    expected = Expectations.load("fashion_training").under(None)

    found = expected.difference(("items_30000", 32), ("items_500", 32), _data()[0])

    assert found is not None
    assert found.low > 0.10


@pytest.mark.parametrize(
    ("data", "cap"), [(0, None), (1, ASSIGNMENT.training.cap)], ids=["real-full", "built-in-capped"]
)
@pytest.mark.parametrize(
    ("better", "worse", "on"),
    [
        ("rate_0.1", "rate_1", ("test", "test")),
        ("rate_0.01", "rate_0.001", ("test", "test")),
        ("items_30000", "items_500", ("test", "test")),
        ("orig", "orig", ("test", "pretend")),
        ("pret", "orig", ("pretend", "pretend")),
        ("transfer_500", "novo_500", ("pretend", "pretend")),
    ],
)
def test_what_the_sheet_says_is_better_is_so_in_each_circumstance(better, worse, on, cap, data):
    expected = Expectations.load("fashion_training").under(cap)

    found = expected.difference((better, 32, on[0]), (worse, 32, on[1]), _data()[data])

    assert found is not None
    assert found.middle > 0
