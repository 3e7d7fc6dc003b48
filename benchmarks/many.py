"""A class of thousands: is each submission as quick, and each byte as small, as in one of 30?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.tables import Row
from benchmarks.work import short_cells, write_submission

WORKERS = 4


def rows(bench: Bench) -> Iterator[Row]:
    """Yield a row for each class of short scripts, graded by the real command, four at once.

    All ask for one small training, which is known. Coordinator: the peak memory of the grading
    process. Unchanged: the same command once more.
    """
    store = bench.folder / "store"
    bench.note("  the training, once")
    bench.grade(_write(1, bench.folder / "one"), bench.folder / "out-one", store, WORKERS)
    for size in bench.sizes or ((30, 300, 3_000) if bench.full else (30,)):
        submissions, out = _write(size, bench.folder / f"class-{size}"), bench.new_folder()
        bench.note(f"  a class of {size}")
        run, again = (bench.grade(submissions, out, store, WORKERS) for _ in range(2))
        book = sum(path.stat().st_size for path in out.glob("gradebook.db*"))
        yield {
            "class": size,
            "time": run.seconds,
            "a submission": run.seconds / size,
            "coordinator": f"{run.memory / 1e6:.0f} MB",
            "gradebook": f"{book / 1e6:.1f} MB, {book / size / 1e3:.1f} kB each",
            "class page": f"{(out / 'index.html').stat().st_size / 1e6:.2f} MB",
            "unchanged": again.seconds,
            "coordinator, unchanged": f"{again.memory / 1e6:.0f} MB",
        }


def _write(size: int, folder: Path) -> Path:
    for number in range(size):
        mine = f'answers = {{"1d": {8000 + number}, "1g": 0.01}}\nmine = sum(range({number}))\n'
        write_submission(folder / f"student{number:04}.py", [*short_cells(500, 1), mine])
    return folder
