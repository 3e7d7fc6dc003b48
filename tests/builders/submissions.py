"""Work as students hand it in: notebooks, archives, and downloads of learning platforms."""

from __future__ import annotations

import io
import json
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import v3, v4

Files = dict[str, bytes]
ENDINGS = ["zip", "tar", "tar.gz", "tgz"]


def notebook(*cells: Any, minor: int = 5, metadata: dict[str, Any] | None = None) -> bytes:
    """Write a notebook of nbformat 4; cell ids only where the minor version has them."""
    made = v4.new_notebook(cells=list(cells), metadata=metadata or {})
    made.nbformat_minor = minor
    if minor < 5:
        for cell in made.cells:
            cell.pop("id", None)
    return nbformat.writes(made).encode()


def old_notebook(*cells: Any) -> bytes:
    """Write a notebook of nbformat 3, with one worksheet."""
    made = v3.new_notebook(worksheets=[v3.new_worksheet(cells=list(cells))])
    return v3.writes_json(made).encode()


def code(source: str, **metadata: Any) -> Any:
    """Make a code cell."""
    return v4.new_code_cell(source, metadata=metadata)


def text(source: str, **metadata: Any) -> Any:
    """Make a markdown cell."""
    return v4.new_markdown_cell(source, metadata=metadata)


def starter(exercise: str, kind: str) -> dict[str, Any]:
    """Metadata as the starter notebook writes it."""
    return {"tensormark": {"exercise": exercise, "kind": kind}}


def raw(**content: Any) -> bytes:
    """Write JSON that nbformat has no say in."""
    return json.dumps(content).encode()


def with_kernel(**metadata: Any) -> bytes:
    """Write a notebook with this metadata."""
    return notebook(code("1 + 1"), metadata=metadata)


NOTEBOOK = notebook(code("x = 1"), code("print(x)"))


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
    """Write a tar."""
    with tarfile.open(path, "w" if path.suffix == ".tar" else "w:gz", format=form) as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return path


def member(
    name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, to: str = ""
) -> tarfile.TarInfo:
    """Make the header of a member of a tar."""
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
    """Fill up to whole blocks of a tar."""
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
    """Compress as zip does."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def work(number: int) -> bytes:
    """Make a notebook that is nobody else's, the same whenever it is made."""
    return notebook(code(f"x = {number}"), minor=4)


def lay(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files as an archive's would be unpacked; a path that ends in `/` is an empty folder."""
    for name, content in files.items():
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def zipped(folder: Path, files: Mapping[str, bytes], name: str = "class.zip") -> Path:
    """Write files to a zip in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    return pack(folder / name, files)


def moodle_name(student: str, number: int | str = "", plugin: str = "file") -> str:
    """Name a student's folder as Moodle does since 4.0: underscores in names become spaces."""
    who = student.replace("_", " ")
    return f"{who}_{number}_assignsubmission_{plugin}" if number else f"{who}_assignsubmission_file"


def moodle(students: Mapping[tuple[str, int], Mapping[str, bytes]], *, old: bool = False) -> Files:
    """Make a download with folders; older versions end their names in an underscore."""
    end = "_" if old else ""
    return {
        f"{moodle_name(name, number)}{end}/{path}": content
        for (name, number), files in students.items()
        for path, content in files.items()
    }


def moodle_flat(students: Mapping[tuple[str, int], Mapping[str, bytes]]) -> Files:
    """Make a download without folders."""
    return {
        f"{moodle_name(name, number)}_{path}": content
        for (name, number), files in students.items()
        for path, content in files.items()
    }


def canvas_name(student: str, user: int, file: int, name: str, *, late: bool = False) -> str:
    """Name a file as Canvas does: the sortable name in lower case, without any other sign."""
    squeezed = "".join(char for char in student.lower() if char.isalnum() or char == "_")
    mark = "_LATE" if late else ""
    return f"{squeezed}{mark}_{user}_{file}_{name}"


def gradescope(
    students: Mapping[str, tuple[list[tuple[str, str, str]], Mapping[str, bytes]]],
) -> Files:
    """Make an export: submissions by folder, each with (name, sid, email) of its submitters."""
    lines = []
    files: Files = {}
    for folder, (submitters, contents) in students.items():
        lines += [f"{folder}:", "  :submitters:"]
        for name, sid, email in submitters:
            lines += [f"  - :name: {name}", f"    :sid: '{sid}'", f"    :email: {email}"]
        lines += [
            "  :created_at: 2026-05-11 21:59:30.123456789 Z",
            "  :score: 3.0",
            "  :results:",
            "    tests:",
            "    - name: 'a test'",
            '      output: ":submitters:\\n- :name: nobody"',
            "  :history:",
            "  - :id: 1",
            "    :created_at: 2026-05-01 10:00:00.000000000 Z",
        ]
        files |= {f"assignment_77_export/{folder}/{path}": text for path, text in contents.items()}
    files["assignment_77_export/submission_metadata.yml"] = "\n".join(lines).encode()
    return files


def nbgrader(
    students: Mapping[str, Mapping[str, Mapping[str, bytes]]], time: str = "2026-05-11 21:59:30 UTC"
) -> Files:
    """Make `submitted/`: by student, by assignment, files; a time beside them."""
    files: Files = {}
    for student, assignments in students.items():
        for assignment, contents in assignments.items():
            place = f"submitted/{student}/{assignment}"
            files[f"{place}/timestamp.txt"] = time.encode()
            files |= {f"{place}/{path}": text for path, text in contents.items()}
    return files


def github(assignment: str, logins: Mapping[str, Mapping[str, bytes]]) -> Files:
    """Make clones side by side."""
    files: Files = {}
    for login, contents in logins.items():
        place = f"{assignment}-{login}"
        files[f"{place}/.git/HEAD"] = b"ref: refs/heads/main\n"
        files[f"{place}/.git/hooks/post-checkout"] = b"#!/bin/sh\ntouch /tmp/ran\n"
        files |= {f"{place}/{path}": text for path, text in contents.items()}
    return files
