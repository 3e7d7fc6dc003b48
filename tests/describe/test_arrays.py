from __future__ import annotations

import random

import numpy as np
import pytest

from graders.describe.arrays import take_pair

X, Y = np.arange(70.0).reshape(10, 7), np.arange(10)


class Batches:
    """Stands in for a keras.utils.PyDataset with batches of four items."""

    num_batches: int | None = 3

    def __getitem__(self, k):
        return X[4 * k : 4 * k + 4], Y[4 * k : 4 * k + 4]


class Endless(Batches):
    num_batches = None


class Huge(Batches):
    num_batches = 10**12


class WithoutLength(Batches):
    @property
    def num_batches(self):
        raise NotImplementedError


class Broken(Batches):
    def __getitem__(self, k):
        if k == 2:
            raise ValueError
        return super().__getitem__(k)


class Uneven(Batches):
    def __getitem__(self, k):
        return X[:4, : 7 - k], Y[:4]


class SeveralInputs(Batches):
    def __getitem__(self, k):
        return (X[:4], X[:4]), Y[:4]


class InputsAlone(Batches):
    def __getitem__(self, k):
        return X[:4]


class Weighted(Batches):
    def __getitem__(self, k):
        return *super().__getitem__(k), np.ones(4)


class Shuffled(Batches):
    def __getitem__(self, k):
        random.random()
        return X[np.random.permutation(4)], Y[:4]


@pytest.mark.parametrize("dataset", [Batches(), Weighted()])
def test_a_dataset_whose_batches_have_numbers_is_read_whole(dataset):
    pair = take_pair(dataset)

    np.testing.assert_array_equal(pair.x, X)
    np.testing.assert_array_equal(pair.y, Y)
    assert pair.batch_size == 4


@pytest.mark.parametrize("dataset", [Endless(), Huge(), Broken(), Uneven()])
def test_of_a_dataset_that_can_not_be_read_the_batch_size_is_known(dataset):
    pair = take_pair(dataset)

    assert (pair.x, pair.y) == (None, None)
    assert pair.batch_size == 4


@pytest.mark.parametrize("dataset", [SeveralInputs(), InputsAlone(), WithoutLength()])
def test_what_is_no_row_of_pairs_is_left_alone(dataset):
    pair = take_pair(dataset)

    assert (pair.x, pair.y) == (None, None)


def test_a_dataset_larger_than_memory_allows_is_left_alone(monkeypatch):
    monkeypatch.setattr("graders.describe.arrays._PIPELINE_BYTES", 400)

    assert take_pair(Batches()).x is None


def test_reading_a_dataset_leaves_the_students_random_numbers_as_they_were():
    random.seed(1)
    np.random.seed(1)
    expected = random.random(), np.random.random()
    random.seed(1)
    np.random.seed(1)

    take_pair(Shuffled())

    assert (random.random(), np.random.random()) == expected
