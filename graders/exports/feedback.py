"""A zip with everybody's feedback, to be unpacked or uploaded to a platform at once.

Moodle takes it under "Upload multiple feedback files in a zip" (Moodle docs, "Using Assignment";
mod/assign/feedback/file/importziplib.php): a folder
`Full name_123456_assignsubmission_file_` for each student, of which the number counts. Canvas
takes it under "Upload Submissions" (Canvas Instructor Guide, "How do I upload all student
submissions for an assignment?"; canvas-lms, app/models/assignment.rb): files whose names hold the
student's id and the id of the file that was handed in, the first two parts between underscores
that are numbers.

The same feedback gives the same bytes: members bear a fixed time.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from graders.exports.names import file_part, printable
from graders.exports.options import Layout, Notes, Options
from graders.exports.scores import UNGRADED, left_of
from graders.exports.students import Exported
from graders.files import UntrustedFileError, read_untrusted

PAGE = "feedback.html"
TEXT = "feedback.md"
# The earliest time that a zip can hold.
_TIME = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o100644 << 16
_PAGE_BYTES = 100_000_000

_MOODLE = re.compile(
    r"(?P<name>[^_/\\]{1,200})_(?P<id>\d{1,19})_(?P<plugin>assign(?:submission|feedback)_[a-z]{1,40})"
    r"(?:_.*)?",
    re.ASCII | re.DOTALL,
)
_DIGITS = re.compile(r"\d{1,19}", re.ASCII)
_NO_PLACE = {
    "moodle": "Left out, because no Moodle participant number came with their submission",
    "canvas": "Left out, because no file name with Canvas' ids came with their submission",
}
_NO_PAGE = "Left out, because there is no feedback page in their folder"
_SAME_PLACE = "Left out, because another student's feedback goes to the same place"


def write_feedback_zip(
    students: Iterable[Exported], target: Path, options: Options, notes: Notes
) -> None:
    """Write a zip of feedback pages, laid out for a platform or by students' folders."""
    name_of = _LAYOUTS[options.layout]
    texts = (PAGE, TEXT) if options.layout == "plain" else (PAGE,)
    taken: set[str] = set()
    partial = target.with_name(target.name + ".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for student in students:
            notes.students += 1
            place = _place(student, name_of, taken, options.layout, notes)
            if place is None:
                continue
            content = {name: _read(student.folder, name) for name in texts}
            if content[PAGE] is None:
                notes.name(_NO_PAGE, student.name)
                continue
            for name, data in content.items():
                if data is not None:
                    archive.writestr(_member(place + name), data)
            notes.written += 1
    partial.replace(target)


def _place(
    student: Exported,
    name_of: Callable[[Exported], str],
    taken: set[str],
    layout: Layout,
    notes: Notes,
) -> str | None:
    """Say where a student's feedback goes in the zip: what stands before `feedback.html`."""
    left = left_of(student.result)
    if student.result.execution.status == "error" and left > 0:
        notes.name(UNGRADED, student.name)
        return None
    place = name_of(student)
    if not place:
        notes.name(_NO_PLACE[layout], student.name)
        return None
    # Names that differ in case alone are one on many systems.
    if place.casefold() in taken:
        notes.name(_SAME_PLACE, student.name)
        return None
    taken.add(place.casefold())
    if left > 0:
        notes.pending(student.name, left)
    return place


def _plain(student: Exported) -> str:
    return f"{student.folder.name}/"


def _for_moodle(student: Exported) -> str:
    match = _MOODLE.fullmatch(student.result.submission.handed.label)
    if match:
        name, number, plugin = match["name"], match["id"], match["plugin"]
    else:
        name, plugin = student.name, "assignsubmission_file"
        number = student.ids.get("moodle", "")
        if not _DIGITS.fullmatch(number):
            return ""
    # Moodle goes by the second part, so an underscore in the name would shift it.
    name = file_part(printable(name), "student").replace("_", " ").strip()
    return f"{name or 'student'}_{number}_{plugin}_/"


def _for_canvas(student: Exported) -> str:
    parts = student.result.submission.handed.label.split("_")
    numbers = [i for i, part in enumerate(parts[:-1]) if _DIGITS.fullmatch(part)][:2]
    if len(numbers) < 2:
        return ""
    name = file_part("".join(parts[: numbers[0]]), "student")
    # A name of digits alone would be taken for the id.
    name = f"student{name}" if _DIGITS.fullmatch(name) else name.replace("_", "")
    return f"{name}_{parts[numbers[0]]}_{parts[numbers[1]]}_"


_LAYOUTS: dict[Layout, Callable[[Exported], str]] = {
    "plain": _plain,
    "moodle": _for_moodle,
    "canvas": _for_canvas,
}


def _read(folder: Path, name: str) -> bytes | None:
    try:
        return read_untrusted(folder, name, _PAGE_BYTES)
    except (FileNotFoundError, UntrustedFileError):
        return None


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _TIME)
    member.compress_type = zipfile.ZIP_DEFLATED
    # Unix, on every system: else the bytes would tell where the zip was made.
    member.create_system = 3
    member.external_attr = _READABLE
    return member
