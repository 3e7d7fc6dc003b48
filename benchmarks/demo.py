"""What a first look costs: `tensormark demo`, a class of samples on built-in data."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.tables import Row, ratio


def rows(bench: Bench) -> Iterator[Row]:
    """Yield a row for `tensormark demo` with an empty store, with a full one, and once more.

    Once more: into the same folder, where nothing has changed. All times are wall time from the
    start of the command, that to the first line of output as well.
    """
    first = 0.0
    for way, out in {"empty store": "first", "full store": "new", "once more": "new"}.items():
        bench.note(f"  {way}")
        run = bench.tensormark("demo", "--out", bench.folder / out, store=bench.folder / "store")
        first = first or run.seconds
        yield {
            "`tensormark demo`": way,
            "time": run.seconds,
            "beside the first": ratio(run.seconds, first),
            "to the first line of output": run.first_line,
        }
