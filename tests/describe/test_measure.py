from __future__ import annotations

import numpy as np
import pytest

from graders.describe.arrays import DataWatcher, take_pair
from graders.describe.measure import (
    Measurement,
    measure_training,
    origin_by_range,
    preparation_of,
)
from graders.describe.origin import KnownData, Split, lay_out
from graders.recording.schema import DataRecord, PairRecord


@pytest.fixture(scope="module")
def images():
    drawn = np.random.default_rng(1).integers(0, 256, (200, 6, 5), dtype=np.uint8)
    drawn[:, 0, 0] = 0  # a border that is always black
    return drawn


def prepared_by_pixel(given, images):
    """Prepare the test set as it was given, from our own images."""
    found = preparation_of(given, images)
    return None if found is None else found.applied(images, given.shape[1:])


def test_the_test_set_is_prepared_again_where_each_pixel_was_standardised(images):
    flat = images.reshape(200, 30).astype(np.float64)
    spread = np.where(flat.std(axis=0) > 0, flat.std(axis=0), 1.0)
    given = ((flat - flat.mean(axis=0)) / spread).astype(np.float32)

    prepared = prepared_by_pixel(given, images)

    np.testing.assert_allclose(prepared, given, atol=1e-4)
    assert prepared.dtype == np.float32


def test_labels_hidden_in_the_inputs_do_not_get_through(images):
    labels = np.arange(200) % 10
    painted = images / 255.0
    painted[:, 0, 0] = labels
    faint = images / 255.0
    faint[:, 0, 0] = labels * 1e-6

    assert prepared_by_pixel(painted, images) is None
    # What is too faint to be told from rounding is not in what we make ourselves.
    assert np.ptp(prepared_by_pixel(faint, images)[:, 0, 0]) < 1e-9


# Pixels of the training set that end at other values than those of the test set.
LOW, HIGH = (
    np.random.default_rng(2).integers(0, 30, 30),
    np.random.default_rng(3).integers(200, 256, 30),
)


@pytest.mark.parametrize("ends", [(0, 1), (-np.inf, 1), (0, np.inf), (0.2, 0.7)])
def test_the_test_set_is_prepared_again_where_each_pixel_was_scaled_and_clipped(images, ends):
    given = ((images.reshape(200, 30) - LOW) / (HIGH - LOW)).clip(*ends).astype(np.float32)

    prepared = prepared_by_pixel(given, images)

    np.testing.assert_allclose(prepared, given, atol=1e-5)


def test_labels_hidden_in_a_pixel_do_not_get_through_clipping(images):
    labels = np.arange(200) % 10
    honest = ((images.reshape(200, 30) - LOW) / (HIGH - LOW)).clip(0, 1)
    ends, spread, beyond = honest.copy(), honest.copy(), honest.copy()
    ends[:, 7] = labels == 3  # 0 or 1, as if clipped
    spread[:, 7] = labels / 9
    beyond[:, 7] = np.where(labels == 3, honest.max(), honest[:, 7])

    assert prepared_by_pixel(honest, images) is not None
    for given in (ends, spread, beyond):
        assert prepared_by_pixel(given, images) is None


def test_equal_images_are_prepared_equally_whatever_was_given(images):
    labels = (np.arange(200) % 10)[:, None]
    given = ((images.reshape(200, 30) - LOW) / (HIGH - LOW)).clip(0, 1)
    faint = np.where((given > 0) & (given < 1), given + 1e-7 * labels, given)

    found = preparation_of(faint, images)
    prepared = found.applied(np.broadcast_to(images[:1], images.shape), (30,))

    assert (prepared == prepared[:1]).all()


class Looks:
    """A network that keeps what it is shown, and calls everything class 0."""

    def __init__(self):
        self.seen = []

    def __call__(self, part, training):
        self.seen.append(part)
        return np.eye(10)[np.zeros(len(part), int)]


@pytest.fixture(scope="module")
def data(images):
    labels = np.random.default_rng(4).integers(0, 10, 200)
    half = np.random.default_rng(5).integers(0, 256, (300, 6, 5), dtype=np.uint8)
    return ((half, np.random.default_rng(6).integers(0, 10, 300)), (images, labels))


def shown(data, training, validation=None):
    """Show the test set to a network that was trained so; None where it can't be prepared."""
    watcher, model = DataWatcher([KnownData.of("drawn", data)]), Looks()
    pairs = [
        None if x is None else take_pair(x, half[1])
        for x, half in zip((training, validation), data, strict=True)
    ]
    records = [pair and watcher.describe(pair) for pair in pairs]
    found = measure_training(model, watcher, *zip(pairs, records, strict=True))
    return None if found is None else np.concatenate(model.seen)


@pytest.mark.parametrize("layout", ["transposed", "mirrored", "scrambled"])
def test_the_test_set_is_laid_out_like_the_training_images(layout):
    rng = np.random.default_rng(7)
    x, y = rng.integers(0, 256, (500, 6, 6), dtype=np.uint8), rng.integers(0, 10, 500)
    data = (x[:300], y[:300]), (x[300:], y[300:])

    inputs = shown(data, lay_out(x[:300], layout).reshape(300, 36) / 255)

    expected = lay_out(x[300:], layout).reshape(200, 36) / 255
    np.testing.assert_allclose(inputs, expected, atol=1e-6)


