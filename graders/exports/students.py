"""A class as it stands on disk, one student after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from graders.errors import RunError
from graders.exports.options import Notes
from graders.files import read_untrusted
from graders.result import RESULT, Result

GRADEBOOK = "gradebook.db"
_RESULT_BYTES = 200_000_000


@dataclass(frozen=True)
class Exported:
    """A student with the result that is handed on."""

    name: str
    key: str
    result: Result
    folder: Path
    ids: Mapping[str, str] = field(default_factory=dict)
    section: str = ""
    email: str = ""

    @classmethod
    def of(
        cls,
        result: Result,
        folder: Path,
        *,
        name: str = "",
        key: str = "",
        ids: Mapping[str, str] | None = None,
        section: str = "",
    ) -> Exported:
        """Make a student of a result; what the roster or the gradebook knows goes first."""
        submission = result.submission
        known = {**submission.handed.ids, **(ids or {})}
        name = name or submission.student
        return cls(
            name=name,
            key=key or submission.key or f"name:{name}",
            result=result,
            folder=folder,
            ids=known,
            section=section,
            email=known.get("email", ""),
        )


def class_of(out: Path, notes: Notes) -> Iterator[Exported]:
    """Read a class, one result at a time, in the gradebook's order.

    A student whose result can't be read is named in `notes`; the others go on. Where there is no
    gradebook, the folders of OUT are read alone, by name.

    Raises:
        RunError: nothing in `out` was graded.
        GradebookError: there is a gradebook, and it can't be read.

    """
    found = False
    rows = _from_gradebook(out) if (out / GRADEBOOK).is_file() else _from_folders(out)
    for row in rows:
        found = True
        try:
            text = read_untrusted(row.folder, RESULT, _RESULT_BYTES)
            result = Result.model_validate_json(text)
        except (OSError, ValidationError):
            notes.name(f"Left out, because {RESULT} is missing or damaged", row.folder.name)
            continue
        yield Exported.of(
            result, row.folder, name=row.name, key=row.key, ids=row.ids, section=row.section
        )
    if not found:
        raise RunError.nothing_graded(out)


@dataclass(frozen=True)
class _Row:
    folder: Path
    name: str = ""
    key: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)
    section: str = ""


def _from_gradebook(out: Path) -> Iterator[_Row]:
    from graders.gradebook import Gradebook

    with Gradebook.open(out, create=False) as book:
        students = list(book.students())
    for student in students:
        yield _Row(out / student.folder, student.name, student.key, student.ids, student.section)


def _from_folders(out: Path) -> Iterator[_Row]:
    if not out.is_dir():
        return
    for path in sorted(out.glob(f"*/{RESULT}")):
        # A run that was killed leaves a folder with a point before its name.
        if not path.parent.is_symlink() and not path.parent.name.startswith("."):
            yield _Row(path.parent)
