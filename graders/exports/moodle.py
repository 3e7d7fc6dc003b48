"""Moodle: the offline grading worksheet of an assignment, and a table for its grade import.

Documented in the Moodle docs ("Assignment settings: Offline grading worksheet", "Grade import")
and in mod/assign/feedback/offline/importgradeslib.php and mod/assign/gradingtable.php. The
worksheet is comma separated UTF-8; its heads are in the language of the site, and Moodle only
takes it back with the columns `Identifier`, `Grade` and `Last modified (grade)` as it wrote them.
It finds people by the number at the end of `Identifier`, and passes over grades above the maximum
and over rows that were graded since. Grades may have a decimal point in every language.

With a template, every cell but grade and feedback comment stays as it is, so that names and
identifiers match. Without one, a person tells Moodle which column is which, by e-mail address,
id number or user name, so that names can be defused.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from graders.errors import ExportError
from graders.exports.cells import cell, decimal, identifier, parse_decimal
from graders.exports.matching import Rows
from graders.exports.options import Notes, Options
from graders.exports.scaling import Scale
from graders.exports.scores import left_of, value_of
from graders.exports.sheet import Sheet
from graders.exports.students import Exported
from graders.files import write_whole
from graders.result import Result

HEADER = ("email", "idnumber", "username", "fullname", "grade", "feedback")

_GRADE = {
    *("grade", "bewertung", "note", "calificación", "valutazione", "cijfer", "beoordeling"),
    *("nota", "avaliação", "betyg", "karakter", "arvosana", "ocena", "známka", "qualificació"),
    *("osztályzat", "βαθμός", "оценка", "оцінка", "評点", "评分", "成绩", "성적", "not", "الدرجة"),
}
_MAXIMUM = {
    *("maximum grade", "bestwertung", "höchstbewertung", "maximale bewertung", "note maximale"),
    *("calificación máxima", "valutazione massima", "punteggio massimo", "maximumcijfer"),
    *("nota máxima", "avaliação máxima", "högsta betyg", "maksimal karakter", "maksymalna ocena"),
    *("maximální známka", "qualificació màxima", "maximális pontszám", "максимальная оценка"),
    *("最大評点", "最高分", "最高成绩", "최고 성적", "en yüksek not"),
}
_FEEDBACK = {
    *("feedback comments", "feedback als kommentar", "feedback-kommentare", "commentaires"),
    *("feedback par commentaires", "comentarios de retroalimentación", "commenti"),
    *("comentarios de realimentación", "feedback commenti", "feedbackopmerkingen"),
    *("comentários de feedback", "comentaris de retroacció", "feedbackkommentarer"),
}
_EMAIL = re.compile(r"[^@\s]{1,100}@[^@\s]{1,200}")
# A word in the site's language stands before the number, everywhere.
_NUMBER_AT_END = re.compile(r"[^\W\d][^\d]*(?P<number>[0-9]{1,19})\Z")
# A comment of an earlier export, as Moodle gives it back.
_OURS = re.compile(
    r"(?:<p[^>]{0,200}>)?\d{1,9}(?:\.\d\d?)? of \d{1,9}(?:\.\d\d?)? points\. ", re.ASCII
)
_LOCKED = {"no", "nein", "non", "nee", "não", "nej", "ei", "nie", "ne", "нет", "いいえ", "否"}

_NO_ID = (
    "Moodle can't find them, because no e-mail address, id number or user name is known of them; "
    "use --template with the grading worksheet, or grade with a roster"
)
_NO_ROW = "Not in the worksheet, so their points went nowhere"
_SHUT = "Left as it was, because Moodle says that the grade can't be changed"
_ABOVE = "Moodle passes over grades above the maximum, so enter these yourself"
_COMMENTED = "Feedback comment left as it was, because there is one already"


def write_moodle(
    students: Iterable[Exported], target: Path, options: Options, notes: Notes
) -> None:
    """Write a file that Moodle imports.

    Raises:
        ExportError: the template can't be used, or its grade column can't be told.

    """
    if options.template is None:
        _without_template(students, target, options, notes)
    else:
        _into_worksheet(students, target, options.template, options, notes)


def comment_of(result: Result) -> str:
    """Sum a result up for a comment: nothing but numbers and the sheet's own names."""
    parts = [f"{e.id}: {decimal(e.score)} of {decimal(e.points)}" for e in result.exercises]
    late = result.late
    taken = f" {decimal(late.deducted)} taken off for lateness." if late and late.deducted else ""
    left = left_of(result)
    waiting = f" {decimal(left)} wait for a person." if left > 0 else ""
    total = f"{decimal(result.score)} of {decimal(result.points)} points."
    return " ".join(f"{total}{taken}{waiting} {'; '.join(parts)}".split())


