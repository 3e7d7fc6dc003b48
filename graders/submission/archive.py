"""Read the one notebook or script that an archive holds, in memory; nothing is put on disk."""

from __future__ import annotations

import os
from typing import BinaryIO

from graders.errors import SubmissionError
from graders.submission.choose import shown
from graders.submission.limits import ARCHIVE_LIMIT_MB, SIZE_LIMIT_MB
from graders.submission.members import Member, choose_member
from graders.submission.tars import tar_members
from graders.submission.zips import zip_members


def read_archive(archive: str, file: BinaryIO) -> tuple[str, bytes]:
    """Return the name, without folders, and the content of the work in an archive.

    Args:
        archive: the archive's name; its ending tells a zip from a tar.
        file: the archive, opened.

    Raises:
        SubmissionError: no single file in it is the work, or nothing in it is to be trusted.

    """
    if os.fstat(file.fileno()).st_size > ARCHIVE_LIMIT_MB * 1e6:
        raise SubmissionError.archive_too_large(archive, ARCHIVE_LIMIT_MB)
    list_members = zip_members if archive.lower().endswith(".zip") else tar_members
    try:
        member = choose_member(archive, list_members(archive, file))
        return member.path.name, _content(archive, member)
    except SubmissionError:
        raise
    except Exception as error:
        # Damaged archives raise a dozen types, struct.error and OverflowError among them.
        raise SubmissionError.damaged_archive(archive) from error


def _content(archive: str, member: Member) -> bytes:
    where = f"{archive}/{shown(member.name)}"
    limit = int(SIZE_LIMIT_MB * 1e6)
    if member.size > limit:
        raise SubmissionError.too_large(where, member.size / 1e6, SIZE_LIMIT_MB)
    content = member.read(limit + 1)
    if len(content) > limit:
        raise SubmissionError.too_large(where, len(content) / 1e6, SIZE_LIMIT_MB)
    if len(content) != member.size:
        raise SubmissionError.damaged_archive(archive)
    return content
