"""What keeping student code in costs a submission."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from benchmarks.bench import Bench, timed
from benchmarks.tables import Row, ratio
from benchmarks.work import short_cells, write_submission
from graders.grading import Grader
from graders.sandbox import Wish
from graders.submission import Submission

WAYS: dict[Wish, str] = {"off": "without walls", "require": "behind them"}


def rows(bench: Bench) -> Iterator[Row]:
    """Yield a row for each submission, run in a warm sandbox with all walls and without, in turn.

    empty: one assignment, so that the walls are most of it; fit: loads the data and trains the
    short submission's network on 6,400 images, by way of the trainer, whose answer is known.
    """
    store = bench.folder / "store"
    graders = {name: bench.grader(store, way, threads=1) for way, name in WAYS.items()}
    for work, cells in {"empty": ["x = 1\n"], "fit": short_cells(6_400, 1)}.items():
        file = write_submission(bench.folder / "work" / f"{work}.py", cells)
        take = partial(_take, graders, Submission(work, file), bench)
        bench.note(f"  {work}: warming up")
        take()
        found = bench.medians(take, 25 if bench.full else 10)
        off, on = found.values()
        yield {"submission": work, **found, "the walls cost": on - off, "ratio": ratio(on, off)}


def _take(graders: Mapping[str, Grader], submission: Submission, bench: Bench) -> dict[str, float]:
    return {way: timed(partial(_run, one, submission, bench)) for way, one in graders.items()}


def _run(grader: Grader, submission: Submission, bench: Bench) -> None:
    ran = grader.run(submission, bench.folder / "out")
    assert ran.ended is not None, ran.problem
    assert ran.ended.how == "finished", ran.ended.detail
