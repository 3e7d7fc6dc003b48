"""What a run records of the files that it saves and loads: real processes, real Keras."""

from __future__ import annotations

import io
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from graders.checks import assert_loaded_network, assert_saved_network, attempts_of
from graders.recording import RecordingFolder
from graders.recording.schema import FileRecord, Limits
from tests.conftest import job_for

pytestmark = pytest.mark.sandbox

NETWORKS = """
import os, shutil
import keras, numpy as np, tensorflow as tf
from keras import layers as L
rng = np.random.default_rng(0)
x = rng.normal(size=(64, 6)); y = (x.sum(1) > 0).astype(int)
def net():
    m = keras.Sequential([keras.Input((6,)), L.Dense(8, "relu"), L.Dense(2, "softmax")])
    m.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return m
m = net(); m.save("before.keras"); m.fit(x, y, verbose=0)
# %%
m.save("a.keras"); m.save("a.h5"); m.save("bare.h5", include_optimizer=False)
keras.saving.save_model(m, "by_function.keras"); tf.keras.models.save_model(m, "by_tf.keras")
m.save_weights("a.weights.h5"); m.export("exported")
# %%
n = keras.models.load_model("a.keras"); k = tf.keras.models.load_model("a.h5")
bare = keras.models.load_model("a.keras", compile=False)
again = net(); again.load_weights("a.weights.h5"); again.load_weights("a.h5")
# %%
os.rename("a.keras", "moved.keras"); shutil.copy("a.h5", "copied.h5"); os.makedirs("deep/er")
n = keras.models.load_model("moved.keras"); n = keras.models.load_model("copied.h5")
os.chdir("deep"); m.save("er/own.keras"); os.chdir("..")
n = keras.models.load_model(os.path.abspath("deep/er/own.keras"))
# %%
p = net()
p.fit(x, y, verbose=0, callbacks=[keras.callbacks.ModelCheckpoint("best.keras")])
n = keras.models.load_model("best.keras")
# %%
keras.models.load_model("missing.keras")
"""
ARRAYS = """
import json, os, pickle
import h5py, joblib, numpy as np, pandas as pd
import matplotlib.pyplot as plt
x = np.arange(300.0).reshape(100, 3)
# %%
np.save("a.npy", x); np.savez("a.npz", x=x); np.savez_compressed("small.npz", x=x)
np.savetxt("a.csv", x); joblib.dump(x, "a.joblib"); pd.DataFrame(x).to_csv("table.csv")
with open("a.pkl", "wb") as file: pickle.dump(x, file)
with h5py.File("a.h5", "w") as file: file["x"] = x
with open("plain.dat", "wb") as file: np.save(file, x)
with open("notes.json", "w") as file: json.dump([1], file)
plt.plot([1, 2]); plt.savefig("curve.png")
# %%
for _ in range(50): np.load("a.npy")
with np.load("a.npz") as file: file["x"]
np.loadtxt("a.csv"); joblib.load("a.joblib"); pd.read_csv("table.csv")
with open("a.pkl", "rb") as file: pickle.load(file)
with h5py.File("a.h5", "r") as file: file["x"][:]
# %%
import helper
given = np.load("data/given.npy"); twice = helper.twice(2)
# %%
os.makedirs("images")
for k in range(2000):
    with open(f"images/{k}.png", "wb") as file: file.write(b"12345")
# %%
for k in range(2000): open(f"images/{k}.png", "rb").close()
# %%
with open("nowhere/a.npy", "wb") as file: pass
# %%
np.save("gone.npy", x); os.remove("gone.npy")
os.makedirs("nested"); os.chdir("nested"); np.save("deep.npy", x)
"""
HOSTILE = """
import io, os, sys
import numpy as np
class Path(str):
    def startswith(self, *_): raise RuntimeError("startswith")
    def __add__(self, _): raise RuntimeError("add")
class Odd:
    def __fspath__(self): return "odd.npy"
np.save(Path("a.npy"), np.ones(3)); np.save(Odd(), np.ones(3))
sys.audit("open", object(), None, None); sys.audit("open", "x.npy"); sys.audit("os.rename", 1)
open(b"bytes\\xff.txt", "wb").close()
os.mkfifo("pipe.npy"); os.symlink("/dev/zero", "endless.npy"); os.open("endless.npy", os.O_RDONLY)
os.getcwd = None
done = 1
# %%
for k in range(12_000):
    os.close(os.open(f"f{k}.npy", os.O_CREAT | os.O_WRONLY))
finished = 1
# %%
import shutil
import graders.runner.ledger as ledger
ledger._ARRAYS = None
np.save("late.npy", np.ones(3))
later = 1
"""


