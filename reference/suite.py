"""Run an assignment's reference suite: compute its facts, train its experiments, keep scores."""

from __future__ import annotations

import importlib
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType

from graders.errors import ExpectationError
from graders.expectations import Expectations, Measured, ScoreRecord, expected_path
from graders.files import write_whole
from graders.training.request import Cap
from graders.training.trainer import setting_for
from graders.training.work import prepare
from reference.datasets import DataSet
from reference.experiment import Experiment, train

# Where no range is asked for, one batch size in the middle of the usual ones is measured.
USUAL_BATCH_SIZE = 64


@dataclass(frozen=True)
class Planned:
    """One training to be done."""

    experiment: Experiment
    batch_size: int
    seed: int


def reference_module(assignment: str) -> ModuleType:
    """Import an assignment's reference solution."""
    return importlib.import_module(f"reference.{assignment}")


def plan(assignment: str, seeds: int, *, all_batch_sizes: bool) -> list[Planned]:
    """List the trainings of a suite: each experiment, each batch size, seeds 0 to seeds - 1."""
    module = reference_module(assignment)
    planned = []
    for experiment in module.EXPERIMENTS:
        sizes = (USUAL_BATCH_SIZE,)
        if all_batch_sizes:
            sizes = module.RANGES.get(experiment.name, sizes)
        planned += [Planned(experiment, size, seed) for size in sizes for seed in range(seeds)]
    return planned


def run(
    assignment: str,
    data: DataSet,
    planned: list[Planned],
    begin: Callable[[Planned], None] = lambda _: None,
    cap: Cap | None = None,
) -> Iterator[Measured]:
    """Train what was planned, one at a time; each yields a Measured with a single score."""
    prepare(setting_for("cpu", cap, []))
    networks = reference_module(assignment).NETWORKS
    for item in planned:
        begin(item)
        score = train(
            item.experiment,
            networks,
            data,
            seed=item.seed,
            batch_size=item.batch_size,
            cap=cap,
        )
        yield Measured(
            experiment=item.experiment.name,
            data=data.fingerprint,
            batch_size=item.batch_size,
            cap=cap,
            scores=[ScoreRecord(seed=score.seed, train=score.train, test=score.test)],
            seconds=score.seconds,
            environment=_environment(),
        )


def merged(old: list[Measured], new: list[Measured]) -> list[Measured]:
    """Join scores of equal trainings but for the seed; a seed measured anew replaces."""
    joined: dict[tuple[str, str, str, int], Measured] = {}
    for measured in [*old, *new]:
        cap = measured.cap.model_dump_json() if measured.cap else ""
        key = (measured.data, measured.experiment, cap, measured.batch_size)
        before = joined.get(key)
        if before is None:
            joined[key] = measured
            continue
        scores = {score.seed: score for score in [*before.scores, *measured.scores]}
        count = len(before.scores) + len(measured.scores)
        seconds = (
            before.seconds * len(before.scores) + measured.seconds * len(measured.scores)
        ) / count
        joined[key] = measured.model_copy(
            update={
                "scores": [scores[seed] for seed in sorted(scores)],
                "seconds": round(seconds, 2),
            }
        )
    return [joined[key] for key in sorted(joined)]


def save(assignment: str, data: DataSet, measured: list[Measured]) -> Expectations:
    """Compute the facts, join the scores with those already kept, and write the file whole.

    Raises:
        ExpectationError: the installed package can't be written to.

    """
    path = expected_path(assignment)
    try:
        before = Expectations.load(assignment)
    except ExpectationError:
        before = Expectations(assignment=assignment)
    now = before.model_copy(
        update={
            "facts": reference_module(assignment).facts(),
            "published": published(assignment),
            "data_sets": before.data_sets | {data.fingerprint: f"{data.name}, {data.source}"},
            "measured": merged(before.measured, measured),
        }
    )
    try:
        path.parent.mkdir(exist_ok=True)
        write_whole(path, now.model_dump_json(indent=1) + "\n")
    except OSError as error:
        raise ExpectationError(
            f"{path} can't be written ({error.strerror}). Run --save from a source checkout, "
            "installed with pip install -e."
        ) from error
    return now


def published(assignment: str) -> dict[str, float]:
    """List the published accuracies, 0..1, by experiment and split."""
    figures = {}
    for experiment in reference_module(assignment).EXPERIMENTS:
        if experiment.published is not None:
            figures[f"{experiment.name}.train_accuracy"] = experiment.published.train
            figures[f"{experiment.name}.test_accuracy"] = experiment.published.test
    return figures


def _environment() -> dict[str, str]:
    import keras
    import tensorflow as tf

    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "device": "gpu" if tf.config.get_visible_devices("GPU") else "cpu",
    }
