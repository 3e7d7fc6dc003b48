"""Networks that were saved, loaded again and trained on: real processes, real Keras."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.builders.parts import Parts
from tests.conftest import Trusting

pytestmark = pytest.mark.sandbox

NET = """
import keras, numpy as np
from keras import layers as L
rng = np.random.default_rng(0)
x = rng.normal(size=(320, 6)); y = (x.sum(1) > 0).astype(int)
def net(optimizer="adam"):
    m = keras.Sequential([keras.Input((6,)), L.Dense(8, "relu"), L.Dense(2, "softmax")])
    m.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return m
def again(m):
    m.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return m
"""
# Each piece trains this network, which is done once.
TRAINED = "m = net(); m.fit(x, y, epochs=2, verbose=0)\n"
PARTS = Parts(NET)
# What goes on from a trained network `m` to another, `n`: with the optimizer's state, or without.
WITH_OPTIMIZER = {
    ".keras": "m.save('a.keras'); n = keras.models.load_model('a.keras')",
    ".h5": "m.save('a.h5'); n = keras.models.load_model('a.h5')",
    ".hdf5": "m.save('a.hdf5'); n = keras.models.load_model('a.hdf5')",
    "another cell": "m.save('a.keras')\n# %%\nn = keras.saving.load_model('a.keras')",
    "tf.keras": "import tensorflow as tf\n"
    "tf.keras.models.save_model(m, 'a.h5'); n = tf.keras.models.load_model('a.h5')",
    "pickle": "import pickle; n = pickle.loads(pickle.dumps(m))",
    "a copy": "import copy; n = copy.deepcopy(m)",
}
WITHOUT_OPTIMIZER = {
    "weights": "m.save_weights('a.weights.h5'); n = net(); n.load_weights('a.weights.h5')",
    "weights before compile": "m.save_weights('a.weights.h5')\n"
    "n = keras.models.clone_model(m); n.load_weights('a.weights.h5'); again(n)",
    "weights of .h5": "m.save('a.h5'); n = net(); n.load_weights('a.h5')",
    "compile=False": "m.save('a.keras')\n"
    "n = again(keras.models.load_model('a.keras', compile=False))",
    "compile=False of .h5": "m.save('a.h5')\n"
    "n = again(keras.models.load_model('a.h5', compile=False))",
    "include_optimizer=False": "m.save('a.h5', include_optimizer=False)\n"
    "n = again(keras.models.load_model('a.h5'))",
    "clone": "n = again(keras.models.clone_model(m)); n.set_weights(m.get_weights())",
    "arrays": "np.savez('a.npz', *m.get_weights())\n"
    "with np.load('a.npz') as f: n = net(); n.set_weights([f[k] for k in f.files])",
}
TRAIN_ON = "\nn.fit(x, y, epochs=3, verbose=0); steps = int(n.optimizer.iterations)"


def states(of):
    return [(t.start, t.epochs_before, t.verified) for t in of.trainings]


def ways(codes):
    return {name: PARTS.add(TRAINED + code + TRAIN_ON) for name, code in codes.items()}


GO_ON = ways(WITH_OPTIMIZER)
BEGIN_ANEW = ways(WITHOUT_OPTIMIZER)


@pytest.mark.parametrize("way", WITH_OPTIMIZER)
def test_a_loaded_network_continues_with_its_optimizer(part_of, way):
    part = part_of(GO_ON[way])
    assert part.errors == []
    assert states(part) == [("fresh", 0, True), ("continued", 2, True)]
    assert part.values["steps"] == 5 * 10


@pytest.mark.parametrize("way", WITHOUT_OPTIMIZER)
def test_loaded_weights_continue_with_a_fresh_optimizer(part_of, way):
    part = part_of(BEGIN_ANEW[way])
    assert part.errors == []
    assert states(part) == [("fresh", 0, True), ("continued", 2, True)]
    assert part.values["steps"] == 3 * 10


SEVERAL = {
    name: PARTS.add(
        TRAINED
        + f"""
m.save({name!r})
m.fit(x, y, verbose=0)
n = keras.models.load_model({name!r}); n.fit(x, y, verbose=0)
slots = [v.numpy() for v in n.optimizer.variables]
k = keras.models.load_model({name!r}); k.fit(x, y, epochs=2, verbose=0)
counts = f"{{int(n.optimizer.iterations)}} {{int(k.optimizer.iterations)}}"
moving = all(np.abs(s).max() > 0 for s in slots)
"""
    )
    for name in ("a.keras", "a.h5")
}


@pytest.mark.parametrize("name", SEVERAL)
def test_all_that_load_one_file_continue_alike_from_what_was_saved(part_of, name):
    part = part_of(SEVERAL[name])
    assert states(part) == [("fresh", 0, True)] + [("continued", 2, True)] * 3
    assert part.values["counts"] == "30 40"
    assert part.values["moving"] is True


DIRECT = PARTS.add(TRAINED + "m.fit(x, y, epochs=3, verbose=0)")


@pytest.mark.parametrize(("name", "way"), [("a.keras", ".keras"), ("a.h5", ".h5")])
def test_a_network_that_goes_on_by_file_ends_as_one_that_went_on_by_itself(part_of, name, way):
    """The requests are the same by content, so the second is known already."""
    direct, loaded = part_of(DIRECT).trainings, part_of(GO_ON[way]).trainings
    assert f"m.save('{name}')" in WITH_OPTIMIZER[way]
    assert direct[1].fingerprint == loaded[1].fingerprint
    assert direct[1].reused or loaded[1].reused


UNTRAINED = {
    name: PARTS.add(f"net().save({name!r}); n = keras.models.load_model({name!r})" + TRAIN_ON)
    for name in ("a.keras", "a.h5")
}


@pytest.mark.parametrize("name", UNTRAINED)
def test_a_network_that_was_saved_untrained_is_fresh(part_of, name):
    part = part_of(UNTRAINED[name])
    assert states(part) == [("fresh", 0, True)]
    assert part.values["steps"] == 30


@pytest.fixture(scope="module")
def brought(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that somebody trained at home, as `save_weights` leaves it."""
    shapes = {"dense": [(6, 8), (8,)], "dense_1": [(8, 2), (2,)]}
    file = tmp_path_factory.mktemp("home") / "best.weights.h5"
    with h5py.File(file, "w") as written:
        for layer, weights in shapes.items():
            for number, shape in enumerate(weights):
                written[f"layers/{layer}/vars/{number}"] = np.full(shape, 0.25, "float32")
    return file


