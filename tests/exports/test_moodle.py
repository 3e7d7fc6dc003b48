from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from graders.errors import ExportError
from graders.exports import Notes, Options
from graders.exports.moodle import HEADER, comment_of, write_moodle
from graders.result import Result
from tests.builders.classes import students
from tests.builders.hostile import HOSTILE_NAMES
from tests.builders.results import broken, late, marked

WORKSHEET = (
    "\ufeffIdentifier,Full name,Email address,Status,Grade,Maximum grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
    '"Participant 100001","Maria Rossi",maria@example.org,"Submitted for grading",,3.00,Yes,'
    '"Monday, 5 January 2026, 9:30 AM",-,\n'
    '"Participant 100002","Bianchi, ""Luca""",luca@example.org,"No submission",1.00,3.00,Yes,-,'
    '"Tuesday, 6 January 2026, 8:00 AM","Well, ""done""."\n'
    '"Participant 100003",=Ada,ada@example.org,"No submission",,3.00,No,-,-,\n'
)
GERMAN = (
    "ID;Vollständiger Name;E-Mail-Adresse;Status;Bewertung;Bestwertung;"
    "Bewertung kann geändert werden;Zuletzt geändert (Abgabe);Zuletzt geändert (Bewertung)\r\n"
    "Teilnehmer/in 100001;Maria Rossi;maria@example.org;Zur Bewertung abgegeben;;3,00;Ja;-;-\r\n"
)


class MoodleImport:
    """Reads a worksheet by the rules of Moodle's importer: a strict reader of our output."""

    def __init__(self, content: bytes) -> None:
        text = content.decode("utf-8").removeprefix("\ufeff")
        header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        self.header = header
        identifier, grade = header.index("Identifier"), header.index("Grade")
        assert "Last modified (grade)" in header
        self.rows = {}
        for row in rows:
            assert len(row) == len(header)
            self.rows[row[identifier].removeprefix("Participant ")] = row
        self.grades = {who: row[grade] for who, row in self.rows.items()}

    def accepted(self, maximum: float) -> dict[str, float]:
        """Grades that Moodle takes: numbers with a point, 0 to the maximum."""
        numbers = {who: float(text) for who, text in self.grades.items() if text}
        return {who: number for who, number in numbers.items() if 0 <= number <= maximum}


def write(
    folder: Path, *results: Result, template: str | None = WORKSHEET, **options: Any
) -> tuple[bytes, Notes]:
    path = None
    if template is not None:
        path = folder / "worksheet.csv"
        path.write_bytes(template.encode())
    notes = Notes()
    target = folder / "moodle.csv"
    write_moodle(students(*results), target, Options(template=path, **options), notes)
    return target.read_bytes(), notes


def maria(**more: Any) -> Result:
    return marked("Maria Rossi", ids={"moodle": "100001"}, **more)


def luca(**more: Any) -> Result:
    return marked("Luca Bianchi", ids={"moodle": "100002"}, **more)


# -- into the grading worksheet -------------------------------------------------------------


def test_moodle_takes_every_grade(tmp_path):
    content, notes = write(tmp_path, maria(score=2.25), luca(score=0.5))
    assert MoodleImport(content).accepted(3) == {"100001": 2.25, "100002": 0.5}
    assert notes.written == 2


def test_all_but_grade_and_comment_stays_byte_for_byte(tmp_path):
    content, _ = write(tmp_path, maria(score=2.25))
    comment = "2.25 of 3 points. 1a: 2.25 of 3; 1b: 0 of 2"
    expected = WORKSHEET.replace('for grading",,3.00', 'for grading",2.25,3.00').replace(
        '9:30 AM",-,\n', f'9:30 AM",-,{comment}\n'
    )
    assert content == expected.encode()


def test_a_comment_that_a_person_wrote_stays(tmp_path):
    content, notes = write(tmp_path, luca(score=2))
    assert MoodleImport(content).rows["100002"][-1] == 'Well, "done".'
    assert "Luca Bianchi" in notes.warnings[0]


@pytest.mark.parametrize("form", ["{}", "<p>{}</p>"])
def test_a_comment_of_an_earlier_export_is_renewed(tmp_path, form):
    earlier = comment_of(marked(score=0.5))
    template = WORKSHEET.replace('"Well, ""done""."', form.format(earlier))
    content, notes = write(tmp_path, luca(score=2), template=template)
    assert MoodleImport(content).rows["100002"][-1].startswith("2 of 3 points.")
    assert notes.warnings == []


def test_a_comment_says_that_points_wait_for_a_person(tmp_path):
    content, _ = write(tmp_path, maria(score=1, pending=1.5, checks=[]))
    assert "1.5 wait for a person." in MoodleImport(content).rows["100001"][-1]


def test_a_comment_says_what_was_taken_off(tmp_path):
    due = late(deducted=0.5, message="Late.")
    content, _ = write(tmp_path, maria(score=2, late=due))
    assert "0.5 taken off for lateness." in MoodleImport(content).rows["100001"][-1]


@pytest.mark.parametrize(
    ("name", "ids"), [("x", {"email": "LUCA@example.org"}), ('"Luca" Bianchi', {})]
)
def test_a_student_is_found_by_address_or_name(tmp_path, name, ids):
    content, _ = write(tmp_path, marked(name, ids=ids, score=2))
    assert MoodleImport(content).grades["100002"] == "2"


