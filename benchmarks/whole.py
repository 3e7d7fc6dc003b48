"""What one right submission of a whole assignment costs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

from benchmarks.bench import ROOT, Bench
from benchmarks.tables import Row, ratio

ASSIGNMENT = "fashion_training"


def rows(bench: Bench) -> Iterator[Row]:
    """Yield a row for each way to grade the reference solution of fashion_training.

    By the real command with an empty store, then with the full one, and once more from its
    recording. The training alone: of the trainings that were made now.
    """
    work, out, store = bench.new_folder(), bench.folder / "out", bench.folder / "store"
    shutil.copy(ROOT / "reference" / "solutions" / f"{ASSIGNMENT}.py", work / "solution.py")
    first = 0.0
    for way in ("empty store", "full store", "checked again"):
        bench.note(f"  {way}")
        if way == "checked again":
            run = bench.tensormark("regrade", out, store=store)
        else:
            shutil.rmtree(out, ignore_errors=True)
            run = bench.grade(work, out, store, workers=1, assignment=ASSIGNMENT)
        first = first or run.seconds
        trainings = json.loads((out / "solution" / "result.json").read_bytes())["trainings"]
        made = [t for t in trainings if not t["cached"] and way != "checked again"]
        yield {
            "way": way,
            "time": run.seconds,
            "beside the first": ratio(run.seconds, first),
            "trainings": len(trainings),
            "of them trained now": len(made),
            "training alone": float(sum(training["seconds"] for training in made)),
        }
