"""A class as its reports show it: a line for each student, and what staff should know."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from graders.assignment import Assignment
from graders.batch.alike import similar_in
from graders.batch.reports import Graded, line_of, outline, write_class
from graders.errors import RunError
from graders.exports.lines import Line
from graders.gradebook import Gradebook, StudentRow
from graders.ran import RUN, Ran
from graders.report.rows import Row
from graders.result import RESULT, Result
from graders.settle import Standing, notes_of

# The page of a large class takes a while to draw: not after each student, and a small part of
# the time.
_SECONDS, _SHARE = 2.0, 0.05


@dataclass(frozen=True)
class Outcomes:
    """Everybody who is in the gradebook when a run has ended, by name."""

    graded: list[Graded]
    rows: list[Row]
    notes: list[str]  # for staff


class Roll:
    """Everybody who has a result."""

    def __init__(self, book: Gradebook, out: Path, assignment: Assignment) -> None:
        """Take in what the gradebook has."""
        self._book = book
        self._out = out
        self._assignment = assignment
        self._students: dict[str, StudentRow] = {}
        self._lines: dict[str, Line] = {}
        self._notes: dict[str, list[str]] = {}
        self._judged: set[str] = set()
        self._drawn = self._took = 0.0
        self.refresh()
        self.mind(book.judged_since(0))
        for student, result in book.outlines():
            self.note(student.key, result)

    def refresh(self) -> None:
        """Take note of students who are new."""
        self._students = {student.key: student for student in self._book.students()}

    def mind(self, keys: Iterable[str]) -> None:
        """Take note of students whom a person has scored."""
        self._judged.update(keys)

    def note(self, key: str, result: Result) -> None:
        """Take in a student's result, whole or its outline."""
        student = self._students[key]
        self._lines[key] = line_of(result, student)
        self._notes.pop(key, None)
        late = result.late is not None and result.late.unknown
        if late or key in self._judged:
            standing = standing_of(self._book, self._assignment, key)
            notes = [f"{student.name}: {note}" for note in notes_of(result, standing)]
            self._notes[key] = notes

    def folder(self, key: str) -> Path:
        """Return the folder of a student's results."""
        return self._out / self._students[key].folder

    def draw_now_and_then(self) -> None:
        """Write table and page, unless that was done a moment ago."""
        if time.monotonic() - self._drawn >= max(_SECONDS, self._took / _SHARE):
            self.draw()

    def draw(self, *, final: bool = False) -> None:
        """Write table and page.

        Args:
            final: look for near-identical submissions as well, which reads something of each.

        """
        began = time.monotonic()
        write_class(
            self._lines.values(),
            self._out,
            title=self._assignment.title,
            similar=similar_in({key: self.folder(key) for key in self._lines}) if final else (),
            notes=self.notes,
        )
        self._drawn = time.monotonic()
        self._took = self._drawn - began

    @property
    def notes(self) -> list[str]:
        """What staff should know, in sentences."""
        return [note for notes in self._notes.values() for note in notes]

    def outcomes(self) -> Outcomes:
        """Return everybody who has a result, by name."""
        known = [student for student in self._students.values() if student.key in self._lines]
        return Outcomes(
            [Graded(student.name, self._out / student.folder) for student in known],
            [self._lines[student.key].row for student in known],
            self.notes,
        )


def standing_of(book: Gradebook, assignment: Assignment, key: str) -> Standing:
    """Gather what counts for a student beside the checks."""
    student = book.student(key)
    return Standing(
        judgements=tuple(book.judgements(key)),
        deadline=assignment.deadline,
        extension=student.extension if student else None,
    )


def find_runs(out: Path) -> list[Path]:
    """List the folders of OUT that `grade` has filled, by name."""
    found = out.glob(f"*/{RUN}") if out.is_dir() else []
    # A run that was killed leaves a folder with a point before its name.
    return sorted(path.parent for path in found if not path.parent.name.startswith("."))


def adopt(book: Gradebook, out: Path) -> None:
    """Take folders into a gradebook that has nobody: it was lost, or there was none yet."""
    if book.students():
        return
    for folder in find_runs(out):
        try:
            ran, result = Ran.load(folder), Result.load(folder / RESULT)
        except (RunError, OSError, ValueError):
            continue  # it is graded anew
        info = ran.submission
        info.key = info.key or f"name:{info.student}"
        with book.together():
            book.enrol(info.key, info.student, ids=info.handed.ids, folder=folder.name)
            # What it was checked with isn't known, so it will be checked again.
            book.record(info.key, info, ran.run_key, outline(result), "")