@pytest.fixture(scope="module")
def run(sandbox, served, tmp_path_factory):
    def run_(source: str, brought: Mapping[str, bytes] = MappingProxyType({})) -> RecordingFolder:
        folder = tmp_path_factory.mktemp("files") / "recording"
        job = job_for(source, "work.py", served, Limits(seconds=120.0))
        sandbox.run(job, folder, brought=brought)
        return RecordingFolder.open(folder)

    return run_


@pytest.fixture(scope="module")
def networks(run):
    return run(NETWORKS)


@pytest.fixture(scope="module")
def arrays(run):
    stream = io.BytesIO()
    np.save(stream, np.ones(5))
    helper = b"def twice(x):\n    return 2 * x\n"
    return run(ARRAYS, {"data/given.npy": stream.getvalue(), "helper.py": helper})


@pytest.fixture(scope="module")
def hostile(run):
    return run(HOSTILE)


def only(recording: RecordingFolder, action: str, name: str, **wanted: Any) -> FileRecord:
    """The one record of a file, with these settings."""
    files = [
        file
        for file in recording.data.files
        if (file.action, file.name) == (action, name)
        and all(getattr(file, key) == value for key, value in wanted.items())
    ]
    assert len(files) == 1, recording.data.files
    return files[0]


def all_ok(recording: RecordingFolder, *errors: str | None) -> None:
    assert [o.error_type for o in recording.data.outcomes if o.status != "ok"] == list(errors)
    assert recording.data.cuts == []


def test_nothing_of_all_that_disturbs_the_students_code(networks, arrays):
    all_ok(networks, "ValueError")
    all_ok(arrays, "FileNotFoundError")


@pytest.mark.parametrize("name", ["a.keras", "a.h5", "by_function.keras", "by_tf.keras"])
def test_a_network_is_saved_with_the_training_that_it_holds(networks, name):
    record = only(networks, "saved", name)
    (training, _) = networks.data.trainings
    assert (record.kind, record.optimizer, record.cell) == ("network", True, 1)
    assert (record.model, record.after_training) == (training.model, training.id)
    assert record.size > 5000


def test_a_network_that_is_saved_before_it_is_trained_has_no_training(networks):
    record = only(networks, "saved", "before.keras")
    assert (record.after_training, record.model) == (None, networks.data.trainings[0].model)


def test_a_network_without_its_optimizer_and_weights_alone_are_told_apart(networks):
    assert only(networks, "saved", "bare.h5").optimizer is False
    weights = only(networks, "saved", "a.weights.h5")
    assert (weights.kind, weights.optimizer, weights.after_training) == ("weights", None, 0)


def test_an_exported_network_is_one_record_of_many_files(networks):
    record = only(networks, "saved", "exported")
    assert record.kind == "other"
    assert record.count > 2
    assert record.size > 10_000


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("a.keras", {"kind": "network", "optimizer": True}),
        ("a.keras", {"kind": "network", "optimizer": False}),
        ("a.h5", {"kind": "network", "optimizer": True}),
        ("a.weights.h5", {"kind": "weights"}),
        ("a.h5", {"kind": "weights"}),
    ],
    ids=str,
)
def test_a_loaded_network_knows_the_record_that_saved_it(networks, name, wanted):
    record = only(networks, "loaded", name, **wanted)
    assert record.saved_by == only(networks, "saved", name).id
    assert (record.cell, record.after_training) == (2, 0)
    assert record.model != networks.data.trainings[0].model


@pytest.mark.parametrize(
    ("name", "source"),
    [("moved.keras", "a.keras"), ("copied.h5", "a.h5"), ("deep/er/own.keras", "deep/er/own.keras")],
)
def test_a_file_that_was_moved_or_copied_is_the_one_that_was_saved(networks, name, source):
    record = only(networks, "loaded", name)
    assert record.saved_by == only(networks, "saved", source).id
    assert record.after_training == 0


