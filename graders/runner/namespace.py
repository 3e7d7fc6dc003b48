"""Keep what the student's variables held at the end: numbers, texts, arrays, network names."""

from __future__ import annotations

import math
from collections import deque
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graders.describe.arrays import DataWatcher, as_array, number, range_of
from graders.recording.schema import ArrayRecord
from graders.runner.writer import Writer

_DEPTH = 3
_ITEMS = 200
# An array of at least so many items with so many numbers each may be a data set.
_ITEMS_TRACED = 100
_FEATURES_TRACED = 64
_NAME = 80


def record_namespace(namespace: dict[str, Any], writer: Writer, data: DataWatcher) -> None:
    """Write numbers, texts, small containers and arrays of the final namespace down.

    An array inside a dict or list is kept under the name that reaches it, such as
    `results['KxIA']`. A sequence of length one stands for its only item, because
    `np.where(...)` returns such a tuple.
    """
    for name, value in namespace.items():
        try:
            _keep(str(name)[:_NAME], value, writer, data, depth=0)
        except BaseException as error:  # noqa: BLE001 - a look at an object may raise anything
            writer.note_failure(f"The variable {name[:_NAME]}", error)


def simple(value: Any) -> Any:
    """Reduce a value to a number or a text, or None where it is neither.

    NumPy scalars, arrays and tensors of one element, and Keras variables count as numbers.
    """
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, float | Decimal | Fraction):
        return number(value)
    if isinstance(value, np.generic):
        return simple(value.item())
    array = as_array(value) if hasattr(value, "shape") else None
    if array is not None and array.size == 1:
        return simple(array.reshape(-1)[0].item())
    if hasattr(value, "shape") and getattr(value, "shape", None) == ():
        try:
            return number(value)
        except (TypeError, ValueError):
            return None
    return None


def _keep(name: str, value: Any, writer: Writer, data: DataWatcher, depth: int) -> None:
    recording, limits = writer.recording, writer.limits
    reduced = simple(value)
    if reduced is not None:
        if writer.has_room("values", recording.values, limits.values):
            recording.values[name] = _bounded(reduced, limits.text_characters)
        if not getattr(value, "ndim", 0):
            return
    array = _as_whole_array(value)
    if array is not None:
        if writer.has_room("arrays", recording.arrays, limits.arrays):
            recording.arrays[name] = _array_record(name, array, writer, data)
        return
    if isinstance(value, list | tuple) and len(value) == 1 and depth < _DEPTH:
        _keep(name, value[0], writer, data, depth + 1)
    elif isinstance(value, list | tuple | dict):
        _keep_container(name, value, writer, data, depth)


def _keep_container(
    name: str,
    value: list[Any] | tuple[Any, ...] | dict[Any, Any],
    writer: Writer,
    data: DataWatcher,
    depth: int,
) -> None:
    """A dict or list of simple things is kept whole; arrays in it each under their own name."""
    items = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    kept: dict[str, Any] = {}
    for key, item in items[:_ITEMS]:
        reduced = simple(item)
        if reduced is not None or item is None:
            kept[str(key)[:_NAME]] = _bounded(reduced, writer.limits.text_characters)
        elif depth < _DEPTH:
            _keep(f"{name}[{key!r}]"[:_NAME], item, writer, data, depth + 1)
    if isinstance(value, dict) and writer.has_room(
        "values", writer.recording.values, writer.limits.values
    ):
        writer.recording.values[name] = kept


def _as_whole_array(value: Any) -> Any:
    """Arrays, tensors, data frames, and regular lists of numbers; None for the rest."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return _numeric(value)
    if hasattr(value, "values") and hasattr(value, "iloc"):  # a pandas object
        return as_array(value.values)
    if isinstance(value, set | frozenset | deque) or type(value).__name__ == "dict_keys":
        value = sorted(value)
    if isinstance(value, list) and not value:
        return np.empty(0, dtype=np.int64)
    if isinstance(value, list | tuple | range) and len(value) > 1:
        first = value[0]
        if isinstance(first, str | dict) or callable(first) or hasattr(first, "get_config"):
            return None
        return as_array(value)
    return None


def _numeric(value: Any) -> NDArray[Any] | None:
    """An array of numbers; one of objects or complex numbers where it can be made into one."""
    array = as_array(value)
    if array is None or array.dtype.kind in "biuf":
        return array
    if array.dtype.kind == "c" and not np.any(array.imag):
        return np.asarray(array.real)
    try:
        return array.astype(float) if array.dtype.kind == "O" else None
    except (TypeError, ValueError):
        return None


def _array_record(name: str, array: Any, writer: Writer, data: DataWatcher) -> ArrayRecord:
    images = array.ndim > 1 and len(array) >= _ITEMS_TRACED
    traced = images and array.size >= _FEATURES_TRACED * len(array)
    low, high = data.range(array) if traced else range_of(array)
    return ArrayRecord(
        shape=list(array.shape),
        dtype=str(array.dtype),
        file=None if traced else writer.keep_array(name, array),
        origin=data.origin(array) if traced else None,
        minimum=low,
        maximum=high,
    )


def _bounded(value: Any, characters: int) -> Any:
    if isinstance(value, str):
        return value[:characters]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**63:
        return float(value) if math.log2(abs(value)) < 1000 else None
    return value
