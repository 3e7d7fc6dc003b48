"""Recordings as a hostile process writes them, graded from the folder to the class's page."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graders.batch import line_of, outline, write_class, write_feedback
from graders.gradebook import StudentRow
from graders.grading import RECORDING, Checker
from graders.ran import Ended, Ran
from graders.recording.schema import ArrayRecord
from graders.result import Result, SubmissionInfo
from reference.datasets import DataSet
from tests.checks.builders import Run, compiled, dense, inputs, pair
from tests.checks.test_fashion_cnn import (
    ANSWERS,
    ASSIGNMENT,
    BOOTS,
    FIRST_WRONG,
    MATRICES,
    PREDICTED,
    expected,
    right,
)

CHECKS = 29


@dataclass
class Case:
    """One recording: its JSON, which tests damage, and its arrays by file name."""

    raw: dict[str, Any]
    files: dict[str, NDArray[Any] | bytes] = field(default_factory=dict)

    def write(self, folder: Path, text: bytes | None = None) -> None:
        """Write it where a student's process would; `text` in place of the JSON."""
        recording = folder / RECORDING
        recording.mkdir(parents=True)
        content = json.dumps(self.raw).encode() if text is None else text
        (recording / "recording.json").write_bytes(content)
        for name, array in self.files.items():
            if isinstance(array, bytes):
                (recording / name).write_bytes(array)
            else:
                np.save(recording / name, array, allow_pickle=True)


def good() -> Case:
    """A right solution; its trainings are claims, so that nobody can judge them."""
    run = right().run
    for training in run.recording.trainings:
        training.predictions = "predicted.npy"
    run.recording.values.update(answers=dict(ANSWERS), first_wrong=FIRST_WRONG)
    return _case(run, MATRICES | {"boots": BOOTS})


def worthless() -> Case:
    """A run of which nothing earns a point."""
    run = Run()
    training = run.fit(
        [inputs(5, 5), dense(3, "tanh"), dense(4, "tanh")],
        compiled("Adam", 0.5, loss="mse", metrics=()),
        items=7,
        epochs=1,
        shape=(5, 5),
        top=255.0,
        split="mixed",
        agreement=0.1,
        validated=False,
    )
    training.predictions = "predicted.npy"
    run.evaluate(training, pair(7, "mixed"), accuracy=0.1)
    run.build([dense(3, "tanh")])
    run.recording.values.update(answers=dict.fromkeys(ANSWERS, "12"), first_wrong="none")
    return _case(run, {name: np.ones((5, 5)) for name in MATRICES} | {"boots": np.arange(3)})


def _case(run: Run, arrays: dict[str, Any]) -> Case:
    for index in range(len(run.recording.cells)):
        run.recording.outcomes.append({"index": index, "status": "ok"})  # type: ignore[arg-type]  # as JSON
    files = {"predicted.npy": PREDICTED}
    for name, array in arrays.items():
        files[f"{name}.npy"] = np.asarray(array)
        record = ArrayRecord(shape=list(np.shape(array)), dtype="int64", file=f"{name}.npy")
        run.recording.arrays[name] = record
    return Case(json.loads(json.dumps(run.recording.model_dump(warnings=False))), files)


class Bench:
    """Checks what lies in a folder, and writes all that a class gets."""

    def __init__(self, data: DataSet) -> None:
        self.checker = Checker(ASSIGNMENT, [data])
        self.checker.__dict__["expected"] = expected()

    def grade(self, folder: Path) -> Result:
        """Grade a written recording; each file is read again as what it must be."""
        info = SubmissionInfo(student="Mallory", files=["mallory.ipynb"])
        ended = Ended(how="finished", seconds=1.0)
        ran = Ran(assignment="fashion_cnn", submission=info, ended=ended)
        result = self.checker.check(ran, folder)
        result.save(folder / "result.json")
        write_feedback(result, folder)
        student = StudentRow("name:Mallory", "Mallory", ".")
        write_class([line_of(outline(result), student)], folder, title=ASSIGNMENT.title)
        return Result.load(folder / "result.json")
