"""Judge what an archive lists, before anything in it is unpacked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import PurePosixPath

from graders.errors import SubmissionError
from graders.submission.choose import environments, is_archive, passed_over, shown
from graders.submission.pick import Picked, pick
from graders.submission.work import Wish

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


def pick_member(archive: str, members: Iterable[Member], wish: Wish) -> Picked[Member]:
    """Return the member that is the student's work, as it would be picked in a folder.

    Args:
        archive: the archive's name, for messages.
        members: all of its members.
        wish: what is known of the work.

    Raises:
        SubmissionError: there is none, there are several, or something in the archive is not as
            it is in an honest one: a path that leads out, an odd name, a link, a file twice.

    """
    members = list(members)
    for member in members:
        check_name(archive, member)
    nobodys = environments(member.path for member in members)
    files: dict[PurePosixPath, Member] = {}
    for member in members:
        if member.kind is Kind.FOLDER:
            continue
        passed = member.passed_over or not nobodys.isdisjoint(member.path.parents)
        # Environments are full of links, and nothing is taken from them.
        if member.kind is Kind.OTHER and not passed:
            raise SubmissionError.not_a_file(f"{archive}/{shown(member.name)}")
        if member.path in files:
            raise SubmissionError.twice_in_archive(archive, shown(member.name))
        files[member.path] = member
        if passed:
            files[member.path] = replace(member, kind=Kind.OTHER)
    own = [member for member in files.values() if member.kind is Kind.FILE]
    picked = pick(archive, own, wish)
    if picked is None:
        raise SubmissionError.no_code_in_archive(archive)
    if is_archive(picked.work.path.name):
        raise SubmissionError.only_archives(archive, shown(str(picked.work.path)))
    return picked


def check_name(archive: str, member: Member) -> None:
    """Refuse names that lead elsewhere, or that can't be a file's name everywhere.

    Raises:
        SubmissionError: it is such a name.

    """
    name = member.name
    if any(unicodedata.category(char) in _ODD for char in name):
        raise SubmissionError.odd_name(archive, shown(name))
    # A backslash separates folders on Windows alone: what it means is anybody's guess.
    absolute = name.startswith("/") or "\\" in name or _DRIVE.match(name)
    if absolute or ".." in member.path.parts:
        raise SubmissionError.leads_out(archive, shown(name))
    if any(len(part) > _PART_LENGTH for part in member.path.parts):
        raise SubmissionError.odd_name(archive, shown(name))
