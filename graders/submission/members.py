"""Judge what an archive lists, before anything in it is unpacked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath

from graders.errors import SubmissionError
from graders.submission.choose import choose, is_archive, passed_over, shown

_DRIVE = re.compile(r"[A-Za-z]:")
# Control characters, halves of surrogate pairs (bytes that are no UTF-8), line separators.
_ODD = {"Cc", "Cs", "Zl", "Zp"}
# What file systems allow.
_PART_LENGTH = 255


class Kind(Enum):
    """What a member is."""

    FILE = "file"
    FOLDER = "folder"
    OTHER = "link, device, pipe, or file with holes"


@dataclass(frozen=True)
class Member:
    """One member of an archive, as the archive describes it; none of it is to be trusted."""

    name: str
    kind: Kind
    # In bytes, unpacked, as declared.
    size: int
    # Unpacks up to so many bytes of it. Raises anything where the archive is damaged.
    read: Callable[[int], bytes]

    @property
    def path(self) -> PurePosixPath:
        """Where it stands in the archive; `./a`, `a` and `a/` are one place."""
        return PurePosixPath(self.name)

    @property
    def passed_over(self) -> bool:
        """Whether it can't be the student's work, for its name or for the folder it stands in."""
        return any(passed_over(part) for part in self.path.parts)


def choose_member(archive: str, members: Iterable[Member]) -> Member:
    """Return the member that is the student's work, as it would be chosen in a folder.

    Args:
        archive: the archive's name, for messages.
        members: all of its members.

    Raises:
        SubmissionError: there is none, there are several, or something in the archive is not as
            it is in an honest one: a path that leads out, an odd name, a link, a file twice.

    """
    files: dict[PurePosixPath, Member] = {}
    for member in members:
        _check_name(archive, member)
        if member.kind is Kind.FOLDER:
            continue
        # Environments are full of links, and nothing is taken from them.
        if member.kind is Kind.OTHER and not member.passed_over:
            raise SubmissionError.not_a_file(f"{archive}/{shown(member.name)}")
        if member.path in files:
            raise SubmissionError.twice_in_archive(archive, shown(member.name))
        files[member.path] = member
    chosen = choose(archive, [path for path, member in files.items() if not member.passed_over])
    if chosen is None:
        raise SubmissionError.no_code_in_archive(archive)
    if is_archive(chosen.name):
        raise SubmissionError.only_archives(archive, shown(str(chosen)))
    return files[chosen]


def _check_name(archive: str, member: Member) -> None:
    name = member.name
    if any(unicodedata.category(char) in _ODD for char in name):
        raise SubmissionError.odd_name(archive, shown(name))
    # A backslash separates folders on Windows alone: what it means is anybody's guess.
    absolute = name.startswith("/") or "\\" in name or _DRIVE.match(name)
    if absolute or ".." in member.path.parts:
        raise SubmissionError.leads_out(archive, shown(name))
    if any(len(part) > _PART_LENGTH for part in member.path.parts):
        raise SubmissionError.odd_name(archive, shown(name))
