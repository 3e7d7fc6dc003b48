"""Images that students make: by which settings, how many, and which networks are tried on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graders.checks import (
    CheckContext,
    CheckFailed,
    NotAttempted,
    Unscored,
    assert_augmentation,
    augmentations_of,
    made_arrays,
    tried_on,
)
from graders.checks.attempts import attempts_of
from graders.recording.schema import (
    ArrayRecord,
    AugmentationRecord,
    CallRecord,
    DataRecord,
    PairRecord,
)
from reference.datasets import DataSet
from tests.builders.fashion_cnn import ASSIGNMENT, labelled
from tests.builders.networks import pooled_layers
from tests.builders.recordings import TEST, Run, context, made_pair, pair

# What fashion_training asks for.
WANTED = {
    "rotation_range": 20,
    "width_shift_range": 0.1,
    "height_shift_range": 0.1,
    "shear_range": 0.5,
    "zoom_range": [0.9, 1.1],
    "fill_mode": "constant",
}
# The same with Keras' preprocessing layers: turns, and the tangent of an angle.
LAYERS = {
    "RandomRotation": {"factor": [-20 / 360, 20 / 360], "fill_mode": "constant"},
    "RandomTranslation": {
        "height_factor": 0.1,
        "width_factor": [-0.1, 0.1],
        "fill_mode": "constant",
    },
    "RandomShear": {"x_factor": [0.0, 0.00873], "y_factor": 0.0, "fill_mode": "constant"},
    "RandomZoom": {"height_factor": 0.1, "width_factor": None, "fill_mode": "constant"},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return labelled(tmp_path_factory.mktemp("data"), np.zeros(3), images=(28, 28), train=3)


def seen(run: Run, data: DataSet) -> CheckContext:
    return context(ASSIGNMENT, run.folder(), [data])


def made(*sources: AugmentationRecord, arrays: dict[str, list[int]] | None = None) -> Run:
    """A run that has transformed images so, and keeps arrays of these shapes."""
    run = Run()
    run.recording.augmentations = list(sources)
    for name, shape in (arrays or {}).items():
        run.recording.arrays[name] = ArrayRecord(
            shape=shape, dtype="float32", minimum=0.0, maximum=1.0
        )
    return run


def generator(cell: int | None = 2, items: int = 0, **settings: Any) -> AugmentationRecord:
    return AugmentationRecord(
        cell=cell,
        kind="generator",
        name="ImageDataGenerator",
        settings=WANTED | settings,
        items=items,
    )


def layer(name: str, cell: int | None = 2, items: int = 0, **settings: Any) -> AugmentationRecord:
    given = LAYERS.get(name, {}) | settings
    return AugmentationRecord(cell=cell, kind="layer", name=name, settings=given, items=items)


def failure(kind: type, run: Run, data: DataSet, wanted: dict[str, Any] = WANTED) -> Any:
    with pytest.raises(kind) as caught:
        assert_augmentation(seen(run, data), wanted)
    return caught.value


# -- settings -------------------------------------------------------------------------------


def test_a_generator_with_the_settings_of_the_sheet_is_right(data):
    found = assert_augmentation(seen(made(generator(items=9)), data), WANTED)
    assert (found.items, found.where) == (9, "cell 3")


@pytest.mark.parametrize(
    "near",
    [
        {"rotation_range": 20.9},
        {"zoom_range": [1.1, 0.9]},
        {"width_shift_range": 0.1001},
        {"brightness_range": None},
        {"horizontal_flip": False},
        {"cval": 7.0},
        {"anything": [1]},
    ],
    ids=str,
)
def test_what_makes_no_difference_is_not_compared(data, near):
    assert_augmentation(seen(made(generator(**near)), data), WANTED)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rotation_range": 40}, "rotation_range is 40, not 20"),
        ({"rotation_range": 0}, "rotation_range is 0, not 20"),
        ({"zoom_range": [0.8, 1.2]}, "zoom_range is (0.8, 1.2), not (0.9, 1.1)"),
        ({"zoom_range": [0.9]}, "zoom_range is (0.9), not (0.9, 1.1)"),
        ({"fill_mode": "nearest"}, "fill_mode is nearest, not constant"),
        ({"horizontal_flip": True}, "horizontal_flip is True, not False"),
        ({"brightness_range": [0.5, 1.5]}, "brightness_range is (0.5, 1.5), not None"),
        ({"shear_range": True}, "shear_range is True, not 0.5"),
    ],
)
def test_each_setting_that_differs_is_named(data, change, words):
    error = failure(CheckFailed, made(generator(**change)), data)
    assert error.message == f"{words}."
    assert error.where == "cell 3"
    assert next(iter(change)) in error.hint


def test_a_setting_that_is_missing_is_one_that_differs(data):
    run = made(generator())
    del run.recording.augmentations[0].settings["shear_range"]
    assert failure(CheckFailed, run, data).message == "shear_range is 0, not 0.5."


def test_the_source_that_is_nearest_is_judged(data):
    far, near = generator(1, items=9, rotation_range=0, zoom_range=[1, 1]), generator(4)
    assert assert_augmentation(seen(made(far, near), data), WANTED).where == "cell 5"


def test_of_sources_that_differ_alike_the_one_that_made_more_is_judged(data):
    idle, busy = generator(1, rotation_range=0), generator(4, items=9, rotation_range=5)
    assert "rotation_range is 5" in failure(CheckFailed, made(idle, busy), data).message


def test_layers_that_do_the_same_are_right(data):
    run = made(*(layer(name) for name in LAYERS))
    assert assert_augmentation(seen(run, data), WANTED).name == ", ".join(LAYERS)


@pytest.mark.parametrize(
    ("name", "change", "setting"),
    [
        ("RandomRotation", {"factor": 0.2}, "rotation_range is 72,"),
        ("RandomTranslation", {"height_factor": [-0.3, 0.1]}, "height_shift_range is 0.3,"),
        ("RandomTranslation", {"width_factor": 0}, "width_shift_range is 0,"),
        ("RandomShear", {"y_factor": 0.5}, "shear_range is 26.57,"),
        ("RandomZoom", {"width_factor": [-0.2, 0.2]}, "zoom_range is (0.8, 1.2),"),
        ("RandomZoom", {"fill_mode": "reflect"}, "fill_mode is reflect,"),
        ("RandomFlip", {"mode": "horizontal"}, "horizontal_flip is True,"),
        ("RandomFlip", {"mode": "horizontal_and_vertical"}, "vertical_flip is True,"),
        ("RandomBrightness", {"factor": [-0.2, 0.2]}, "brightness_range is (-0.2, 0.2),"),
    ],
)
def test_a_layer_that_does_something_else_is_named_by_what_it_does(data, name, change, setting):
    others = [layer(other) for other in LAYERS if other != name]
    assert setting in failure(CheckFailed, made(*others, layer(name, **change)), data).message


def test_layers_of_two_cells_are_two_sources():
    run = made(layer("RandomRotation", 1, items=3), layer("RandomZoom", 4, items=5))
    assert [one.items for one in augmentations_of(run.folder())] == [3, 5]


def test_layers_of_one_cell_make_the_same_images():
    run = made(layer("RandomRotation", items=5), layer("RandomZoom", items=4))
    assert [one.items for one in augmentations_of(run.folder())] == [5]


def test_without_any_source_nothing_was_attempted(data):
    error = failure(NotAttempted, made(), data)
    assert "rotation_range=20" in error.expected


def test_images_from_a_source_that_is_not_known_are_left_open(data):
    error = failure(Unscored, made(arrays={"pretend": [20_000, 28, 28, 1]}), data)
    assert "Nothing is lost" in error.hint


@pytest.mark.parametrize(
    "settings",
    [
        {"rotation_range": 2**64},
        {"rotation_range": 1.7e308},
        {"width_shift_range": -(2**64)},
        {"zoom_range": [None, "x" * 500]},
        {"zoom_range": [[[[0.9]]], 1.1]},
        {"zoom_range": {"a": 1}},
        {"fill_mode": {"constant": 1}},
        {"horizontal_flip": "x" * 500},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_settings_that_no_generator_has_are_settings_that_differ(data, settings):
    error = failure(CheckFailed, made(generator(**settings)), data)
    assert len(error.message) < 200


@pytest.mark.parametrize("factor", [None, 2**64, 1.7e308, "x", [[1]], {"a": 1}, [], True])
@pytest.mark.parametrize("name", [*LAYERS, "RandomFlip", "RandomContrast", "Anything"])
def test_no_setting_of_a_layer_breaks_a_check(data, name, factor):
    keys = ("factor", "height_factor", "width_factor", "x_factor", "y_factor", "mode", "fill_mode")
    run = made(layer(name, **dict.fromkeys(keys, factor)))
    failure(CheckFailed, run, data)


# -- images ---------------------------------------------------------------------------------


def test_images_of_the_right_size_that_are_none_of_the_data_set_were_made(data):
    run = made(arrays={"a": [9, 28, 28], "b": [8, 784], "labels": [9], "other": [9, 5, 5]})
    served = pair(9, "train").x
    assert served is not None
    run.recording.arrays["served"] = ArrayRecord(
        shape=served.shape, dtype="float32", minimum=0.0, maximum=1.0, origin=served.origin
    )
    run.recording.arrays["texts"] = ArrayRecord(shape=[9, 784], dtype="<U3")
    assert [(one.items, one.digest) for one in made_arrays(seen(run, data))] == [
        (9, "a"),
        (8, "b"),
    ]


def test_images_that_only_fit_and_evaluate_saw_were_made_as_well(data):
    run = Run()
    training = run.fit(pooled_layers())
    training.data = made_pair(10_000, digest="first")
    run.evaluate(training, made_pair(9000, digest="second"))
    run.evaluate(training, made_pair(9000, digest="second"))
    assert sorted(one.items for one in made_arrays(seen(run, data))) == [9000, 10_000]


def test_without_data_no_image_is_known_to_be_made(data):
    run = made(arrays={"a": [9, 28, 28]})
    assert made_arrays(run.context()) == []


def tried(run: Run, data: DataSet) -> tuple[bool, bool, int]:
    found = seen(run, data)
    one = tried_on(found, attempts_of(found.recording)[0])
    return one.served, one.made, one.calls


@pytest.mark.parametrize(
    ("given", "served", "was_made"),
    [
        ([], False, False),
        ([pair(TEST, "test")], True, False),
        ([made_pair(10_000)], False, True),
        ([pair(TEST, "test"), made_pair(10_000)], True, True),
        ([made_pair(10)], False, False),
        ([made_pair(10_000, shape=(5, 5))], False, False),
        ([pair(TEST, "train")], False, False),
    ],
)
def test_the_images_that_a_network_was_tried_on_are_told_apart(data, given, served, was_made):
    run = Run()
    training = run.fit(pooled_layers(), validated=False)
    for one in given:
        run.evaluate(training, one)
    assert tried(run, data) == (served, was_made, len(given))


def test_validation_in_fit_is_a_test(data):
    run = Run()
    run.fit(pooled_layers(), validated=True)
    assert tried(run, data) == (True, False, 0)


def test_made_images_that_a_network_was_trained_on_are_no_test_of_it(data):
    run = Run()
    training = run.fit(pooled_layers(), validated=False)
    training.data = made_pair(10_000, digest="same")
    run.evaluate(training, made_pair(10_000, digest="same"))
    assert tried(run, data) == (False, False, 1)


def test_images_that_are_predicted_count_like_those_that_are_evaluated(data):
    run = Run()
    training = run.fit(pooled_layers(), validated=False)
    x = made_pair(10_000).x
    assert isinstance(x, DataRecord)
    run.recording.calls.append(
        CallRecord(
            kind="predict",
            model=training.model,
            after_training=training.id,
            cell=training.cell,
            data=PairRecord(x=x),
        )
    )
    assert tried(run, data) == (False, True, 1)
