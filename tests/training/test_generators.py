"""Trainings on `ImageDataGenerator(...).flow(...)`: described as plain data, and carried out."""

from __future__ import annotations

import contextlib
import copy
import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graders.describe.arrays import take_pair
from graders.training.entry import Finished
from graders.training.generators import GENERATOR, describe_flow, draw, make_flow, settings_of
from graders.training.request import Cap, Flow, Request, Stock, fingerprint
from graders.training.session import _validated
from graders.training.stock import Inexpressible, Refused
from graders.training.work import Work, carry_out
from tests.builders.trainings import SETTING, asked, describe, digest, name_of, train

pytestmark = [
    pytest.mark.training,
    pytest.mark.usefixtures("keras_watched"),
    # TensorFlow's arrays don't know NumPy 2 yet.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    # Keras' generator calls SciPy by an old name.
    pytest.mark.filterwarnings("ignore:Please import `affine_transform`:DeprecationWarning"),
]

_RANDOM = np.random.default_rng(5)
# 20 images of 8 x 8 pixels, and 3 classes.
IMAGES = _RANDOM.random((20, 8, 8, 1)).astype(np.float32)
LABELS = np.arange(20) % 3
# What the trainer named a request before any could have a flow.
BEFORE_FLOWS = "f3d2cf521f8b411ef5cde10fb8f50a780a7c0fee466acc04423797967b719f48"
VALIDATED_BEFORE_FLOWS = "f59929792dfc8e70e2df381ed25cdf561181f16dd5b38d7718fd8020bcb16184"

Change = Callable[[dict[str, Any]], object]


def generator(**settings: Any) -> Any:
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    return ImageDataGenerator(**({"rotation_range": 20} | settings))


def flow(x: Any = IMAGES, y: Any = LABELS, *, batch_size: int = 6, **settings: Any) -> Any:
    """A flow; settings of flow() are told from those of the generator by their names."""
    names = ("shuffle", "seed", "sample_weight", "save_to_dir", "subset")
    given = {name: settings.pop(name) for name in names if name in settings}
    return generator(**settings).flow(x, y, batch_size=batch_size, **given)


def network(loss: str = "sparse_categorical_crossentropy") -> Any:
    import keras

    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("sgd", loss)
    return model


# -- described ------------------------------------------------------------------------------


def test_a_flow_is_described_by_what_it_draws_from_and_how():
    request = describe(network(), flow(seed=3, shuffle=False, zoom_range=0.25)).request
    assert request.data.flow is not None
    config = request.data.flow.generator.config
    assert (config["rotation_range"], config["zoom_range"]) == (20, [0.75, 1.25])
    assert (request.data.flow.seed, request.data.flow.shuffle) == (3, False)
    assert (request.data.x[0].shape, request.data.y[0].shape) == ([20, 8, 8, 1], [20])
    assert request.fit.batch_size == 6


def test_what_a_flow_was_not_told_is_as_keras_has_it():
    described = describe(network(), generator().flow(IMAGES, LABELS)).request
    assert described.data.flow is not None
    assert (described.data.flow.seed, described.data.flow.shuffle) == (None, True)
    assert described.fit.batch_size == 32


def test_labels_of_a_flow_may_be_one_hot():
    described = describe(network("categorical_crossentropy"), flow(y=np.eye(3)[LABELS]))
    assert described.request.data.y[0].shape == [20, 3]
    assert len(train(described).entry.logs) == 1


def test_a_subset_of_a_flow_is_that_subset():
    described = describe(network(), flow(subset="training", validation_split=0.4))
    assert described.request.data.items == 12


# They take a part of the items, or do something only together with settings that aren't described.
NO_MATTER = {"validation_split", "zca_epsilon"}
OTHERS: dict[str, Any] = {
    "data_format": "channels_first",
    "dtype": "int32",
    "fill_mode": "wrap",
    "brightness_range": (0.5, 1.5),
    "preprocessing_function": np.square,
    "zoom_range": 0.3,
    "validation_split": 0.5,
}


# Keras warns of images whose last axis isn't that of their colours, and of what goes together.
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_every_setting_of_a_generator_is_described_or_keeps_it_from_being_described():
    usual, lost = describe_flow(flow(rotation_range=0)).flow, set()
    for name, setting in inspect.signature(type(generator())).parameters.items():
        other = OTHERS.get(name, 2 if not isinstance(setting.default, bool) else True)
        with contextlib.suppress(Inexpressible):
            if describe_flow(flow(**{"rotation_range": 0, name: other})).flow == usual:
                lost.add(name)
    assert lost <= NO_MATTER


