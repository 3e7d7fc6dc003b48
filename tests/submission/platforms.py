"""Classes as learning platforms hand them out: contents by path, to be packed or laid on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.submission.archives import pack
from tests.submission.notebooks import code, notebook

Files = dict[str, bytes]


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
