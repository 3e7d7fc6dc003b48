from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest

from graders.errors import ExportError
from graders.exports import Notes, Options
from graders.exports.canvas import write_canvas
from graders.result import Outcome, Result
from tests.builders.classes import students
from tests.builders.hostile import HOSTILE_NAMES
from tests.builders.results import broken, check, judgement, late, marked

HEADER = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Notes,A sheet (9001),Other work (9002),"
    "Homework Current Score,Final Grade\r\n"
)
TEMPLATE = (
    HEADER + ",,,,,,Manual Posting,,,\r\n"
    "    Points Possible,,,,,,3.00,10.00,(read only),(read only)\r\n"
    '"Rossi, Maria",4711,S1,mrossi,"Sec 1, and Sec 2","says ""hi""",,7.50,75.00,C\r\n'
    '"Bianchi, Luca",4712,S2,lbianchi,Sec 1,,0.50,,,\r\n'
    '"=""=Neri, Ada""",4713,S3,aneri,Sec 1,,,,,\r\n'
    '"Verdi, Ida",4714,S4,iverdi,Sec 1,,EX,,,\r\n'
    '"Test, Student",4799,,2f9,Sec 1,,,,,\r\n'
)


class CanvasImport:
    """Reads a file by the rules of Canvas' importer: a strict reader of our output."""

    def __init__(self, content: bytes) -> None:
        text = content.decode("utf-8")
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
        header = rows[0]
        assert "Student" in header[0]
        assert "ID" in header[1]
        section = header.index("Section")
        self.titles = header[section + 1 :]
        self.possible: dict[str, str] = {}
        self.scores: dict[str, dict[str, str]] = {}
        for row in rows[1:]:
            values = dict(zip(self.titles, row[section + 1 :], strict=True))
            if "Points Possible" in row[0]:
                self.possible = values
            elif not all(re.fullmatch(r"\s*(Muted|Manual Posting.*)?\s*", v, re.I) for v in row):
                self.scores[row[1] or row[2] or row[3] or row[0]] = values

    def of(self, student: str, title: str) -> str:
        return self.scores[student][title]


def write(
    folder: Path, *results: Result, template: str | bytes | None = None, **options: Any
) -> tuple[bytes, Notes]:
    path = None
    if template is not None:
        path = folder / "template.csv"
        path.write_bytes(template.encode() if isinstance(template, str) else template)
    notes = Notes()
    target = folder / "canvas.csv"
    write_canvas(students(*results), target, Options(template=path, **options), notes)
    return target.read_bytes(), notes


def maria(**more: Any) -> Result:
    return marked("Maria Rossi", ids={"canvas": "4711"}, **more)


# -- into a file from Canvas ----------------------------------------------------------------


def test_a_score_goes_into_the_assignments_column_and_all_else_stays(tmp_path):
    content, notes = write(tmp_path, maria(score=2.25), template=TEMPLATE)
    assert content == TEMPLATE.replace('""hi""",,7.50', '""hi""",2.25,7.50').encode()
    assert (notes.students, notes.written, notes.warnings) == (1, 1, [])


def test_canvas_reads_the_scores_back(tmp_path):
    luca = marked("luca", ids={"canvas": "4712"}, score=3)
    content, _ = write(tmp_path, maria(score=1.005), luca, template=TEMPLATE)
    read = CanvasImport(content)
    assert read.of("4711", "A sheet (9001)") == "1"
    assert read.of("4712", "A sheet (9001)") == "3"
    assert read.of("4711", "Other work (9002)") == "7.50"
    assert read.of("4799", "A sheet (9001)") == ""


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("x", {"sid": "S2"}),
        ("x", {"login": "LBianchi"}),
        ("Luca Bianchi", {}),
        ("bianchiluca", {}),
        ("x", {"canvas": "4712", "sid": "S9"}),
    ],
)
def test_a_student_is_found_by_any_id_or_by_name(tmp_path, name, ids):
    content, _ = write(tmp_path, marked(name, ids=ids, score=2), template=TEMPLATE)
    assert CanvasImport(content).of("4712", "A sheet (9001)") == "2"


def test_a_student_who_is_not_in_the_file_is_named(tmp_path):
    stranger = marked("Nobody Known", ids={"canvas": "1"})
    content, notes = write(tmp_path, stranger, template=TEMPLATE)
    assert content == TEMPLATE.encode()
    assert notes.warnings == ["Not in the template, so their points went nowhere: Nobody Known."]


