"""Make records of files that were saved and loaded: one a cell, and one for many of a folder."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from graders.recording.schema import FileRecord
from graders.runner.writer import Writer

Action = Literal["saved", "loaded"]
Kind = Literal["network", "weights", "arrays", "other"]

_NAME = 200
# Files of one folder that are told apart in a cell; of more, as an image generator writes or reads
# them, only the count is kept.
_EACH = 20
# Files that are remembered until the end of the cell.
_PENDING = 10_000
# Of more, those that get other names are not followed.
_MOVED = 1000
_ARRAYS = (
    *(".npy", ".npz", ".h5", ".hdf5", ".pkl", ".pickle", ".joblib"),
    *(".csv", ".tsv", ".parquet", ".feather", ".mat"),
)
_NUMPY = b"\x93NUMPY"


@dataclass(frozen=True)
class Event:
    """A file that was saved or loaded."""

    action: Action | Literal["copied"]
    path: str  # below the folder
    cell: int | None
    source: str = ""  # of a copy
    kind: Kind | None = None  # None: to be told from the file
    model: int | None = None
    after: int | None = None  # the training whose weights these are
    under_way: int | None = None  # the training during which it was saved, by the id it will get
    optimizer: bool | None = None
    size: int | None = field(default=None, compare=False)
    count: int = field(default=1, compare=False)


@dataclass
class Ledger:
    """Keeps what happens to files until a cell has ended, and fills the recording's files."""

    writer: Writer
    folder: Path
    settling: bool = False  # what is opened now, we open
    # By what makes them one record; in the order in which they happened first.
    _pending: dict[Event, None] = field(default_factory=dict)
    # The record that saved the file which stands under a path now.
    _saved: dict[str, int] = field(default_factory=dict)
    _next: int = 0

    def take(self, event: Event) -> None:
        """Take note of an event."""
        if len(self._pending) < _PENDING:
            self._pending.setdefault(event)
        else:
            self.writer.note(f"More than {_PENDING:,} files in one cell; the rest was left out.")

    def move(self, source: str, target: str) -> None:
        """Let what was saved be known by its new name."""
        if source in self._saved:
            self._saved[target] = self._saved.pop(source)
        if len(self._pending) <= _MOVED:
            self._pending = {_moved(event, source, target): None for event in list(self._pending)}

    def settle(self) -> None:
        """Make records of what has happened since the last time; the end of a cell is the time."""
        events, self._pending = list(self._pending), {}
        self.settling = True
        try:
            for together in self._gathered(_without_doubles(events)):
                self._record(together)
        finally:
            self.settling = False

    def _gathered(self, events: list[Event]) -> Iterator[list[Event]]:
        """Put files together that are one record: many of a folder, or each by itself."""
        groups: dict[Any, list[Event]] = defaultdict(list)
        for event in events:
            groups[_group(event)].append(event)
        for event in events:
            group = groups[_group(event)]
            if event.kind is not None or len(group) <= _EACH or event.action == "copied":
                yield [event]
            elif event is group[0]:
                yield group

    def _record(self, events: list[Event]) -> None:
        """Add the record of one file, or of many that lie in one folder."""
        if events[0].action == "copied":
            if events[0].source in self._saved:
                self._saved[events[0].path] = self._saved[events[0].source]
            return
        files = self.writer.recording.files
        found = [event for event in (self._looked_at(one) for one in events) if event is not None]
        if not found or not self.writer.has_room("files", files, self.writer.limits.files):
            return
        first = found[0]
        kinds = {event.kind or "other" for event in found}
        sources = {self._saved.get(event.path) for event in found}
        number, self._next = self._next, self._next + 1
        after = first.after
        if first.under_way is not None and self._is_of(first.under_way, first.model):
            after = first.under_way
        files.append(
            FileRecord(
                id=number,
                action="saved" if first.action == "saved" else "loaded",
                kind=kinds.pop() if len(kinds) == 1 else "other",
                name=_name_of(found),
                size=sum(event.size or 0 for event in found),
                count=sum(event.count for event in found),
                cell=first.cell,
                model=first.model,
                after_training=after,
                optimizer=first.optimizer,
                saved_by=sources.pop() if first.action == "loaded" and len(sources) == 1 else None,
            )
        )
        if first.action == "saved":
            self._saved.update(dict.fromkeys([event.path for event in found], number))

    def _looked_at(self, event: Event) -> Event | None:
        """Add size and kind as the file stands now; None where there is no such file."""
        path = self.folder / event.path
        size, count = measured(path)
        if event.kind is not None:
            # It was there when Keras had saved or loaded it, whatever has become of it.
            return event if size is None else replace(event, size=size, count=count)
        if not path.is_file():
            return None
        return replace(event, kind=_kind_of(path), size=size)

    def _is_of(self, training: int, model: int | None) -> bool:
        """Whether a training has taken place by now, and was this network's."""
        trainings = self.writer.recording.trainings
        return training < len(trainings) and trainings[training].model == model


def _moved(event: Event, source: str, target: str) -> Event:
    of_it = event.path == source and event.action == "saved"
    return replace(event, path=target) if of_it else event


def _without_doubles(events: list[Event]) -> list[Event]:
    """Leave out that a file was opened where Keras has saved it there, or loaded it."""
    known = {(event.action, event.path, event.cell) for event in events if event.kind is not None}
    return [e for e in events if e.kind is not None or (e.action, e.path, e.cell) not in known]


def _group(event: Event) -> tuple[Any, ...]:
    return event.action, event.cell, _parent(event.path), event.kind is None


def _name_of(events: list[Event]) -> str:
    """Name a file, or the folder of several; the end of a long name tells more than its start."""
    path = events[0].path
    name = path if len(events) == 1 else f"{_parent(path) or '.'}/"
    return name[-_NAME:].encode("utf-8", "replace").decode("utf-8")


def _parent(path: str) -> str:
    return path.rpartition(os.sep)[0]


def _kind_of(path: Path) -> Kind:
    """Tell files of numbers from others, by their name or their first bytes."""
    if path.suffix.lower() in _ARRAYS:
        return "arrays"
    with path.open("rb") as file:
        return "arrays" if file.read(len(_NUMPY)) == _NUMPY else "other"


def measured(path: Path) -> tuple[int | None, int]:
    """Return the bytes and the number of files of a file or folder; no bytes where none is."""
    if path.is_file():
        return path.stat().st_size, 1
    if not path.is_dir():
        return None, 1
    files = [one for one in path.rglob("*") if one.is_file()][:_PENDING]
    return sum(one.stat().st_size for one in files), max(len(files), 1)
