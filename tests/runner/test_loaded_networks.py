"""Networks that were saved, loaded again and trained on: real processes, real Keras."""

from __future__ import annotations

from pathlib import Path

import pytest

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
TRAINED = NET + "m = net(); m.fit(x, y, epochs=2, verbose=0)\n"
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


def states(recording):
    return [(t.start, t.epochs_before, t.verified) for t in recording.data.trainings]


@pytest.mark.parametrize("code", WITH_OPTIMIZER.values(), ids=WITH_OPTIMIZER)
def test_a_loaded_network_continues_with_its_optimizer(trusting, code):
    recording = trusting.run(TRAINED + code + TRAIN_ON)
    assert [o.error_message for o in recording.data.outcomes if o.status != "ok"] == []
    assert states(recording) == [("fresh", 0, True), ("continued", 2, True)]
    assert recording.data.values["steps"] == 5 * 10


@pytest.mark.parametrize("code", WITHOUT_OPTIMIZER.values(), ids=WITHOUT_OPTIMIZER)
def test_loaded_weights_continue_with_a_fresh_optimizer(trusting, code):
    recording = trusting.run(TRAINED + code + TRAIN_ON)
    assert [o.error_message for o in recording.data.outcomes if o.status != "ok"] == []
    assert states(recording) == [("fresh", 0, True), ("continued", 2, True)]
    assert recording.data.values["steps"] == 3 * 10


@pytest.mark.parametrize("name", ["a.keras", "a.h5"])
def test_all_that_load_one_file_continue_alike_from_what_was_saved(trusting, name):
    code = f"""
m.save({name!r})
m.fit(x, y, verbose=0)
n = keras.models.load_model({name!r}); n.fit(x, y, verbose=0)
slots = [v.numpy() for v in n.optimizer.variables]
k = keras.models.load_model({name!r}); k.fit(x, y, epochs=2, verbose=0)
counts = f"{{int(n.optimizer.iterations)}} {{int(k.optimizer.iterations)}}"
moving = all(np.abs(s).max() > 0 for s in slots)
"""
    recording = trusting.run(TRAINED + code)
    assert states(recording) == [("fresh", 0, True)] + [("continued", 2, True)] * 3
    assert recording.data.values["counts"] == "30 40"
    assert recording.data.values["moving"] is True


@pytest.mark.parametrize("name", ["a.keras", "a.h5"])
def test_a_network_that_goes_on_by_file_ends_as_one_that_went_on_by_itself(trusting, name):
    """The requests are the same by content, so the second is known already."""
    code = f"m.save({name!r}); n = keras.models.load_model({name!r})"
    direct = trusting.run(TRAINED + "m.fit(x, y, epochs=3, verbose=0)")
    loaded = trusting.run(TRAINED + code + TRAIN_ON)
    assert direct.data.trainings[1].fingerprint == loaded.data.trainings[1].fingerprint
    assert loaded.data.trainings[1].reused


@pytest.mark.parametrize("name", ["a.keras", "a.h5"])
def test_a_network_that_was_saved_untrained_is_fresh(trusting, name):
    code = f"net().save({name!r}); n = keras.models.load_model({name!r})"
    recording = trusting.run(NET + code + TRAIN_ON)
    assert states(recording) == [("fresh", 0, True)]
    assert recording.data.values["steps"] == 30


@pytest.fixture(scope="module")
def brought(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that somebody trained at home."""
    import keras
    import numpy as np

    layers = [keras.Input((6,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(2, "softmax")]
    model = keras.Sequential(layers)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.set_weights([np.full(weight.shape, 0.25) for weight in model.get_weights()])
    file = tmp_path_factory.mktemp("home") / "best.weights.h5"
    model.save_weights(file)
    return file


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_file_that_lay_beside_the_work_brings_its_weights_along(trusting, brought):
    code = NET + "n = net(); n.load_weights('best.weights.h5')" + TRAIN_ON
    trusting.brought = {brought.name: brought.read_bytes()}
    recording = trusting.run(code)
    assert states(recording) == [("given", 0, False)]
    (file,) = recording.data.files
    assert (file.action, file.kind, file.saved_by) == ("loaded", "weights", None)
    assert file.after_training is None


def test_layers_of_a_loaded_network_are_transferred(trusting):
    code = """
m.save("a.keras")
base = keras.models.load_model("a.keras")
for layer in base.layers: layer.trainable = False
n = again(keras.Sequential([keras.Input((6,)), *base.layers[:-1], L.Dense(2, "softmax")]))
"""
    recording = trusting.run(TRAINED + code + TRAIN_ON)
    assert states(recording) == [("fresh", 0, True), ("transferred", 2, True)]


def test_layers_that_are_frozen_after_loading_stay_as_they_are(trusting):
    code = """
m.save("a.keras")
n = keras.models.load_model("a.keras")
n.layers[0].trainable = False
kept = n.layers[0].get_weights()[0]
slot = n.optimizer._momentums[0].numpy()
"""
    after = """
same = bool((kept == n.layers[0].get_weights()[0]).all())
still = bool((slot == n.optimizer._momentums[0].numpy()).all())
"""
    recording = trusting.run(TRAINED + code + TRAIN_ON + after)
    assert states(recording) == [("fresh", 0, True), ("continued", 2, True)]
    found = recording.data.values
    assert (found["same"], found["still"], found["steps"]) == (True, True, 50)


def test_what_keras_cannot_train_fails_in_its_own_words(trusting):
    code = """
m.layers[0].trainable = False; again(m); m.fit(x, y, verbose=0)
m.layers[0].trainable = True; m.fit(x, y, verbose=0)
"""
    recording = trusting.run(TRAINED + code)
    assert "Unknown variable" in recording.data.outcomes[-1].error_message
    assert "fewer weights" in recording.data.trainings[-1].note


def test_the_scores_of_a_loaded_network_belong_to_the_training_that_made_it(trusting):
    code = """
p = net(); p.fit(x, y, verbose=0)
m.save("a.h5"); p.save_weights("p.weights.h5")
n = keras.models.load_model("a.h5"); n.evaluate(x, y, verbose=0)
k = net(); k.predict(x, verbose=0)
k.load_weights("p.weights.h5"); k.evaluate(x, y, verbose=0)
m.load_weights("p.weights.h5"); m.predict(x, verbose=0)
n.fit(x, y, verbose=0); n.evaluate(x, y, verbose=0)
"""
    recording = trusting.run(TRAINED + code)
    assert [call.after_training for call in recording.data.calls] == [0, None, 1, 1, 2]


def test_networks_that_are_gone_leave_their_numbers_to_nobody(trusting: Trusting):
    code = """
import gc
for _ in range(4):
    net().fit(x, y, verbose=0); keras.backend.clear_session(); gc.collect()
"""
    recording = trusting.run(NET + code)
    assert len({training.model for training in recording.data.trainings}) == 4


def test_warnings_that_are_errors_break_nothing_of_a_saved_network(trusting):
    code = """
import warnings
m.save("a.h5"); m.save("a.keras")
n = keras.models.load_model("a.h5"); k = keras.models.load_model("a.keras")
with warnings.catch_warnings():
    warnings.simplefilter("error")
    n.fit(x, y, verbose=0); k.fit(x, y, verbose=0); n.evaluate(x, y, verbose=0)
    np.save("a.npy", x); z = np.load("a.npy")
"""
    recording = trusting.run(TRAINED + code)
    assert recording.data.outcomes[-1].error_message is None
    assert states(recording)[1:] == [("continued", 2, True)] * 2
