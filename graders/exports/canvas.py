"""The gradebook of Canvas, to be imported under Grades > Import.

The layout is documented in the Canvas Instructor Guide ("How do I import grades in the
Gradebook?") and in canvas-lms, lib/gradebook_exporter.rb and lib/gradebook_importer.rb: columns
up to `Section` say who a student is, then each assignment has a column `Title (id)`; a row of
`Manual Posting` marks and a row `    Points Possible` may come before the students. A student is
found by ID, else by SIS User ID or SIS Login ID, else by name. Commas or semicolons, UTF-8
without a byte order mark (which a quoted first cell would not survive).

With a template, every cell but the assignment's own stays as Canvas has written it, so that names
and ids match. Without one, Canvas goes by ids, so names can be defused.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from graders.errors import ExportError
from graders.exports.cells import cell, decimal, identifier, parse_decimal
from graders.exports.matching import Rows
from graders.exports.options import Notes, Options
from graders.exports.scaling import Scale
from graders.exports.scores import value_of
from graders.exports.sheet import Sheet
from graders.exports.students import Exported
from graders.files import write_whole
from graders.result import Result

HEADER = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
POINTS_POSSIBLE = "    Points Possible"

# Columns that Canvas computes; it passes over them when it imports.
_COMPUTED = re.compile(
    r"(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)", re.IGNORECASE
)
_TITLE_AND_ID = re.compile(r"(?P<title>.*\S)\s+\((?P<id>\d+)\)", re.DOTALL)
_KINDS = {"ID": "canvas", "SIS User ID": "sid", "SIS Login ID": "login"}
# Excused, and not assigned: what Canvas writes in place of a score.
_NO_SCORE = {"EX", "N/A"}

_NO_ID = (
    "Canvas may not know them, because no Canvas id came with their submission; use --template "
    "with the file that Canvas exports"
)
_NO_ROW = "Not in the template, so their points went nowhere"
_KEPT = "Left as it was, because Canvas says excused (EX) or not assigned (N/A)"


def write_canvas(
    students: Iterable[Exported], target: Path, options: Options, notes: Notes
) -> None:
    """Write a file that Canvas imports.

    Raises:
        ExportError: the template can't be used, or its column can't be told.

    """
    if options.template is None:
        _without_template(students, target, options, notes)
    else:
        _into_template(students, target, options.template, options, notes)


def _without_template(
    students: Iterable[Exported], target: Path, options: Options, notes: Notes
) -> None:
    lines: list[list[str]] = []
    title, possible = "", 0.0
    for student in students:
        notes.students += 1
        if not lines:
            title, possible = student.result.assignment.title, student.result.points
        value = value_of(student.name, student.result, options.missing, notes)
        notes.written += value is not None
        if not any(student.ids.get(kind) for kind in _KINDS.values()):
            notes.name(_NO_ID, student.name)
        # A row with these words is taken for the points themselves.
        name = cell(student.name).replace("Points Possible", "Points-Possible")
        ids = [identifier(student.ids.get(kind, "")) for kind in _KINDS.values()]
        score = "" if value is None else decimal(value)
        lines.append([name, *ids, cell(student.section), score])
    # `(123)` at the end would name another assignment of the course.
    title = re.sub(r"\((\d+)\)\s*$", r"[\1]", cell(title))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*HEADER, title])
    writer.writerow([POINTS_POSSIBLE, *[""] * (len(HEADER) - 1), decimal(possible)])
    writer.writerows(lines)
    write_whole(target, text.getvalue())


@dataclass(frozen=True)
class _Gradebook:
    """Where things stand in a gradebook that Canvas has exported."""

    sheet: Sheet
    name: str
    # The row of points possible, if there is one, and those of students.
    points_row: int | None
    students: list[int]

    @classmethod
    def of(cls, sheet: Sheet, name: str) -> _Gradebook:
        header = sheet.header
        if not any("ID" in title for title in header) or "Section" not in header:
            raise ExportError.not_from(name, "Canvas", "columns 'ID' and 'Section'")
        points_row, students = None, []
        for row in sheet.rows:
            first = sheet.value(row, 0)
            if points_row is None and "Points Possible" in first:
                points_row = row
            elif first.strip():
                students.append(row)
        return cls(sheet, name, points_row, students)

    @property
    def assignments(self) -> dict[int, str]:
        """Columns that take scores: what comes after the section, and isn't computed."""
        header = self.sheet.header
        columns = range(header.index("Section") + 1, len(header))
        return {column: header[column] for column in columns if self._takes_scores(column)}

    def _takes_scores(self, column: int) -> bool:
        title = self.sheet.header[column].strip()
        if not title or _COMPUTED.search(title):
            return False
        if self.points_row is None or self.possible(column) is not None:
            return True
        # A person's own column has no points, as some assignments, but only those have an id.
        unsaid = not self.sheet.value(self.points_row, column).strip()
        return unsaid and _TITLE_AND_ID.fullmatch(title) is not None

    def possible(self, column: int) -> float | None:
        """The points that Canvas gives for an assignment."""
        if self.points_row is None:
            return None
        return parse_decimal(self.sheet.value(self.points_row, column))

    def rows(self) -> Rows:
        header, rows = self.sheet.header, Rows()
        columns = {kind: header.index(title) for title, kind in _KINDS.items() if title in header}
        for row in self.students:
            ids = {kind: self.sheet.value(row, column) for kind, column in columns.items()}
            name = self.sheet.value(row, 0)
            if header[0] == "LastName":
                name = f"{name}, {self.sheet.value(row, 1)}"
            rows.add(row, ids, name)
        return rows


