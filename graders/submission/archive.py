"""Read the work that one student's archive holds, in memory; nothing is put on disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from graders.errors import SubmissionError
from graders.submission.choose import listed, shown
from graders.submission.limits import BESIDE_FILE_MB, SIZE_LIMIT_MB, STUDENTS, Bounds
from graders.submission.members import Member, pick_member
from graders.submission.tars import tar_members
from graders.submission.work import Wish
from graders.submission.zips import zip_members


@dataclass(frozen=True)
class Unpacked:
    """What an archive gives to run: the work, what lies beside it, and why this file."""

    # Without folders.
    name: str
    content: bytes
    # By path, relative to the work's own folder.
    brought: dict[str, bytes]
    why: str


def read_archive(archive: str, file: BinaryIO, wish: Wish | None = None) -> Unpacked:
    """Return the work in an archive.

    Args:
        archive: the archive's name; its ending tells a zip from a tar.
        file: the archive, opened.
        wish: what is known of the work.

    Raises:
        SubmissionError: no single file in it is the work, or nothing in it is to be trusted.

    """
    with _damage_said(archive):
        members = list_members(archive, file, STUDENTS)
        picked = pick_member(archive, members, wish or Wish())
        work = picked.work
        content = _content(archive, work, SIZE_LIMIT_MB)
        wanted = {member.path for member in picked.beside}
        folder = work.path.parent
        brought: dict[str, bytes] = {}
        spoilt = []
        # In the archive's order: a tar is unpacked from its beginning for each step back.
        for member in members:
            if member.path in wanted:
                name = str(member.path.relative_to(folder))
                try:
                    brought[name] = _content(archive, member, BESIDE_FILE_MB)
                except Exception:  # noqa: BLE001 - said below; the work itself is whole
                    spoilt.append(name)
        why = picked.why
        if spoilt:
            why = f"{why} {listed(spoilt)} could not be unpacked.".strip()
        return Unpacked(work.path.name, content, brought, why)


def list_members(archive: str, file: BinaryIO, bounds: Bounds) -> list[Member]:
    """List an archive.

    Raises:
        SubmissionError: it is too large, or its list is too long or not to be trusted.
        Exception: of any type, where it is damaged.

    """
    if os.fstat(file.fileno()).st_size > bounds.megabytes * 1e6:
        raise SubmissionError.archive_too_large(archive, bounds.megabytes)
    file.seek(0)
    listing = zip_members if archive.lower().endswith(".zip") else tar_members
    return listing(archive, file, bounds)


def member_content(archive: str, member: Member, limit_mb: float) -> bytes:
    """Unpack one member whole.

    Raises:
        SubmissionError: it is too large, locked, or damaged.

    """
    with _damage_said(archive):
        return _content(archive, member, limit_mb)


@contextmanager
def _damage_said(archive: str) -> Iterator[None]:
    try:
        yield
    except SubmissionError:
        raise
    except Exception as error:
        # Damaged archives raise a dozen types, struct.error and OverflowError among them.
        raise SubmissionError.damaged_archive(archive) from error


def _content(archive: str, member: Member, limit_mb: float) -> bytes:
    where = f"{archive}/{shown(member.name)}"
    limit = int(limit_mb * 1e6)
    if member.size > limit:
        raise SubmissionError.too_large(where, member.size / 1e6, limit_mb)
    content = member.read(limit + 1)
    if len(content) > limit:
        raise SubmissionError.too_large(where, len(content) / 1e6, limit_mb)
    if len(content) != member.size:
        raise SubmissionError.damaged_archive(archive)
    return content
