"""Keep the networks of a submission: each Keras object, in each state of its construction."""

from __future__ import annotations

import os
import sys
import weakref
from dataclasses import dataclass, field
from typing import Any

import keras
from numpy.typing import NDArray

from graders.describe.networks import count_parameters, describe_compile, describe_layers, kind_of
from graders.recording.schema import NetworkRecord
from graders.runner.calls import call_order
from graders.runner.writer import Writer

_UNCOMPILED_KEPT = 100
_SEQUENTIAL_FILE = os.path.join("models", "sequential.py")  # noqa: PTH118 - compared as text
_FRAMES_SEARCHED = 12


@dataclass
class Seen:
    """What is remembered of one Keras object."""

    serial: int
    network: int | None = None
    last_training: int | None = None


@dataclass
class Networks:
    """Fills the recording's networks."""

    writer: Writer
    _seen: weakref.WeakKeyDictionary[Any, Seen] = field(default_factory=weakref.WeakKeyDictionary)
    _serials: int = 0
    # A name that is reused frees the network before it was looked at, so new ones are held.
    _new: list[Any] = field(default_factory=list)
    _new_cells: dict[int, int | None] = field(default_factory=dict)

    def begin(self, model: Any) -> None:
        """Note a new network, which may never be compiled."""
        if is_inner_graph(model):
            return
        self._new.append(model)
        self._new_cells[id(model)] = self.writer.cell
        del self._new[:-_UNCOMPILED_KEPT]

    def finish(self, namespace: dict[str, Any]) -> None:
        """Record the networks that were built and never used, and the names that hold networks."""
        inner = {id(part) for model in self._new for part in _parts(model)}
        for model in self._new:
            if self.look_up(model).network is None and id(model) not in inner:
                self.writer.quietly(self.snapshot, model)
        self._new.clear()
        for name, value in namespace.items():
            seen = self._seen.get(value) if isinstance(value, keras.Model) else None
            if seen is not None and seen.network is not None:
                self.writer.recording.networks[seen.network].names.append(name[:80])

    def look_up(self, model: Any) -> Seen:
        """Return what is remembered of a Keras object."""
        if model not in self._seen:
            # Counted, as those that are gone leave the dictionary.
            self._serials += 1
            self._seen[model] = Seen(serial=self._serials)
        return self._seen[model]

    def snapshot(self, model: Any, inputs: NDArray[Any] | None = None) -> int:
        """Record the network's present state and return its id; an unchanged state is kept once.

        A subclassed model's layers are in the order of their attributes, until inputs show in
        which order it calls them.
        """
        recording = self.writer.recording
        seen = self.look_up(model)
        order = call_order(model, inputs) if inputs is not None else None
        layers, chain = describe_layers(model, order)
        total, trainable = count_parameters(model)
        record = NetworkRecord(
            id=len(recording.networks),
            model=seen.serial,
            cell=self.writer.cell
            if self.writer.cell is not None
            else self._new_cells.get(id(model)),
            kind=kind_of(model),
            chain=chain,
            layers=layers,
            parameters=total,
            trainable=trainable,
            compiled=describe_compile(model),
        )
        previous = recording.networks[seen.network] if seen.network is not None else None
        if previous is not None and _same_state(previous, record):
            # The same network, perhaps built since: keep its place, take the fuller record.
            kept = {"id": previous.id, "cell": previous.cell, "custom_steps": previous.custom_steps}
            record = record.model_copy(update=kept)
            recording.networks[previous.id] = record
        elif self.writer.has_room("networks", recording.networks, self.writer.limits.networks):
            recording.networks.append(record)
        else:
            return len(recording.networks) - 1
        seen.network = record.id
        return record.id


def _same_state(before: NetworkRecord, now: NetworkRecord) -> bool:
    """The layers agree, and nothing was compiled over an earlier training."""
    if len(_inner_layers(before)) != len(_inner_layers(now)):
        return False
    same_layers = all(
        a.type == b.type and a.config == b.config
        for a, b in zip(_inner_layers(before), _inner_layers(now), strict=True)
    )
    return same_layers and (before.compiled is None or before.compiled == now.compiled)


def _inner_layers(record: NetworkRecord) -> list[Any]:
    return [layer for layer in record.layers if layer.type != "InputLayer"]


def _parts(model: Any) -> list[Any]:
    """Models that are only a part of this one."""
    return [layer for layer in getattr(model, "layers", []) if isinstance(layer, keras.Model)]


def is_inner_graph(model: Any) -> bool:
    """Tell the graphs that a Sequential makes for itself from the student's own networks."""
    if type(model).__name__ != "Functional":
        return False
    frame = sys._getframe(3)
    for _ in range(_FRAMES_SEARCHED):
        if frame is None:
            return False
        if frame.f_code.co_filename.endswith(_SEQUENTIAL_FILE):
            return True
        frame = frame.f_back  # type: ignore[assignment]  # None ends the search
    return False
