from __future__ import annotations

import numpy as np
import pytest

from graders.describe.arrays import DataWatcher, class_indices, take_pair
from graders.describe.origin import KnownData, lay_out, project


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


LAYOUTS = {
    "transposed": lambda x: x.transpose(0, 2, 1),
    "mirrored": lambda x: x[:, :, ::-1],
    "upside down": lambda x: x[:, ::-1],
    "turned": lambda x: np.rot90(x, 2, axes=(1, 2)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_images_that_were_all_rearranged_alike_are_recognised_with_how(watcher, arrays, layout):
    x = LAYOUTS[layout](arrays[1][0]).reshape(100, 784) / 255

    origin = origin_of(watcher, x)

    assert (origin.split, origin.order, origin.layout) == ("test", "first", layout)
    assert origin.scale == pytest.approx(1 / 255)


def test_a_reshape_in_the_order_of_fortran_transposes(watcher, arrays):
    x = arrays[0][0].reshape(300, 784, order="F")

    assert origin_of(watcher, x).layout == "transposed"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_rearranged_images_that_were_shuffled_keep_their_labels(watcher, arrays, layout):
    order = np.random.default_rng(2).permutation(300)[:150]

    record = watcher.describe(take_pair(LAYOUTS[layout](arrays[0][0])[order], arrays[0][1][order]))

    assert (record.x.origin.order, record.x.origin.layout) == ("selected", layout)
    assert record.y.agreement == 1.0


def test_images_whose_pixels_were_mixed_are_recognised_as_scrambled(watcher, arrays):
    x = arrays[0][0]
    whole = x.reshape(784, -1).T / 255
    forms = [whole, whole[:120], x[:120].reshape(784, 120).T / 255, whole.reshape(-1, 28, 28, 1)]

    origins = [origin_of(watcher, form) for form in forms]

    assert [o.layout for o in origins] == ["scrambled"] * 4
    assert [(o.split, o.items) for o in origins] == [("train", n) for n in (300, 120, 120, 300)]


def test_images_as_they_were_served_lie_in_place(watcher, arrays):
    assert origin_of(watcher, arrays[0][0].reshape(-1, 784)).layout == "in place"


@pytest.mark.parametrize("layout", [*LAYOUTS, "scrambled"])
def test_rearranged_images_with_a_painted_pixel_are_not_recognised(watcher, arrays, layout):
    x = lay_out(arrays[1][0], layout).reshape(100, 784) / 255
    x[:, 3] = arrays[1][1] / 9

    assert origin_of(watcher, x) is None


def test_other_images_of_the_sums_of_rearranged_ones_are_not_taken_for_them(arrays):
    known = KnownData.of("garments", arrays)
    aim = arrays[0][0][:100].transpose(0, 2, 1).reshape(100, 784).astype(float)
    forged = arrays[1][0].reshape(100, 784).astype(float)
    weights = project(np.eye(784))
    forged += ((aim - forged) @ weights / weights.sum())[:, None]

    assert known.find(aim) is not None
    assert known.find(forged) is None


def test_items_that_are_no_images_have_no_other_layout():
    rng = np.random.default_rng(5)
    x, y = rng.integers(0, 9, (300, 6)), rng.integers(0, 3, 300)
    known = KnownData.of("vectors", ((x[:200], y[:200]), (x[200:], y[200:])))

    assert known.find(x[:200][:, ::-1]) is None


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
