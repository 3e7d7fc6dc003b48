"""One distinct training, plain `fit` against the trusted trainer: python benchmarks/one_training.py

Each network of the sheet is trained for 3 epochs on 60,000 images in batches of 32, the test set
for validation, three ways, in turn:

  plain    model.fit in a fresh Python, as a student calls it; the call alone is timed
  fit      the same call in a submission whose training nobody has asked for before: describing
           it, handing the arrays over, a process of its own, training, measuring, loading back
  trainer  of that, the training alone, as the store keeps it

Seconds are medians of RUNS runs, ratios are of the same run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median

from graders.assignment import load_assignment
from graders.grading import RECORDING, Grader, Settings
from graders.recording import RecordingFolder
from graders.submission import Submission

RUNS = 3
NAMES = ("small", "wide", "cnn", "strided", "adam")
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
for name, layers, optimizer in [("small", dense(10), "sgd"), ("wide", dense(64), "sgd"),
                                ("cnn", pooled, "sgd"), ("strided", strided(), "sgd"),
                                ("adam", strided(), "adam")]:
    model = keras.Sequential([*layers, L.Dense(10, "softmax")])
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    x, test = (a.reshape(-1, *model.input_shape[1:]) for a in (x_train, x_test))
    began = time.perf_counter()
    model.fit(x, y_train, epochs=3, validation_data=(test, y_test), verbose=0)
    seconds[name] = time.perf_counter() - began
"""
PLAIN = """
import json, sys
import numpy as np, keras
def load_data(archive=np.load(sys.argv[1])):
    return (archive["x_train"], archive["y_train"]), (archive["x_test"], archive["y_test"])
keras.datasets.fashion_mnist.load_data = load_data
exec(sys.stdin.read())
print(json.dumps(seconds))
"""


def main() -> None:
    """Measure, and print a table in Markdown."""
    taken: dict[str, dict[str, list[float]]] = {
        way: {name: [] for name in NAMES} for way in ("plain", "fit", "trainer")
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "networks.py"
        file.write_text(CODE, encoding="utf-8")
        settings = Settings(data="local")
        grader = Grader(load_assignment("fashion_cnn"), settings)
        data = grader.data[0].path
        for number in range(RUNS):
            print(f"run {number + 1} of {RUNS} ...", file=sys.stderr)
            for network, seconds in _plain(data).items():
                taken["plain"][network].append(seconds)
            # A store of its own, so that each training is the first of its kind.
            grader.trainer.store = replace(grader.trainer.store, root=folder / f"store{number}")
            for way, found in _trusted(grader, file, folder / "out").items():
                for network, seconds in found.items():
                    taken[way][network].append(seconds)
    print(f"3 epochs, batches of 32, medians of {RUNS} runs, in turn\n")
    print("| network | plain fit | fit in a submission | training alone | plain / fit |")
    print("| --- | --- | --- | --- | --- |")
    for network in NAMES:
        plain, fit, trainer = (median(taken[way][network]) for way in taken)
        print(f"| {network} | {plain:.1f} s | {fit:.1f} s | {trainer:.1f} s | x{plain / fit:.2f} |")


def _plain(data: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", PLAIN, str(data)],
        input=CODE,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"},
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _trusted(grader: Grader, file: Path, out: Path) -> dict[str, dict[str, float]]:
    grader.run(Submission(file.stem, file), out)
    recording = RecordingFolder.open(out / RECORDING).data
    alone = {
        name: training.seconds for name, training in zip(NAMES, recording.trainings, strict=True)
    }
    return {"fit": dict(recording.values["seconds"]), "trainer": alone}


if __name__ == "__main__":
    main()
