"""What a person asks of an export, and what an export has to tell them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from graders.exports.names import printable
from graders.report.text import count, points, shorten

Missing = Literal["empty", "zero"]
Layout = Literal["plain", "moodle", "canvas"]
Visibility = Literal["visible", "after_due_date", "after_published", "hidden"]

_NAMES_SHOWN = 10
_PROVISIONAL = "provisional"


@dataclass(frozen=True)
class Options:
    """Settings of an export; each format takes what concerns it."""

    template: Path | None = None
    column: str = ""
    scale: bool = False
    missing: Missing = "empty"
    layout: Layout = "plain"
    visibility: Visibility = "visible"


@dataclass
class Notes:
    """What a person should know of an export that was made."""

    students: int = 0
    written: int = 0
    pending_points: float = 0.0
    _named: dict[str, list[str]] = field(default_factory=dict)
    _sentences: list[str] = field(default_factory=list)

    def say(self, sentence: str) -> None:
        """Add a sentence of its own, once."""
        if sentence not in self._sentences:
            self._sentences.append(sentence)

    def name(self, reason: str, student: str) -> None:
        """Name a student under a reason; students of one reason share a sentence."""
        self._named.setdefault(reason, []).append(shorten(printable(student), 60) or "no name")

    def pending(self, student: str, left: float) -> None:
        """Count the points that a person has still to give to a student."""
        self.pending_points += left
        self.name(_PROVISIONAL, student)

    @property
    def warnings(self) -> list[str]:
        """Sentences for a person, in the order in which they came up."""
        return [*self._sentences, *(self._sentence(*one) for one in self._named.items())]

    def named(self, reason: str) -> list[str]:
        """List the students who are named under a reason."""
        return list(self._named.get(reason, ()))

    def _sentence(self, reason: str, names: list[str]) -> str:
        shown = ", ".join(names[:_NAMES_SHOWN])
        rest = len(names) - _NAMES_SHOWN
        more = f" and {rest:,} more" if rest > 0 else ""
        if reason == _PROVISIONAL:
            left = points(self.pending_points)
            return (
                f"Provisional: {left} of {count(len(names), 'student')} are still to be given by "
                f"a person ({shown}{more})."
            )
        return f"{reason}: {shown}{more}."