def test_a_checkpoint_counts_to_the_training_under_way(networks):
    saved = only(networks, "saved", "best.keras")
    assert saved.after_training == networks.data.trainings[1].id
    assert only(networks, "loaded", "best.keras").saved_by == saved.id


def test_the_vocabulary_of_checks_finds_the_saved_and_loaded_network(networks):
    first = next(attempt for attempt in attempts_of(networks) if attempt.training)
    assert assert_saved_network(networks, first).name == "deep/er/own.keras"
    assert assert_loaded_network(networks, first).saved_by is not None


def test_every_other_file_is_no_network(networks):
    known = {file.name for file in networks.data.files if file.kind != "other"}
    assert {f.name for f in networks.data.files} - known == {"exported"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.npy", "arrays"),
        ("a.npz", "arrays"),
        ("small.npz", "arrays"),
        ("a.csv", "arrays"),
        ("a.joblib", "arrays"),
        ("table.csv", "arrays"),
        ("a.pkl", "arrays"),
        ("a.h5", "arrays"),
        ("plain.dat", "arrays"),
        ("notes.json", "other"),
        ("curve.png", "other"),
    ],
)
def test_whatever_writes_a_file_is_seen(arrays, name, kind):
    record = only(arrays, "saved", name)
    assert (record.kind, record.cell, record.count) == (kind, 1, 1)
    assert record.size > (300 if kind == "arrays" else 1)


@pytest.mark.parametrize(
    "name", ["a.npy", "a.npz", "a.csv", "a.joblib", "table.csv", "a.pkl", "a.h5"]
)
def test_whatever_reads_a_file_again_is_seen_once_in_a_cell(arrays, name):
    record = only(arrays, "loaded", name)
    assert (record.kind, record.cell) == ("arrays", 2)
    assert record.saved_by == only(arrays, "saved", name).id


def test_data_beside_the_work_is_loaded_and_a_helper_is_not(arrays):
    record = only(arrays, "loaded", "data/given.npy")
    assert (record.saved_by, record.cell) == (None, 3)
    assert arrays.data.values["twice"] == 4
    assert not [file for file in arrays.data.files if "helper" in file.name]


def test_thousands_of_images_are_one_record(arrays):
    saved, loaded = (only(arrays, action, "images/") for action in ("saved", "loaded"))
    assert (saved.count, saved.size, saved.kind) == (2000, 10_000, "other")
    assert (loaded.count, loaded.saved_by) == (2000, saved.id)


def test_files_that_are_not_there_in_the_end_are_left_out(arrays):
    assert not [f for f in arrays.data.files if "nowhere" in f.name or "gone" in f.name]
    assert only(arrays, "saved", "nested/deep.npy").kind == "arrays"


def test_nothing_but_the_students_own_files_is_recorded(arrays):
    first = {file.name for file in arrays.data.files if file.cell in {None, 0}}
    assert first == set()
    assert not [file.name for file in arrays.data.files if file.name.startswith((".", "/"))]


def test_hostile_code_goes_on_and_its_files_stay_bounded(hostile):
    assert [o.error_message for o in hostile.data.outcomes] == [None, None, None]
    assert hostile.data.values.items() >= {"done": 1, "finished": 1, "later": 1}.items()
    assert only(hostile, "saved", "a.npy").kind == "arrays"
    assert only(hostile, "saved", "odd.npy").kind == "arrays"
    assert only(hostile, "saved", "./").count == 10_000
    assert "bytes?.txt" in {file.name for file in hostile.data.files}
    assert not [f for f in hostile.data.files if f.name in {"pipe.npy", "endless.npy", "x.npy"}]
    assert any("More than 10,000 files in one cell" in cut for cut in hostile.data.cuts)


def test_opening_files_costs_next_to_nothing(run):
    code = """
import time
open("a.txt", "w").close()
began = time.perf_counter()
for _ in range(5000): open("a.txt").close()
each = (time.perf_counter() - began) / 5000
"""
    assert run(code).data.values["each"] < 1e-3
