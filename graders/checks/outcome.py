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

_attached: ContextVar[list[Evidence] | None] = ContextVar("attached", default=None)


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
    points, this check keeps its own, because one mistake costs once.
    """

    follows_from: tuple[str, ...] = field(default=())


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
    """Show a network, a matrix or a training beside the check that is running."""
    attached = _attached.get()
    if attached is not None and evidence not in attached:
        attached.append(evidence)


def begin_attaching() -> list[Evidence]:
    """Start a check's own list of evidence, and return it."""
    evidence: list[Evidence] = []
    _attached.set(evidence)
    return evidence
