"""Read a recording as what it is: files that an untrusted process wrote."""

from __future__ import annotations

import io
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from graders.errors import RecordingError
from graders.recording.schema import CallRecord, Cell, Recording, TrainingRecord
from graders.recording.trust import merge

_JSON_BYTES = 64_000_000
_ARRAY_BYTES = 16_000_000


@dataclass
class RecordingFolder:
    """A recording on disk: its JSON, read and validated, and its arrays on demand."""

    folder: Path
    data: Recording
    _arrays: dict[str, NDArray[Any]] = field(default_factory=dict, repr=False)
    trusted: Path = Path()

    @classmethod
    def open(cls, folder: Path) -> RecordingFolder:
        """Read recording.json, and what the grading process has trained for it.

        Raises:
            RecordingError: it is missing, too large, not a regular file, or not valid.
            RunError: the grading process's own file is damaged.

        """
        # Late: the trainings' own descriptions rest on this package.
        from graders.training.entry import load_trained

        trusted = trusted_folder(folder)
        content = _read(folder / "recording.json", _JSON_BYTES)
        try:
            recording = Recording.model_validate_json(content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise RecordingError.unreadable(
                folder / "recording.json", f"{where}: {first['msg']}"
            ) from error
        return cls(folder, merge(recording, load_trained(trusted)), trusted=trusted)

    def array(self, name: str) -> NDArray[Any] | None:
        """Return the array that a variable held at the end; None where none was kept."""
        record = self.data.arrays.get(name)
        return self._load(self.folder, record.file) if record and record.file else None

    def predictions(self, source: TrainingRecord | CallRecord) -> NDArray[Any] | None:
        """Return the class that a network predicted for each test item; None if it isn't kept."""
        if not source.predictions:
            return None
        ours = isinstance(source, TrainingRecord) and source.trained == "trusted"
        return self._load(self.trusted if ours else self.folder, source.predictions)

    def cell(self, index: int | None) -> Cell | None:
        """Return a cell of the submission by its position."""
        cells = self.data.cells
        return cells[index] if index is not None and 0 <= index < len(cells) else None

    def _load(self, folder: Path, file: str) -> NDArray[Any]:
        key = file if folder == self.folder else str(folder / file)
        if key not in self._arrays:
            self._arrays[key] = _read_array(folder, file)
        return self._arrays[key]


def trusted_folder(recording: Path) -> Path:
    """Where the grading process keeps what it has trained, beside a recording."""
    return recording.with_name("trained")


def _read_array(folder: Path, file: str) -> NDArray[Any]:
    if Path(file).name != file or not file.endswith(".npy"):
        raise RecordingError.unreadable(Path(file), "the name leads out of the recording")
    path = folder / file
    try:
        content = io.BytesIO(_read(path, _ARRAY_BYTES))
        array: NDArray[Any] = np.lib.format.read_array(content, allow_pickle=False)
    except RecordingError:
        raise
    except Exception as error:
        # A forged header raises anything from TokenError to MemoryError.
        raise RecordingError.unreadable(path, "it is not a NumPy array") from error
    return array


def _read(path: Path, limit: int) -> bytes:
    _check_size(path, limit)
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(path, flags)
        with os.fdopen(descriptor, "rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise RecordingError.unreadable(path, error.strerror or str(error)) from error


def _check_size(path: Path, limit: int) -> None:
    try:
        status = path.lstat()
    except OSError as error:
        raise RecordingError.unreadable(path, error.strerror or str(error)) from error
    if not stat.S_ISREG(status.st_mode):
        raise RecordingError.unreadable(path, "it is not a regular file")
    if status.st_size > limit:
        raise RecordingError.unreadable(path, f"it has more than {limit:,} bytes")