def _without_template(
    students: Iterable[Exported], target: Path, options: Options, notes: Notes
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for student in students:
        notes.students += 1
        value = value_of(student.name, student.result, options.missing, notes)
        notes.written += value is not None
        ids = [identifier(student.ids.get(kind, "")) for kind in ("email", "sid", "login")]
        if not any(ids):
            notes.name(_NO_ID, student.name)
        graded = ["", ""] if value is None else [decimal(value), cell(comment_of(student.result))]
        writer.writerow([*ids, cell(student.name), *graded])
    write_whole(target, text.getvalue())


@dataclass(frozen=True)
class _Worksheet:
    """Where things stand in a grading worksheet."""

    sheet: Sheet
    grade: int
    maximum: int | None
    changeable: int | None
    feedback: int | None

    @classmethod
    def of(cls, sheet: Sheet, name: str, wanted: str) -> _Worksheet:
        heads = [" ".join(head.split()).casefold() for head in sheet.header]
        identified = [row for row in sheet.rows if _participant(sheet.value(row, 0))]
        if not identified:
            numbered = "column 'Identifier' with numbers in front"
            raise ExportError.not_from(name, "Moodle (grading worksheet)", numbered)
        if wanted:
            found = [i for i, head in enumerate(heads) if head == wanted.strip().casefold()]
            # Here the first column is what tells people apart, and never takes grades.
            found = [column for column in found if column]
            grade = found[0] if len(found) == 1 else None
        else:
            grade = _only(heads, _GRADE)
        maximum = _only(heads, _MAXIMUM)
        if maximum is None:
            maximum = _maximum_by_position(sheet, identified, grade)
        if grade is None and not wanted and maximum is not None:
            grade = maximum - 1
        if grade is None:
            raise ExportError.no_column(name, wanted or "Grade", sheet.header[1:])
        changeable = None if maximum is None or maximum + 1 >= len(heads) else maximum + 1
        return cls(sheet, grade, maximum, changeable, _only(heads, _FEEDBACK))

    def rows(self) -> Rows:
        rows, width = Rows(), len(self.sheet.header)
        for row in self.sheet.rows:
            values = [self.sheet.value(row, column).strip() for column in range(1, width)]
            address = next((one for one in values if _EMAIL.fullmatch(one)), "")
            ids = {"moodle": _participant(self.sheet.value(row, 0)), "email": address}
            # The full name stands second, except where marking is blind.
            blind = self.grade <= 2
            rows.add(row, ids, "" if blind else self.sheet.value(row, 1))
        return rows

    def is_locked(self, row: int) -> bool:
        return self.sheet.value(row, self.changeable).strip().casefold() in _LOCKED

    def largest(self) -> float | None:
        """The points that Moodle gives for the assignment."""
        found = (parse_decimal(self.sheet.value(row, self.maximum)) for row in self.sheet.rows)
        return next((value for value in found if value is not None), None)


def _into_worksheet(
    students: Iterable[Exported], target: Path, template: Path, options: Options, notes: Notes
) -> None:
    worksheet = _Worksheet.of(Sheet.read(template), template.name, options.column)
    sheet, rows, largest = worksheet.sheet, worksheet.rows(), worksheet.largest()
    scale: Scale | None = None
    for student in students:
        notes.students += 1
        if scale is None:
            scale = Scale.between(student.result.points, largest, options, notes, "Moodle")
        value = value_of(student.name, student.result, options.missing, notes)
        row = rows.row_of(student, notes, absent=_NO_ROW)
        if row is None:
            continue
        if worksheet.is_locked(row):
            notes.name(_SHUT, student.name)
        elif value is not None:
            grade = scale.of(value)
            if largest is not None and round(grade, 2) > largest:
                notes.name(_ABOVE, student.name)
            sheet.put(row, worksheet.grade, decimal(grade))
            notes.written += 1
            if worksheet.feedback is None:
                continue
            comment = sheet.value(row, worksheet.feedback).strip()
            if comment and not _OURS.match(comment):
                notes.name(_COMMENTED, student.name)
            else:
                sheet.put(row, worksheet.feedback, cell(comment_of(student.result)))
    write_whole(target, sheet.render())


def _participant(identifier: str) -> str:
    """Read the number at the end of 'Participant 123456', in any language."""
    match = _NUMBER_AT_END.search(identifier.strip()[-40:])
    return match["number"] if match else ""


def _only(heads: list[str], known: set[str]) -> int | None:
    found = [column for column, head in enumerate(heads) if head in known]
    return found[0] if len(found) == 1 else None


def _maximum_by_position(sheet: Sheet, rows: list[int], grade: int | None) -> int | None:
    """Find the maximum by what it holds: one number for all, right of a column of grades."""
    candidates = range(3, len(sheet.header)) if grade is None else (grade + 1,)
    found = []
    for column in candidates:
        values = {parse_decimal(sheet.value(row, column)) for row in rows}
        before = [sheet.value(row, column - 1).strip() for row in rows]
        numbers = all(not text or parse_decimal(text) is not None for text in before)
        if len(values) == 1 and (next(iter(values)) or 0) > 0 and numbers:
            found.append(column)
    return found[0] if len(found) == 1 else None
