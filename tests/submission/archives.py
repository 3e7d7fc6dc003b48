"""Archives for the tests: honest ones, and such as no tool would write."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.submission.notebooks import code, notebook

NOTEBOOK = notebook(code("x = 1"), code("print(x)"))
ENDINGS = ["zip", "tar", "tar.gz", "tgz"]


def pack(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write an archive of the kind that its name says, with the standard library's tools."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return path
    return pack_tar(path, [(member(name, size=len(files[name])), files[name]) for name in files])


def pack_tar(
    path: Path, members: list[tuple[tarfile.TarInfo, bytes]], form: int = tarfile.PAX_FORMAT
) -> Path:
    with tarfile.open(path, "w" if path.suffix == ".tar" else "w:gz", format=form) as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return path


def member(
    name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, to: str = ""
) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, to
    return info


def tar_block(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    """Make one header of a tar, whose size may be any, below zero as well."""
    block = bytearray(member(name, kind).tobuf(tarfile.GNU_FORMAT))
    block[124:136] = (
        b"%011o\0" % size if size >= 0 else b"\xff" + (256**11 + size).to_bytes(11, "big")
    )
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % tarfile.BLOCKSIZE)


@dataclass
class Entry:
    """A member of a zip; what is left out is as it should be."""

    name: bytes = b"hw.ipynb"
    content: bytes = NOTEBOOK
    packed: bytes | None = None
    method: int = zipfile.ZIP_DEFLATED
    size: int | None = None
    crc: int | None = None
    flags: int = 0
    mode: int = 0
    comment: bytes = b""
    extra: bytes = b""
    # Where the list says that it stands; its own bytes are left out then.
    offset: int | None = None

    @property
    def data(self) -> bytes:
        if self.packed is not None:
            return self.packed
        return deflated(self.content) if self.method == zipfile.ZIP_DEFLATED else self.content

    @property
    def common(self) -> bytes:
        """The fields that the header and the list share."""
        crc = zlib.crc32(self.content) if self.crc is None else self.crc
        size = len(self.content) if self.size is None else self.size
        return struct.pack(
            "<5H3L", 20, self.flags, self.method, 0, 33, crc, len(self.data), size
        ) + struct.pack("<H", len(self.name))

    @property
    def header(self) -> bytes:
        return b"PK\3\4" + self.common + struct.pack("<H", 0) + self.name

    def listed(self, offset: int) -> bytes:
        return (
            b"PK\1\2"
            + struct.pack("<H", 20 | 3 << 8)
            + self.common
            + struct.pack("<2H", len(self.extra), len(self.comment))
            + struct.pack("<2H2L", 0, 0, self.mode << 16, offset)
            + self.name
            + self.extra
            + self.comment
        )


def raw_zip(path: Path, *entries: Entry) -> Path:
    """Write a zip as it is told, be it a lie."""
    body, listing = b"", b""
    for entry in entries:
        listing += entry.listed(len(body) if entry.offset is None else entry.offset)
        body += entry.header + entry.data if entry.offset is None else b""
    count = min(len(entries), 0xFFFF)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(listing), len(body), 0)
    path.write_bytes(body + listing + end)
    return path


def quoted_overlap(path: Path) -> Path:
    """Write a bomb whose first member holds the second, header and all, in a stored block."""
    inner = Entry()
    quoted = inner.header + inner.data
    block = struct.pack("<BHH", 0, len(inner.header), len(inner.header) ^ 0xFFFF)
    outer = Entry(b"big.txt", inner.header + inner.content, block + quoted)
    inner.offset = len(outer.header) + len(block)
    return raw_zip(path, outer, inner)


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()
