from __future__ import annotations

import numpy as np
import pytest

from graders.expectations import Expectations
from reference import fashion_cnn, suite

# From the course's own solution sheet, Problem Set 10 (2019).
PUBLISHED_PARAMETERS = {"small": 8070, "wide": 55050, "cnn": 3330, "strided": 4210}


def by_hand(image, kernel):
    """Convolve a 5x5 image by the definition, its border repeated."""
    result = np.zeros((5, 5), dtype=int)
    for row in range(5):
        for column in range(5):
            for i in (-1, 0, 1):
                for j in (-1, 0, 1):
                    r, c = np.clip(row - i, 0, 4), np.clip(column - j, 0, 4)
                    result[row, column] += kernel[i + 1, j + 1] * image[r, c]
    return result


@pytest.mark.parametrize("image", ["A", "B"])
@pytest.mark.parametrize("kernel", ["x", "y"])
def test_convolutions_are_those_of_the_definition(image, kernel):
    images = {"A": fashion_cnn.IMAGE_A, "B": fashion_cnn.IMAGE_B}
    kernels = {"x": fashion_cnn.KERNEL_X, "y": fashion_cnn.KERNEL_Y}

    found = fashion_cnn.convolutions()[f"K{kernel}I{image}"]

    assert found.tolist() == by_hand(images[image], kernels[kernel]).tolist()


def test_the_published_convolution_has_minus_four_left_of_the_line():
    assert fashion_cnn.convolutions()["KxIA"].tolist() == [[0, -4, 0, 4, 0]] * 5


@pytest.mark.slow
def test_the_kept_facts_are_those_computed_now():
    kept = Expectations.load("fashion_cnn").facts

    assert kept == fashion_cnn.facts()


@pytest.mark.parametrize("network", PUBLISHED_PARAMETERS)
def test_parameter_counts_are_the_published_ones(network):
    expected = Expectations.load("fashion_cnn")

    assert expected[f"{network}.parameters"] == PUBLISHED_PARAMETERS[network]


def test_the_default_learning_rate_is_the_published_one():
    assert Expectations.load("fashion_cnn")["sgd.learning_rate"] == 0.01


def test_every_experiment_was_measured_on_real_and_on_built_in_data():
    expected = Expectations.load("fashion_cnn")
    measured = {(m.experiment, m.data) for m in expected.measured}

    assert len(expected.data_sets) == 2
    for experiment in fashion_cnn.EXPERIMENTS:
        for data in expected.data_sets:
            assert (experiment.name, data) in measured


def test_every_range_rests_on_five_trainings_or_more():
    for measured in Expectations.load("fashion_cnn").measured:
        assert len({score.seed for score in measured.scores}) >= 5


def test_the_published_dense_accuracies_lie_in_the_ranges_measured_on_real_data():
    expected = Expectations.load("fashion_cnn")
    real = next(d for d, source in expected.data_sets.items() if "built-in" not in source)

    for experiment in ("small", "slow", "wide"):
        found = expected.range(experiment, real, 64)
        assert found.low < expected.published[f"{experiment}.test_accuracy"] < found.high


def test_on_built_in_data_the_dense_network_is_as_good_as_on_real_ones_and_the_cnn_better():
    expected = Expectations.load("fashion_cnn")
    built_in = next(d for d, source in expected.data_sets.items() if "built-in" in source)

    for batch_size in (32, 64, 128):
        dense = expected.range("small", built_in, batch_size)
        assert 0.70 < dense.mean < 0.90
        assert expected.range("cnn", built_in, batch_size).mean > dense.mean


def test_scores_of_one_seed_are_kept_once():
    from graders.expectations import Measured, ScoreRecord

    def one(seed, test):
        score = ScoreRecord(seed=seed, train=0.5, test=test)
        return Measured(experiment="small", data="d", batch_size=64, scores=[score], seconds=1.0)

    (joined,) = suite.merged([one(1, 0.6), one(2, 0.7)], [one(1, 0.8)])

    assert [(s.seed, s.test) for s in joined.scores] == [(1, 0.8), (2, 0.7)]