class Own:
    """Stands for what a student writes."""

    @staticmethod
    def doubled(image: Any) -> Any:
        return image * 2

    @staticmethod
    def subclassed() -> Any:
        class Mine(type(generator())):  # type: ignore[misc]  # keras is untyped
            def apply_transform(self, x: Any, transform_parameters: Any) -> Any:
                return x * 2

        return Mine().flow(IMAGES, LABELS)

    @staticmethod
    def patched(name: str) -> Any:
        made = generator()
        setattr(made, name, Own.doubled)
        return made.flow(IMAGES, LABELS)

    @staticmethod
    def patched_iterator() -> Any:
        made = flow()
        made._get_batches_of_transformed_samples = lambda rows: (IMAGES[rows], LABELS[rows])
        return made

    @staticmethod
    def iterator() -> Any:
        class NumpyArrayIterator(type(flow())):  # type: ignore[misc]  # keras is untyped
            def __getitem__(self, k: int) -> Any:
                return IMAGES, LABELS

        NumpyArrayIterator.__module__ = "keras.of_mine"
        return NumpyArrayIterator(IMAGES, LABELS, generator())


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda _: flow(preprocessing_function=Own.doubled), "a function of the student's own"),
        (lambda _: flow(featurewise_center=True), "standardises"),
        (
            lambda _: flow(featurewise_center=True, featurewise_std_normalization=True),
            "standardises",
        ),
        (lambda _: flow(samplewise_center=True), "standardises"),
        (
            lambda _: flow(samplewise_center=True, samplewise_std_normalization=True),
            "standardises",
        ),
        (lambda _: flow(featurewise_center=True, zca_whitening=True), "standardises"),
        (lambda _: Own.subclassed(), "a class of the student's own"),
        (lambda _: Own.patched("standardize"), "a function of the student's own"),
        (lambda _: Own.patched("get_random_transform"), "a function of the student's own"),
        (lambda _: Own.patched_iterator(), "a function of the student's own"),
        (lambda _: Own.iterator(), "are a class of the student's own"),
        (lambda _: flow(sample_weight=np.ones(20)), "something else than images with labels"),
        (lambda _: flow(y=None), "something else than images with labels"),
        (
            lambda _: flow(x=(IMAGES, np.zeros((20, 2)))),
            "something else than images with labels",
        ),
        (lambda folder: flow(save_to_dir=str(folder)), "to files"),
        (lambda _: flow(dtype="uint8"), "whole numbers"),
        (lambda _: flow(seed=-1), "seed"),
        (lambda _: flow(seed=2**31), "seed"),
        (lambda _: flow(y=np.array(["a", "b"] * 10)), "no arrays of numbers"),
    ],
)
def test_what_is_more_than_plain_data_is_not_described(make, why, tmp_path):
    with pytest.raises(Inexpressible, match=why):
        describe(network(), make(tmp_path))


@pytest.mark.parametrize("more", [{"y": LABELS}, {"validation_split": 0.5}])
def test_a_flow_beside_what_only_arrays_can_have_is_not_described(more):
    with pytest.raises(Inexpressible, match="what only arrays can have"):
        describe(network(), flow(), **more)


def test_validation_on_a_flow_is_not_described():
    with pytest.raises(Inexpressible, match="validation data are no pair"):
        describe(network(), IMAGES, LABELS, validation_data=flow())


def test_to_look_at_a_flow_draws_nothing_from_it():
    made = flow(seed=2)
    pair = take_pair(made)
    describe(network(), made)
    assert (pair.form, pair.batch_size, pair.x is made.x) == ("flow", 6, True)
    assert made.total_batches_seen == 0


def test_people_read_only_the_settings_that_are_not_keras_own():
    made = generator(zoom_range=[0.9, 1.1], fill_mode="constant")
    assert settings_of(made) == {
        "rotation_range": 20,
        "zoom_range": [0.9, 1.1],
        "fill_mode": "constant",
    }


# -- named ----------------------------------------------------------------------------------


def test_equal_flows_have_one_fingerprint():
    names = {
        name_of(network(), flow(zoom_range=0.25)),
        name_of(network(), flow(zoom_range=[0.75, 1.25], width_shift_range=0)),
        name_of(network(), flow(x=IMAGES.astype(np.float64), y=LABELS.astype(np.uint8)[:, None])),
    }
    assert len(names) == 2  # the last one has another zoom and shape of labels
    assert name_of(network(), flow(zoom_range=0.25)) in names