def _into_template(
    students: Iterable[Exported], target: Path, template: Path, options: Options, notes: Notes
) -> None:
    book = _Gradebook.of(Sheet.read(template), template.name)
    rows = book.rows()
    column: int | None = None
    scale = Scale()
    for student in students:
        notes.students += 1
        if column is None:
            column = _column(book, student.result, options.column)
            scale = Scale.between(
                student.result.points, book.possible(column), options, notes, "Canvas"
            )
        value = value_of(student.name, student.result, options.missing, notes)
        row = rows.row_of(student, notes, absent=_NO_ROW)
        if row is None:
            continue
        if book.sheet.value(row, column).strip().upper() in _NO_SCORE:
            notes.name(_KEPT, student.name)
        elif value is not None:
            book.sheet.put(row, column, decimal(scale.of(value)))
            notes.written += 1
    write_whole(target, book.sheet.render())


def _column(book: _Gradebook, result: Result, wanted: str) -> int:
    """Choose the assignment's column: the one that is named, else the one that bears its name."""
    columns = {column: _folded(title) for column, title in book.assignments.items()}
    for matching in _candidates(columns, result, _folded(wanted)):
        if len(matching) == 1:
            return matching[0]
        if matching:
            break
    raise ExportError.no_column(
        book.name, wanted or result.assignment.title, book.assignments.values()
    )


def _candidates(columns: dict[int, str], result: Result, wanted: str) -> Iterator[list[int]]:
    """List the columns that may be meant, the surest reading first."""
    if wanted:
        yield [column for column, title in columns.items() if title == wanted]
        yield [column for column, title in columns.items() if _bare(title) == wanted]
        return
    full, short = _folded(result.assignment.title), _folded(result.assignment.id)
    yield [column for column, title in columns.items() if _bare(title) == full]
    yield [column for column, title in columns.items() if full and full in title]
    yield [column for column, title in columns.items() if short and short in title]


def _folded(title: str) -> str:
    return " ".join(title.split()).casefold()


def _bare(title: str) -> str:
    """Take the id off the head of a column."""
    match = _TITLE_AND_ID.fullmatch(title)
    return match["title"] if match else title