def test_a_file_that_lay_beside_the_work_brings_its_weights_along(trusting, brought):
    code = NET + "n = net(); n.load_weights('best.weights.h5')" + TRAIN_ON
    trusting.brought = {brought.name: brought.read_bytes()}
    recording = trusting.run(code)
    assert states(recording.data) == [("given", 0, False)]
    (file,) = recording.data.files
    assert (file.action, file.kind, file.saved_by) == ("loaded", "weights", None)
    assert file.after_training is None


TRANSFERRED = PARTS.add(
    TRAINED
    + """
m.save("a.keras")
base = keras.models.load_model("a.keras")
for layer in base.layers: layer.trainable = False
n = again(keras.Sequential([keras.Input((6,)), *base.layers[:-1], L.Dense(2, "softmax")]))
"""
    + TRAIN_ON
)


def test_layers_of_a_loaded_network_are_transferred(part_of):
    part = part_of(TRANSFERRED)
    assert states(part) == [("fresh", 0, True), ("transferred", 2, True)]


FROZEN = PARTS.add(
    TRAINED
    + """
m.save("a.keras")
n = keras.models.load_model("a.keras")
n.layers[0].trainable = False
kept = n.layers[0].get_weights()[0]
slot = n.optimizer._momentums[0].numpy()
"""
    + TRAIN_ON
    + """
same = bool((kept == n.layers[0].get_weights()[0]).all())
still = bool((slot == n.optimizer._momentums[0].numpy()).all())
"""
)


def test_layers_that_are_frozen_after_loading_stay_as_they_are(part_of):
    part = part_of(FROZEN)
    assert states(part) == [("fresh", 0, True), ("continued", 2, True)]
    found = part.values
    assert (found["same"], found["still"], found["steps"]) == (True, True, 50)


IMPOSSIBLE = PARTS.add(
    TRAINED
    + """
m.layers[0].trainable = False; again(m); m.fit(x, y, verbose=0)
m.layers[0].trainable = True; m.fit(x, y, verbose=0)
"""
)


def test_what_keras_cannot_train_fails_in_its_own_words(part_of):
    part = part_of(IMPOSSIBLE)
    assert "Unknown variable" in part.outcomes[-1].error_message
    assert "fewer weights" in part.trainings[-1].note


SCORES = PARTS.add(
    TRAINED
    + """
p = net(); p.fit(x, y, verbose=0)
m.save("a.h5"); p.save_weights("p.weights.h5")
n = keras.models.load_model("a.h5"); n.evaluate(x, y, verbose=0)
k = net(); k.predict(x, verbose=0)
k.load_weights("p.weights.h5"); k.evaluate(x, y, verbose=0)
m.load_weights("p.weights.h5"); m.predict(x, verbose=0)
n.fit(x, y, verbose=0); n.evaluate(x, y, verbose=0)
"""
)


def test_the_scores_of_a_loaded_network_belong_to_the_training_that_made_it(part_of):
    part = part_of(SCORES)
    first, second, third = (training.id for training in part.trainings)
    assert [call.after_training for call in part.calls] == [first, None, second, second, third]


def test_networks_that_are_gone_leave_their_numbers_to_nobody(training_once: Trusting):
    code = """
import gc
for _ in range(4):
    net().fit(x, y, verbose=0); keras.backend.clear_session(); gc.collect()
"""
    recording = training_once.run(NET + code)
    assert len({training.model for training in recording.data.trainings}) == 4


WARNINGS = PARTS.add(
    TRAINED
    + """
import warnings
m.save("a.h5"); m.save("a.keras")
n = keras.models.load_model("a.h5"); k = keras.models.load_model("a.keras")
with warnings.catch_warnings():
    warnings.simplefilter("error")
    n.fit(x, y, verbose=0); k.fit(x, y, verbose=0); n.evaluate(x, y, verbose=0)
    np.save("a.npy", x); z = np.load("a.npy")
"""
)


def test_warnings_that_are_errors_break_nothing_of_a_saved_network(part_of):
    part = part_of(WARNINGS)
    assert part.outcomes[-1].error_message is None
    assert states(part)[1:] == [("continued", 2, True)] * 2
