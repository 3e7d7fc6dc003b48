"""Keep what the student's variables held at the end: numbers, texts, arrays, network names."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graders.describe.arrays import DataWatcher, as_array, number, range_of
from graders.recording.schema import ArrayRecord
from graders.runner.writer import Writer

_DEPTH = 3
_ITEMS = 200
# No list of results has more arrays than this.
_BATCHES = 20
# An array of at least so many items with so many numbers each may be a data set.
_ITEMS_TRACED = 100
_FEATURES_TRACED = 64
_NAME = 80
# Places that are looked at in one variable, and in all of them; characters of texts in all.
_PLACES_EACH = 20_000
_PLACES = 200_000
_CHARACTERS = 5_000_000


def record_namespace(namespace: dict[str, Any], writer: Writer, data: DataWatcher) -> None:
    """Write numbers, texts, small containers and arrays of the final namespace down.

    An array inside a dict or list is kept under the name that reaches it, such as
    `results['KxIA']`. A sequence of length one stands for its only item, because
    `np.where(...)` returns such a tuple.
    """
    keeper = _Keeper(writer, data)
    for name, value in namespace.items():
        try:
            keeper.begin()
            keeper.keep(str(name)[:_NAME], value)
        except _FullError:
            writer.note("The variables hold more than is kept; the rest was left out.")
        except BaseException as error:  # noqa: BLE001 - a look at an object may raise anything
            writer.note_failure(f"The variable {name[:_NAME]}", error)


class _FullError(Exception):
    """No more is kept of a variable."""


@dataclass
class _Keeper:
    """Writes values down, as far as there is room for them."""

    writer: Writer
    data: DataWatcher
    places: int = _PLACES_EACH
    all_places: int = _PLACES
    characters: int = _CHARACTERS

    def begin(self) -> None:
        """Begin another variable: one that is endless must not take the others' room."""
        self.places = min(_PLACES_EACH, self.all_places)

    def keep(self, name: str, value: Any, depth: int = 0) -> None:
        """Write one value down under its name.

        Raises:
            _FullError: there is no more room for it.

        """
        self._spend()
        recording, limits = self.writer.recording, self.writer.limits
        reduced = simple(value)
        if reduced is not None:
            if self.writer.has_room("values", recording.values, limits.values):
                recording.values[name] = self._bounded(reduced)
            if not getattr(value, "ndim", 0):
                return
        array = _as_whole_array(value)
        if array is not None:
            if self.writer.has_room("arrays", recording.arrays, limits.arrays):
                recording.arrays[name] = _array_record(name, array, self.writer, self.data)
            return
        if isinstance(value, list | tuple) and len(value) == 1 and depth < _DEPTH:
            self.keep(name, value[0], depth + 1)
        elif isinstance(value, list | tuple | dict):
            self._keep_container(name, value, depth)

    def _keep_container(
        self, name: str, value: list[Any] | tuple[Any, ...] | dict[Any, Any], depth: int
    ) -> None:
        """A dict or list of simple things is kept whole; arrays in it each under their own name."""
        items = value.items() if isinstance(value, dict) else enumerate(value)
        kept: dict[str, Any] = {}
        # Of batches that were collected in a list, the first ones will do: they are no results.
        batches = not isinstance(value, dict) and len(value) > _BATCHES
        for key, item in islice(items, _BATCHES if batches else _ITEMS):
            self._spend()
            reduced = simple(item)
            if reduced is not None or item is None:
                kept[str(key)[:_NAME]] = self._bounded(reduced)
            elif depth < _DEPTH:
                self.keep(f"{name}[{key!r}]"[:_NAME], item, depth + 1)
        values, limit = self.writer.recording.values, self.writer.limits.values
        if isinstance(value, dict) and self.writer.has_room("values", values, limit):
            values[name] = kept

    def _spend(self) -> None:
        self.places -= 1
        self.all_places -= 1
        if self.places < 0:
            raise _FullError

    def _bounded(self, value: Any) -> Any:
        if isinstance(value, str):
            text = value[: self.writer.limits.text_characters]
            if len(text) > self.characters:
                raise _FullError
            self.characters -= len(text)
            return text
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**63:
            return float(value) if math.log2(abs(value)) < 1000 else None
        return value


def simple(value: Any) -> Any:
    """Reduce a value to a number or a text, or None where it is neither.

    NumPy scalars, arrays and tensors of one element, and Keras variables count as numbers.
    """
    # By the type itself: a student's object may say that it is of another class.
    kind = type(value)
    if issubclass(kind, bool):
        return value
    if issubclass(kind, int):
        return int.__add__(value, 0)
    if issubclass(kind, str):
        return str.__str__(value)
    if issubclass(kind, float | Decimal | Fraction):
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


def _as_whole_array(value: Any) -> Any:
    """Arrays, tensors, data frames, and regular lists of numbers; None for the rest."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return _numeric(value)
    if hasattr(value, "values") and hasattr(value, "iloc"):  # a pandas object
        return _numeric(value.values)
    if isinstance(value, set | frozenset | deque) or type(value).__name__ == "dict_keys":
        try:
            value = sorted(value)
        except TypeError:  # of what has no order
            return None
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
    origin, low, high = data.origin_and_range(array) if traced else (None, *range_of(array))
    return ArrayRecord(
        shape=list(array.shape),
        dtype=str(array.dtype),
        file=None if traced else writer.keep_array(name, array),
        origin=origin,
        minimum=low,
        maximum=high,
    )
