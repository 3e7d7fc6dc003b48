"""Run an assignment's reference suite: compute its facts, train its experiments, keep scores."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import platform
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from types import ModuleType
from typing import Any

from graders.assignment import load_assignment
from graders.errors import ExpectationError
from graders.expectations import Expectations, Labels, Measured, ScoreRecord, expected_path
from graders.files import write_whole
from graders.quiet import quiet_imports
from graders.training.request import Cap, Setting
from graders.training.trainer import setting_for
from graders.training.work import prepare
from reference.datasets import DataSet
from reference.experiment import Comparison, Experiment, Score, labels_for, seed_for, train

# Keras keeps a little of every network, so that a process doesn't train for ever.
_TRAININGS_A_PROCESS = 60


@dataclass(frozen=True)
class Policy:
    """Under which circumstances the reference is trained."""

    assignment: str
    data: DataSet
    cap: Cap | None = None  # bounds of `--training capped`
    device: str = "cpu"

    @property
    def setting(self) -> Setting:
        """The same for the trainer."""
        return setting_for(self.device, self.cap, [])


@dataclass(frozen=True)
class Planned:
    """One training to be done."""

    experiment: Experiment
    names: tuple[str, ...]  # of all experiments that are this same training
    batch_size: int
    seed: int
    labels: Labels


def reference_module(assignment: str) -> ModuleType:
    """Import an assignment's reference solution.

    Raises:
        ExpectationError: there is none.

    """
    name = f"reference.{assignment}"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ExpectationError.no_reference(assignment) from error


def usual_batch_size(assignment: str) -> int:
    """Return the middle one of the sheet's batch sizes, to be measured where no range is wanted."""
    sizes: Sequence[int] = reference_module(assignment).BATCH_SIZES
    return sorted(sizes)[len(sizes) // 2]


def test_sets(assignment: str) -> list[str]:
    """Name the test sets that networks of an assignment are scored on."""
    return ["test", *(one.name for one in load_assignment(assignment).test_sets)]


def comparisons(assignment: str, cap: Cap | None = None) -> list[Comparison]:
    """List the pairs of experiments that the sheet compares.

    Leaves out those that are one training under the bounds, and so differ in nothing.
    """
    module = reference_module(assignment)
    by_name = {experiment.name: experiment for experiment in module.EXPERIMENTS}
    return [
        one
        for one in module.COMPARISONS
        if one.better == one.worse or not by_name[one.better].same_under(by_name[one.worse], cap)
    ]


def plan(
    policy: Policy,
    seeds: int,
    batch_sizes: Sequence[int],
    known: Sequence[Measured] = (),
    only: Sequence[str] = (),
) -> list[Planned]:
    """List the trainings that are still to be done, so that every range grows evenly.

    Args:
        policy: the circumstances.
        seeds: how many scores each range shall have.
        batch_sizes: of each experiment.
        known: what was measured before, under any circumstances.
        only: names of experiments; none: all.

    Raises:
        ExpectationError: there is no such experiment.

    """
    experiments: list[Experiment] = reference_module(policy.assignment).EXPERIMENTS
    if unknown := sorted(set(only) - {e.name for e in experiments}):
        raise ExpectationError.no_experiment(unknown[0], [e.name for e in experiments])
    there = {(measured.key, score.seed) for measured in known for score in measured.scores}
    distinct: dict[str, tuple[str, ...]] = {}
    for experiment in experiments:
        same = [e.name for e in experiments if e.same_under(experiment, policy.cap)]
        if not only or set(same) & set(only):
            distinct.setdefault(same[0], tuple(same))
    planned = [
        Planned(experiment, names, size, seed_for(experiment.name, size, index), labels_for(index))
        for index in range(seeds)
        for experiment in experiments
        for size in batch_sizes
        if (names := distinct.get(experiment.name))
    ]
    return [
        item
        for item in planned
        if any((m.key, item.seed) not in there for m in _measured(policy, item, []))
    ]


def run(
    policy: Policy, planned: Sequence[Planned], begin: Callable[[Planned], None], workers: int = 0
) -> Iterator[list[Measured]]:
    """Train what was planned, in processes side by side.

    Args:
        policy: the circumstances.
        planned: what to train.
        begin: told of each training as it begins.
        workers: how many at once; 0: one a core, on a GPU one.

    Yields:
        For each training, as it ends, its single score under each name that it has.

    Raises:
        ExpectationError: a process died.

    """
    workers = workers or (os.cpu_count() or 1 if policy.device == "cpu" else 1)
    waiting = iter(planned)
    under_way: dict[Future[Score], Planned] = {}
    pool = ProcessPoolExecutor(
        max_workers=workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin_process,
        initargs=(policy.setting,),
        max_tasks_per_child=_TRAININGS_A_PROCESS,
    )
    environment = _environment(policy)
    try:
        while True:
            while len(under_way) < workers and (item := next(waiting, None)) is not None:
                begin(item)
                under_way[pool.submit(_train, policy, item)] = item
            if not under_way:
                break
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                item, score = under_way.pop(future), future.result()
                record = ScoreRecord(**{k: v for k, v in asdict(score).items() if k != "seconds"})
                found = _measured(policy, item, [record])
                more = {"seconds": round(score.seconds, 2), "environment": environment}
                yield [m.model_copy(update=more) for m in found]
    except BrokenProcessPool as error:
        raise ExpectationError.process_died() from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.terminate()


def merged(old: Sequence[Measured], new: Sequence[Measured]) -> list[Measured]:
    """Join scores of equal trainings but for the seed; a seed measured anew replaces."""
    joined: dict[tuple[str, str, str, str, int], Measured] = {}
    for measured in [*old, *new]:
        before = joined.get(measured.key)
        if before is None:
            joined[measured.key] = measured
            continue
        scores = {score.seed: score for score in [*before.scores, *measured.scores]}
        count = len(before.scores) + len(measured.scores)
        seconds = (
            before.seconds * len(before.scores) + measured.seconds * len(measured.scores)
        ) / max(count, 1)
        joined[measured.key] = measured.model_copy(
            update={
                "scores": [scores[seed] for seed in sorted(scores)],
                "seconds": round(seconds, 2),
            }
        )
    return [joined[key] for key in sorted(joined)]


def renew(assignment: str, data: DataSet) -> Expectations:
    """Compute the exact facts anew, and write them beside the scores that are kept.

    Raises:
        ExpectationError: the installed package can't be written to, or what is kept is damaged.

    """
    before = stored(assignment)
    return _write(
        before,
        facts=reference_module(assignment).facts(),
        published=published(assignment),
        data_sets=before.data_sets | {data.fingerprint: f"{data.name}, {data.source}"},
    )


def save(assignment: str, measured: Sequence[Measured]) -> Expectations:
    """Join scores with those already kept, and write the file whole.

    Raises:
        ExpectationError: the installed package can't be written to, or what is kept is damaged.

    """
    before = stored(assignment)
    return _write(before, measured=merged(before.measured, measured))


def _write(before: Expectations, **changed: Any) -> Expectations:
    path = expected_path(before.assignment)
    now = before.model_copy(update=changed)
    try:
        path.parent.mkdir(exist_ok=True)
        write_whole(path, now.to_text())
    except OSError as error:
        raise ExpectationError.read_only(path, error.strerror or str(error)) from error
    return now


def stored(assignment: str) -> Expectations:
    """Return what is kept of an assignment; nothing where nothing is.

    Raises:
        ExpectationError: the file is damaged.

    """
    if not expected_path(assignment).exists():
        return Expectations(assignment=assignment)
    return Expectations.load(assignment)


def published(assignment: str) -> dict[str, float]:
    """List the published accuracies, 0..1, by experiment and split."""
    figures = {}
    for experiment in reference_module(assignment).EXPERIMENTS:
        if experiment.published is not None:
            for score, figure in experiment.published.figures().items():
                figures[f"{experiment.name}.{score}"] = figure
    return figures


def _measured(policy: Policy, item: Planned, scores: list[ScoreRecord]) -> list[Measured]:
    return [
        Measured(
            experiment=name,
            data=policy.data.fingerprint,
            batch_size=item.batch_size,
            cap=policy.cap,
            device=policy.device,
            scores=scores,
        )
        for name in item.names
    ]


def _begin_process(setting: Setting) -> None:
    # Ctrl-C reaches the whole group; what to do about it is the first process's business.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with quiet_imports():
        prepare(setting)


def _train(policy: Policy, item: Planned) -> Score:
    return train(
        item.experiment,
        reference_module(policy.assignment).NETWORKS,
        policy.data,
        seed=item.seed,
        batch_size=item.batch_size,
        labels=item.labels,
        setting=policy.setting,
        test_sets=load_assignment(policy.assignment).test_sets,
        before=_before(policy.assignment, item.experiment),
    )


def _before(assignment: str, experiment: Experiment) -> list[Experiment]:
    """List the experiments whose network one goes on with, the first one first."""
    by_name = {one.name: one for one in reference_module(assignment).EXPERIMENTS}
    found: list[Experiment] = []
    while experiment.after:
        experiment = by_name[experiment.after]
        found.insert(0, experiment)
    return found


def _environment(policy: Policy) -> dict[str, str]:
    return {"python": platform.python_version(), **policy.setting.versions}
