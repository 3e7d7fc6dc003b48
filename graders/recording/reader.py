"""Read a recording as what it is: files that an untrusted process wrote."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from graders.errors import RecordingError
from graders.files import read_untrusted
from graders.recording.arrays import FILE_BYTES, is_file_name, parse_array
from graders.recording.repair import UnreadableError, recording_of
from graders.recording.schema import CallRecord, Cell, Recording, TrainingRecord
from graders.recording.trust import merge

_JSON_BYTES = 64_000_000
# Of all arrays together: hundreds of predictions may be named, each as large as any array.
_ALL_ARRAYS_BYTES = 256_000_000
# No test set has more; hundreds of predictions may be compared with each other.
_MOST_PREDICTIONS = 100_000


@dataclass
class RecordingFolder:
    """A recording on disk: its JSON, read and validated, and its arrays on demand."""

    folder: Path
    data: Recording
    _arrays: dict[str, NDArray[Any]] = field(default_factory=dict, repr=False)
    trusted: Path = Path()
    _bytes: int = field(default=0, repr=False)

    @classmethod
    def open(cls, folder: Path) -> RecordingFolder:
        """Read recording.json, and what the grading process has trained for it.

        Items of it that are damaged are left out, and `data.cuts` says so.

        Raises:
            RecordingError: it is missing, too large, not a regular file, or not a recording.
            RunError: the grading process's own file is damaged.

        """
        # Late: the trainings' own descriptions rest on this package.
        from graders.training.entry import load_trained

        trusted = trusted_folder(folder)
        content = _read(folder, "recording.json", _JSON_BYTES)
        try:
            recording = recording_of(content)
        except UnreadableError as error:
            raise RecordingError.unreadable(folder / "recording.json", str(error)) from error
        return cls(folder, merge(recording, load_trained(trusted)), trusted=trusted)

    def array(self, name: str) -> NDArray[Any] | None:
        """Return the array that a variable held at the end; None where none was kept.

        Raises:
            RecordingError: its file is missing, or is not what it must be.

        """
        record = self.data.arrays.get(name)
        return self._load(self.folder, record.file) if record and record.file else None

    def predictions(self, source: TrainingRecord | CallRecord) -> NDArray[Any] | None:
        """Return the class that a network predicted for each test item; None if it isn't kept.

        Raises:
            RecordingError: the file is missing, or is not what it must be.

        """
        if not source.predictions:
            return None
        if isinstance(source, TrainingRecord) and source.measured_by == "grader":
            return self._load(self.trusted, source.predictions)
        found = self._load(self.folder, source.predictions)
        if found.ndim != 1 or found.dtype.kind not in "iu" or found.size > _MOST_PREDICTIONS:
            # None would stand for predictions that were never made, which is another matter.
            raise RecordingError.unreadable(Path(source.predictions), "it holds no classes")
        return found

    def cell(self, index: int | None) -> Cell | None:
        """Return a cell of the submission by its position; others may have been left out."""
        cells = self.data.cells
        if index is None or index < 0:
            return None
        if index < len(cells) and cells[index].index == index:
            return cells[index]
        return next((cell for cell in cells if cell.index == index), None)

    def _load(self, folder: Path, file: str) -> NDArray[Any]:
        key = file if folder == self.folder else str(folder / file)
        if key not in self._arrays:
            self._arrays[key] = self._read_array(folder, file)
        return self._arrays[key]

    def _read_array(self, folder: Path, file: str) -> NDArray[Any]:
        if not is_file_name(file):
            raise RecordingError.unreadable(Path(file), "the name leads out of the recording")
        content = _read(folder, file, FILE_BYTES)
        self._bytes += len(content)
        if self._bytes > _ALL_ARRAYS_BYTES:
            raise RecordingError.unreadable(Path(file), "the arrays are too large together")
        try:
            return parse_array(content)
        except ValueError as error:
            raise RecordingError.unreadable(Path(file), str(error)) from error


def trusted_folder(recording: Path) -> Path:
    """Where the grading process keeps what it has trained, beside a recording."""
    return recording.with_name("trained")


def _read(folder: Path, name: str, limit: int) -> bytes:
    try:
        return read_untrusted(folder, name, limit)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise RecordingError.unreadable(folder / name, why) from error
