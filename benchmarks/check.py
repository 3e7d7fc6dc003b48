"""Where the time of one cold `tensormark check` of a short notebook goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bench import ASSIGNMENT, STORE, Bench
from benchmarks.tables import Row
from benchmarks.work import short_cells, write_submission

RUNS = 3
# The real command, which also says when the first cell began and the last one ended.
_WATCHED = """
import json
from graders.cli import app
from graders.grading import RECORDING, Grader
from graders.recording import RecordingFolder

grade = Grader.grade

def watched(grader, submission, out, progress=None):
    result = grade(grader, submission, out, progress)
    values = RecordingFolder.open(out / RECORDING).data.values
    print(json.dumps({"first": values["first"], "last": values["last"]}), flush=True)
    return result

Grader.grade = watched
app()
"""


def rows(bench: Bench) -> Iterator[Row]:
    """Yield a row for each part of the command, and one for the whole; medians of each.

    Before the first cell: start-up, TensorFlow, the data, the process of the submission. The
    cells: the student's imports, data and training. After the last one: checks and feedback.
    """
    notebook = write_stamped(bench.folder / "short.ipynb")
    found = bench.medians(lambda: cold_check(bench, notebook), RUNS)
    for part, seconds in found.items():
        share = f"{100 * seconds / found['the whole']:.0f} %"
        yield {"part of `tensormark check`": part, "time": seconds, "share": share}


def write_stamped(file: Path) -> Path:
    """Write the short submission, whose cells note when the first began and the last ended."""
    first, *others, last = short_cells()
    begin, end = "import time\nfirst = time.time()\n", "last = time.time()\n"
    return write_submission(file, [begin + first, *others, last + end])


def cold_check(bench: Bench, notebook: Path) -> dict[str, float]:
    """Check a stamped notebook with an empty store; return seconds before, in and after cells."""
    arguments = ("check", ASSIGNMENT, notebook, "--data", bench.choice)
    store = {STORE: str(bench.new_folder())}
    # 1: no exercise but the trained one is there.
    run = bench.python("-c", _WATCHED, *arguments, variables=store, good=(0, 1))
    (stamps,) = (json.loads(line) for line in run.lines if line.startswith('{"first":'))
    before = stamps["first"] - run.began
    cells = stamps["last"] - stamps["first"]
    return {
        "before the first cell": before,
        "the cells": cells,
        "after the last cell": run.seconds - before - cells,
        "the whole": run.seconds,
    }
