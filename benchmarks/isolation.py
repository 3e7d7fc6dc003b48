"""What keeping student code in costs a submission: python benchmarks/isolation.py

Runs one short submission again and again in a warm sandbox, with all walls and without any, in
turn, and prints medians and their difference. `empty` does nothing, so that the walls are most of
it; `fit` trains a small network by way of the trainer, whose answer is known.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

from graders.assignment import load_assignment
from graders.grading import Grader, Settings
from graders.sandbox import Wish
from graders.submission import Submission

RUNS = 25
WORK = {
    "empty": "x = 1\n",
    "fit": """
import keras
(x_train, y_train), _ = keras.datasets.fashion_mnist.load_data()
model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(),
                          keras.layers.Dense(10, "softmax")])
model.compile("sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train[:6400] / 255, y_train[:6400], epochs=1, verbose=0)
""",
}
WAYS: tuple[Wish, ...] = ("off", "require")


def main() -> None:
    """Measure, and print a table in Markdown."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        graders = {way: make(way, folder) for way in WAYS}
        print(f"medians of {RUNS} runs each, in turn\n")
        print("| submission | without walls | behind them | the walls cost |")
        print("| --- | --- | --- | --- |")
        for work, source in WORK.items():
            file = folder / f"{work}.py"
            file.write_text(source, encoding="utf-8")
            seconds = measure(graders, Submission(work, file), folder)
            off, on = (median(seconds[way]) for way in WAYS)
            print(f"| {work} | {off:.3f} s | {on:.3f} s | {on - off:+.3f} s, x{on / off:.2f} |")


def make(way: Wish, folder: Path) -> Grader:
    """Get a grader ready, its TensorFlow imported."""
    settings = Settings("cpu", data="builtin", threads=1, store=folder / "store", isolation=way)
    return Grader(load_assignment("fashion_cnn"), settings)


def measure(
    graders: dict[Wish, Grader], submission: Submission, folder: Path
) -> dict[Wish, list[float]]:
    """Time the ways in turn; a first run of each, which waits for TensorFlow, is left out."""
    seconds: dict[Wish, list[float]] = {way: [] for way in graders}
    for number in range(RUNS + 1):
        for way, grader in graders.items():
            started = time.perf_counter()
            ran = grader.run(submission, folder / "out")
            assert ran.ended is not None, ran.problem
            assert ran.ended.how == "finished", ran.ended.detail
            if number:
                seconds[way].append(time.perf_counter() - started)
    return seconds


if __name__ == "__main__":
    main()
