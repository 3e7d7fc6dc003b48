"""Describe what is handed to fit, evaluate and predict: inputs, labels, and their origin."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graders.describe.origin import KnownData, project
from graders.recording.schema import DataRecord, LabelRecord, Origin, PairRecord

# Of a pipeline, more is left unread.
_PIPELINE_ITEMS = 200_000
_PIPELINE_BYTES = 10**9
# Values that are looked at together: they stay in the processor's cache.
_PART = 1 << 17
_MANY_CLASSES = 1000


@dataclass
class _Described:
    """What was found out about an array, as far as it was asked for."""

    sums: NDArray[np.float64]
    scan: Scan | None = None
    searched: bool = False
    origin: Origin | None = None
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
        record, described = (self._inputs(pair.x) if pair.x is not None else None) or (None, None)
        labels = self._labels(pair.y, described) if pair.y is not None else None
        if record is not None and record.origin is None and pair.y is not None:
            record = record.model_copy(update={"origin": self._by_labels(pair.y)})
        return PairRecord(x=record, y=labels, form=pair.form)

    def origin(self, array: NDArray[Any]) -> Origin | None:
        """Find where an array came from, if it can be told from its values."""
        return self._searched(self._remembered(array), array) if _is_numeric(array) else None

    def scan(self, array: NDArray[Any]) -> Scan:
        """Name an array by its content, and give its range."""
        return _scanned(self._remembered(array), array)

    def origin_and_range(
        self, array: NDArray[Any]
    ) -> tuple[Origin | None, float | None, float | None]:
        """Find where an array came from, and its smallest and largest value."""
        described = self._remembered(array)
        origin = self._searched(described, array) if _is_numeric(array) else None
        known = described.scan
        low, high = (known.minimum, known.maximum) if known else range_of(array)
        return origin, low, high

    def form_of(self, record: PairRecord) -> tuple[KnownData, Origin, list[int]] | None:
        """Return data set, origin and item shape of inputs whose values were recognised."""
        if record.x is None or record.x.origin is None or record.x.origin.by != "values":
            return None
        for known in self.known:
            if known.name == record.x.origin.data_set:
                return known, record.x.origin, record.x.shape[1:]
        return None

    def scan_anew(self, array: NDArray[Any]) -> Scan:
        """Scan an array whatever is remembered, and remember it."""
        described = self._remembered(array)
        described.scan = scan(array)
        return described.scan

    def _inputs(self, array: NDArray[Any]) -> tuple[DataRecord, _Described] | None:
        if not _is_numeric(array):
            return None
        described = self._remembered(array)
        origin, values = self._searched(described, array), _scanned(described, array)
        record = DataRecord(
            digest=values.digest,
            shape=list(array.shape),
            dtype=str(array.dtype),
            minimum=values.minimum,
            maximum=values.maximum,
            mean=values.mean,
            origin=origin,
        )
        return record, described

    def _searched(self, described: _Described, array: NDArray[Any]) -> Origin | None:
        """Look an array up in the data sets, if that was not done before."""
        if not described.searched:
            described.searched = True
            for known in self.known:
                found = known.find(array, described.sums)
                if found is not None:
                    described.known = known
                    described.origin, described.rows = found
                    break
        return described.origin

    def _remembered(self, array: NDArray[Any]) -> _Described:
        """Return what is known of an array, if it is the same as before.

        Its sums cost a tenth of a scan, and any accidental change alters them. Its shape may have
        changed: the items are the same.
        """
        sums = project(array) if array.ndim > 1 else np.asarray(array, dtype=np.float64)
        if not np.isfinite(sums).all():
            return _Described(sums)  # these sums don't tell items apart
        digest = hashlib.sha256(sums.tobytes()).hexdigest()
        key = (digest, array.size, array.dtype.str)
        if key not in self._seen:
            self._seen[key] = _Described(sums)
        return self._seen[key]

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

    A tf.data.Dataset or a PyDataset of known, moderate size is read once more; generators are
    left alone, because reading them would use them up.
    """
    if is_flow(x):
        # Its source; to draw from it would change what the training draws.
        return Pair(x.x, x.y, "flow", batch_size=x.batch_size)
    if _is_dataset(x):
        return _read_pipeline(x, "tf.data")
    if _is_py_dataset(x):
        return _read_pipeline(x, "other")
    if isinstance(x, list | tuple) and len(x) == 1 and hasattr(x[0], "shape"):
        x = x[0]
    array = as_array(x)
    if array is None:
        return Pair(None, as_array(y), "other")
    return Pair(array, as_array(y), "arrays")


@dataclass(frozen=True)
class Scan:
    """An array's content, by SHA-256 of its float32 values in C order, and its range."""

    digest: str
    minimum: float | None
    maximum: float | None
    mean: float | None


def _scanned(described: _Described, array: NDArray[Any]) -> Scan:
    if described.scan is None:
        described.scan = scan(array)
    return described.scan


