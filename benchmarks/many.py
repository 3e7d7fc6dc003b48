"""A class of thousands: is each submission as quick, and each byte as small, as in a class of 30?

`python benchmarks/many.py [--sizes 30 300 3000] [--workers N]`: writes classes of short scripts
that all ask for one small training, grades each with the real command on built-in data, with that
training known, and prints for each size: time and memory a submission, the size of the gradebook
and of the class page, and what the same command costs when nothing has changed. Ratios are those
within one run.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from class_of import Run, measured

SCRIPT = """\
import keras

(x, y), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
x = x[:500].reshape(500, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, "softmax")])
model.compile("sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y[:500], epochs=1, verbose=0)
answers = {{"1d": {number}, "1g": 0.01}}
mine = sum(range({number}))
"""
COMMAND = [sys.executable, "-c", "from graders.cli import app; app()"]
STORE = "TENSORMARK_STORE"


@dataclass(frozen=True)
class Class:
    """One class, graded, and graded again without any change."""

    size: int
    first: Run
    again: Run
    gradebook: int  # bytes
    page: int


def main() -> None:
    """Measure, and print the table."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="tensormark-many-") as name:
        folder = Path(name)
        store = {STORE: str(folder / "store")}
        _note("the training, once")
        _grade(_write(1, folder / "one"), folder / "out-one", store, options.workers)
        classes = [_measure(size, folder, store, options.workers) for size in options.sizes]
    _print(classes, options.workers)


def _measure(size: int, folder: Path, store: dict[str, str], workers: int) -> Class:
    submissions, out = _write(size, folder / f"class-{size}"), folder / f"out-{size}"
    _note(f"a class of {size}")
    first = _grade(submissions, out, store, workers)
    _note(f"  {first.seconds:.0f} s; again, unchanged")
    again = _grade(submissions, out, store, workers)
    _note(f"  {again.seconds:.0f} s")
    book = sum(path.stat().st_size for path in out.glob("gradebook.db*"))
    return Class(size, first, again, book, (out / "index.html").stat().st_size)


def _write(size: int, folder: Path) -> Path:
    folder.mkdir()
    for number in range(size):
        (folder / f"student{number:04}.py").write_text(SCRIPT.format(number=8000 + number))
    return folder


def _grade(submissions: Path, out: Path, store: dict[str, str], workers: int) -> Run:
    command = [*COMMAND, "grade", "fashion_cnn", str(submissions), "--out", str(out)]
    run = measured([*command, "--data", "builtin", "--workers", str(workers)], store)
    if run.status:
        sys.exit(f"`tensormark grade` ended with status {run.status}.")
    return run


def _print(classes: list[Class], workers: int) -> None:
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {workers} at once\n")
    print("| class | time | a submission | coordinator | gradebook | class page | unchanged |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for one in classes:
        print(
            f"| {one.size:,} | {one.first.seconds:.0f} s "
            f"| {1000 * one.first.seconds / one.size:.0f} ms "
            f"| {one.first.memory / 1e6:.0f} MB "
            f"| {one.gradebook / 1e6:.1f} MB, {one.gradebook / one.size / 1e3:.1f} kB each "
            f"| {one.page / 1e6:.2f} MB "
            f"| {one.again.seconds:.0f} s, {one.again.memory / 1e6:.0f} MB |"
        )


def _note(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--sizes", nargs="+", type=int, default=[30, 300, 3000])
    parser.add_argument("--workers", type=int, default=4, help="submissions to run at once")
    return parser.parse_args()


if __name__ == "__main__":
    main()
