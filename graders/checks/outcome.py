"""How a check says what it found: it returns, or raises one of these.

Check
├── CheckFailed    something was found, and it is not what the exercise asks
├── NotAttempted   nothing to check was found
├── Blocked        it depends on a check that failed
└── Unscored       no range for these data or settings: the grader's lack, not the student's
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field

from graders.result import Evidence


@dataclass
class Notes:
    """What a check leaves beside its outcome."""

    evidence: list[Evidence] = field(default_factory=list)
    flag: str = ""


_notes: ContextVar[Notes | None] = ContextVar("notes", default=None)


@dataclass
class Check(Exception):  # noqa: N818 - an outcome; not every one is an error
    """The outcome of a check that did not pass, in words for the student."""

    message: str
    expected: str = ""
    found: str = ""
    where: str = ""
    hint: str = ""

    def __str__(self) -> str:
        lines = [self.message]
        for label, text in (
            ("expected", self.expected),
            ("found", self.found),
            ("where", self.where),
            ("try", self.hint),
        ):
            if text:
                lines.append(f"  {label}: {text}")
        return "\n".join(lines)


@dataclass
class CheckFailed(Check):
    """What was found is not what the exercise asks.

    `follows_from` names earlier exercises whose mistake explains this one: where one of them lost
    points, this check keeps its own, because one mistake costs once. `credit` is the share of the
    points that what was found is worth, 0..1.
    """

    follows_from: tuple[str, ...] = field(default=())
    credit: float = 0.0


@dataclass
class NotAttempted(Check):
    """There is nothing to check."""


@dataclass
class Blocked(Check):
    """The check needs something that an earlier check found missing."""


@dataclass
class Unscored(Check):
    """The grader has nothing to compare with."""


def attach(evidence: Evidence) -> None:
    """Show a network, a matrix, a training or a score beside the check that is running."""
    notes = _notes.get()
    if notes is not None and evidence not in notes.evidence:
        notes.evidence.append(evidence)


def flag(sentence: str) -> None:
    """Ask for a person's look at the check that is running; that takes no points."""
    notes = _notes.get()
    if notes is not None:
        notes.flag = sentence


def begin_notes() -> Notes:
    """Start a check's own notes, and return them."""
    notes = Notes()
    _notes.set(notes)
    return notes
