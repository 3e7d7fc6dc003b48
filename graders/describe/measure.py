"""Measure what a trained network predicts on the test set, in the form that it was fed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graders.describe.arrays import DataWatcher, Pair
from graders.describe.origin import KnownData
from graders.recording.schema import Origin, PairRecord

_CHUNK = 2000
# What single precision leaves of a value, with room for how it was computed.
_ROUNDING = 1e-4


@dataclass(frozen=True)
class Measurement:
    """The predicted class of every test item, shape (items,), and the share that is right."""

    classes: NDArray[np.uint8]
    accuracy: float


def measure_training(
    model: Any,
    data: DataWatcher,
    training: tuple[Pair | None, PairRecord | None],
    validation: tuple[Pair | None, PairRecord | None],
) -> Measurement | None:
    """Let a network classify the test set, brought into the form that the network was fed.

    Args:
        model: a trained keras.Model.
        data: knows the data sets.
        training: what it was trained on, and its description.
        validation: what it was validated on; it shows how the test set was prepared, where the
            training items don't tell.

    Returns:
        None where the form can't be told, or the network is no classifier of single items.

    """
    for _, record in (training, validation):
        form = data.form_of(record) if record is not None else None
        if form is not None:
            return measure(model, form)
    pair, record = validation
    origin = record.x.origin if record is not None and record.x is not None else None
    if pair is None or pair.x is None or origin is None or origin.split != "test":
        return None
    known = next(known for known in data.known if known.name == origin.data_set)
    inputs = prepared_by_pixel(pair.x, known.splits["test"].images)
    return None if inputs is None else measure(model, (known, origin, []), inputs=inputs)


def prepared_by_pixel(given: NDArray[Any], images: NDArray[Any]) -> NDArray[np.float32] | None:
    """Prepare the test set as it was done, where each pixel has a scale and an offset of its own.

    That is how scikit-learn's StandardScaler does it, and who takes away the mean image. The
    result is made from our own images: in what was given, labels could be hidden.

    Args:
        given: the test set as it was prepared, shape (items, ...).
        images: the test set, shape (items, ...), 0..255.

    Returns:
        Shape as given; None where that is not how it was prepared.

    """
    if len(given) != len(images) or given[0].size != images[0].size:
        return None
    ours = images.reshape(len(images), -1).astype(np.float64)
    theirs = np.asarray(given, dtype=np.float64).reshape(len(images), -1)
    if not np.isfinite(theirs).all():
        return None
    centred, wanted = ours - ours.mean(axis=0), theirs - theirs.mean(axis=0)
    power = np.sum(centred**2, axis=0)
    scale = np.divide(
        np.sum(centred * wanted, axis=0), power, out=np.zeros_like(power), where=power > 0
    )
    found = ours * scale + (theirs.mean(axis=0) - ours.mean(axis=0) * scale)
    if np.abs(found - theirs).max() > _ROUNDING * max(np.abs(theirs).max(), 1e-9):
        return None
    prepared: NDArray[np.float32] = found.astype(np.float32).reshape(given.shape)
    return prepared


def measure(
    model: Any,
    form: tuple[KnownData, Origin, list[int]],
    inputs: NDArray[Any] | None = None,
) -> Measurement | None:
    """Let a network classify the test set.

    Args:
        model: a trained keras.Model.
        form: the data set, how its pixels were scaled for this network, and the item shape.
        inputs: the test set as the student prepared it, where scaling alone doesn't tell how.

    Returns:
        None where the network is no classifier of single items.

    """
    known, origin, shape = form
    test = known.splits["test"]
    outputs = []
    for start in range(0, len(test.labels), _CHUNK):
        if inputs is not None:
            part = np.asarray(inputs[start : start + _CHUNK], dtype=np.float32)
        else:
            part = _in_form(test.images[start : start + _CHUNK], origin, shape)
        output = model(part, training=False)
        if isinstance(output, list | tuple | dict):
            return None
        result = np.asarray(output)
        if result.ndim != 2 or not 1 < result.shape[1] <= 256:
            return None
        outputs.append(np.argmax(result, axis=1).astype(np.uint8))
    classes = np.concatenate(outputs)
    if len(classes) != len(test.labels):
        return None
    return Measurement(classes, float(np.mean(classes == test.labels)))


def _in_form(images: NDArray[Any], origin: Origin, shape: list[int]) -> NDArray[np.float32]:
    scale = 1.0 if origin.scale is None else origin.scale
    values = images.astype(np.float64) * scale + (origin.offset or 0.0)
    return values.astype(np.float32).reshape(len(images), *shape)
