from __future__ import annotations

import numpy as np
import pytest

from graders.expectations import Expectations
from reference import fashion_cnn

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


@pytest.mark.parametrize("network", PUBLISHED_PARAMETERS)
def test_parameter_counts_are_the_published_ones(network):
    expected = Expectations.load("fashion_cnn")

    assert expected[f"{network}.parameters"] == PUBLISHED_PARAMETERS[network]


def test_the_default_learning_rate_is_the_published_one():
    assert Expectations.load("fashion_cnn")["sgd.learning_rate"] == 0.01


def _data() -> list[str]:
    """The fingerprints of the real and of the built-in data."""
    sources = Expectations.load("fashion_cnn").data_sets
    return sorted(sources, key=lambda data: "built-in" in sources[data])


REAL, BUILT_IN = _data()


@pytest.mark.parametrize("experiment", ["small", "slow", "wide"])
def test_the_published_dense_accuracies_lie_in_the_ranges_measured_on_real_data(experiment):
    expected = Expectations.load("fashion_cnn")
    figure = expected.published[f"{experiment}.test_accuracy"]

    found = expected.under(None).range(experiment, REAL, 64)

    assert found is not None
    assert found.low < figure < found.high


@pytest.mark.parametrize("batch_size", fashion_cnn.BATCH_SIZES)
def test_on_built_in_data_the_dense_network_is_as_good_as_on_real_ones_and_the_cnn_better(
    batch_size,
):
    expected = Expectations.load("fashion_cnn").under(None)

    dense = expected.range("small", BUILT_IN, batch_size)
    cnn = expected.range("cnn", BUILT_IN, batch_size)

    assert dense is not None
    assert cnn is not None
    assert 0.70 < dense.middle < 0.90
    assert cnn.middle > dense.middle
