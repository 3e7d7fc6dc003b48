"""Small factories for what a run records: networks, trainings, whole recordings."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from graders.assignment import load_assignment
from graders.checks.context import CheckContext
from graders.expectations import Expectations
from graders.recording import RecordingFolder
from graders.recording.schema import (
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

TRAIN, TEST, PIXELS = 60_000, 10_000, 784


# -- layers ---------------------------------------------------------------------------------


def layer(type_: str, **config: Any) -> LayerRecord:
    return LayerRecord(type=type_, config=config)


def dense(units: int, activation: str = "relu", **config: Any) -> LayerRecord:
    return layer("Dense", units=units, activation=activation, use_bias=True, **config)


def conv(filters: int, size: int = 3, *, strides: int = 1, **config: Any) -> LayerRecord:
    settings: dict[str, Any] = {
        "filters": filters,
        "kernel_size": [size, size],
        "strides": [strides, strides],
        "padding": "valid",
        "activation": "relu",
        "use_bias": True,
    }
    return layer("Conv2D", **(settings | config))


def pool(size: int = 2, **config: Any) -> LayerRecord:
    settings: dict[str, Any] = {
        "pool_size": [size, size],
        "strides": [size, size],
        "padding": "valid",
    }
    return layer("MaxPooling2D", **(settings | config))


def inputs(*shape: int) -> LayerRecord:
    return LayerRecord(type="InputLayer", output_shape=[None, *shape])


def dense_layers(*hidden: int) -> list[LayerRecord]:
    """784 inputs, hidden relu layers, 10 softmax outputs."""
    return [inputs(PIXELS), *(dense(units) for units in hidden), dense(10, "softmax")]


def pooled_layers(first: int = 16, second: int = 8) -> list[LayerRecord]:
    return [
        inputs(28, 28, 1),
        conv(first),
        pool(),
        conv(second),
        pool(),
        layer("Flatten"),
        dense(10, "softmax"),
    ]


def strided_layers(first: int = 16, second: int = 8) -> list[LayerRecord]:
    return [
        inputs(28, 28, 1),
        conv(first, strides=2),
        conv(second, strides=2),
        layer("Flatten"),
        dense(10, "softmax"),
    ]


# -- compile settings and data --------------------------------------------------------------


def compiled(
    optimizer: str = "SGD",
    rate: float | None = None,
    *,
    loss: str = "sparse_categorical_crossentropy",
    metrics: Sequence[str] = ("accuracy",),
    **more: Any,
) -> CompileRecord:
    """Compile settings; the learning rate is Keras' default where none is given."""
    default = 0.01 if optimizer == "SGD" else 0.001
    return CompileRecord(
        optimizer=optimizer,
        learning_rate=default if rate is None else rate,
        loss=loss,
        metrics=list(metrics),
        **more,
    )


def pair(
    items: int,
    split: str,
    *,
    shape: Sequence[int] = (PIXELS,),
    top: float = 1.0,
    one_hot: bool = False,
    agreement: float = 1.0,
) -> PairRecord:
    """Images and labels of a split, the first so many."""
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
    """Images that a student has made, with their labels: no item of the data set is among them."""
    found = pair(items, "train", shape=shape, top=top)
    assert found.x is not None
    found.x.origin, found.x.digest = None, digest or f"made{items}"
    return found.model_copy(update={"form": form})


def scores_of(repeats: Sequence[float | Scores | None]) -> list[Scores | None]:
    """What further attempts were measured at; a number alone is a test accuracy."""
    return [{"test_accuracy": r} if isinstance(r, int | float) else r for r in repeats]


# -- whole runs -----------------------------------------------------------------------------


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
        network = self.build(layers, settings or compiled(), exercise=exercise)
        convolutional = any(one.type == "Conv2D" for one in layers)
        form = shape or ((28, 28, 1) if convolutional else (PIXELS,))
        training = TrainingRecord(
            id=next(self._ids),
            network=network.id,
            model=network.model,
            cell=network.cell,
            status=status,  # type: ignore[arg-type]  # tests use known words only
            data=pair(items, split, shape=form, top=top, one_hot=one_hot, agreement=agreement),
            validation=pair(TEST, "test", shape=form, top=top, one_hot=one_hot)
            if validated
            else None,
            validation_split=validation_split,
            epochs=epochs,
            epochs_before=epochs_before,
            batch_size=64,
            measured={"test_accuracy": accuracy},
            measured_by="grader",
            repeats=scores_of(repeats),
            request=len(self.recording.trainings),
        )
        self.recording.trainings.append(training)
        return training

    def build(
        self,
        layers: list[LayerRecord],
        settings: CompileRecord | None = None,
        *,
        exercise: str | None = None,
    ) -> NetworkRecord:
        """Build a network, and compile it where there are settings, without training it."""
        cell = self.cell("model = ...", exercise=exercise)
        number = next(self._ids)
        network = NetworkRecord(
            id=number,
            model=number,
            cell=cell.index,
            kind="Sequential",
            layers=layers,
            compiled=settings,
            names=["model"],
        )
        self.recording.networks.append(network)
        return network

    def evaluate(self, training: TrainingRecord, data: PairRecord, **scores: float) -> CallRecord:
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
        cell = Cell(
            index=len(self.recording.cells),
            kind=kind,  # type: ignore[arg-type]  # tests use known kinds only
            source=source,
            exercise=exercise,
            role=role,  # type: ignore[arg-type]  # and known roles
        )
        self.recording.cells.append(cell)
        return cell

    def folder(self, path: Path | None = None) -> RecordingFolder:
        return RecordingFolder(path or Path("unused"), self.recording)

    def context(self) -> CheckContext:
        """Everything that the checks of fashion_cnn ask for, without any data set."""
        return CheckContext(
            load_assignment("fashion_cnn"),
            self.folder(),
            Expectations.load("fashion_cnn"),
            data=[],
        )
