from __future__ import annotations

import numpy as np
import pytest

from graders.describe.measure import prepared_by_pixel


@pytest.fixture(scope="module")
def images():
    drawn = np.random.default_rng(1).integers(0, 256, (200, 6, 5), dtype=np.uint8)
    drawn[:, 0, 0] = 0  # a border that is always black
    return drawn


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