def test_a_grade_that_can_not_be_changed_is_left_and_named(tmp_path):
    content, notes = write(tmp_path, marked("Ada", ids={"moodle": "100003"}))
    assert MoodleImport(content).grades["100003"] == ""
    assert "can't be changed: Ada" in notes.warnings[0]


def test_a_grade_above_the_maximum_is_named_because_moodle_passes_over_it(tmp_path):
    _, notes = write(tmp_path, maria(score=3.5))
    assert any("above the maximum" in one and "Maria Rossi" in one for one in notes.warnings)


def test_a_worksheet_in_another_language_is_filled(tmp_path):
    content, notes = write(tmp_path, maria(score=1.5), template=GERMAN)
    assert content == GERMAN.replace("abgegeben;;", "abgegeben;1.5;").encode()
    assert notes.warnings == []


def test_a_language_that_is_not_known_is_read_by_position(tmp_path):
    heads = "Aitheantóir,Ainm,Seoladh,Stádas,Grád,Uasghrád,Athrú,Aighneacht,Am,Aiseolas\n"
    template = heads + WORKSHEET.split("\n", 1)[1].split("\n", 1)[0].replace("Yes", "Tá") + "\n"
    content, _ = write(tmp_path, maria(score=1.5), template=template)
    assert b'"Submitted for grading",1.5,3.00' in content


def test_columns_are_listed_where_none_can_be_told(tmp_path):
    template = "Identifier,Name,X,Y\nParticipant 1,Maria Rossi,,\n"
    with pytest.raises(ExportError, match=r"--column[\s\S]*- Name\n- X\n- Y"):
        write(tmp_path, maria(), template=template)


def test_a_column_can_be_named(tmp_path):
    template = "Identifier,Name,X,Y\nParticipant 100001,Maria Rossi,,\n"
    content, _ = write(tmp_path, maria(score=1), template=template, column="x")
    assert content.endswith(b"Maria Rossi,1,\n")


def test_other_points_are_said_and_converted_where_that_is_asked(tmp_path):
    template = WORKSHEET.replace("3.00", "100.00")
    as_they_are, notes = write(tmp_path, maria(score=1.5), template=template)
    assert MoodleImport(as_they_are).grades["100001"] == "1.5"
    assert "Moodle gives 100 points for it, and the sheet has 3" in notes.warnings[0]
    converted, _ = write(tmp_path, maria(score=1.5), template=template, scale=True)
    assert MoodleImport(converted).grades["100001"] == "50"


def test_what_the_grader_could_not_grade_leaves_the_grade_as_it_was(tmp_path):
    content, notes = write(tmp_path, broken("Luca Bianchi", ids={"moodle": "100002"}))
    assert MoodleImport(content).grades["100002"] == "1.00"
    assert "a TA must look" in notes.warnings[0]


def test_a_worksheet_with_blind_marking_is_filled_by_number_alone(tmp_path):
    template = (
        "Identifier,Status,Grade,Maximum grade,Grade can be changed,Last modified (grade)\n"
        "Participant 100001,Submitted,,3.00,Yes,-\n"
    )
    stranger = marked("Submitted", score=3)
    content, notes = write(tmp_path, stranger, maria(score=1), template=template)
    assert MoodleImport(content).grades == {"100001": "1"}
    assert "Submitted" in notes.warnings[0]


def test_any_name_in_the_class_leaves_the_worksheet_readable(tmp_path):
    results = [marked(name, ids={"moodle": f"9{n}"}) for n, name in enumerate(HOSTILE_NAMES)]
    content, notes = write(tmp_path, *results, maria(score=1))
    assert MoodleImport(content).grades["100001"] == "1"
    assert notes.written == 1


@pytest.mark.parametrize("template", ["a,b\n1,x\n", "Student,ID\nMaria,4711x\n"])
def test_a_file_that_is_no_worksheet_is_refused(tmp_path, template):
    with pytest.raises(ExportError, match="not what Moodle"):
        write(tmp_path, maria(), template=template)


# -- for the grade import -------------------------------------------------------------------


def grades(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True))


def test_a_table_for_the_grade_import_names_people_by_their_ids(tmp_path):
    ids = {"email": "maria@example.org", "sid": "S1", "login": "mrossi"}
    content, notes = write(tmp_path, marked("Maria Rossi", ids=ids), template=None)
    values = ("maria@example.org", "S1", "mrossi", "Maria Rossi", "1.5")
    comment = "1.5 of 3 points. 1a: 1.5 of 3; 1b: 0 of 2"
    assert grades(content) == [dict(zip(HEADER, (*values, comment), strict=True))]
    assert notes.warnings == []


def test_people_whom_moodle_can_not_find_are_named(tmp_path):
    _, notes = write(tmp_path, maria(), template=None)
    assert "Maria Rossi" in notes.warnings[0]


def test_no_cell_of_it_is_a_formula(tmp_path):
    content, _ = write(tmp_path, *[marked(name) for name in HOSTILE_NAMES], template=None)
    cells = [cell for row in grades(content) for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert len(grades(content)) == len(HOSTILE_NAMES)
