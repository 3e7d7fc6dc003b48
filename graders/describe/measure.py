"""Measure what a trained network predicts on the test set, in the form that it was fed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graders.describe.arrays import DataWatcher, Pair
from graders.describe.origin import KnownData, lay_out
from graders.recording.schema import Layout, Origin, PairRecord

_CHUNK = 2000
# Pixels of all items that are looked at together.
_PIXELS = 56
# What single precision leaves of a value, with room for how it was computed.
_ROUNDING = 1e-4
# Black and white as pixels are usually scaled, and how far transformed images may miss them.
_RANGES = ((0.0, 1.0), (0.0, 255.0), (-1.0, 1.0), (-0.5, 0.5))
_RANGE_MISSED = 0.02


@dataclass(frozen=True)
class Measurement:
    """The predicted class of every test item, shape (items,), and the share that is right."""

    classes: NDArray[np.uint8]
    accuracy: float
    # The same share of further test sets, by their names.
    others: dict[str, float] = field(default_factory=dict)

    @property
    def scores(self) -> dict[str, float | None]:
        """All shares, 0..1, as they are kept: test_accuracy, and others by their names."""
        others = {score_name(name): share for name, share in self.others.items()}
        return {score_name("test"): self.accuracy, **others}


def score_name(test_set: str) -> str:
    """Under which name the accuracy on a test set is kept."""
    return f"{test_set}_accuracy"


def measure_training(
    model: Any,
    data: DataWatcher,
    training: tuple[Pair | None, PairRecord | None],
    validation: tuple[Pair | None, PairRecord | None],
) -> Measurement | None:
    """Let a network classify the test sets, brought into the form that the network was fed.

    Args:
        model: a trained keras.Model.
        data: knows the data sets.
        training: what it was trained on, and its description.
        validation: what it was validated on.

    Returns:
        None where the form can't be told, or the network is no classifier of single items.

    """
    for _, record in (training, validation):
        form = data.form_of(record) if record is not None else None
        if form is not None and not is_scrambled_test(form[1]):
            return measure(model, form)
    # The validation data first: they are the test set itself, as the student prepared it.
    for pair, record in (validation, training):
        origin = record.x.origin if record is not None and record.x is not None else None
        if pair is None or pair.x is None or origin is None or origin.by != "labels":
            continue
        known = next(known for known in data.known if known.name == origin.data_set)
        found = preparation_of(pair.x, known.splits[origin.split].images)
        if found is not None:
            return _measured(model, known, partial(found.applied, shape=pair.x.shape[1:]))
    record = training[1]
    if record is None or record.x is None:
        return None
    for known in data.known:
        origin = origin_by_range(record, known) if known.test_sets else None
        if origin is not None:
            return measure(model, (known, origin, record.x.shape[1:]))
    return None


def origin_by_range(record: PairRecord, known: KnownData) -> Origin | None:
    """Tell how transformed images were scaled, where their pixels have a usual range.

    Their values are no item's of the data set, as after a rotation; but black and white are where
    they were. What else was done to them can't be told, so this serves only where an assignment
    has students make such images.

    Returns:
        None where they have another size, or no usual range.

    """
    x = record.x
    images = known.splits["train"].images
    if x is None or x.minimum is None or x.maximum is None or len(x.shape) < 2:
        return None
    if math.prod(x.shape[1:]) != images[0].size:
        return None
    for black, white in _RANGES:
        close = _RANGE_MISSED * (white - black)
        if abs(x.minimum - black) <= close and abs(x.maximum - white) <= close:
            return Origin(
                data_set=known.name,
                split="train",
                order="selected",
                items=0,
                scale=(white - black) / 255.0,
                offset=black,
            )
    return None


def is_scrambled_test(origin: Origin) -> bool:
    """Tell whether test images were scrambled, which says nothing of the training images."""
    return origin.split == "test" and origin.layout == "scrambled"


@dataclass(frozen=True)
class Preparation:
    """How each pixel was prepared, shape (pixels,): clip(scale * pixel + offset, low, high)."""

    scale: NDArray[np.float64]
    offset: NDArray[np.float64]
    low: float
    high: float

    def applied(self, images: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Prepare images, shape (items, ...), in the same way; shape (items, *shape)."""
        flat = images.reshape(len(images), -1)
        prepared = np.empty(flat.shape, dtype=np.float32)
        for start in range(0, len(flat), _CHUNK):
            part = flat[start : start + _CHUNK] * self.scale + self.offset
            prepared[start : start + _CHUNK] = np.clip(part, self.low, self.high)
        return prepared.reshape(len(images), *shape)


