"""List and unpack the members of a tar archive, packed with gzip or not, in one pass forwards.

Headers are decoded by Python's tarfile, one at a time. Its class for whole archives isn't used:
it follows sizes backwards, keeps lists as long as an archive declares, and takes a damaged
header for the end, each in other ways from one version of Python to the next.
"""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO, cast

from graders.errors import SubmissionError
from graders.submission.limits import Bounds
from graders.submission.members import Kind, Member

_BLOCK = tarfile.BLOCKSIZE
_GZIP = b"\x1f\x8b"
_FILES = {tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE}
_EXTENDED = {tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE}
# On the whole archive, and on where a link leads: nothing that changes what is read.
_NOTES = {tarfile.XGLTYPE, tarfile.GNUTYPE_LONGLINK}
# No content follows their headers, whatever size these declare.
_BARE = {
    tarfile.LNKTYPE,
    tarfile.SYMTYPE,
    tarfile.DIRTYPE,
    tarfile.FIFOTYPE,
    tarfile.CHRTYPE,
    tarfile.BLKTYPE,
}
# Of all extended headers; names, times and what macOS adds are a few hundred bytes a file.
_EXTENDED_BYTES = 4_000_000
_SPARSE = b"GNU.sparse"


def tar_members(archive: str, file: BinaryIO, bounds: Bounds) -> list[Member]:
    """List a tar archive, and check the sum of one that is packed with gzip.

    Raises:
        SubmissionError: it is too large when unpacked, or the list is too long.
        Exception: of any type, where the archive is damaged.

    """
    packed = file.read(len(_GZIP)) == _GZIP
    file.seek(0)
    stream = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file
    members: list[Member] = []
    for member in _members(archive, stream, bounds):
        if len(members) == bounds.members:
            raise SubmissionError.too_many_members(archive, bounds.members)
        members.append(member)
    if packed:
        # The sum stands at the end.
        while stream.read(1 << 20):
            _check_place(archive, stream.tell(), bounds)
    return members


def _members(archive: str, stream: BinaryIO, bounds: Bounds) -> Iterator[Member]:
    extended: dict[bytes, bytes] = {}
    extended_left = _EXTENDED_BYTES
    # A member has at most a header for its name, one for the rest, and its own.
    for _ in range(3 * bounds.members + 1):
        block = stream.read(_BLOCK)
        if block == bytes(_BLOCK):
            return
        header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        size, start = header.size, stream.tell()
        if header.type in _EXTENDED or header.type == tarfile.GNUTYPE_LONGNAME:
            extended_left -= _checked(size)
            if extended_left < 0:
                break
            content = stream.read(size)
            if header.type in _EXTENDED:
                extended |= _records(content)
            else:
                extended[b"path"] = content.split(b"\0")[0]
        elif header.type not in _NOTES:
            size = _checked(int(extended.get(b"size", size)))
            name, kind = _name(header, extended), _kind(header, extended)
            yield Member(name, kind, size, partial(_read, stream, start, size))
            size = 0 if header.type in _BARE else size
            extended = {}
        following = start + -(-_checked(size) // _BLOCK) * _BLOCK
        _check_place(archive, following, bounds)
        stream.seek(following)
    raise SubmissionError.too_many_members(archive, bounds.members)


def _records(content: bytes) -> dict[bytes, bytes]:
    """Read of an extended header what matters here: lines of `LENGTH KEY=VALUE`."""
    records: dict[bytes, bytes] = {}
    place = 0
    while place < len(content):
        space = content.index(b" ", place, place + 20)
        end = place + int(content[place:space])
        key, equals, value = content[space + 1 : end].partition(b"=")
        if not equals or not value.endswith(b"\n"):
            raise tarfile.HeaderError("no record")
        if key in {b"path", b"size"}:
            records[key] = value[:-1]
        elif key.startswith(_SPARSE):
            records[_SPARSE] = b""
        place = end
    return records


def _name(header: tarfile.TarInfo, extended: dict[bytes, bytes]) -> str:
    path = extended.get(b"path")
    return header.name if path is None else path.decode("utf-8", "surrogateescape")


def _kind(header: tarfile.TarInfo, extended: dict[bytes, bytes]) -> Kind:
    if header.type == tarfile.DIRTYPE:
        return Kind.FOLDER
    return Kind.FILE if header.type in _FILES and _SPARSE not in extended else Kind.OTHER


def _read(stream: BinaryIO, start: int, size: int, limit: int) -> bytes:
    stream.seek(start)
    return stream.read(min(size, limit))


def _checked(size: int) -> int:
    if size < 0:
        raise tarfile.HeaderError("a negative size")
    return size


def _check_place(archive: str, place: int, bounds: Bounds) -> None:
    if place > bounds.megabytes * 1e6:
        raise SubmissionError.archive_too_large(archive, bounds.megabytes)
