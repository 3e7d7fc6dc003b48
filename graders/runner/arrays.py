"""Describe what is handed to fit, evaluate and predict: inputs, labels, and their origin."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graders.recording.schema import DataRecord, LabelRecord, Origin, PairRecord
from graders.runner.origin import KnownData, project

_DATASET_ITEMS = 200_000
_MANY_CLASSES = 1000


@dataclass
class _Described:
    record: DataRecord
    known: KnownData | None = None
    rows: NDArray[np.int64] | None = None


@dataclass
class Pair:
    """Inputs and targets of one call, as arrays where that is possible."""

    x: NDArray[Any] | None
    y: NDArray[Any] | None
    form: str
    batch_size: int | None = None


@dataclass
class DataWatcher:
    """Describes arrays, and remembers those that it has already seen unchanged."""

    known: list[KnownData]
    _seen: dict[tuple[Any, ...], _Described] = field(default_factory=dict)

    def describe(self, pair: Pair) -> PairRecord:
        """Describe the inputs and targets of one call."""
        described = self._inputs(pair.x) if pair.x is not None else None
        labels = self._labels(pair.y, described) if pair.y is not None else None
        record = described.record if described else None
        if record is not None and record.origin is None and pair.y is not None:
            record = record.model_copy(update={"origin": self._by_labels(pair.y)})
        return PairRecord(x=record, y=labels, form=pair.form)

    def origin(self, array: NDArray[Any]) -> Origin | None:
        """Find where an array came from, if it can be told from its values."""
        described = self._inputs(array)
        return described.record.origin if described else None

    def form_of(self, record: PairRecord) -> tuple[KnownData, Origin, list[int]] | None:
        """Return data set, origin and item shape of inputs whose values were recognised."""
        if record.x is None or record.x.origin is None or record.x.origin.by != "values":
            return None
        for known in self.known:
            if known.name == record.x.origin.data_set:
                return known, record.x.origin, record.x.shape[1:]
        return None

    def _inputs(self, array: NDArray[Any]) -> _Described | None:
        if array.dtype.kind not in "biuf" or not array.size or not array.ndim:
            return None
        # Reading the sums costs a tenth of the whole description, and any change alters them.
        sums = project(array) if array.ndim > 1 else np.asarray(array, dtype=np.float64)
        fingerprint = hashlib.sha256(sums.tobytes()).hexdigest()
        key = (fingerprint, array.shape, array.dtype.str)
        if key not in self._seen:
            self._seen[key] = self._fresh(array)
        return self._seen[key]

    def _fresh(self, array: NDArray[Any]) -> _Described:
        found = None
        for known in self.known:
            found = known.find(array)
            if found is not None:
                break
        record = DataRecord(
            digest=_digest(array),
            shape=list(array.shape),
            dtype=str(array.dtype),
            minimum=number(np.min(array)) if array.size else None,
            maximum=number(np.max(array)) if array.size else None,
            mean=number(np.mean(array)) if array.size else None,
            origin=found[0] if found else None,
        )
        return _Described(record, known if found else None, found[1] if found else None)

    def _labels(self, y: NDArray[Any], inputs: _Described | None) -> LabelRecord:
        one_hot = y.ndim == 2 and y.shape[1] > 1
        classes = class_indices(y)
        agreement = None
        if inputs and inputs.known is not None and inputs.rows is not None and classes is not None:
            true = inputs.known.labels_of(inputs.rows)
            if len(true) == len(classes):
                agreement = float(np.mean(true == classes))
        distinct = len(np.unique(classes)) if classes is not None else 0
        return LabelRecord(
            shape=list(y.shape),
            dtype=str(y.dtype),
            one_hot=one_hot,
            classes=min(distinct, _MANY_CLASSES),
            agreement=agreement,
        )

    def _by_labels(self, y: NDArray[Any]) -> Origin | None:
        classes = class_indices(y)
        if classes is None:
            return None
        for known in self.known:
            origin = known.find_by_labels(classes)
            if origin is not None:
                return origin
        return None


def take_pair(x: Any, y: Any = None) -> Pair:
    """Turn what Keras accepts into arrays where that can be done without changing it.

    A tf.data.Dataset of known, moderate size is read once more; generators are left alone,
    because reading them would use them up.
    """
    if hasattr(x, "as_numpy_iterator"):
        return _read_dataset(x)
    if isinstance(x, list | tuple) and len(x) == 1 and hasattr(x[0], "shape"):
        x = x[0]
    array = as_array(x)
    if array is None:
        return Pair(None, as_array(y), "other", batch_size=_first_batch(x))
    return Pair(array, as_array(y), "arrays")


def class_indices(y: NDArray[Any]) -> NDArray[np.int64] | None:
    """Labels as class numbers, shape (n,), from integers, a column, or one-hot rows."""
    if y.dtype.kind not in "biuf" or not y.size:
        return None
    if y.ndim == 2 and y.shape[1] > 1:
        return np.asarray(np.argmax(y, axis=1), dtype=np.int64)
    flat = y.reshape(-1)
    if flat.dtype.kind == "f" and not np.isfinite(flat).all():
        return None
    return flat.astype(np.int64)


def as_array(value: Any) -> NDArray[Any] | None:
    """NumPy view of arrays, tensors, data frames and lists of numbers; None for the rest."""
    if isinstance(value, np.ndarray):
        return value
    if value is None or isinstance(value, str | bytes | dict | set) or callable(value):
        return None
    try:
        array = np.asarray(value)
    except Exception:  # noqa: BLE001 - a foreign __array__ may raise anything
        return None
    return array if array.dtype.kind in "biuf" and array.ndim else None


def number(value: Any) -> float | None:
    """A finite float, or None."""
    result = float(value)
    return result if math.isfinite(result) else None


def _first_batch(x: Any) -> int | None:
    """Batch size of a keras.utils.PyDataset, whose batches can be read by their numbers."""
    try:
        return len(x[0][0]) if hasattr(x, "__getitem__") and hasattr(x, "num_batches") else None
    except Exception:  # noqa: BLE001 - a student's generator may raise anything; fit will say it
        return None


def _read_dataset(dataset: Any) -> Pair:
    try:
        batches = int(dataset.cardinality())
        if not 0 < batches <= _DATASET_ITEMS:
            # Endless or of unknown length: its first batch at least tells the batch size.
            first = next(iter(dataset.take(1).as_numpy_iterator()))
            return Pair(None, None, "tf.data", batch_size=len(first[0]))
        inputs: list[NDArray[Any]] = []
        targets: list[NDArray[Any]] = []
        count = 0
        for element in dataset.as_numpy_iterator():
            if not isinstance(element, tuple) or len(element) < 2:
                return Pair(None, None, "tf.data")
            inputs.append(np.asarray(element[0]))
            targets.append(np.asarray(element[1]))
            count += len(inputs[-1])
            if count > _DATASET_ITEMS:
                return Pair(None, None, "tf.data")
        return Pair(
            np.concatenate(inputs), np.concatenate(targets), "tf.data", batch_size=len(inputs[0])
        )
    except Exception:  # noqa: BLE001 - a student's pipeline may raise anything; fit will say it
        return Pair(None, None, "tf.data")


def _digest(array: NDArray[Any]) -> str:
    """SHA-256 of the shape and of the values as float32, in chunks."""
    hasher = hashlib.sha256(repr(array.shape).encode())
    for start in range(0, len(array), 8192):
        part = np.ascontiguousarray(array[start : start + 8192], dtype=np.float32)
        hasher.update(part.tobytes())
    return hasher.hexdigest()
