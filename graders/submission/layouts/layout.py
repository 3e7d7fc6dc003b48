"""What a layout says of a class: which files are whose, and what the platform tells of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath

from graders.result import Handed
from graders.submission.choose import shown

NAME_LENGTH = 100


@dataclass(frozen=True)
class Part:
    """A file or a folder of a download that is one student's."""

    # In the download.
    path: PurePosixPath
    # What the student called the file; "" for a folder, all of whose files keep their names.
    name: str = ""
    # Tells nothing of the work: a text typed into a form, a time.
    aside: bool = False


@dataclass(frozen=True)
class Hand:
    """One student's part of a download."""

    student: str
    handed: Handed
    parts: tuple[Part, ...]
    # What is to be said of the choice, beside which file.
    note: str = ""


@dataclass(frozen=True)
class Layout:
    """A whole class, as a platform's download arranges it."""

    hands: list[Hand]
    # Files and folders in the midst that are nobody's by the platform's pattern.
    strays: list[PurePosixPath] = field(default_factory=list)


def mostly(found: int, strays: int) -> bool:
    """Whether so many entries follow a pattern that the few others can't be chance."""
    return found > 0 and strays <= max(1, (found + strays) // 10)


def student_name(name: str, otherwise: str) -> str:
    """Make a platform's name for a student fit for one line; some have none."""
    return shown(" ".join(name.split()), NAME_LENGTH) or shown(otherwise, NAME_LENGTH) or "student"