def test_two_students_never_share_a_row(tmp_path):
    other = marked("Maria Rossi", ids={"sid": "S1"}, score=0.5, key="sid:S1")
    content, notes = write(tmp_path, maria(score=2, key="canvas:4711"), other, template=TEMPLATE)
    assert CanvasImport(content).of("4711", "A sheet (9001)") == "2"
    assert "Maria Rossi" in notes.warnings[0]


def test_ids_that_lead_to_two_rows_fill_neither(tmp_path):
    torn = marked("Luca Bianchi", ids={"canvas": "4711", "sid": "S2"})
    content, notes = write(tmp_path, torn, template=TEMPLATE)
    assert content == TEMPLATE.encode()
    assert "more than one row: Luca Bianchi" in notes.warnings[0]


def test_an_excused_student_stays_excused(tmp_path):
    excused = marked("Ida Verdi", ids={"canvas": "4714"})
    content, notes = write(tmp_path, excused, template=TEMPLATE)
    assert CanvasImport(content).of("4714", "A sheet (9001)") == "EX"
    assert "Ida Verdi" in notes.warnings[0]


def test_a_result_that_could_not_be_graded_changes_nothing(tmp_path):
    luca = broken("luca", ids={"canvas": "4712"})
    content, notes = write(tmp_path, luca, template=TEMPLATE)
    assert CanvasImport(content).of("4712", "A sheet (9001)") == "0.50"
    assert "luca" in notes.warnings[0]


def test_a_file_with_semicolons_and_decimal_commas_keeps_them(tmp_path):
    template = (
        "\ufeffStudent;ID;SIS Login ID;Section;A sheet (9001)\n"
        "    Points Possible;;;;3,00\n"
        "Rossi, Maria;4711;mrossi;Sec 1;\n"
    )
    content, notes = write(tmp_path, maria(score=1.5), template=template)
    assert content == template.replace("Sec 1;\n", "Sec 1;1.5\n").encode()
    assert notes.warnings == []


def test_first_and_last_names_in_two_columns_are_read(tmp_path):
    template = (
        "LastName,FirstName,ID,SIS Login ID,Section,A sheet (9001)\n"
        "    Points Possible,,,,,3.00\n"
        "Rossi,Maria,4711,mrossi,Sec 1,\n"
    )
    content, _ = write(tmp_path, marked("Maria Rossi", score=1), template=template)
    assert content.endswith(b"Sec 1,1\n")


def test_columns_that_take_scores_are_listed_where_none_bears_the_title(tmp_path):
    with pytest.raises(ExportError) as caught:
        write(tmp_path, maria(title="Elsewhere"), template=TEMPLATE.replace("A sheet", "Task"))
    listed = [line for line in str(caught.value).splitlines() if line.startswith("- ")]
    assert listed == ["- Task (9001)", "- Other work (9002)"]


@pytest.mark.parametrize("column", ["Other work (9002)", "other WORK"])
def test_a_column_can_be_named(tmp_path, column):
    content, _ = write(tmp_path, maria(score=2), template=TEMPLATE, column=column)
    assert CanvasImport(content).of("4711", "Other work (9002)") == "2"


def test_a_column_that_canvas_computes_takes_no_scores(tmp_path):
    with pytest.raises(ExportError, match="can't be told"):
        write(tmp_path, maria(), template=TEMPLATE, column="Final Grade")


def test_a_file_that_is_not_from_canvas_is_refused(tmp_path):
    with pytest.raises(ExportError, match="not what Canvas exports"):
        write(tmp_path, maria(), template="a,b\n1,2\n")


def test_other_points_in_canvas_are_said_and_not_converted(tmp_path):
    content, notes = write(tmp_path, maria(score=1.5), template=TEMPLATE, column="Other work")
    assert CanvasImport(content).of("4711", "Other work (9002)") == "1.5"
    assert "Canvas gives 10 points for it, and the sheet has 3" in notes.warnings[0]


def test_points_are_converted_where_that_is_asked(tmp_path):
    content, _ = write(
        tmp_path, maria(score=1.5), template=TEMPLATE, column="Other work", scale=True
    )
    assert CanvasImport(content).of("4711", "Other work (9002)") == "5"


