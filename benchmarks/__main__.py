"""Measure how long grading takes, and print tables in Markdown: `python -m benchmarks`."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NoReturn

import psutil

from benchmarks import check, class_of, demo, isolation, many, one_training, overhead, whole
from benchmarks.bench import Bench, Missing, end_processes
from benchmarks.tables import Row, markdown, seconds


@dataclass(frozen=True)
class Benchmark:
    """One table, and about how many yardsticks it takes on two cores."""

    title: str
    rows: Callable[[Bench], Iterator[Row]]
    short: int
    full: int
    long: bool = False  # not a part of the short selection


BENCHMARKS = {
    "demo": Benchmark("The demonstration, on built-in data", demo.rows, 20, 20),
    "check": Benchmark("A cold check", check.rows, 5, 5),
    "overhead": Benchmark("One submission", overhead.rows, 12, 12),
    "isolation": Benchmark("Keeping a submission in", isolation.rows, 4, 7),
    "one_training": Benchmark("One training", one_training.rows, 15, 45),
    "class_of": Benchmark("A class", class_of.rows, 17, 165),
    "many": Benchmark("Thousands of submissions", many.rows, 6, 235),
    "whole": Benchmark("A whole assignment", whole.rows, 52, 52, long=True),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for; return the exit status."""
    options = _options(arguments)
    if options.list:
        for name, one in BENCHMARKS.items():
            short = "--full only" if one.long else f"{one.short} y"
            print(f"{name:14}{one.title:36}{short:>12}, with --full {one.full:3} y")
        total = sum(one.short for one in BENCHMARKS.values() if not one.long)
        print(f"y: the yardstick; on two cores the short selection takes about {total} y.")
        return 0
    wanted = options.names or [n for n, one in BENCHMARKS.items() if options.full or not one.long]
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with tempfile.TemporaryDirectory(prefix="tensormark-bench-") as root:
            bench = Bench(Path(root), options.full, tuple(options.sizes), options.runs)
            failed = print_tables({name: BENCHMARKS[name] for name in wanted}, bench)
    except KeyboardInterrupt:
        bench.note("Interrupted.")
        return 130
    finally:
        end_processes(psutil.Process().children(recursive=True))
    if failed:
        bench.note(f"Failed: {', '.join(failed)}.")
    return 1 if failed else 0


def print_tables(benchmarks: Mapping[str, Benchmark], bench: Bench) -> list[str]:
    """Measure one table after another, and the yardstick before and after each.

    Returns:
        The names of those that failed; they don't keep the others from being measured.

    """
    failed = []
    before = _yardstick(bench)
    for number, (name, benchmark) in enumerate(benchmarks.items(), 1):
        bench.note(f"{name}, table {number} of {len(benchmarks)}")
        rows: list[Row] = []
        sentence = ""
        try:
            with bench.folder_of(name):
                for row in benchmark.rows(bench):
                    bench.note(f"  {next(iter(row.values()))}: measured")
                    rows.append(row)
        except Missing as missing:
            sentence = f"Not measured: {missing}"
        except Exception as error:  # noqa: BLE001 - the other tables go on
            traceback.print_exc()
            sentence = f"Failed: {type(error).__name__}; the messages on stderr say more."
            failed.append(name)
        parts = [f"## {benchmark.title}"]
        if rows:
            after = _yardstick(bench)
            y = median([before, after])
            around = f"{seconds(before)} before the table, {seconds(after)} after it"
            parts += [f"{bench.machine}. 1 y = {seconds(y)} ({around}).", markdown(rows, y)]
            before = after
        print("\n\n".join([*parts, *filter(None, [sentence])]) + "\n", flush=True)
    return failed


def _yardstick(bench: Bench) -> float:
    bench.note("the yardstick")
    return bench.yardstick()


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="tables to measure")
    parser.add_argument("--list", action="store_true", help="list the tables and their times")
    parser.add_argument("--full", action="store_true", help="long runs as well")
    parser.add_argument("--sizes", type=int, nargs="+", default=[], help="of classes")
    parser.add_argument("--runs", type=int, default=0, help="of which medians are taken")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.names) - set(BENCHMARKS)):
        parser.error(f"there is no table {', '.join(unknown)}; see --list")
    return options


if __name__ == "__main__":
    sys.exit(main())
