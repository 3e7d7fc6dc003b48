"""Measure the reference over many seeds, so that ranges rest on scores: `tensormark calibrate`."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from graders.expectations import Measured
from graders.quiet import quiet_imports
from graders.reference_report import print_report, train_shown
from graders.report.words import bound_in_percent
from graders.tolerance import LEAST, chance_of_false_fail, rank_for
from reference import suite

# Often enough that an interrupt loses a few trainings at most.
_SAVED_EVERY = 10


def calibrate(
    policy: suite.Policy,
    seeds: int,
    console: Console,
    *,
    batch_sizes: Sequence[int] = (),
    only: Sequence[str] = (),
    workers: int = 0,
) -> None:
    """Train what is still missing, keep every score, and print what the ranges are now.

    Args:
        policy: the circumstances.
        seeds: how many scores each range shall have; 0 computes the exact facts alone.
        console: where to print.
        batch_sizes: none: the usual ones.
        only: names of experiments; none: all that a check has a range of.
        workers: trainings at once; 0: as many as the machine has cores.

    Raises:
        ExpectationError: an unknown experiment, a file that can't be written, a process that died.

    """
    module = suite.reference_module(policy.assignment)
    sizes = tuple(batch_sizes) or module.BATCH_SIZES
    only = only or [experiment.name for experiment in module.EXPERIMENTS if experiment.ranged]
    planned = suite.plan(policy, seeds, sizes, suite.stored(policy.assignment).measured, only)
    with quiet_imports():
        suite.renew(policy.assignment, policy.data)
    _announce(policy, seeds, len(planned), console)
    fresh: list[Measured] = []
    try:
        for found in train_shown(policy, planned, console, workers):
            fresh += found
            if len(fresh) >= _SAVED_EVERY:
                suite.save(policy.assignment, fresh)
                fresh = []
    finally:
        if fresh:
            suite.save(policy.assignment, fresh)
    print_report(policy, [], console)


def _announce(policy: suite.Policy, seeds: int, missing: int, console: Console) -> None:
    console.print(
        Text(f"Data: {policy.data.name}, {policy.data.source} ({policy.data.fingerprint})")
    )
    if policy.cap is not None:
        console.print(
            f"Each training: at most {policy.cap.epochs} epochs on {policy.cap.samples:,} items."
        )
    if 0 < seeds < LEAST:
        console.print(f"A range needs at least {LEAST} seeds; {seeds} are kept and make none yet.")
    elif seeds:
        chance = chance_of_false_fail(seeds, rank_for(seeds))
        console.print(
            f"With {seeds} seeds a right solution fails a check with a chance of at most "
            f"{bound_in_percent(chance)}."
        )
    console.print(f"{missing:,} trainings are missing." if missing else "Nothing is missing.")