def test_any_name_in_the_class_leaves_the_file_readable(tmp_path):
    results = [marked(name, ids={"sid": f"X{n}"}) for n, name in enumerate(HOSTILE_NAMES)]
    content, notes = write(tmp_path, *results, maria(score=2), template=TEMPLATE)
    assert CanvasImport(content).of("4711", "A sheet (9001)") == "2"
    assert notes.written == 1


# -- without a file from Canvas -------------------------------------------------------------


def test_a_file_of_its_own_has_the_columns_that_canvas_asks_for(tmp_path):
    full = marked("Maria Rossi", ids={"canvas": "4711", "sid": "S1", "login": "mrossi"})
    content, notes = write(tmp_path, full)
    assert content.decode() == (
        "Student,ID,SIS User ID,SIS Login ID,Section,A sheet\n"
        "    Points Possible,,,,,3\n"
        "Maria Rossi,4711,S1,mrossi,,1.5\n"
    )
    assert notes.warnings == []


def test_canvas_finds_every_student_whatever_the_name(tmp_path):
    results = [marked(name, ids={"canvas": str(n)}) for n, name in enumerate(HOSTILE_NAMES, 1)]
    content, _ = write(tmp_path, *results)
    read = CanvasImport(content)
    assert read.possible == {"A sheet": "3"}
    assert {read.of(str(n), "A sheet") for n in range(1, len(results) + 1)} == {"1.5"}
    assert len(read.scores) == len(results)


def test_no_cell_of_it_is_a_formula(tmp_path):
    ids = {"canvas": "1", "sid": "=1+cmd|' /C calc'!A0", "login": "@SUM(1)"}
    content, _ = write(tmp_path, *[marked(name, ids=ids) for name in HOSTILE_NAMES])
    cells = [c for row in csv.reader(io.StringIO(content.decode())) for c in row]
    assert not [c for c in cells if c.startswith(("=", "+", "-", "@"))]


def test_a_title_never_names_another_assignment(tmp_path):
    content, _ = write(tmp_path, maria(title="Sheet (9002)"))
    assert CanvasImport(content).titles == ["Sheet [9002]"]


def test_students_whom_canvas_may_not_know_are_named(tmp_path):
    _, notes = write(tmp_path, marked("Luca Bianchi"))
    assert "Luca Bianchi" in notes.warnings[0]
    assert "--template" in notes.warnings[0]


# -- what is left open ----------------------------------------------------------------------


def score_of(folder: Path, made: Result, **options: Any) -> tuple[str, list[str]]:
    content, notes = write(folder, made, **options)
    return CanvasImport(content).of("4711", "A sheet"), notes.warnings


def test_what_the_grader_could_not_grade_is_empty_and_never_zero(tmp_path):
    score, warnings = score_of(tmp_path, broken("alice", ids={"canvas": "4711"}), missing="zero")
    assert score == ""
    assert "a TA must look" in warnings[0]


@pytest.mark.parametrize("status", ["missing", "unusable"])
@pytest.mark.parametrize(("missing", "score"), [("empty", ""), ("zero", "0")])
def test_nothing_usable_is_a_zero_only_where_a_person_says_so(tmp_path, status, missing, score):
    made = maria(score=0, status=status, message="Nothing.")
    assert score_of(tmp_path, made, missing=missing)[0] == score


def test_points_that_a_person_gave_for_an_unusable_file_count(tmp_path):
    given = judgement(1)
    made = maria(score=1, status="unusable", message="Nothing.", override=given)
    assert score_of(tmp_path, made)[0] == "1"


def test_a_lateness_that_nobody_can_measure_is_named(tmp_path):
    due = late(unknown=True)
    score, warnings = score_of(tmp_path, maria(late=due))
    assert score == "1.5"
    assert "nobody knows how late" in warnings[0]


def test_a_score_with_points_pending_is_written_and_called_provisional(tmp_path):
    waiting = check("1a", Outcome.UNSCORED, points=0.5)
    made = maria(score=1, checks=[check(), waiting])
    score, warnings = score_of(tmp_path, made)
    assert score == "1"
    assert warnings == [
        "Provisional: 0.5 points of 1 student are still to be given by a person (Maria Rossi)."
    ]


def test_a_person_who_scored_the_exercise_has_left_nothing_open(tmp_path):
    given = judgement(2)
    made = maria(score=2, checks=[check("1a", Outcome.ERROR)], override=given)
    assert score_of(tmp_path, made) == ("2", [])
