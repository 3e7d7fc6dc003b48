"""The built-in look-alike of Fashion-MNIST: its layout, its determinism and its difficulty."""

import numpy as np
import pytest

from reference.datasets import garments
from reference.datasets.garments import Split


@pytest.fixture(scope="module")
def small() -> Split:
    return garments.draw(seed=10, train=2_000, test=500)


def images_of(split: Split) -> np.ndarray:
    (x_train, _), (x_test, _) = split
    return np.concatenate([x_train, x_test])


def test_the_layout_is_that_of_fashion_mnist(small: Split) -> None:
    (x_train, y_train), (x_test, y_test) = small

    assert [part.shape for part in (x_train, y_train)] == [(2_000, 28, 28), (2_000,)]
    assert [part.shape for part in (x_test, y_test)] == [(500, 28, 28), (500,)]
    assert {part.dtype for part in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}


def test_the_full_set_has_as_many_images_as_fashion_mnist() -> None:
    defaults = garments.draw.__defaults__

    assert defaults is not None
    assert defaults[1:] == (60_000, 10_000)


def test_every_class_is_equally_frequent(small: Split) -> None:
    (_, y_train), (_, y_test) = small

    assert np.bincount(y_train).tolist() == [200] * 10
    assert np.bincount(y_test).tolist() == [50] * 10


def test_a_count_that_ten_does_not_divide_is_balanced_to_within_one_image() -> None:
    (_, y_train), (_, y_test) = garments.draw(train=23, test=7)

    assert sorted(np.bincount(y_train, minlength=10)) == [2] * 7 + [3] * 3
    assert np.bincount(y_test).max() == 1


def test_the_classes_come_in_random_order(small: Split) -> None:
    (_, y_train), _ = small

    repeats = np.mean(y_train[1:] == y_train[:-1])
    assert 0.05 < repeats < 0.15


def test_the_same_seed_draws_the_same_bytes(small: Split) -> None:
    again = garments.draw(seed=10, train=2_000, test=500)

    for pair, pair_again in zip(small, again, strict=True):
        for part, part_again in zip(pair, pair_again, strict=True):
            assert part.tobytes() == part_again.tobytes()


def test_another_seed_draws_other_images(small: Split) -> None:
    other = garments.draw(seed=11, train=2_000, test=500)

    same = (images_of(small) == images_of(other)).all(axis=(1, 2))
    assert not same.any()


def test_no_image_is_drawn_twice(small: Split) -> None:
    images = images_of(small)

    assert len({image.tobytes() for image in images}) == len(images)


def test_the_background_is_black(small: Split) -> None:
    images = images_of(small)

    corners = images[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert np.mean(corners == 0) > 0.97
    assert 0.3 < np.mean(images == 0) < 0.8


def test_the_brightest_pixels_are_near_white(small: Split) -> None:
    brightest = images_of(small).max(axis=(1, 2))

    assert brightest.max() >= 250
    assert np.median(brightest) > 200


def test_every_image_shows_a_garment(small: Split) -> None:
    images = images_of(small)

    covered = np.mean(images > 0, axis=(1, 2))
    assert covered.min() > 0.05
    assert covered.max() < 0.95
    assert images.max(axis=(1, 2)).min() > 60


def test_comparing_with_class_means_tells_most_garments_apart_but_not_all(small: Split) -> None:
    (x_train, y_train), (x_test, y_test) = small
    means = np.stack([x_train[y_train == label].mean(axis=0) for label in range(10)])

    distances = ((x_test[:, None] - means) ** 2).sum(axis=(2, 3))
    accuracy = np.mean(distances.argmin(axis=1) == y_test)

    assert 0.5 < accuracy < 0.85


@pytest.mark.parametrize("size", [0, 1, 9])
def test_a_set_may_be_smaller_than_the_number_of_classes(size: int) -> None:
    (x_train, y_train), _ = garments.draw(train=size, test=1)

    assert x_train.shape == (size, 28, 28)
    assert len(set(y_train.tolist())) == size
