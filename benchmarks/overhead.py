"""What grading costs beside the student's own work: python benchmarks/overhead.py [FILE]

Runs one submission three ways, in turn, and prints seconds and ratios of the same run:

  plain    its cells in a fresh Python, as a student runs them (imports, data and training)
  check    the whole of `tensormark check` with an empty store of trainings, start-up included
  warm     one more run in a warm sandbox, its trainings known, as most of a class have it
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from graders.assignment import load_assignment
from graders.grading import Grader, Settings
from graders.submission import Submission, read_cells
from reference.datasets import locate

RUNS = 3
SHORT = """
import keras
(x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
x_train = x_train.reshape(-1, 784) / 255
x_test = x_test.reshape(-1, 784) / 255

model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, "relu"),
                          keras.layers.Dense(10, "relu"), keras.layers.Dense(10, "softmax")])
model.compile("sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=3, batch_size=128, validation_data=(x_test, y_test), verbose=0)
"""
# The student's side: IPython, and the same data under keras.datasets.
PLAIN = """
import json, sys
import numpy as np, keras
from IPython.core.interactiveshell import InteractiveShell
def load_data(archive=np.load(sys.argv[2])):
    return (archive["x_train"], archive["y_train"]), (archive["x_test"], archive["y_test"])
for module in list(sys.modules.values()):
    if getattr(module, "__name__", "").endswith("datasets.fashion_mnist"):
        module.load_data = load_data
shell = InteractiveShell.instance()
shell.register_magic_function(lambda line: None, "line", "matplotlib")
for cell in json.load(open(sys.argv[1])):
    shell.run_cell(cell)
"""


def main() -> None:
    """Measure, and print a table in Markdown."""
    given = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = given or folder / "short.py"
        if given is None:
            file.write_text(SHORT, encoding="utf-8")
        seconds = measure(file, folder)
    plain = median(seconds["plain"])
    print(f"{file.name}, medians of {RUNS} runs each, in turn\n")
    print("| way | seconds | beside plain |\n| --- | --- | --- |")
    for way, values in seconds.items():
        print(
            f"| {way} | {median(values):.1f} | {median(values) - plain:+.1f} s, "
            f"x{median(values) / plain:.2f} |"
        )


def measure(file: Path, folder: Path) -> dict[str, list[float]]:
    """Time the three ways in turn, RUNS times."""
    import json

    data = locate("fashion_mnist", "local")
    cells = [c.source for c in read_cells(file.name, file.read_bytes()) if c.kind == "code"]
    (folder / "cells.json").write_text(json.dumps(cells), encoding="utf-8")
    plain = [sys.executable, "-c", PLAIN, str(folder / "cells.json"), str(data.path)]
    check = [
        sys.executable,
        "-c",
        "from graders.cli import app; app()",
        "check",
        "fashion_cnn",
        str(file),
        "--data",
        "local",
        "--store",
        str(folder / "empty"),
    ]
    settings = Settings(data="local", store=folder / "known")
    grader = Grader(load_assignment("fashion_cnn"), settings)
    submission = Submission(file.stem, file)
    grader.grade(submission, folder / "out")  # warms the sandbox
    ways: dict[str, Callable[[], object]] = {
        "plain": lambda: _call(plain, folder),
        "check": lambda: _call(check, folder),
        "warm": lambda: grader.grade(submission, folder / "out"),
    }
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(RUNS):
        shutil.rmtree(folder / "empty", ignore_errors=True)
        for way, run in ways.items():
            started = time.perf_counter()
            run()
            seconds[way].append(time.perf_counter() - started)
    return seconds


def _call(command: list[str], folder: Path) -> None:
    subprocess.run(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    )


if __name__ == "__main__":
    main()
