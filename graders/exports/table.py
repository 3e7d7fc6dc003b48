"""The table of grades for people who open it in a spreadsheet.

It is the same as `OUT/grades.csv`, after a byte order mark: without one, Excel doesn't take UTF-8
for what it is. `tensormark grade` writes none, because scripts read its file.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from graders.exports.lines import Line, grades_csv
from graders.exports.names import printable
from graders.exports.options import Notes, Options
from graders.exports.students import Exported
from graders.files import write_whole
from graders.report.rows import Row


def write_table(students: Iterable[Exported], target: Path, options: Options, notes: Notes) -> None:
    """Write the scores of each exercise, with what the roster knows of each student."""
    table = grades_csv(_lines(students, notes))
    write_whole(target, codecs.BOM_UTF8 + table.encode("utf-8"))


def _lines(students: Iterable[Exported], notes: Notes) -> Iterator[Line]:
    for student in students:
        notes.students += 1
        notes.written += 1
        row = Row.of(student.result, None)
        row = replace(row, student=printable(student.name) or row.student, key=student.key)
        yield Line(row, student.email, student.section)