@pytest.mark.parametrize(
    "change",
    [
        {"rotation_range": 21},
        {"horizontal_flip": True},
        {"fill_mode": "constant"},
        {"rescale": 0.5},
        {"seed": 1},
        {"shuffle": False},
        {"batch_size": 7},
        {"x": IMAGES[::-1]},
        {"y": LABELS[::-1]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_flow_has_another_fingerprint(change):
    assert name_of(network(), flow(**change)) != name_of(network(), flow())


def test_a_flow_is_another_training_than_its_source():
    names = {
        name_of(network(), flow(rotation_range=0)),
        name_of(network(), IMAGES, LABELS, batch_size=6),
    }
    assert len(names) == 2


def test_without_a_flow_trainings_have_the_names_that_stores_know_them_by():
    def validated(request: dict[str, Any]) -> None:
        request["validation"] = copy.deepcopy(request["data"])

    assert fingerprint(Request.model_validate(asked()), SETTING) == BEFORE_FLOWS
    assert fingerprint(Request.model_validate(asked(validated)), SETTING) == (
        VALIDATED_BEFORE_FLOWS
    )


# -- carried out ----------------------------------------------------------------------------


def test_a_training_on_a_flow_gives_the_same_bits_again():
    described = describe(network(), flow(horizontal_flip=True), epochs=2)
    first, second = train(described), train(described)
    assert first.state == second.state
    assert first.entry.logs == second.entry.logs
    assert first.entry.data.form == "flow"
    assert first.entry.data.augmentation is not None
    assert first.entry.data.augmentation["horizontal_flip"] is True


def test_the_network_sees_transformed_images():
    weights = [
        train(describe(network(), flow(rotation_range=angle, seed=1))).entry.weights
        for angle in (0, 90)
    ]
    assert weights[0] != weights[1]


def test_what_was_trained_on_is_recorded_as_the_network_sees_it():
    entry = train(describe(network(), flow(rescale=0.5))).entry
    assert entry.data.x is not None
    assert entry.data.x.maximum == pytest.approx(0.5 * IMAGES.max())


@pytest.mark.filterwarnings("ignore:Your input ran out of data:UserWarning")
@pytest.mark.parametrize(
    ("batch_size", "steps_per_epoch", "steps"), [(6, None, 4), (6, 2, 2), (6, 9, 4), (25, 3, 1)]
)
def test_steps_are_counted_really(batch_size, steps_per_epoch, steps):
    described = describe(
        network(), flow(batch_size=batch_size), epochs=2, steps_per_epoch=steps_per_epoch
    )
    assert described.request.steps(20) == steps
    entry = train(described).entry
    assert entry.steps == 2 * steps
    assert len(entry.logs) == 2


def test_a_cap_bounds_what_a_flow_draws_from():
    described = describe(network(), flow(), epochs=5)
    capped = SETTING.model_copy(update={"cap": Cap(epochs=2, samples=8)})
    entry = train(described, setting=capped).entry
    assert (entry.steps, entry.capped) == (2 * 2, True)
    assert described.request.steps(described.request.data.items) == 4


def test_arrays_have_as_many_steps_as_are_asked_for():
    request = describe(network(), IMAGES, LABELS, batch_size=6, steps_per_epoch=9).request
    assert request.steps(20) == 9


def test_drawing_once_gives_each_item_once_and_the_same_again():
    described = Flow(
        generator=Stock(kind="generators", name=GENERATOR, config={"rotation_range": 20})
    )
    state = np.random.get_state()[1].tolist()
    first, second = (draw(described, IMAGES, np.arange(20), seed=4) for _ in range(2))
    other, _ = draw(described, IMAGES, np.arange(20), seed=5)
    assert np.random.get_state()[1].tolist() == state
    np.testing.assert_array_equal(first[0], second[0])
    assert sorted(first[1]) == list(range(20))
    assert np.abs(first[0] - other).max() > 0.01


# -- hostile --------------------------------------------------------------------------------


def on_flow(change: Change | None = None, **config: Any) -> dict[str, Any]:
    """A request for a training on a flow, as parsed JSON."""
    described = describe(network(), flow()).request
    request = described.model_dump(mode="json")
    request["data"]["flow"]["generator"]["config"] |= config
    if change is not None:
        change(request)
    return request


def carried(request: Any) -> Finished:
    """What the trusted side does with a request and arrays of the sizes that it announces."""
    valid = _validated(request, Request)
    arrays = {a.digest: np.zeros(a.size, np.float32) for a in valid.arrays}
    name = fingerprint(valid, SETTING)
    return carry_out(Work(request=valid, setting=SETTING, fingerprint=name, seed=1, arrays=arrays))


def test_an_honest_request_with_a_flow_is_carried_out():
    assert carried(on_flow()).entry.steps == 4


@pytest.mark.parametrize(
    "config",
    [
        {"preprocessing_function": "os.system"},
        {"featurewise_center": True},
        {"dtype": "float16"},
        {"validation_split": 0.5},
        {"anything": 1},
        {"rotation_range": "wide"},
        {"rotation_range": [1, 2]},
        {"rotation_range": 1.7e308},
        {"zoom_range": [1, 2, 3]},
        {"zoom_range": None},
        {"brightness_range": 3},
        {"brightness_range": ["a", "b"]},
        {"fill_mode": "anything"},
        {"data_format": "channels_somewhere"},
        {"interpolation_order": 100},
        {"interpolation_order": "cubic"},
        {"rescale": "half"},
        {"rescale": [[1.0] * 50] * 50},
        {"rescale": {"kind": "generators", "name": GENERATOR}},
        {"width_shift_range": {"kind": "initializers", "name": "Zeros"}},
    ],
    ids=str,
)
def test_settings_that_the_generator_does_not_take_are_refused(config):
    with pytest.raises(Refused):
        carried(on_flow(**config))


def test_odd_settings_are_refused_where_nothing_is_trained():
    with pytest.raises(Refused):
        carried(on_flow(lambda r: r["fit"].update(epochs=0), rescale="half"))


def reshaped(*shape: int) -> Change:
    def change(request: dict[str, Any]) -> None:
        request["data"]["x"][0].update(shape=list(shape))
        request["data"]["y"][0].update(shape=[shape[0]])

    return change


def set_flow(**changes: Any) -> Change:
    return lambda request: request["data"]["flow"].update(changes)


def flat_network(request: dict[str, Any]) -> None:
    """A network that takes vectors, and vectors: no images."""
    request["network"]["inputs"][0]["shape"] = [64]
    reshaped(20, 64)(request)


@pytest.mark.parametrize(
    "change",
    [
        reshaped(20, 4, 4, 1),
        reshaped(20, 64),
        flat_network,
        set_flow(generator={"kind": "generators", "name": "Anything", "config": {}}),
        set_flow(generator={"kind": "layers", "name": "RandomFlip", "config": {}}),
        set_flow(generator={"kind": "callbacks", "name": GENERATOR, "config": {}}),
        set_flow(generator=None),
        set_flow(seed=-1),
        set_flow(seed=2**31),
        set_flow(seed=1e308),
        set_flow(seed=True),
        set_flow(shuffle="yes"),
        set_flow(folder="/tmp"),
        lambda r: r["data"].update(flow=[]),
        lambda r: r["data"].update(flow={}),
        lambda r: r["data"]["x"].append(r["data"]["x"][0]),
        lambda r: r["data"].update(weights=[{"digest": digest("w"), "shape": [20]}]),
        lambda r: r.update(validation=r["data"]),
        lambda r: r["fit"].update(validation_split=0.5),
        lambda r: r["data"]["flow"]["generator"]["config"].update(rotation_range=10**30),
        lambda r: r["data"]["flow"]["generator"]["config"].update(rotation_range=math.nan),
        lambda r: r["data"]["flow"]["generator"]["config"].update(fill_mode="x" * 999),
    ],
)
def test_a_request_that_no_honest_runner_sends_is_refused(change):
    with pytest.raises(Refused):
        carried(on_flow(change))


def test_large_batches_of_a_flow_are_as_large_as_its_source():
    finished = carried(on_flow(lambda r: r["fit"].update(batch_size=10_000_000)))
    assert finished.entry.steps == 1


def test_to_make_a_flow_of_foreign_settings_names_one():
    odd = Flow(
        generator=Stock(kind="generators", name=GENERATOR, config={"featurewise_center": True})
    )
    with pytest.raises(Refused, match="the generator has no setting featurewise_center"):
        make_flow(odd, IMAGES, LABELS, 6)
