"""What a run leaves behind: a recording written step by step, its folder, and run.json."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graders.assignment import Assignment, load_assignment
from graders.checks.context import CheckContext
from graders.expectations import Expectations
from graders.ran import Ended, Ran
from graders.recording import RecordingFolder
from graders.recording.schema import (
    ArrayRecord,
    CallRecord,
    Cell,
    CompileRecord,
    DataRecord,
    LabelRecord,
    LayerRecord,
    NetworkRecord,
    Origin,
    PairRecord,
    Recording,
    Scores,
    TrainingRecord,
)
from graders.result import SubmissionInfo
from reference.datasets import DataSet
from tests.builders.networks import PIXELS, compiled
from tests.builders.results import info

TRAIN, TEST = 60_000, 10_000


def pair(
    items: int,
    split: str,
    *,
    shape: Sequence[int] = (PIXELS,),
    top: float = 1.0,
    one_hot: bool = False,
    agreement: float = 1.0,
) -> PairRecord:
    """Make images and labels of a split, the first so many."""
    origin = Origin(
        data_set="fashion_mnist",
        split=split,  # type: ignore[arg-type]  # tests use known splits only
        order="first",
        items=items,
        scale=top / 255,
        offset=0.0,
    )
    return PairRecord(
        x=DataRecord(
            digest=f"{split}{items}",
            shape=[items, *shape],
            dtype="float32",
            minimum=0.0,
            maximum=top,
            mean=0.29 * top,
            origin=origin,
        ),
        y=LabelRecord(
            shape=[items, 10] if one_hot else [items],
            dtype="uint8",
            one_hot=one_hot,
            classes=10,
            agreement=agreement,
        ),
    )


def made_pair(
    items: int,
    *,
    shape: Sequence[int] = (28, 28, 1),
    top: float = 1.0,
    form: str = "arrays",
    digest: str = "",
) -> PairRecord:
    """Make images of a student's own, with labels: no item of the data set is among them."""
    found = pair(items, "train", shape=shape, top=top)
    assert found.x is not None
    found.x.origin, found.x.digest = None, digest or f"made{items}"
    return found.model_copy(update={"form": form})


def scores_of(repeats: Sequence[float | Scores | None]) -> list[Scores | None]:
    """Make what further attempts were measured at; a number alone is a test accuracy."""
    return [{"test_accuracy": r} if isinstance(r, int | float) else r for r in repeats]


def network(number: int, layers: list[LayerRecord], **changes: Any) -> NetworkRecord:
    """Make the record of a network, the only state of its model."""
    usual = {"id": number, "model": number, "kind": "Sequential", "names": ["model"]}
    return NetworkRecord(layers=layers, **(usual | changes))


def training(**changes: Any) -> TrainingRecord:
    """Make the record of one call of fit."""
    usual = {
        "id": 1,
        "network": 1,
        "model": 1,
        "cell": 3,
        "status": "ok",
        "data": PairRecord(),
        "epochs": 3,
        "epochs_before": 0,
        "batch_size": 32,
    }
    return TrainingRecord(**(usual | changes))