def scan(array: NDArray[Any]) -> Scan:
    """Read an array of numbers once. Negative zeros count as zeros."""
    hasher = hashlib.sha256()
    if not array.size:
        return Scan(hasher.hexdigest(), None, None, None)
    flat = array.reshape(len(array), -1) if array.ndim else array.reshape(1, 1)
    low, high, total = math.inf, -math.inf, 0.0
    for part in in_parts(flat):
        low, high = float(np.minimum(low, part.min())), float(np.maximum(high, part.max()))
        total += float(part.sum(dtype=np.float64))
        hasher.update(single_precision(part).data)
    return Scan(
        digest=hasher.hexdigest(),
        minimum=number(low),
        maximum=number(high),
        mean=number(total / array.size),
    )


def in_parts(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Go through the items of an array, shape (n, ...), some at a time.

    So that what is made of a part stays in the processor's cache.
    """
    rows = max(_PART * len(array) // max(array.size, 1), 1)
    for start in range(0, len(array), rows):
        yield array[start : start + rows]


def single_precision(array: NDArray[Any]) -> NDArray[np.float32]:
    """Copy values as float32 in C order, zeros without a sign: what Keras trains on."""
    values: NDArray[np.float32] = np.array(array, dtype=np.float32, order="C")
    values += 0
    return values


def range_of(array: NDArray[Any]) -> tuple[float | None, float | None]:
    """Return the smallest and the largest value; None where there is no finite one."""
    return (number(np.min(array)), number(np.max(array))) if array.size else (None, None)


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


def _is_numeric(array: NDArray[Any]) -> bool:
    return array.dtype.kind in "biuf" and bool(array.size) and bool(array.ndim)


def number(value: Any) -> float | None:
    """A finite float, or None."""
    result = float(value)
    return result if math.isfinite(result) else None


def batches_of(x: Any) -> tuple[int | None, int | None]:
    """Return the size and the number of a pipeline's batches; None for what it doesn't say.

    No more than its first batch is read.
    """
    try:
        with _same_random_numbers():
            if _is_dataset(x):
                first = next(iter(x.take(1).as_numpy_iterator()))
            elif _is_py_dataset(x):
                first = x[0]
            else:
                return None, None
            return len(first[0]) if isinstance(first, tuple | list) else None, _count(x)
    except Exception:  # noqa: BLE001 - a student's pipeline may raise anything; fit will say it
        return None, None


def _count(x: Any) -> int | None:
    """Return the number of batches; None for one without end, or that doesn't know."""
    count = x.cardinality() if _is_dataset(x) else x.num_batches
    return None if count is None or int(count) < 0 else int(count)


def is_flow(x: Any) -> bool:
    """Tell what `ImageDataGenerator.flow` returned; its arrays are at hand."""
    cls = type(x)
    return cls.__name__ == "NumpyArrayIterator" and cls.__module__.startswith("keras.")


def _is_dataset(x: Any) -> bool:
    return hasattr(x, "as_numpy_iterator")


def _is_py_dataset(x: Any) -> bool:
    """Tell a keras.utils.PyDataset, whose batches can be read by their numbers."""
    # Of its class: to ask the object itself would compute its number of batches.
    return hasattr(type(x), "num_batches") and hasattr(type(x), "__getitem__")


def _read_pipeline(x: Any, form: str) -> Pair:
    """Read every batch once more; no more than their size, where that can't be done."""
    try:
        with _same_random_numbers():
            batches = _batches(x)
        if batches is not None:
            inputs, targets = (np.concatenate(parts) for parts in zip(*batches, strict=True))
            return Pair(inputs, targets, form, batch_size=len(batches[0][0]))
    except Exception:  # noqa: BLE001 - a student's pipeline may raise anything; fit will say it
        batches = None
    return Pair(None, None, form, batch_size=batches_of(x)[0])


def _batches(x: Any) -> list[tuple[NDArray[Any], NDArray[Any]]] | None:
    """Read inputs and targets of each batch; None where they are too many, or no pairs."""
    count = _count(x)
    if not count or count > _PIPELINE_ITEMS:
        return None
    found: list[tuple[NDArray[Any], NDArray[Any]]] = []
    items = size = 0
    for batch in x.as_numpy_iterator() if _is_dataset(x) else (x[n] for n in range(count)):
        if not isinstance(batch, tuple | list) or len(batch) < 2:
            return None
        if any(isinstance(part, tuple | list | dict) for part in batch[:2]):
            return None  # a network with several inputs or outputs
        found.append((np.asarray(batch[0]), np.asarray(batch[1])))
        items += len(found[-1][0])
        size += found[-1][0].nbytes
        if items > _PIPELINE_ITEMS or size > _PIPELINE_BYTES:
            return None
    return found


@contextmanager
def _same_random_numbers() -> Iterator[None]:
    """Let what follows draw the numbers that it would have drawn without us."""
    states = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