def preparation_of(given: NDArray[Any], images: NDArray[Any]) -> Preparation | None:
    """Find how images were prepared, where each pixel has a scale and an offset of its own.

    That is how scikit-learn's StandardScaler and MinMaxScaler do it, and who takes away the mean
    image; what falls outside of the wanted range may have been clipped. Only this is kept of what
    was given: in the values themselves, labels could be hidden.

    Args:
        given: images as they were prepared, shape (items, ...).
        images: the same ones as they were served, shape (items, ...), 0..255.

    Returns:
        None where that is not how they were prepared.

    """
    if len(given) != len(images) or given[0].size != images[0].size:
        return None
    ours, theirs = images.reshape(len(images), -1), given.reshape(len(images), -1)
    low, high = float(theirs.min()), float(theirs.max())
    if not np.isfinite([low, high]).all():
        return None
    close = _ROUNDING * max(abs(low), abs(high), 1e-9)
    lines = np.zeros((2, ours.shape[1]))
    clipped = False
    for start in range(0, ours.shape[1], _PIXELS):
        block = slice(start, start + _PIXELS)
        x, y = ours[:, block].astype(np.float64), theirs[:, block].astype(np.float64)
        lines[:, block] = _fitted(x, y, np.ones_like(y))
        wrong = start + np.flatnonzero(~_fits(x, y, lines[:, block], close))
        clipped = clipped or bool(len(wrong))
        for pixel in wrong:
            x, y = ours[:, [pixel]].astype(np.float64), theirs[:, [pixel]].astype(np.float64)
            # What was clipped says nothing of the line; which end was clipped has to be tried.
            inside = (y < high, y > low, (low < y) & (y < high))
            tried = (_fitted(x, y, mask.astype(np.float64)) for mask in inside)
            line = next((one for one in tried if _fits(x, y, one, close, (low, high)).all()), None)
            if line is None:
                return None
            lines[:, [pixel]] = line
    ends = (low, high) if clipped else (-np.inf, np.inf)
    return Preparation(lines[0], lines[1], *ends)


def _fitted(
    x: NDArray[np.float64], y: NDArray[np.float64], counts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Scale and offset by least squares of what counts (1 or 0), each column alone."""
    number = np.maximum(counts.sum(axis=0), 1)
    x_mean, y_mean = (x * counts).sum(axis=0) / number, (y * counts).sum(axis=0) / number
    centred = (x - x_mean) * counts
    power = (centred**2).sum(axis=0)
    product = (centred * (y - y_mean)).sum(axis=0)
    scale = np.divide(product, power, out=np.zeros_like(power), where=power > 0)
    return np.stack([scale, y_mean - scale * x_mean])


def _fits(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    line: NDArray[np.float64],
    close: float,
    ends: tuple[float, float] = (-np.inf, np.inf),
) -> NDArray[np.bool_]:
    """Tell for each column whether its line gives the values, clipped at the ends."""
    wrong = np.abs(np.clip(x * line[0] + line[1], *ends) - y).max(axis=0)
    return np.asarray(wrong <= close)


def measure(model: Any, form: tuple[KnownData, Origin, list[int]]) -> Measurement | None:
    """Let a network classify the test sets.

    Args:
        model: a trained keras.Model.
        form: the data set, how its pixels were laid out and scaled for this network, and the
            shape of an item.

    Returns:
        None where the network is no classifier of single items.

    """
    known, origin, shape = form
    return _measured(model, known, lambda part: _in_form(part, origin, shape), origin.layout)


def _measured(
    model: Any,
    known: KnownData,
    prepared: Callable[[NDArray[Any]], NDArray[np.float32]],
    layout: Layout = "in place",
) -> Measurement | None:
    """Let a network classify each test set.

    Args:
        model: a trained keras.Model.
        known: the data set.
        prepared: brings some images, shape (n, ...), into the form that the network was fed.
        layout: where the pixels of its items lay.

    """
    found = {}
    for name, split in {"test": known.splits["test"], **known.test_sets}.items():
        classes = _classes(model, lay_out(split.images, layout), prepared)
        if classes is None or len(classes) != len(split.labels):
            return None
        found[name] = (classes, float(np.mean(classes == split.labels)))
    classes, accuracy = found.pop("test")
    return Measurement(classes, accuracy, {name: share for name, (_, share) in found.items()})


def _classes(
    model: Any, images: NDArray[Any], prepared: Callable[[NDArray[Any]], NDArray[np.float32]]
) -> NDArray[np.uint8] | None:
    """Let a network classify images, part by part; None where it is no classifier of items."""
    outputs = []
    for start in range(0, len(images), _CHUNK):
        output = model(prepared(images[start : start + _CHUNK]), training=False)
        if isinstance(output, list | tuple | dict):
            return None
        result = np.asarray(output)
        if result.ndim != 2 or not 1 < result.shape[1] <= 256:
            return None
        outputs.append(np.argmax(result, axis=1).astype(np.uint8))
    return np.concatenate(outputs)


def _in_form(images: NDArray[Any], origin: Origin, shape: list[int]) -> NDArray[np.float32]:
    scale = 1.0 if origin.scale is None else origin.scale
    values = images.astype(np.float64) * scale + (origin.offset or 0.0)
    return values.astype(np.float32).reshape(len(images), *shape)
