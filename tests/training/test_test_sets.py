"""Test sets that the grader draws itself: the same in every process, and drawn once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from graders.describe.arrays import DataWatcher
from graders.describe.origin import KnownData
from graders.sandbox.job import ServedFile
from graders.training.request import Stock
from graders.training.test_sets import TestSet, add_test_sets
from graders.training.trainer import setting_for
from tests.builders.trainings import describe, train

# TensorFlow's arrays don't know NumPy 2 yet.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

PRETEND = TestSet(
    name="pretend",
    data_set="drawn",
    items=40,
    generator={"rotation_range": 20, "fill_mode": "wrap"},
)
_RANDOM = np.random.default_rng(3)
# 60 and 30 images of 12 x 12 pixels, all different: nine squares that are black or white.
_LABELS = _RANDOM.integers(0, 3, 90)
_SQUARES = (_RANDOM.choice(512, 90, replace=False)[:, None] >> np.arange(9)) % 2
_IMAGES = np.kron(_SQUARES.reshape(90, 3, 3), np.ones((4, 4))).astype(np.uint8) * 255


def known() -> KnownData:
    """Images as they are served; the further test sets are not drawn yet."""
    halves = (_IMAGES[:60], _LABELS[:60]), (_IMAGES[60:], _LABELS[60:])
    return KnownData.of("drawn", halves)


def drawn(*test_sets: TestSet, cache: Path | None = None, data: str = "data") -> KnownData:
    found = known()
    add_test_sets(found, test_sets, data, cache)
    return found


# -- declared -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Pretend"},
        {"name": "../pretend"},
        {"name": ""},
        {"name": "p" * 40},
        {"items": 0},
        {"split": "validation"},
        {"generator": None},
        {"seed": 3},
    ],
    ids=str,
)
def test_a_test_set_is_declared_in_full(wrong):
    right = {"name": "pretend", "data_set": "drawn", "items": 5, "generator": {}}
    with pytest.raises(ValidationError):
        TestSet.model_validate(right | wrong)


def test_a_test_set_is_a_flow_of_the_graders_own():
    assert PRETEND.flow.generator == Stock(
        kind="generators", name="ImageDataGenerator", config=PRETEND.generator
    )


def test_equal_test_sets_of_equal_data_have_one_fingerprint():
    same = TestSet.model_validate(json.loads(PRETEND.model_dump_json()))
    turned = PRETEND.model_copy(update={"generator": dict(reversed(PRETEND.generator.items()))})
    names = {one.fingerprint("data") for one in (PRETEND, same, turned)}
    assert names == {PRETEND.fingerprint("data")}


@pytest.mark.parametrize(
    "change",
    [{"items": 41}, {"split": "test"}, {"generator": {"rotation_range": 21}}, {"name": "other"}],
    ids=str,
)
def test_another_test_set_has_another_fingerprint(change):
    assert PRETEND.model_copy(update=change).fingerprint("data") != PRETEND.fingerprint("data")


def test_other_data_make_other_images():
    assert PRETEND.fingerprint("data") != PRETEND.fingerprint("other")


def test_trainings_are_named_by_what_they_are_measured_on():
    file = ServedFile(name="drawn", path="unused", source="made up", fingerprint="data")
    before = setting_for("cpu", None, [file])
    assert before == setting_for("cpu", None, [file], [])
    assert setting_for("cpu", None, [file], [PRETEND]).data == [
        "data",
        PRETEND.fingerprint("data"),
    ]
    foreign = PRETEND.model_copy(update={"data_set": "other"})
    assert setting_for("cpu", None, [file], [foreign]) == before


# -- drawn ----------------------------------------------------------------------------------


@pytest.mark.training
def test_each_item_is_drawn_once_with_its_label():
    made = drawn(PRETEND).test_sets["pretend"]
    assert (made.images.shape, made.images.dtype) == ((40, 12, 12), np.uint8)
    assert sorted(made.labels) == sorted(_LABELS[:40])
    plain = drawn(PRETEND.model_copy(update={"generator": {}})).test_sets["pretend"]
    rows = [int(np.flatnonzero((one == _IMAGES).all(axis=(1, 2)))[0]) for one in plain.images]
    assert sorted(rows) == list(range(40))
    np.testing.assert_array_equal(plain.labels, _LABELS[rows])


@pytest.mark.training
def test_images_with_colours_keep_them():
    images = np.repeat(_IMAGES[..., None], 3, axis=-1)
    found = KnownData.of("drawn", ((images[:60], _LABELS[:60]), (images[60:], _LABELS[60:])))
    add_test_sets(found, [PRETEND], "data", None)
    assert found.test_sets["pretend"].images.shape == (40, 12, 12, 3)


@pytest.mark.training
def test_test_sets_of_other_data_are_not_drawn():
    assert drawn(PRETEND.model_copy(update={"data_set": "other"})).test_sets == {}


@pytest.mark.training
def test_the_state_of_the_run_moves_neither_the_images_nor_itself():
    np.random.seed(1)
    first = drawn(PRETEND).test_sets["pretend"]
    after = np.random.random()
    np.random.seed(1)
    assert np.random.random() == after
    np.testing.assert_array_equal(drawn(PRETEND).test_sets["pretend"].images, first.images)


DRAWING = """
import hashlib, sys
from pathlib import Path
from tests.training.test_test_sets import PRETEND, drawn
made = drawn(PRETEND, cache=Path(sys.argv[1])).test_sets["pretend"]
print(hashlib.sha256(made.images.tobytes() + made.labels.astype("u1").tobytes()).hexdigest())
"""


@pytest.mark.training
def test_two_processes_draw_the_same_images_once(tmp_path):
    command = [sys.executable, "-W", "ignore", "-c", DRAWING, str(tmp_path)]
    root = Path(__file__).parents[2]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=root)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs[0][1][-2000:]
    assert outputs[0][0] == outputs[1][0] != b""
    (file,) = tmp_path.glob("*.npz")
    with np.load(file) as kept:
        np.testing.assert_array_equal(kept["images"], drawn(PRETEND).test_sets["pretend"].images)


def test_what_was_drawn_is_read_again(tmp_path):
    name = PRETEND.fingerprint("data").replace(":", "-")
    marked = np.full((40, 12, 12), 7, np.uint8)
    np.savez(tmp_path / f"{name}.npz", images=marked, labels=_LABELS[:40])
    made = drawn(PRETEND, cache=tmp_path).test_sets["pretend"]
    np.testing.assert_array_equal(made.images, marked)


# -- measured on ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(keras_watched: None) -> Any:
    """Two trainings of a small network: on what is served, and on images made of it."""
    import keras

    data = DataWatcher([drawn(PRETEND)])
    (images, labels), _ = data.known[0].arrays
    made = data.known[0].test_sets["pretend"]

    def entry(x: Any, y: Any) -> Any:
        network = keras.Sequential(
            [keras.Input((144,)), keras.layers.Dense(3, activation="softmax")]
        )
        network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return train(describe(network, x.reshape(-1, 144) / 255, y), data=data).entry

    return entry(images, labels), entry(made.images, made.labels)


@pytest.mark.training
def test_a_training_is_measured_on_every_test_set(trained):
    assert set(trained[0].measured) == {"test_accuracy", "pretend_accuracy"}
    assert all(0 <= share <= 1 for share in trained[0].measured.values())


@pytest.mark.training
def test_a_training_on_images_without_an_origin_is_measured_all_the_same(trained):
    entry = trained[1]
    assert entry.data.x.origin is None or entry.data.x.origin.by == "labels"
    assert set(entry.measured) == {"test_accuracy", "pretend_accuracy"}