class Run:
    """A student's run, written down step by step: `run.fit(...)` as the student calls fit."""

    def __init__(self) -> None:
        self.recording = Recording(status="complete")
        self._ids = itertools.count(1)

    def fit(
        self,
        layers: list[LayerRecord],
        settings: CompileRecord | None = None,
        *,
        items: int = TRAIN,
        epochs: int = 3,
        epochs_before: int = 0,
        exercise: str | None = None,
        accuracy: float | None = 0.77,
        status: str = "ok",
        top: float = 1.0,
        one_hot: bool = False,
        agreement: float = 1.0,
        shape: Sequence[int] | None = None,
        validated: bool = True,
        split: str = "train",
        validation_split: float = 0.0,
        repeats: Sequence[float | Scores | None] = (),
    ) -> TrainingRecord:
        """Build, compile and train a network in a cell of its own."""
        built = self.build(layers, settings or compiled(), exercise=exercise)
        convolutional = any(one.type == "Conv2D" for one in layers)
        form = shape or ((28, 28, 1) if convolutional else (PIXELS,))
        validation = pair(TEST, "test", shape=form, top=top, one_hot=one_hot)
        made = training(
            id=next(self._ids),
            network=built.id,
            model=built.model,
            cell=built.cell,
            status=status,
            data=pair(items, split, shape=form, top=top, one_hot=one_hot, agreement=agreement),
            validation=validation if validated else None,
            validation_split=validation_split,
            epochs=epochs,
            epochs_before=epochs_before,
            batch_size=64,
            measured={"test_accuracy": accuracy},
            measured_by="grader",
            repeats=scores_of(repeats),
            request=len(self.recording.trainings),
        )
        self.recording.trainings.append(made)
        return made

    def build(
        self,
        layers: list[LayerRecord],
        settings: CompileRecord | None = None,
        *,
        exercise: str | None = None,
    ) -> NetworkRecord:
        """Build a network, and compile it where there are settings, without training it."""
        cell = self.cell("model = ...", exercise=exercise)
        made = network(next(self._ids), layers, cell=cell.index, compiled=settings)
        self.recording.networks.append(made)
        return made

    def evaluate(self, training: TrainingRecord, data: PairRecord, **scores: float) -> CallRecord:
        """Evaluate the network of a training."""
        call = CallRecord(
            kind="evaluate",
            model=training.model,
            after_training=training.id,
            cell=training.cell,
            data=data,
            scores=dict(scores),
        )
        self.recording.calls.append(call)
        return call

    def cell(
        self,
        source: str,
        *,
        kind: str = "code",
        exercise: str | None = None,
        role: str | None = None,
    ) -> Cell:
        """Add a cell."""
        cell = Cell(
            index=len(self.recording.cells),
            kind=kind,  # type: ignore[arg-type]  # tests use known kinds only
            source=source,
            exercise=exercise,
            role=role,  # type: ignore[arg-type]  # and known roles
        )
        self.recording.cells.append(cell)
        return cell

    def folder(self) -> RecordingFolder:
        """Return the recording as checks read it, without any file."""
        return RecordingFolder(Path("unused"), self.recording)

    def context(self) -> CheckContext:
        """Return all that the checks of fashion_cnn ask for, without any data set."""
        return CheckContext(
            load_assignment("fashion_cnn"),
            self.folder(),
            Expectations.load("fashion_cnn"),
            data=[],
        )


def context(
    assignment: Assignment,
    recording: Recording | RecordingFolder | None = None,
    data: Sequence[DataSet] = (),
) -> CheckContext:
    """Make what checks are given, without anything that the reference has reached."""
    found = recording or Recording(status="complete")
    if isinstance(found, Recording):
        found = RecordingFolder(Path("unused"), found)
    return CheckContext(assignment, found, Expectations(assignment=assignment.id), list(data))


def ran(assignment: str = "fashion_cnn", of: SubmissionInfo | None = None, **changes: Any) -> Ran:
    """Make what is kept of a run that finished."""
    ended = Ended(how="finished", seconds=1.0)
    usual = {"assignment": assignment, "submission": of or info(), "ended": ended}
    return Ran(**(usual | changes))


def write(folder: Path, recording: Recording | None = None) -> Path:
    """Write recording.json and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    content = (recording or Recording()).model_dump_json()
    (folder / "recording.json").write_text(content, encoding="utf-8")
    return folder


def with_array(folder: Path, file: str, array: NDArray[Any] | bytes) -> RecordingFolder:
    """Open a recording whose variable `a` is said to stand in `file`."""
    if isinstance(array, bytes):
        (folder / "a.npy").write_bytes(array)
    else:
        np.save(folder / "a.npy", array, allow_pickle=True)
    record = ArrayRecord(shape=[1], dtype="int64", file=file)
    return RecordingFolder.open(write(folder, Recording(arrays={"a": record})))


def npy(header: str, body: bytes = b"") -> bytes:
    """Make an .npy file (version 1.0) with any text as its header."""
    text = header.encode().ljust(118 - 1) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + body
