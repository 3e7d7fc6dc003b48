"""The table of grades: one row a student, one column an exercise; for people and for scripts.

RFC 4180 with line feeds. Text that a spreadsheet would take for a formula is defused (OWASP, "CSV
Injection").
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from graders.exports.cells import cell, decimal
from graders.report.rows import Row

_FIRST = (
    *("student", "key", "email", "section", "file", "score", "points", "bonus_points"),
    *("pending", "late_points", "status"),
)
_LAST = ("look_at", "message", "graded_at")


@dataclass(frozen=True, slots=True)
class Line:
    """A student's row, and what the roster knows."""

    row: Row
    email: str = ""
    section: str = ""


def grades_csv(lines: Iterable[Line]) -> str:
    """Write the grades as a table, in the order of the lines.

    `look_at` names the exercises in which a person should look at something, joined by spaces;
    `late_points` is what was taken off, and is in the score already. Where students were graded
    with different versions of a sheet, every exercise has its column.
    """
    ordered = list(lines)
    exercises = list(dict.fromkeys(part.id for line in ordered for part in line.row.exercises))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_FIRST, *map(cell, exercises), *_LAST])
    for line in ordered:
        scores = {part.id: decimal(part.score) for part in line.row.exercises}
        between = [scores.get(exercise, "") for exercise in exercises]
        writer.writerow([*_first(line), *between, *_last(line.row)])
    return text.getvalue()


def _first(line: Line) -> list[str]:
    row = line.row
    return [
        cell(row.student),
        cell(row.key),
        cell(line.email),
        cell(line.section),
        cell(row.file),
        decimal(row.score),
        decimal(row.points),
        decimal(row.bonus_points),
        decimal(row.pending),
        decimal(row.deducted) if row.late else "",
        row.status,
    ]


def _last(row: Row) -> list[str]:
    return [cell(" ".join(row.look_at)), cell(row.note), cell(row.graded_at)]
