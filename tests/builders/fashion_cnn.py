"""Runs of solutions of fashion_cnn, right but for what a test changes, and ranges for them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graders.assignment import load_assignment
from graders.checks import Matches, Wanted
from graders.checks.aspects import Course
from graders.checks.attempts import attempts_of
from graders.checks.context import CheckContext
from graders.checks.layers import parts_of
from graders.checks.run import run_checks
from graders.expectations import Expectations, Measured
from graders.recording import RecordingFolder
from graders.recording.schema import ArrayRecord, PairRecord, Recording
from graders.result import CheckResult
from reference.datasets import DataSet
from tests.builders.networks import compiled, dense_layers, pooled_layers, strided_layers
from tests.builders.ranges import measured
from tests.builders.recordings import Run

ASSIGNMENT = load_assignment("fashion_cnn")


def _plan() -> tuple[Wanted, ...]:
    path = ASSIGNMENT.folder / "conftest.py"
    spec = importlib.util.spec_from_file_location("fashion_cnn_plan", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.PLAN


PLAN = _plan()
# The networks as the sheet words them, built here by hand.
NETWORKS = {
    "small": dense_layers(10, 10),
    "wide": dense_layers(64, 64),
    "cnn": pooled_layers(),
    "strided": strided_layers(),
}

# A correct solution, experiment by experiment.
RIGHT: dict[str, dict[str, Any]] = {
    "small": {"layers": dense_layers(10, 10), "settings": compiled()},
    "slow": {"layers": dense_layers(10, 10), "settings": compiled(rate=0.005)},
    "wide": {"layers": dense_layers(64, 64), "settings": compiled()},
    "fewer": {"layers": dense_layers(10, 10), "settings": compiled(), "items": 20_000},
    "cnn": {"layers": pooled_layers(), "settings": compiled()},
    "strided": {"layers": strided_layers(), "settings": compiled()},
    "adam": {"layers": strided_layers(), "settings": compiled("Adam")},
}


def matched(run: Run) -> Matches:
    """Match the trainings of a run with the experiments of the sheet."""
    networks = {name: parts_of(layers) for name, layers in NETWORKS.items()}
    return Matches(PLAN, attempts_of(run.folder()), networks, Course(60_000))


class Solution:
    """A run of the right solution with changes, and which training was meant for what."""

    def __init__(self, *order: str, without: tuple[str, ...] = (), **changes: dict[str, Any]):
        self.run = Run()
        self.meant: dict[str, int] = {}
        for name in order or RIGHT:
            if name not in without:
                self.add(name, **changes.get(name, {}))

    def add(self, name: str, **changes: Any) -> int:
        """Train once more as an experiment asks, and return the training's id."""
        training = self.run.fit(**(RIGHT[name] | changes))
        self.meant[name] = training.id
        return training.id

    @property
    def matches(self) -> Matches:
        """Which training answers which experiment."""
        return matched(self.run)

    def found(self) -> dict[str, int]:
        """Return the id of the training that each experiment was matched with."""
        return {
            match.wanted.name: match.attempt.training.id
            for match in self.matches
            if match.attempt is not None and match.attempt.training is not None
        }


# Made-up test labels: item i has the label i % 10; networks take every 50th item for a boot too.
LABELS = np.arange(10_000) % 10
PREDICTED = np.where(np.arange(10_000) % 50 == 3, 9, LABELS).astype(np.uint8)
BOOTS = np.flatnonzero(PREDICTED == 9)
FIRST_WRONG = 3
ACROSS = [[0, -4, 0, 4, 0]] * 5
ALONG = [[0] * 5] * 5
MATRICES = {
    "KxIA": ACROSS,
    "KyIA": ALONG,
    "KxIB": ALONG,
    "KyIB": [[value] * 5 for value in (0, -4, 0, 4, 0)],
}
ANSWERS = {"1d": 8070, "1g": 0.01, "1h": 55_050, "3c": 3330, "4a": 4210}
# What each training reaches here. The reference's own lie within 0.009 of it, so the cutoffs lie
# just below, and those of differences 0.018 below.
ACCURACY = {
    "small": 0.77,
    "slow": 0.73,
    "wide": 0.82,
    "fewer": 0.70,
    "cnn": 0.78,
    "strided": 0.79,
    "adam": 0.85,
}


def labelled(
    folder: Path, test: NDArray[Any], images: tuple[int, ...] = (1,), train: int = 60_000
) -> DataSet:
    """Write a data set of black images, with these labels of its test items."""
    path = folder / "fashion_mnist.npz"
    np.savez(
        path,
        x_train=np.zeros((train, *images), np.uint8),
        y_train=(np.arange(train) % 10).astype(np.uint8),
        x_test=np.zeros((len(test), *images), np.uint8),
        y_test=test.astype(np.uint8),
    )
    return DataSet("fashion_mnist", "made up", path, "made-up")


def expected() -> Expectations:
    """Make what the reference has reached: a little less than ACCURACY."""
    facts = Expectations.load("fashion_cnn").facts
    known = ACCURACY | {"cnn_fewer": 0.68, "cnn_adam": 0.86}
    groups = [_measured(name, score) for name, score in known.items()]
    return Expectations(assignment="fashion_cnn", facts=facts, measured=groups)


def _measured(name: str, score: float) -> Measured:
    """Make scores of 19 seeds, in an order of its own so that differences have a spread as well."""
    steps = range(-9, 10) if name in {"wide", "adam", "cnn_adam"} else range(9, -10, -1)
    return measured(name, [round(score + step / 1000, 5) for step in steps], data="made-up")


def graded(
    data: DataSet,
    student: Solution | None = None,
    *,
    answers: dict[str, Any] | None = None,
    matrices: dict[str, Any] | None = None,
    boots: Any = BOOTS,
    first_wrong: Any = FIRST_WRONG,
    claimed: Any = None,
) -> list[CheckResult]:
    """Check a run that is right but for the changes."""
    student = student or right()
    recording = student.run.recording
    for training in recording.trainings:
        training.predictions = "predicted.npy" if training.status == "ok" else None
    recording.values["answers"] = ANSWERS | (answers or {})
    recording.values["first_wrong"] = first_wrong
    arrays = {"predicted.npy": PREDICTED}
    if claimed is not None:
        call = student.run.evaluate(recording.trainings[0], PairRecord())
        call.kind, call.predictions = "predict", "claimed.npy"
        arrays["claimed.npy"] = claimed
    for name, array in (MATRICES | (matrices or {}) | {"boots": boots}).items():
        if array is not None:
            file = f"{name}.npy"
            recording.arrays[name] = ArrayRecord(shape=[1], dtype="int64", file=file)
            arrays[file] = np.asarray(array)
    return checked(data, recording, arrays)


def checked(data: DataSet, recording: Recording, arrays: dict[str, Any]) -> list[CheckResult]:
    """Check a recording with these arrays by file name."""
    folder = RecordingFolder(ASSIGNMENT.folder, recording, arrays)
    return run_checks(CheckContext(ASSIGNMENT, folder, expected(), [data]))


def right(*order: str, without: tuple[str, ...] = (), **changes: dict[str, Any]) -> Solution:
    """Make the run of a right solution, with the accuracies that go with it."""
    all_changes = {
        name: {"accuracy": accuracy} | changes.get(name, {}) for name, accuracy in ACCURACY.items()
    }
    return Solution(*order, without=without, **all_changes)


def lost_in(results: list[CheckResult]) -> set[str]:
    """Name the exercises that lost points."""
    return {result.exercise for result in results if result.score < result.points}
