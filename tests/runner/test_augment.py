"""Images that a submission transforms at random, and trainings on them: real runs, real Keras."""

from __future__ import annotations

import numpy as np
import pytest

from graders.checks import attempts_of, augmentations_of
from graders.recording.schema import AugmentationRecord
from graders.sandbox import ServedFile
from graders.training.limits import Limits as TrainingLimits
from graders.training.store import Store
from graders.training.test_sets import TestSet
from graders.training.trainer import Trainer, setting_for
from tests.conftest import Trusting

pytestmark = pytest.mark.sandbox

PRETEND = TestSet(
    name="pretend",
    data_set="fashion_mnist",
    items=100,
    generator={"rotation_range": 20, "zoom_range": [0.9, 1.1], "fill_mode": "constant"},
)
START = """
import keras, numpy as np
from tensorflow.keras.preprocessing.image import ImageDataGenerator
(x, y), (xt, yt) = keras.datasets.fashion_mnist.load_data()
x, xt = x[..., None] / 255, xt[..., None] / 255
few, labels = x[:96], y[:96]
generator = ImageDataGenerator(rotation_range=20, zoom_range=0.1, fill_mode="constant")
"""


# -- what is drawn --------------------------------------------------------------------------

# %% stands between cells; each draws in a way of its own.
DRAWING = (
    START
    + """
# %%
made = []
for images, _ in generator.flow(few, labels, batch_size=32, seed=1):
    made.append(images)
    if len(made) == 4:
        break
made = np.concatenate(made)
# %%
flow = generator.flow(xt, yt, batch_size=10)
_ = [next(flow) for _ in range(2)], flow[0]
# %%
single = [generator.random_transform(image) for image in few[:5]]
# %%
unused = ImageDataGenerator(horizontal_flip=True).flow(few, labels)
# %%
from keras import layers as L
augment = keras.Sequential([L.RandomRotation(20 / 360, fill_mode="constant"), L.RandomZoom(0.1)])
once = augment(few, training=True)
# %%
shift = L.RandomTranslation(0.1, 0.2)
batches = [shift(few[k : k + 32], training=True) for k in (0, 32, 64)]
# %%
import tensorflow as tf
flip = L.RandomFlip("horizontal")
items = tf.data.Dataset.from_tensor_slices(few).batch(32).map(lambda t: flip(t, training=True))
mapped = np.concatenate(list(items.as_numpy_iterator()))
# %%
small = L.Resizing(14, 14)(few)
"""
)


@pytest.fixture(scope="module")
def drawn(sandbox, served, tmp_path_factory) -> list[AugmentationRecord]:
    """What a submission has recorded that draws in each way."""
    trusting = grading(sandbox, served, tmp_path_factory.mktemp("drawn"), [])
    recording = trusting.run(DRAWING)
    assert [one.error_message for one in recording.data.outcomes if one.status != "ok"] == []
    return recording.data.augmentations


def grading(sandbox, served: list[ServedFile], folder, test_sets: list[TestSet]) -> Trusting:
    """A grading process that measures on these test sets as well."""
    (folder / "cache").mkdir()
    trainer = Trainer(
        server=sandbox.server,
        store=Store(folder / "store"),
        setting=setting_for("cpu", None, served, test_sets),
        limits=TrainingLimits(),
        data=served,
        test_sets=test_sets,
        cache=folder / "cache",
    )
    return Trusting(sandbox, trainer, folder)


def of(drawn: list[AugmentationRecord], cell: int) -> list[AugmentationRecord]:
    return [one for one in drawn if one.cell == cell]


def test_a_loop_over_a_flow_is_counted_by_its_images(drawn):
    (one,) = of(drawn, 1)
    assert (one.kind, one.name, one.items) == ("generator", "ImageDataGenerator", 4 * 32)
    assert one.settings == {
        "rotation_range": 20,
        "zoom_range": [0.9, 1.1],
        "fill_mode": "constant",
    }
    assert one.shape == [96, 28, 28, 1]
    assert one.origin is not None
    assert (one.origin.split, one.origin.order, one.origin.items) == ("train", "first", 96)


def test_batches_that_are_taken_one_by_one_are_counted(drawn):
    (one,) = of(drawn, 2)
    assert one.items == 3 * 10
    assert one.origin is not None
    assert one.origin.split == "test"


def test_images_that_are_transformed_one_by_one_are_counted(drawn):
    (one,) = of(drawn, 3)
    assert (one.items, one.origin) == (5, None)
    assert one.settings["rotation_range"] == 20


def test_a_flow_that_nothing_is_drawn_from_has_made_nothing(drawn):
    (one,) = of(drawn, 4)
    assert one.items == 0
    assert one.settings == {"horizontal_flip": True}


def test_layers_one_behind_the_other_are_given_the_same_items(drawn):
    first, second = of(drawn, 5)
    assert [one.name for one in (first, second)] == ["RandomRotation", "RandomZoom"]
    assert (first.items, second.items) == (96, 96)
    assert first.origin is not None
    assert (first.origin.order, first.origin.items) == ("first", 96)
    assert second.origin is None  # what it is given was transformed already
    assert first.settings["factor"] == pytest.approx([-20 / 360, 20 / 360])
    assert first.settings["fill_mode"] == "constant"


def test_batches_that_a_layer_is_given_make_up_its_items(drawn):
    (one,) = of(drawn, 6)
    assert one.items == 96
    assert one.origin is not None
    assert (one.origin.split, one.origin.order, one.origin.items) == ("train", "first", 96)


