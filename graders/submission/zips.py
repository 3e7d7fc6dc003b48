"""List and unpack the members of a zip archive, and trust none of its figures."""

from __future__ import annotations

import copy
import stat
import zipfile
from functools import partial
from typing import IO, BinaryIO, cast

from graders.errors import SubmissionError
from graders.submission.choose import shown
from graders.submission.limits import Bounds
from graders.submission.members import Kind, Member

# Other methods unpack a few bytes to gigabytes in one step, where no limit can be set.
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
# Bit 0: by a password; bit 6: strongly; bit 13: names as well.
_ENCRYPTED = 0x2041
_UTF8_NAME = 0x800
_HEADER_BYTES = 30
# More than zipfile unpacks ahead of what it is asked for.
_BEYOND = 1_000_000
# Real notebooks shrink to a fifth or a hundredth; a bomb to a thousandth.
_RATIO, _RATIO_FROM_BYTES = 500, 1_000_000


def zip_members(archive: str, file: BinaryIO, bounds: Bounds) -> list[Member]:
    """List a zip archive.

    Raises:
        SubmissionError: the list is too long, members lie over each other, or a name that is
            declared to be UTF-8 is not.
        Exception: of any type, where the archive is damaged.

    """
    bounded = _Bounded(archive, file, bounds)
    try:
        opened = zipfile.ZipFile(cast(IO[bytes], bounded))
    except UnicodeDecodeError as error:
        name = error.object.decode("utf-8", "replace")
        raise SubmissionError.odd_name(archive, shown(name)) from error
    bounded.left = None
    infos = opened.infolist()
    if len(infos) > bounds.members:
        raise SubmissionError.too_many_members(archive, bounds.members)
    _check_overlap(archive, infos, opened.start_dir)
    return [
        Member(_name(info), _kind(info), info.file_size, partial(_read, archive, opened, info))
        for info in infos
    ]


def _read(archive: str, opened: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> bytes:
    where = f"{archive}/{shown(_name(info))}"
    if info.flag_bits & _ENCRYPTED:
        raise SubmissionError.encrypted(where)
    if info.compress_type not in _METHODS:
        raise SubmissionError.other_compression(where)
    if info.file_size > max(_RATIO_FROM_BYTES, _RATIO * info.compress_size):
        raise SubmissionError.bomb(archive)
    # zipfile stops at the declared size, and compares the sum of what it has read by then.
    undeclared = copy.copy(info)
    undeclared.file_size = limit + _BEYOND
    with opened.open(undeclared) as member:
        return member.read(limit)


def _name(info: zipfile.ZipInfo) -> str:
    # `filename` is cut at a NUL byte, and replaced by extra fields in newer versions of Python.
    name = info.orig_filename
    if info.flag_bits & _UTF8_NAME:
        return name
    # Many tools write UTF-8 and don't say so; zipfile has decoded it as the standard's cp437.
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


def _kind(info: zipfile.ZipInfo) -> Kind:
    form = stat.S_IFMT(info.external_attr >> 16)
    if form not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return Kind.OTHER
    folder = form == stat.S_IFDIR or info.orig_filename.endswith("/")
    return Kind.FOLDER if folder else Kind.FILE


def _check_overlap(archive: str, infos: list[zipfile.ZipInfo], end: int) -> None:
    """Refuse members that share bytes, as the densest bombs do."""
    starts = sorted((info.header_offset, info.compress_size) for info in infos)
    ends = [start for start, _ in starts[1:]] + [end]
    for (start, size), following in zip(starts, ends, strict=False):
        if start + _HEADER_BYTES + size > following:
            raise SubmissionError.bomb(archive)


class _Bounded:
    """A file of which zipfile gets only so much while it looks for the list of members."""

    def __init__(self, archive: str, file: BinaryIO, bounds: Bounds) -> None:
        # Python's zipfile reads the list at once, however long it is.
        self.left: int | None = bounds.list_bytes
        self._bounds = bounds
        self._archive = archive
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """Read as a file does."""
        if self.left is None:
            return self._file.read(size)
        wanted = self.left + 1 if size < 0 else min(size, self.left + 1)
        content = self._file.read(wanted)
        self.left -= len(content)
        if self.left < 0:
            raise SubmissionError.too_many_members(self._archive, self._bounds.members)
        return content

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move as a file does."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell()

    def seekable(self) -> bool:
        """Say that it is."""
        return True
