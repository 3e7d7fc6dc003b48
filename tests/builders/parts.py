"""Several pieces of student code as cells of one submission, each looked at by itself.

A run and a training cost more than a second each, however small they are. So pieces that can't
disturb each other share them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from graders.recording import RecordingFolder
from graders.recording.schema import CallRecord, CellOutcome, TrainingRecord
from graders.training.request import Request
from graders.training.trainer import Trainer

_SEPARATOR = "\n# %%\n"
# Each piece has a folder and variables of its own, and finds what the first cell made as it was.
_FIRST = """
import copy, os
def _begin(number):
    os.makedirs(f"{os.environ['HOME']}/part{number}")
    os.chdir(f"{os.environ['HOME']}/part{number}")
    for name in set(globals()) - _KNOWN:
        if not name.startswith(("_", "part")):
            del globals()[name]
    globals().update({name: copy.copy(value) for name, value in _GIVEN.items()})
def _end():
    return {name: value for name, value in globals().items()
            if name not in _KNOWN and type(value) in (bool, int, float, str)}
_GIVEN = {name: globals()[name] for name in ("x", "y") if name in globals()}
_KNOWN = set(globals()) | {"_KNOWN"}
"""


class OnceTrainer(Trainer):
    """Trains what a submission repeats only once, so that pieces with equal trainings share it."""

    def name(self, request: Request, repetition: int = 0, draw: int = 0) -> str:
        return super().name(request, 0, draw)


@dataclass
class Parts:
    """Pieces of code, and what they have in common."""

    start: str
    codes: list[str] = field(default_factory=list)

    def add(self, code: str) -> Piece:
        """Add a piece, before the first of them is looked at."""
        self.codes.append(code)
        return Piece(self, len(self.codes) - 1)

    @property
    def source(self) -> str:
        """All of it as one submission."""
        cells = [self.start + _FIRST]
        cells += [
            f"_begin({number})\n{code}\npart_{number} = _end()"
            for number, code in enumerate(self.codes)
        ]
        return _SEPARATOR.join(cells)


@dataclass(frozen=True)
class Piece:
    """One of the pieces."""

    parts: Parts
    number: int

    def left_in(self, recording: RecordingFolder) -> Part:
        """What it has left in the submission's recording."""
        codes = self.parts.codes
        first = 1 + sum(code.count(_SEPARATOR) + 1 for code in codes[: self.number])
        last = first + codes[self.number].count(_SEPARATOR)
        return Part(recording, self.number, range(first, last + 1))


@dataclass
class Part:
    """What one piece has left."""

    recording: RecordingFolder
    number: int
    cells: range

    @cached_property
    def trainings(self) -> list[TrainingRecord]:
        return [one for one in self.recording.data.trainings if one.cell in self.cells]

    @cached_property
    def outcomes(self) -> list[CellOutcome]:
        return [one for one in self.recording.data.outcomes if one.index in self.cells]

    @property
    def calls(self) -> list[CallRecord]:
        return [one for one in self.recording.data.calls if one.cell in self.cells]

    @property
    def errors(self) -> list[str | None]:
        return [one.error_message for one in self.outcomes if one.status != "ok"]

    @property
    def values(self) -> dict[str, Any]:
        values = self.recording.data.values[f"part_{self.number}"]
        assert isinstance(values, dict)
        return values