def test_in_a_pipeline_the_settings_of_a_layer_are_known_and_its_items_are_not(drawn):
    (one,) = of(drawn, 7)
    assert (one.name, one.settings["mode"], one.items) == ("RandomFlip", "horizontal", 0)


def test_a_layer_that_transforms_nothing_at_random_is_no_source(drawn):
    assert of(drawn, 8) == []


# -- what is trained ------------------------------------------------------------------------

TRAINING = (
    START
    + """
import tensorflow as tf
def net(*before):
    layers = [keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
    m = keras.Sequential([keras.Input((28, 28, 1)), *before, *layers])
    m.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return m
def share(m):
    return float((m.predict(xt, verbose=0).argmax(1) == yt).mean())
shares = []
# %%
m = net()
history = m.fit(generator.flow(few, labels, batch_size=32), epochs=2, verbose=0)
shares.append(share(m)); rounds = len(history.history["accuracy"])
iterations = int(m.optimizer.iterations)
# %%
def mine(flow):
    for images, classes in flow:
        yield images, classes
m = net()
flow = generator.flow(few, labels, batch_size=32)
m.fit(mine(flow), steps_per_epoch=5, epochs=1, verbose=0)
shares.append(share(m))
# %%
rotate = keras.layers.RandomRotation(0.05)
items = tf.data.Dataset.from_tensor_slices((few, labels)).batch(32)
m = net()
m.fit(items.map(lambda a, b: (rotate(a, training=True), b)), verbose=0)
shares.append(share(m))
# %%
m = net(keras.layers.RandomRotation(0.05), keras.layers.RandomZoom(0.1))
m.fit(few, labels, verbose=0)
shares.append(share(m))
# %%
made = np.concatenate([next(flow)[0] for _ in range(3)])
m = net()
m.fit(made, labels, verbose=0)
shares.append(share(m))
# %%
doubled = ImageDataGenerator(preprocessing_function=lambda image: image)
m = net()
m.fit(doubled.flow(few, labels, batch_size=32), verbose=0)
shares.append(share(m))
"""
)


@pytest.fixture(scope="module")
def run(sandbox, served, tmp_path_factory):
    """A submission that trains on transformed images in each way."""
    trusting = grading(sandbox, served, tmp_path_factory.mktemp("trained"), [PRETEND])
    recording = trusting.run(TRAINING, own_images=True)
    assert [one.error_message for one in recording.data.outcomes if one.status != "ok"] == []
    return recording


NAMES = ["flow", "generator", "tf.data", "layers", "made", "function"]


@pytest.fixture
def attempt(run, request):
    return attempts_of(run)[NAMES.index(request.param)]


@pytest.mark.parametrize("attempt", NAMES, indirect=True)
def test_every_training_is_measured_on_both_test_sets(run, attempt):
    place = attempts_of(run).index(attempt)
    assert attempt.training.measured_by == "grader"
    assert attempt.test_accuracy == pytest.approx(run.array("shares")[place])
    assert 0 <= attempt.other_accuracies["pretend"] <= 1
    assert len(attempt.predicted) == 500


@pytest.mark.parametrize("attempt", ["flow"], indirect=True)
def test_a_training_on_a_flow_is_carried_out_by_the_grader(run, attempt):
    training = attempt.training
    assert (training.trained, training.verified, training.note) == ("trusted", True, "")
    assert (training.data.form, training.batch_size, training.steps) == ("flow", 32, 6)
    assert training.data.augmentation["rotation_range"] == 20
    assert training.data.x.origin.items == 96
    assert (attempt.augmented, attempt.images_seen) == (True, 192)
    assert (run.data.values["rounds"], run.data.values["iterations"]) == (2, 6)


@pytest.mark.parametrize("attempt", ["generator"], indirect=True)
def test_a_generator_of_ones_own_around_a_flow_is_trained_where_it_is(attempt):
    training = attempt.training
    assert (training.trained, training.verified, training.data.x) == ("here", False, None)
    assert "a generator" in training.note
    assert "not measured" not in training.note
    assert training.steps == 5
    assert attempt.images_seen == 5 * 32


@pytest.mark.parametrize("attempt", ["tf.data"], indirect=True)
def test_a_pipeline_is_trained_where_it_is(attempt):
    training = attempt.training
    assert (training.trained, training.verified, training.steps) == ("here", False, 3)
    assert "a tf.data pipeline" in training.note


@pytest.mark.parametrize("attempt", ["layers"], indirect=True)
def test_a_network_that_transforms_its_images_is_trained_by_the_grader(attempt):
    assert attempt.training.verified
    assert attempt.augmented
    assert attempt.training.data.x.origin.items == 96


@pytest.mark.parametrize("attempt", ["made"], indirect=True)
def test_images_that_were_made_are_trained_on_by_the_grader(attempt):
    assert attempt.training.verified
    x = attempt.training.data.x
    assert x.origin is None or x.origin.by == "labels"


@pytest.mark.parametrize("attempt", ["function"], indirect=True)
def test_a_flow_that_calls_a_function_is_trained_where_it_is_and_known_by_its_source(attempt):
    training = attempt.training
    assert (training.trained, training.data.form, training.steps) == ("here", "flow", 3)
    assert "a function of the student's own" in training.note
    assert training.data.x.origin.items == 96


def test_what_a_training_draws_is_not_counted_as_made(run):
    found = augmentations_of(run)
    assert sorted(one.items for one in found if one.items) == [96]


def test_the_test_set_is_drawn_once_for_all_trainings(run):
    (file,) = run.folder.parents[1].glob("cache/pretend-*.npz")
    with np.load(file) as kept:
        assert kept["images"].shape == (100, 28, 28)
