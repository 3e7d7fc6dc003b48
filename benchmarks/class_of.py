"""What a class costs: python benchmarks/class_of.py [--sizes 3 30 100] [--baseline N]

Writes classes of honest students, grades each with the real command and an empty training store,
and prints tables in Markdown for docs/benchmarks.md. Everything is compared within the one run:

  usual    the notebooks one after another, each in a fresh kernel (nbclient)
  grade    `tensormark grade`, start-up and reports included
  again    the largest class once more, every training known from the run before
  warm     one submission whose trainings are all known, in a warm sandbox
  regrade  `tensormark regrade` of the largest class

Needs the real data ($TENSORMARK_DATA or Keras' cache), nbclient and ipykernel. It takes long.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import mean, median
from typing import Any, NoReturn

import nbformat
import numpy as np
import psutil
from students import make_class

from graders.assignment import load_assignment
from graders.batch import default_workers
from graders.grading import Grader, Settings
from graders.submission import Submission
from reference.datasets import locate

ASSIGNMENT = "fashion_cnn"
STORE = "TENSORMARK_STORE"
COMMAND = (sys.executable, "-c", "from graders.cli import app; app()")
WARM_RUNS = 3
POLL_SECONDS = 0.1
# The files that keras.datasets.fashion_mnist reads, and the array that each holds.
IDX_FILES = {
    "train-labels-idx1-ubyte.gz": "y_train",
    "train-images-idx3-ubyte.gz": "x_train",
    "t10k-labels-idx1-ubyte.gz": "y_test",
    "t10k-images-idx3-ubyte.gz": "x_test",
}


@dataclass(frozen=True)
class Run:
    """What a command cost: seconds of wall time, and peaks of resident memory in bytes."""

    status: int
    seconds: float
    memory: int  # of the command's own process
    memory_of_all: int  # with its children; pages that processes share count for each


@dataclass(frozen=True)
class Trainings:
    """What the results of a class say about its trainings."""

    full: int  # notebooks with all automatic points
    total: int
    distinct: int | None  # None: the results name no fingerprints
    cached: int
    verified: int
    seconds: float  # of each distinct training once, one after another


@dataclass(frozen=True)
class Class:
    """One class, graded with an empty store."""

    size: int
    workers: int
    run: Run
    trainings: Trainings


def main() -> None:
    """Measure, and print the tables."""
    options = _options()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with tempfile.TemporaryDirectory(prefix="tensormark-class-") as name:
            _measure(options, Path(name))
    except KeyboardInterrupt:
        _note("Interrupted.")
        sys.exit(130)
    finally:
        end_processes(psutil.Process().children(recursive=True))


def _measure(options: argparse.Namespace, folder: Path) -> None:
    largest = max(options.sizes)
    files = make_class(largest, folder / "class", options.seed)
    baseline = min(largest, options.baseline or largest)
    usual = usual_way(files[:baseline], folder / "keras")

    classes = []
    for size in sorted(set(options.sizes)):
        submissions = folder / f"class-{size}"
        make_class(size, submissions, options.seed)
        workers = options.workers or default_workers(size)
        _note(f"grade: a class of {size}, {workers} at once, empty store")
        run = _grade(submissions, folder / f"out-{size}", folder / f"store-{size}", workers)
        counted = count_trainings(folder / f"out-{size}")
        _note(f"  {run.seconds:.0f} s, {counted.full} of {size} with all automatic points")
        classes.append(Class(size, workers, run, counted))

    store = folder / f"store-{largest}"
    _note(f"again: the class of {largest} with the full store")
    again = _grade(folder / f"class-{largest}", folder / "out-again", store, classes[-1].workers)
    known = count_trainings(folder / "out-again")
    _note("regrade")
    regrade = measured([*COMMAND, "regrade", str(folder / f"out-{largest}")], {STORE: str(store)})
    _note("warm: one submission, its trainings known")
    warm = warm_seconds(files[0], store, folder / "warm")

    print(_conditions() + "\n")
    _print_classes(classes, usual)
    _print_trainings(classes)
    print(f"With a full store, which {known.cached} of {known.total} trainings were taken from:\n")
    _print_known(classes[-1], again, regrade, warm, mean(usual))


# -- the ways ---------------------------------------------------------------------------------


def usual_way(files: Sequence[Path], keras_home: Path) -> list[float]:
    """Run notebooks one after another, each in a fresh kernel; return the seconds of each."""
    from nbclient import NotebookClient

    write_keras_cache(keras_home)
    environment = {**os.environ, "KERAS_HOME": str(keras_home)}
    seconds = []
    # In the main thread nbclient would take the signals over, and keep an interrupt to itself.
    with ThreadPoolExecutor(max_workers=1) as thread:
        for number, file in enumerate(files, 1):
            _note(f"usual: notebook {number} of {len(files)}")
            place = {"metadata": {"path": str(file.parent)}}
            started = time.perf_counter()
            notebook = nbformat.read(file, as_version=4)
            client = NotebookClient(notebook, timeout=None, resources=place)
            try:
                thread.submit(client.execute, env=environment, stderr=subprocess.DEVNULL).result()
            except BaseException:
                end_processes(psutil.Process().children(recursive=True))
                raise
            seconds.append(time.perf_counter() - started)
            _note(f"  {seconds[-1]:.1f} s")
    return seconds


def write_keras_cache(home: Path) -> None:
    """Put the real data where keras.datasets looks first, so that nothing is downloaded.

    Keras checks no sum of these files, whose layout is IDX: two zero bytes, 8 for uint8, the
    number of dimensions, each dimension as a big-endian integer, and then the values.
    """
    folder = home / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    (x_train, y_train), (x_test, y_test) = locate("fashion_mnist", "local").load()
    arrays = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    for name, key in IDX_FILES.items():
        array = np.asarray(arrays[key], dtype=np.uint8)
        header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
        content = gzip.compress(header + array.tobytes(), compresslevel=1)
        (folder / name).write_bytes(content)


def warm_seconds(file: Path, store: Path, out: Path) -> float:
    """Grade one submission in a warm sandbox with a full store; the median of some runs."""
    os.environ[STORE] = str(store)
    grader = Grader(load_assignment(ASSIGNMENT), Settings(data="local"))
    submission = Submission(file.stem, file)
    grader.grade(submission, out)
    seconds = []
    for _ in range(WARM_RUNS):
        started = time.perf_counter()
        grader.grade(submission, out)
        seconds.append(time.perf_counter() - started)
    return median(seconds)


def _grade(submissions: Path, out: Path, store: Path, workers: int) -> Run:
    command = [*COMMAND, "grade", ASSIGNMENT, str(submissions), "-o", str(out)]
    run = measured([*command, "--data", "local", "--workers", str(workers)], {STORE: str(store)})
    if run.status:
        sys.exit(f"`tensormark grade` ended with status {run.status}; nothing to compare.")
    return run


def measured(command: Sequence[str], variables: Mapping[str, str]) -> Run:
    """Run a command to its end, watching time and memory; end its processes if interrupted."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, env={**os.environ, **variables}, stdout=output, stderr=output
        )
        main_process = psutil.Process(process.pid)
        descendants: set[psutil.Process] = set()
        memory = memory_of_all = 0
        try:
            while True:
                try:
                    status = process.wait(POLL_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    with suppress(psutil.Error):  # one may end while we look
                        children = main_process.children(recursive=True)
                        descendants.update(children)
                        own, *others = [p.memory_info().rss for p in (main_process, *children)]
                        memory = max(memory, own)
                        memory_of_all = max(memory_of_all, own + sum(others))
        except BaseException:
            end_processes([main_process, *descendants])
            raise
        seconds = time.perf_counter() - started
        if status:
            output.seek(0)
            _note(output.read().decode("utf-8", "replace")[-2000:])
    return Run(status, seconds, memory, memory_of_all)


def end_processes(processes: Iterable[psutil.Process]) -> None:
    """Ask processes to end, and kill those that don't within some seconds."""
    alive = [process for process in processes if process.is_running()]
    for process in alive:
        with suppress(psutil.Error):
            process.terminate()
    for process in psutil.wait_procs(alive, timeout=5)[1]:
        with suppress(psutil.Error):
            process.kill()


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


# -- what the results say ---------------------------------------------------------------------


def count_trainings(out: Path) -> Trainings:
    """Count the trainings of a graded class, all and distinct ones, from its results."""
    points = sum(e.automatic_points for e in load_assignment(ASSIGNMENT).exercises)
    results = [json.loads(file.read_bytes()) for file in sorted(out.glob("*/result.json"))]
    trainings = [training for result in results for training in result.get("trainings", [])]
    # A training that was made here says what it costs; one from the store may not.
    costs: dict[str, float] = {}
    for training in sorted(trainings, key=lambda t: bool(t.get("cached"))):
        if training.get("fingerprint"):
            costs.setdefault(training["fingerprint"], training.get("seconds") or 0.0)
    unnamed = [t for t in trainings if not t.get("fingerprint")]
    return Trainings(
        full=sum(_automatic(result) >= points for result in results),
        total=len(trainings),
        distinct=len(costs) + len(unnamed) if costs else None,
        cached=sum(bool(t.get("cached")) for t in trainings),
        verified=sum(bool(t.get("verified")) for t in trainings),
        seconds=sum(costs.values()) + sum(t.get("seconds") or 0.0 for t in unnamed),
    )


def _automatic(result: Mapping[str, Any]) -> float:
    checks = (check for exercise in result["exercises"] for check in exercise["checks"])
    return sum(float(check["score"]) for check in checks)


# -- tables -----------------------------------------------------------------------------------


def _print_classes(classes: Sequence[Class], usual: Sequence[float]) -> None:
    print(
        f"The usual way was measured on {len(usual)} notebook(s), {mean(usual):.1f} s each; "
        "a larger class is that mean times its size (projected).\n"
    )
    rows = []
    for one in classes:
        known = one.size <= len(usual)
        expected = sum(usual[: one.size]) if known else mean(usual) * one.size
        row = {
            "class": f"{one.size}",
            "usual way": f"{expected:.0f} s" + ("" if known else " (projected)"),
            "grade": f"{one.run.seconds:.0f} s",
            "a notebook": f"{one.run.seconds / one.size:.1f} s",
            "beside the usual way": f"x{one.run.seconds / expected:.3f}",
            "all points": f"{one.trainings.full} of {one.size}",
            "peak memory, grader": f"{one.run.memory / 1e6:.0f} MB",
            "peak memory, all processes": f"{one.run.memory_of_all / 1e6:.0f} MB",
        }
        rows.append(row)
    _print_table(rows)


def _print_trainings(classes: Sequence[Class]) -> None:
    print("The floor is each distinct training once, with nothing around it.\n")
    rows = []
    for one in classes:
        cores = os.cpu_count() or 1
        # One training keeps one core busy.
        counted, floor = one.trainings, one.trainings.seconds / cores
        row = {
            "class": f"{one.size}",
            "trainings": f"{counted.total}",
            "distinct": "not recorded" if counted.distinct is None else f"{counted.distinct}",
            "from the store": f"{counted.cached}",
            "verified": f"{counted.verified}",
            "floor": f"{counted.seconds:.0f} s",
            "floor, shared by cores": f"{floor:.0f} s ({cores})",
            "grade beside it": f"x{one.run.seconds / floor:.2f}" if floor else "not known",
        }
        rows.append(row)
    _print_table(rows)


def _print_known(largest: Class, again: Run, regrade: Run, warm: float, usual: float) -> None:
    ways = {f"grade, class of {largest.size}": (again.seconds, largest.size)}
    if regrade.status == 0:
        ways[f"regrade, class of {largest.size}"] = (regrade.seconds, largest.size)
    ways["one submission, warm"] = (warm, 1)
    rows = [
        {
            "way": way,
            "seconds": f"{seconds:.1f}",
            "a notebook": f"{seconds / notebooks:.2f}",
            "beside the usual way": f"x{seconds / notebooks / usual:.3f}",
        }
        for way, (seconds, notebooks) in ways.items()
    ]
    _print_table(rows)
    if regrade.status:
        print("`tensormark regrade`: not available.")


def _print_table(rows: Sequence[Mapping[str, str]]) -> None:
    for cells in (rows[0], ["---"] * len(rows[0]), *(row.values() for row in rows)):
        print(f"| {' | '.join(cells)} |")
    print()


def _conditions() -> str:
    data = locate("fashion_mnist", "local")
    memory = psutil.virtual_memory().total / 1e9
    packages = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras", "nbclient"))
    machine = f"{os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}"
    return f"{machine}, {packages}; data: {data.source} ({data.fingerprint})"


def _note(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure what grading a class costs.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[3, 30, 100])
    parser.add_argument(
        "--baseline",
        type=lambda text: 0 if text == "all" else int(text),
        default=3,
        help="notebooks to run the usual way, or 'all'; the others are projected (default: 3)",
    )
    parser.add_argument("--workers", type=int, help="default: as the machine allows")
    parser.add_argument("--seed", type=int, default=0, help="of the class")
    return parser.parse_args()


if __name__ == "__main__":
    main()
