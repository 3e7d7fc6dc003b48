"""Watch how images are transformed at random: image generators, and Keras' preprocessing layers.

What a student draws from them before any training is recorded by its settings, its source and its
number; what a training draws belongs to the training.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from graders.describe.arrays import as_array
from graders.recording.schema import AugmentationRecord, Origin
from graders.runner.fitting import Fitting
from graders.training.generators import GENERATOR, settings_of

_RECORDS = 60
# Layers name these for every image; they say nothing of the transformation.
_UNTOLD = {"name", "trainable", "dtype", "seed", "data_format", "bounding_box_format"}
# Inputs that can't be recognised are looked at no more often than this.
_TRIES = 2
_RECORD = "_tensormark_record"


@dataclass
class _Watched:
    """A generator's flow, or a layer, with the items that it was given."""

    record: AugmentationRecord
    rows: set[int] = field(default_factory=set)
    data_set: str = ""
    training_items: int = 0
    failures: int = 0


@dataclass
class AugmentWatcher:
    """Fills the recording's augmentations."""

    fitting: Fitting
    # By the number that a flow or a layer carries: no object of the student's is held.
    _watched: list[_Watched] = field(default_factory=list)
    # What the layer before has put out, to tell the first layer of several.
    _last_output: Any = None

    def install(self) -> None:
        """Put the watcher into Keras."""
        legacy: Any = importlib.import_module("keras.src.legacy.preprocessing.image")
        generator, iterator = legacy.ImageDataGenerator, legacy.NumpyArrayIterator
        generator.flow = self._watch_flow(generator.flow)
        generator.random_transform = self._watch_single(generator.random_transform)
        batches = "_get_batches_of_transformed_samples"
        setattr(iterator, batches, self._watch_batch(getattr(iterator, batches)))
        for base in keras.layers.RandomRotation.__mro__:
            if base.__name__ == "BaseImagePreprocessingLayer":
                base.__call__ = self._watch_layer(base.__call__)

    def finish(self) -> None:
        """Say of each layer which items it was given."""
        for watched in self._watched:
            if watched.rows:
                watched.record.origin = _origin_of(watched)

    def _watch_flow(self, original: Any) -> Any:
        @functools.wraps(original)
        def flow(generator: Any, *args: Any, **kwargs: Any) -> Any:
            iterator = original(generator, *args, **kwargs)
            self._quietly(self._begin_flow, generator, iterator)
            return iterator

        return flow

    def _begin_flow(self, generator: Any, iterator: Any) -> None:
        record = self._new("generator", GENERATOR, settings_of(generator), iterator)
        if record is None:
            return
        watcher = self.fitting.data
        record.origin = watcher.origin(iterator.x)
        record.shape = [int(size) for size in iterator.x.shape]

    def _watch_batch(self, original: Any) -> Any:
        @functools.wraps(original)
        def batch(iterator: Any, index_array: Any) -> Any:
            self._quietly(self._count, iterator, len(index_array))
            return original(iterator, index_array)

        return batch

    def _watch_single(self, original: Any) -> Any:
        @functools.wraps(original)
        def transform(generator: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
            self._quietly(self._transform, generator)
            return original(generator, x, *args, **kwargs)

        return transform

    def _transform(self, generator: Any) -> None:
        if not hasattr(generator, _RECORD):
            self._new("generator", GENERATOR, settings_of(generator), generator)
        self._count(generator, 1)

    def _watch_layer(self, original: Any) -> Any:
        @functools.wraps(original)
        def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
            output = original(layer, *args, **kwargs)
            self._quietly(self._called, layer, args[0] if args else None, output)
            return output

        return call

    def _called(self, layer: Any, given: Any, output: Any) -> None:
        if not hasattr(layer, "generator"):
            return  # it draws nothing at random, as one that resizes images
        if not hasattr(layer, _RECORD):
            settings = {k: v for k, v in layer.get_config().items() if k not in _UNTOLD}
            self._new("layer", type(layer).__name__, settings, layer)
        first = given is not self._last_output
        self._last_output = output
        shape = getattr(given, "shape", ())
        if self.fitting.depth or len(shape) not in {3, 4} or not hasattr(given, "__array__"):
            return  # symbolic, or of a training
        try:
            array = as_array(given)
        except Exception:  # noqa: BLE001 - a symbolic tensor has no values
            return
        if array is None:
            return
        items = array if array.ndim == 4 else array[None]
        self._count(layer, len(items))
        watched = self._watched[getattr(layer, _RECORD)]
        if first and watched.failures < _TRIES:
            self._look_up(watched, items)

    def _look_up(self, watched: _Watched, items: NDArray[Any]) -> None:
        for known in self.fitting.data.known:
            found = known.find(items)
            if found is not None:
                watched.rows.update(int(row) for row in found[1])
                watched.data_set = known.name
                watched.training_items = len(known.splits["train"].labels)
                return
        watched.failures += 1

    def _new(
        self, kind: Any, name: str, settings: dict[str, Any], holder: Any
    ) -> AugmentationRecord | None:
        writer = self.fitting.writer
        augmentations = writer.recording.augmentations
        if not writer.has_room("augmentations", augmentations, _RECORDS):
            return None
        record = AugmentationRecord(
            cell=writer.cell, kind=kind, name=name, settings=_plain(settings)
        )
        augmentations.append(record)
        self._watched.append(_Watched(record))
        setattr(holder, _RECORD, len(self._watched) - 1)
        return record

    def _count(self, holder: Any, items: int) -> None:
        number = getattr(holder, _RECORD, None)
        if number is not None and not self.fitting.depth:
            self._watched[number].record.items += items

    def _quietly(self, action: Callable[..., Any], *arguments: Any) -> None:
        self.fitting.writer.quietly(action, *arguments)


def _origin_of(watched: _Watched) -> Origin:
    rows, train = watched.rows, watched.training_items
    inside = [row < train for row in rows]
    split: Any = "train" if all(inside) else "mixed" if any(inside) else "test"
    in_order = rows == set(range(len(rows)))
    return Origin(
        data_set=watched.data_set,
        split=split,
        order="first" if in_order else "selected",
        items=len(rows),
        scale=None,
        offset=None,
    )


def _plain(settings: dict[str, Any]) -> dict[str, Any]:
    """Keep numbers, short texts, and short lists of numbers."""
    found: dict[str, Any] = {}
    for name, given in list(settings.items())[:40]:
        value = given
        if isinstance(given, np.ndarray | list | tuple):
            value = [float(one) for one in np.asarray(given, dtype=float).reshape(-1)[:10]]
        if value is None or isinstance(value, bool | int | float | list):
            found[str(name)[:40]] = value
        elif isinstance(value, str):
            found[str(name)[:40]] = value[:80]
    return found