def test_the_training_images_show_how_each_pixel_was_prepared(data):
    (x, _), (test, _) = data
    flat, ours = x.reshape(300, 30), test.reshape(200, 30)
    mean, spread = flat.mean(axis=0), flat.std(axis=0)

    inputs = shown(data, (flat - mean) / spread)

    np.testing.assert_allclose(inputs, (ours - mean) / spread, atol=1e-5)


def test_scrambled_test_images_do_not_say_how_the_training_images_were_prepared(data):
    noise = np.random.default_rng(8).random((300, 30))

    assert shown(data, noise, data[1][0].reshape(200, 30) / 255) is not None
    assert shown(data, noise, data[1][0].reshape(30, -1).T / 255) is None


@pytest.mark.parametrize("change", ["order", "size", "items", "nan", "square"])
def test_other_preparations_are_not_recognised(images, change):
    given = {
        "order": images[::-1] / 255.0,
        "size": np.pad(images, ((0, 0), (1, 1), (1, 1))),
        "items": images[:100],
        "nan": np.where(images == 7, np.nan, images),
        "square": (images / 255.0) ** 2,
    }[change]

    assert prepared_by_pixel(given, images) is None


# -- further test sets ----------------------------------------------------------------------


def test_scores_are_named_by_their_test_set():
    found = Measurement(np.zeros(3, np.uint8), 0.5, {"pretend": 0.25})
    assert found.scores == {"test_accuracy": 0.5, "pretend_accuracy": 0.25}


def watching(data, *, pretend):
    """Watch a data set that has, or hasn't, a further test set of three blank images."""
    known = KnownData.of("drawn", data)
    if pretend:
        known.test_sets["pretend"] = Split(np.full((3, 6, 5), 51, np.uint8), np.array([0, 0, 1]))
    return DataWatcher([known])


def measured(watcher, x, y):
    """Show all test sets to a network that was trained on these images."""
    model, pair = Looks(), take_pair(x, y)
    return model, measure_training(model, watcher, (pair, watcher.describe(pair)), (None, None))


@pytest.mark.parametrize("shape", [(6, 5), (30,), (6, 5, 1)])
def test_each_test_set_is_brought_into_the_form_of_the_training_images(data, shape):
    (x, y), (_, labels) = data

    model, found = measured(watching(data, pretend=True), x.reshape(300, *shape) / 255, y)

    assert found.scores == {
        "test_accuracy": pytest.approx((labels == 0).mean()),
        "pretend_accuracy": pytest.approx(2 / 3),
    }
    assert len(found.classes) == 200, "of the test set itself"
    assert model.seen[-1].shape == (3, *shape)
    np.testing.assert_allclose(model.seen[-1], 0.2, atol=1e-6)


def test_each_test_set_is_prepared_pixel_by_pixel_where_the_training_images_were(data):
    (x, y), _ = data
    flat = x.reshape(300, 30)
    mean, spread = flat.mean(axis=0), flat.std(axis=0)

    model, _ = measured(watching(data, pretend=True), (flat - mean) / spread, y)

    np.testing.assert_allclose(model.seen[-1], np.tile((51 - mean) / spread, (3, 1)), atol=1e-4)


def test_images_of_a_usual_range_are_measured_only_where_students_make_images(data):
    made, y = np.random.default_rng(9).random((100, 6, 5)), np.arange(100) % 10
    made[0, 0, :2] = 0, 1

    model, found = measured(watching(data, pretend=True), made, y)

    assert found is not None
    np.testing.assert_allclose(model.seen[-1], 0.2, atol=1e-6)
    assert measured(watching(data, pretend=False), made, y)[1] is None


def of_range(low, high, shape=(100, 6, 5)):
    """Describe images whose values lie between these."""
    values = {"minimum": low, "maximum": high, "mean": None}
    return PairRecord(x=DataRecord(digest="a", shape=list(shape), dtype="float32", **values))


@pytest.mark.parametrize(
    ("low", "high", "scale", "offset"),
    [
        (0.0, 1.0, 1 / 255, 0.0),
        (0.0, 255.0, 1.0, 0.0),
        (2.0, 251.0, 1.0, 0.0),
        (-1.0, 1.0, 2 / 255, -1.0),
        (-0.5, 0.5, 1 / 255, -0.5),
        (0.015, 0.985, 1 / 255, 0.0),
        (-0.015, 1.015, 1 / 255, 0.0),
    ],
)
def test_black_and_white_tell_how_images_were_scaled(data, low, high, scale, offset):
    found = origin_by_range(of_range(low, high), KnownData.of("drawn", data))
    assert found is not None
    assert (found.scale, found.offset) == (pytest.approx(scale), offset)
    assert found.items == 0, "they are no items of the data set"


@pytest.mark.parametrize(
    "record",
    [
        of_range(0.0, 0.9),
        of_range(0.0, 200.0),
        of_range(-3.0, 3.0),
        of_range(0.0, 0.0),
        of_range(0.0, 1e30),
        of_range(None, None),
        of_range(0.0, 1.0, (100, 5, 5)),
        of_range(0.0, 1.0, (30,)),
        of_range(0.0, 1.0, ()),
        PairRecord(),
    ],
)
def test_images_of_another_range_or_size_are_scaled_nobody_knows_how(data, record):
    assert origin_by_range(record, KnownData.of("drawn", data)) is None
