from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.errors import RosterError
from graders.roster import Person, Roster, enrol, read_roster
from graders.submission import Submission
from tests.builders.classes import work_of

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,HW 10 (998877)
,,,,,Manual Posting
    Points Possible,,,,,32.00
"Rossi, Maria",4711,00123,mrossi,Tutorial A,
"Kim, Jo",4712,00124,jkim@example.org,Tutorial B,
"Student, Test",4799,,abcdef,Tutorial A,
"""
MOODLE = """\
Identifier,"Full name","Email address",Status,Grade,"Maximum grade","Last modified (submission)"
"Participant 123456","Maria Rossi",maria@example.org,"Submitted for grading",,32.00,"Monday"
"Participant 123457","Jo Kim",jo@example.org,"No submission",,32.00,-
"""
PARTICIPANTS = """\
"First name","Last name","ID number","Email address",Groups,Roles
Maria,Rossi,00123,maria@example.org,"Tutorial A",Student
Jo,Kim,00124,jo@example.org,"Tutorial B",Student
Ada,Lang,,ada@example.org,,"Non-editing teacher"
"""
GRADESCOPE = """\
First Name,Last Name,SID,Email,Sections,Role
Maria,Rossi,00123,maria@example.org,A,Student
Jo,Kim,00124,jo@example.org,B,Student
Ada,Lang,,ada@example.org,,Instructor
"""
GITHUB = """\
"identifier","github_username","github_id","name"
"maria@example.org","maria-dev","99","Maria Rossi"
"00124","jo-codes","",""
"Lang, Ada","","",""
"""
GITHUB_GRADES = """\
"assignment_name","github_username","roster_identifier","submission_timestamp","points_awarded"
"HW 10","maria-dev","00123","2026-05-04 21:50:11 UTC","0"
"""


@pytest.fixture
def read(tmp_path):
    def from_text(text: str, encoding: str = "utf-8") -> Roster:
        path = tmp_path / "roster.csv"
        path.write_bytes(text.encode(encoding))
        return read_roster(path)

    return from_text


def names(people) -> list[str]:
    return [person.name for person in people]


# -- what platforms export ---------------------------------------------------------------


def test_a_gradebook_from_canvas(read):
    maria, jo = read(CANVAS).people
    assert (maria.name, maria.key, maria.section) == ("Maria Rossi", "canvas:4711", "Tutorial A")
    assert maria.ids == {"canvas": "4711", "sid": "00123", "login": "mrossi"}
    assert jo.ids["email"] == jo.ids["login"] == "jkim@example.org"


def test_a_grading_worksheet_from_moodle(read):
    maria, jo = read(MOODLE).people
    assert (maria.name, maria.key) == ("Maria Rossi", "moodle:123456")
    assert jo.ids == {"moodle": "123457", "email": "jo@example.org"}


def test_a_german_grading_worksheet(read):
    text = "ID;Vollständiger Name;E-Mail-Adresse\nTeilnehmer/in123456;Zoë Müller;zoe@example.org\n"
    (zoe,) = read(text).people
    assert zoe == Person("Zoë Müller", {"moodle": "123456", "email": "zoe@example.org"})


def test_a_list_of_participants_leaves_the_teachers_out(read):
    maria, jo = read(PARTICIPANTS).people
    assert maria.ids == {"sid": "00123", "email": "maria@example.org"}
    assert jo.section == "Tutorial B"


def test_a_roster_from_gradescope_leaves_the_instructors_out(read):
    roster = read(GRADESCOPE)
    assert names(roster.people) == ["Maria Rossi", "Jo Kim"]
    assert roster.people[0].ids == {"sid": "00123", "email": "maria@example.org"}


def test_a_roster_from_github_classroom(read):
    maria, jo, ada = read(GITHUB).people
    assert maria.ids == {"github": "maria-dev", "email": "maria@example.org"}
    assert jo.ids == {"github": "jo-codes", "sid": "00124"}
    assert (ada.name, ada.key) == ("Ada Lang", "name:Ada Lang")


def test_grades_from_github_classroom_hold_the_time(read):
    (maria,) = read(GITHUB_GRADES).people
    assert maria.ids == {"github": "maria-dev", "sid": "00123"}
    assert maria.submitted_at == datetime(2026, 5, 4, 21, 50, 11, tzinfo=UTC)


def test_a_roster_made_by_hand(read):
    text = (
        "name,email,id,login,section,submitted_at,extension\n"
        "Maria Rossi,maria@example.org,123,mr,A,2026-05-04T23:50+02:00,2026-05-11 23:59 +0200\n"
    )
    (maria,) = read(text).people
    berlin = timezone(timedelta(hours=2))
    assert maria == Person(
        "Maria Rossi",
        {"sid": "123", "email": "maria@example.org", "login": "mr"},
        "A",
        extension=datetime(2026, 5, 11, 23, 59, tzinfo=berlin),
        submitted_at=datetime(2026, 5, 4, 23, 50, tzinfo=berlin),
    )


# -- how it is written -------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_encoding_separator_and_line_end(read, encoding, separator, newline):
    rows = [["Email", "NAME"], ["zoe@example.org", "Zoë Müller"], ["jo@example.org", "Jo Kim"]]
    roster = read(newline.join(separator.join(row) for row in rows), encoding)
    assert names(roster.people) == ["Zoë Müller", "Jo Kim"]


def test_excels_line_with_the_separator_is_passed_over(read):
    assert names(read("sep=;\nname;email\nJo Kim;jo@example.org\n").people) == ["Jo Kim"]


def test_a_title_may_stand_above_the_columns(read):
    text = "Course 10;;\n\nStudent_Name;E-Mail;Section\nJo Kim;jo@example.org;A\n"
    assert names(read(text).people) == ["Jo Kim"]


def test_a_comment_of_several_lines_is_one_cell(read):
    text = 'name,comments,email\nJo Kim,"good,\n\nreally",jo@example.org\nAda Lang,,a@example.org\n'
    assert names(read(text).people) == ["Jo Kim", "Ada Lang"]


def test_numbers_that_a_spreadsheet_made_of_ids_are_ids_again(read):
    assert read("name,id\nJo Kim,124.0\n").people[0].key == "sid:124"


# -- what is broken costs one student ------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ("Lang, Ada,ada@example.org", "Line 3 of roster.csv was left out: it has 3 cells"),
        ('"Lang,ada@example.org', "Line 3 of roster.csv was left out: a quotation mark"),
        (",\x00", ""),
        ("", ""),
        ("Jo Kim,jo@example.org", ""),
        ("Ada Lang,jo@example.org", "nothing tells Ada Lang from who stands in line 2"),
    ],
)
def test_one_bad_line_costs_no_other(read, broken, sentence):
    roster = read(f"name,email\nJo Kim,jo@example.org\n{broken}\nMaria Rossi,maria@example.org\n")
    assert names(roster.people) == ["Jo Kim", "Maria Rossi"]
    assert len(roster.notes) == bool(sentence)
    assert sentence in "".join(roster.notes)


def test_a_line_without_name_and_id_is_left_out(read):
    roster = read("name,email,section\nJo Kim,jo@example.org,A\n,,B\n")
    assert names(roster.people) == ["Jo Kim"]
    assert "Line 3" in roster.notes[0]


@pytest.mark.parametrize(
    "time", ["2026-05-11 23:59", "2026-05-11", "soon", "9999-12-31T23:59-12:00", "0001-01-01T00Z"]
)
def test_a_time_that_cannot_be_meant_is_passed_over_and_said(read, time):
    roster = read(f"name,extension\nJo Kim,{time}\n")
    assert roster.people[0].extension is None
    assert "Line 2 of roster.csv: extension of Jo Kim" in roster.notes[0]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe", b"a,b\n1,2\n", b"PK\x03\x04" * 99])
def test_what_is_no_roster_is_refused(tmp_path, content):
    path = tmp_path / "roster.csv"
    path.write_bytes(content)
    with pytest.raises(RosterError, match="columns of a roster"):
        read_roster(path)


def test_a_roster_without_anybody_is_refused(read):
    with pytest.raises(RosterError, match="nobody on the roster"):
        read("name,email\n")


def test_a_folder_a_pipe_and_nothing_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("", "pipe", "missing.csv", "nul\0name"):
        with pytest.raises(RosterError, match="can't be read"):
            read_roster(tmp_path / name)


def test_a_file_too_large_is_refused(tmp_path):
    path = tmp_path / "roster.csv"
    with path.open("wb") as file:
        file.truncate(20_000_001)
    with pytest.raises(RosterError, match="more than 20 MB"):
        read_roster(path)


def test_hostile_names_are_cleaned_and_cut(read):
    roster = read(
        f'name,id\n"\x1b[31mJo\n\x00\u202eKim",1\n"=HYPERLINK(1)",2\n../../{"x" * 9999},3\n'
    )
    assert names(roster.people)[:2] == ["Jo Kim", "=HYPERLINK(1)"]
    assert len(roster.people[2].name) == 200


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"name,email\nJo Kim,jo@example.org\n" + content)
    assert read_roster(path).people[0].name == "Jo Kim"


# -- whose submission it is ----------------------------------------------------------------


MARIA = Person("Maria Rossi", {"canvas": "4711", "email": "Maria@Example.org"})
JO = Person("Jo Kim", {"canvas": "4712"})


@pytest.mark.parametrize(
    "student",
    ["Maria Rossi", "Rossi, Maria", "rossimaria", "maria_rossi", "MARIA  ROSSI", "Márià Rossi"],
)
def test_a_name_is_known_in_every_spelling(student):
    assert Roster([JO, MARIA]).match(work_of(student)) is MARIA


@pytest.mark.parametrize(
    ("listed", "student"),
    [
        ("Müller, Zoë", "muellerzoe"),
        ("Müller, Zoë", "zoe_muller"),
        ("Łukasz Øberg", "lukasz oberg"),
        ("Anna Maria de la Cruz", "delacruzannamaria"),
        ("Straße, Jo", "strassejo"),
        ("李 小龍", "小龍 李"),
    ],
)
def test_letters_of_other_alphabets_are_known_too(listed, student):
    person = Person(listed, {"sid": "1"})
    assert Roster([JO, person]).match(work_of(student)) is person


def test_an_id_goes_before_the_name():
    assert Roster([JO, MARIA]).match(work_of("Jo Kim", canvas="4711")) is MARIA
    assert Roster([JO, MARIA]).match(work_of("x", email="maria@example.org")) is MARIA


def test_a_name_is_nobodys_whose_lasting_id_differs():
    assert Roster([MARIA]).match(work_of("Maria Rossi", canvas="9999")) is None


@pytest.mark.parametrize("student", ["s123", "mrossi", "maria@example.org", "maria"])
def test_a_file_may_be_named_after_an_id(student):
    ids = {"sid": "S123", "login": "mrossi", "email": "maria@example.org"}
    person = Person("Maria Rossi", ids)
    assert Roster([JO, person]).match(work_of(student)) is person


def test_a_name_goes_before_what_another_logs_in_as():
    other = Person("Jo Kim", {"login": "maria"})
    person = Person("Maria", {"sid": "1"})
    assert Roster([other, person]).match(work_of("maria")) is person


def test_a_name_of_two_is_nobodys():
    roster = Roster([MARIA, Person("Rossi Maria", {"canvas": "4713"})])
    assert roster.match(work_of("rossimaria")) is None
    assert roster.match(work_of("Maria Rossi")) is MARIA


@pytest.mark.parametrize("student", ["", "???", "🙂", "\ud800", "x" * 10_000, "a " * 5_000])
def test_names_without_any_sense_are_nobodys(student):
    assert Roster([JO, MARIA]).match(work_of(student)) is None


# -- a class -------------------------------------------------------------------------------


def test_a_submission_gets_what_the_roster_knows():
    time = datetime(2026, 5, 4, tzinfo=UTC)
    person = Person("Maria Rossi", {"canvas": "4711", "sid": "123"}, "A", submitted_at=time)
    enrolled = enrol([work_of("rossimaria", canvas="4711")], Roster([person]))
    (submission,) = enrolled.submissions
    assert submission.student == "Maria Rossi"
    assert submission.handed.ids == {"canvas": "4711", "sid": "123"}
    assert submission.handed.submitted_at == time
    assert enrolled.people == [replace(person, keyed="canvas:4711")]
    assert (enrolled.missing, enrolled.strangers, enrolled.notes) == ([], [], [])


def test_who_handed_in_nothing_is_missing():
    enrolled = enrol([work_of("rossimaria", canvas="4711")], Roster([JO, MARIA]))
    assert enrolled.missing == [JO]


def test_a_stranger_is_graded_and_said():
    stranger = work_of("zed")
    enrolled = enrol([stranger], Roster([MARIA]))
    assert enrolled.submissions == enrolled.strangers == [stranger]
    assert "One submission is nobody's on the roster" in enrolled.notes[0]
    assert "zed" in enrolled.notes[0]


@pytest.mark.parametrize(
    ("submission", "key"),
    [
        (work_of("maria-dev", github="maria-dev"), "github:maria-dev"),
        (work_of("rossimaria"), "name:rossimaria"),
    ],
)
def test_a_key_stays_when_a_roster_comes_later(submission, key):
    person = Person("Maria Rossi", {"canvas": "4711", "github": "maria-dev"})
    enrolled = enrol([submission], Roster([person]))
    assert enrolled.submissions[0].key == enrolled.people[0].key == key


def test_a_submission_gets_all_the_persons_ids_and_its_own_win():
    person = Person("Maria Rossi", {"canvas": "4711", "email": "m@example.org", "login": "mr"})
    submission = work_of("x", email="M@example.org", github="maria-dev", login="")
    (enrolled,) = enrol([submission], Roster([person])).submissions
    ids = {"canvas": "4711", "email": "M@example.org", "login": "mr", "github": "maria-dev"}
    assert enrolled.handed.ids == ids


def test_who_is_missing_has_all_ids_and_the_most_lasting_makes_the_key():
    enrolled = enrol([work_of("x", email="j@example.org")], Roster([MARIA]))
    assert enrolled.missing == [MARIA]
    assert enrolled.missing[0].key == "canvas:4711"


def test_who_is_missing_gets_no_key_that_a_submission_has():
    login = Person("Maria Rossi", {"login": "jo_kim"})
    roster = Roster([Person("jo_kim"), Person("Jo_Kim"), login])
    enrolled = enrol([work_of("jo_kim")], roster)
    assert names(enrolled.people) == ["Maria Rossi"]
    keys = [one.key for one in (*enrolled.submissions, *enrolled.missing)]
    assert len(set(keys)) == len(keys)


def test_of_two_files_the_surer_one_is_the_persons_and_the_other_is_said():
    by_name, by_id = work_of("maria_rossi"), work_of("x", canvas="4711")
    enrolled = enrol([by_name, by_id], Roster([MARIA]))
    assert enrolled.strangers == [by_name]
    assert enrolled.submissions[1].student == "Maria Rossi"
    assert "both like Maria Rossi" in enrolled.notes[0]


def test_an_ambiguous_name_is_said():
    twins = [Person("Maria Rossi", {"sid": "1"}), Person("Maria Rossi", {"sid": "2"})]
    enrolled = enrol([work_of("rossimaria")], Roster(twins))
    assert "may be any of 2 people" in enrolled.notes[0]
    assert names(enrolled.missing) == ["Maria Rossi (1)", "Maria Rossi (2)"]


def test_a_person_known_by_an_id_alone_keeps_the_submissions_name():
    person = Person("maria-dev", {"github": "maria-dev"})
    (submission,) = enrol([work_of("Maria", github="maria-dev")], Roster([person])).submissions
    assert submission.student == "Maria"


def test_a_submission_that_nobody_could_read_keeps_its_problem():
    broken = Submission("Maria Rossi", Path("x"), "The file is broken.")
    (submission,) = enrol([broken], Roster([MARIA])).submissions
    assert submission.problem == "The file is broken."
    assert submission.handed.ids == MARIA.ids


words = st.sampled_from(["Maria", "maria", "Rossi", "Jo", "Kim", "x", "x\0", "1"])
some_names = st.tuples(words, st.sampled_from(["", " Kim", "_kim", "-Kim"])).map("".join)
some_ids = st.dictionaries(
    st.sampled_from(["canvas", "sid", "email", "github"]), st.sampled_from("12345"), max_size=3
)


@given(
    st.lists(st.tuples(some_names, some_ids), max_size=6),
    st.lists(st.tuples(some_names, some_ids), max_size=6),
)
def test_nobody_is_lost_or_counted_twice(handed, listed):
    people = {p.key: p for p in (Person(name, ids) for name, ids in listed)}
    own = {s.key: s for s in (work_of(name, **ids) for name, ids in handed)}
    submissions = list({s.student.casefold(): s for s in own.values()}.values())
    enrolled = enrol(submissions, Roster(list(people.values())))

    assert [s.path for s in enrolled.submissions] == [s.path for s in submissions]
    assert len(enrolled.missing) + len(enrolled.people) == len(people)
    assert len(enrolled.strangers) + len(enrolled.people) == len(submissions)
    everybody = [(s.key, s.student) for s in enrolled.submissions]
    everybody += [(p.key, p.name) for p in enrolled.missing]
    assert len({key for key, _ in everybody}) == len(everybody)
    assert len({name.casefold() for _, name in everybody}) == len(everybody)
    authored = [s for s in enrolled.submissions if s not in enrolled.strangers]
    assert [p.key for p in enrolled.people] == [s.key for s in authored]
    assert [p.ids for p in enrolled.people] == [s.handed.ids for s in authored]
    for before, after in zip(submissions, enrolled.submissions, strict=True):
        assert after.key == before.key


def test_of_two_with_one_id_a_submission_is_theirs_whose_key_it_has():
    people = [Person("Maria", {"sid": "1"}), Person("Maria", {"canvas": "1", "sid": "1"})]
    assert Roster(people).match(work_of("Maria", sid="1")) is people[0]
