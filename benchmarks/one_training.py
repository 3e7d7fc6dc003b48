"""One distinct training: plain `fit` against the trusted trainer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from benchmarks.bench import Bench
from benchmarks.tables import Row, ratio
from benchmarks.work import write_submission
from graders.grading import RECORDING
from graders.recording import RecordingFolder
from graders.submission import Submission

CODE = """
import time
import keras
from keras import layers as L
(x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
x_train, x_test = x_train / 255, x_test / 255
def dense(units):
    return [keras.Input((784,)), L.Dense(units, "relu"), L.Dense(units, "relu")]
pooled = [keras.Input((28, 28, 1)), L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D(2),
          L.Conv2D(8, 3, activation="relu"), L.MaxPooling2D(2), L.Flatten()]
def strided():
    return [keras.Input((28, 28, 1)), L.Conv2D(16, 3, strides=2, activation="relu"),
            L.Conv2D(8, 3, strides=2, activation="relu"), L.Flatten()]
seconds = {}
for name, layers, optimizer in [("784-10-10-10", dense(10), "sgd"),
                                ("784-64-64-10", dense(64), "sgd"),
                                ("CNN, pooled", pooled, "sgd"), ("CNN, strided", strided(), "sgd"),
                                ("CNN, strided, Adam", strided(), "adam")]:
    model = keras.Sequential([*layers, L.Dense(10, "softmax")])
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    x, test = (a.reshape(-1, *model.input_shape[1:]) for a in (x_train, x_test))
    began = time.perf_counter()
    model.fit(x, y_train, epochs=3, validation_data=(test, y_test), verbose=0)
    seconds[name] = time.perf_counter() - began
"""
PLAIN, FIT, ALONE = "plain `fit`", "`fit` in a submission", "the training alone"


def rows(bench: Bench) -> Iterator[Row]:
    """Yield a row for each network of the sheet; medians of the ways, in turn.

    Each is trained for 3 epochs on 60,000 images in batches of 32, the test set for validation.
    Plain `fit`: in a fresh Python, the call alone. `fit` in a submission: the same call, whose
    training nobody has asked for before: describing it, handing the arrays over, a process of its
    own, training, measuring, loading back. The training alone: of that, as the store keeps it.
    """
    file = write_submission(bench.folder / "networks.py", [CODE])
    grader = bench.grader(bench.new_folder())

    def take() -> dict[tuple[str, str], float]:
        found = {PLAIN: bench.plain(CODE)}
        # A store of its own, so that each training is the first of its kind.
        grader.trainer.store = replace(grader.trainer.store, root=bench.new_folder())
        grader.run(Submission(file.stem, file), bench.folder / "out", bench.event)
        recording = RecordingFolder.open(bench.folder / "out" / RECORDING).data
        found[FIT] = dict(recording.values["seconds"])
        alone = (training.seconds for training in recording.trainings)
        found[ALONE] = dict(zip(found[FIT], alone, strict=True))
        return {(name, way): found[way][name] for name in found[PLAIN] for way in found}

    found = bench.medians(take, 3 if bench.full else 1)
    for network in dict.fromkeys(name for name, _ in found):
        ways = {way: found[network, way] for way in (PLAIN, FIT, ALONE)}
        yield {"network": network, **ways, "faster": ratio(ways[PLAIN], ways[FIT])}
