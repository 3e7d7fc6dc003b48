from __future__ import annotations

import numpy as np
import pytest

from graders.describe.arrays import DataWatcher, class_indices, take_pair
from graders.describe.origin import KnownData


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(1)
    x = rng.integers(0, 256, (400, 28, 28), dtype=np.uint8)
    y = rng.integers(0, 10, 400).astype(np.uint8)
    return (x[:300], y[:300]), (x[300:], y[300:])


@pytest.fixture
def watcher(arrays):
    return DataWatcher([KnownData.of("garments", arrays)])


def origin_of(watcher, x, y=None):
    return watcher.describe(take_pair(x, y)).x.origin


def test_unchanged_images_are_recognised(watcher, arrays):
    origin = origin_of(watcher, arrays[0][0])

    assert (origin.split, origin.order, origin.items) == ("train", "first", 300)
    assert origin.scale == pytest.approx(1.0)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_scaled_and_flattened_images_are_recognised(watcher, arrays, dtype):
    x = (arrays[0][0].reshape(300, 784) / 255.0).astype(dtype)

    origin = origin_of(watcher, x)

    assert origin.split == "train"
    assert origin.scale == pytest.approx(1 / 255, rel=1e-3)
    assert origin.offset == pytest.approx(0.0, abs=1e-3)


def test_a_shifted_scale_is_recognised_with_its_offset(watcher, arrays):
    origin = origin_of(watcher, arrays[1][0] / 127.5 - 1.0)

    assert origin.split == "test"
    assert origin.scale == pytest.approx(1 / 127.5)
    assert origin.offset == pytest.approx(-1.0)


def test_the_first_items_are_told_from_others(watcher, arrays):
    first = origin_of(watcher, arrays[0][0][:120] / 255)
    last = origin_of(watcher, arrays[0][0][-120:] / 255)

    assert (first.order, first.items) == ("first", 120)
    assert (last.order, last.items) == ("selected", 120)


def test_shuffled_items_keep_their_labels(watcher, arrays):
    order = np.random.default_rng(2).permutation(300)
    x, y = arrays[0][0][order] / 255, arrays[0][1][order]

    record = watcher.describe(take_pair(x, y))

    assert record.x.origin.split == "train"
    assert record.y.agreement == 1.0


def test_labels_shuffled_alone_are_found_out(watcher, arrays):
    y = arrays[0][1][np.random.default_rng(3).permutation(300)]

    record = watcher.describe(take_pair(arrays[0][0] / 255, y))

    assert record.y.agreement < 0.3


def test_one_hot_labels_agree_like_integers(watcher, arrays):
    record = watcher.describe(take_pair(arrays[0][0], np.eye(10)[arrays[0][1]]))

    assert record.y.one_hot
    assert record.y.agreement == 1.0


def test_training_and_test_items_together_are_mixed(watcher, arrays):
    x = np.concatenate([arrays[0][0][100:], arrays[1][0]])

    assert origin_of(watcher, x).split == "mixed"


def test_repeated_items_count_once(watcher, arrays):
    x = np.concatenate([arrays[0][0][50:100]] * 4)

    assert origin_of(watcher, x).items == 50


def test_foreign_images_have_no_origin(watcher):
    assert origin_of(watcher, np.random.default_rng(4).random((300, 784))) is None


def test_transposed_images_are_not_taken_for_the_originals(watcher, arrays):
    assert origin_of(watcher, arrays[0][0].transpose(0, 2, 1)) is None


def test_standardised_pixels_are_recognised_by_their_labels(watcher, arrays):
    x = arrays[0][0].reshape(300, 784).astype(float)
    x = (x - x.mean(axis=0)) / x.std(axis=0)

    origin = origin_of(watcher, x, arrays[0][1])

    assert (origin.split, origin.by, origin.scale) == ("train", "labels", None)


def test_an_array_changed_in_place_is_described_anew(watcher, arrays):
    x = arrays[0][0].astype(float)
    before = watcher.describe(take_pair(x)).x
    x /= 255
    after = watcher.describe(take_pair(x)).x

    assert before.maximum > 1 >= after.maximum
    assert before.digest != after.digest


def test_float64_and_float32_of_equal_value_have_one_digest(watcher, arrays):
    x = arrays[0][0] / 256  # exact in both

    wide = watcher.describe(take_pair(x)).x
    narrow = watcher.describe(take_pair(x.astype(np.float32))).x

    assert wide.digest == narrow.digest


@pytest.mark.parametrize("value", [np.array([["a"]]), np.array(3.0), np.empty((0, 784))])
def test_odd_arrays_do_no_harm(watcher, value):
    watcher.describe(take_pair(value, np.array([1])))


def test_text_labels_are_no_classes():
    assert class_indices(np.array(["shirt", "boot"])) is None
