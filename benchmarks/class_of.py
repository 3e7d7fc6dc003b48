"""What a class of honest students costs, beside running their notebooks one after another."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import mean
from typing import Any

from benchmarks.bench import ASSIGNMENT, Bench, Run, require, timed
from benchmarks.students import make_class
from benchmarks.tables import Row, ratio
from graders.assignment import load_assignment
from graders.submission import Submission

BASELINE = 4  # notebooks to run the usual way, with --full


@dataclass(frozen=True)
class Class:
    """One class, graded with an empty store, and what its results say about its trainings."""

    size: int
    run: Run
    full: int  # notebooks with all automatic points
    total: int  # trainings
    distinct: int
    cached: int
    verified: int
    seconds: float  # of each distinct training once, one after another


def rows(bench: Bench) -> Iterator[Row]:
    """Yield a row for each class, one for its trainings, and one for each way with a full store.

    Grade: `tensormark grade` with an empty store, start-up and reports included. The usual way,
    with --full: notebooks one after another, each in a fresh kernel (nbclient); the mean of some
    of them, times the size of the class. The floor: each distinct training once, with nothing
    around it, shared by the cores. With a full store: the largest class graded once more and
    regraded, and one submission in a warm sandbox.
    """
    sizes = sorted(bench.sizes or ((3, 30, 100) if bench.full else (3,)))
    baseline = min(BASELINE, sizes[-1])
    usual = _usual_way(bench, baseline) if bench.full else 0.0
    classes = []
    for size in sizes:
        bench.note(f"  a class of {size}, empty store")
        one = _grade(bench, size)
        classes.append(one)
        yield {
            "class": size,
            **({f"the usual way, from {baseline} run": usual * size} if usual else {}),
            "grade": one.run.seconds,
            "a notebook": one.run.seconds / size,
            **({"faster": ratio(usual * size, one.run.seconds)} if usual else {}),
            "all points": f"{one.full} of {size}",
            "peak memory, grader": f"{one.run.memory / 1e6:.0f} MB",
            "peak memory, all processes": f"{one.run.memory_of_all / 1e6:.0f} MB",
        }
    for one in classes:
        floor = one.seconds / (os.cpu_count() or 1)  # one training keeps one core busy
        yield {
            "class": one.size,
            "trainings": one.total,
            "distinct": one.distinct,
            "from the store": one.cached,
            "verified": one.verified,
            "floor": floor,
            "grade beside it": ratio(one.run.seconds, floor),
        }
    for way, seconds, count in _known(bench, sizes[-1]):
        yield {"with a full store": way, "time": seconds, "a notebook": seconds / count}


def _grade(bench: Bench, size: int) -> Class:
    submissions, out = bench.folder / f"class-{size}", bench.folder / f"out-{size}"
    make_class(size, submissions)
    run = bench.grade(submissions, out, bench.folder / f"store-{size}")
    points = sum(e.automatic_points for e in load_assignment(ASSIGNMENT).exercises)
    results = [json.loads(file.read_bytes()) for file in sorted(out.glob("*/result.json"))]
    trainings = [training for result in results for training in result["trainings"]]
    # Each once; one that only the student's process can make has no fingerprint.
    costs = {t["fingerprint"] or number: t["seconds"] for number, t in enumerate(trainings)}
    return Class(
        size,
        run,
        full=sum(_automatic(result) >= points for result in results),
        total=len(trainings),
        distinct=len(costs),
        cached=sum(training["cached"] for training in trainings),
        verified=sum(training["verified"] for training in trainings),
        seconds=sum(costs.values()),
    )


def _automatic(result: Mapping[str, Any]) -> float:
    checks = (check for exercise in result["exercises"] for check in exercise["checks"])
    return sum(float(check["score"]) for check in checks)


def _known(bench: Bench, size: int) -> Iterator[tuple[str, float, int]]:
    """Yield ways to grade what is known already, their seconds, and how many notebooks."""
    submissions, store = bench.folder / f"class-{size}", bench.folder / f"store-{size}"
    bench.note(f"  the class of {size} with the full store")
    yield (
        f"grade, class of {size}",
        bench.grade(submissions, bench.new_folder(), store).seconds,
        size,
    )
    bench.note("  regrade")
    again = bench.tensormark("regrade", bench.folder / f"out-{size}", store=store)
    yield f"regrade, class of {size}", again.seconds, size
    bench.note("  one submission, warm")
    grader, out = bench.grader(store), bench.folder / "warm"
    file = min(submissions.iterdir())
    submission = Submission(file.stem, file)
    grader.grade(submission, out)
    warm = bench.medians(lambda: {"": timed(lambda: grader.grade(submission, out))}, 3)
    yield "one submission, warm", warm[""], 1


def _usual_way(bench: Bench, count: int) -> float:
    """Run notebooks one after another, each in a fresh kernel; return the mean time."""
    require("nbclient", "ipykernel")
    code = "from nbclient.cli import main; main()"
    seconds: list[float] = []
    for file in make_class(count, bench.folder / "usual"):
        bench.note(f"  the usual way: notebook {len(seconds) + 1} of {count}")
        seconds.append(bench.students_python("-c", code, file).seconds)
    return mean(seconds)
