from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.batch import Enrolled
from graders.batch.aliases import known_as
from graders.gradebook import Gradebook, StudentRow
from graders.result import Handed
from graders.roster import Person, Roster, enrol
from graders.submission import Submission
from tests.builders.classes import FakeGrader, grade, hand_in, work_of

MARIA = Person("Maria Rossi", {"canvas": "4711", "login": "mrossi", "github": "maria-dev"})
JO = Person("Jo Kim", {"canvas": "4712", "login": "jkim", "github": "jo-codes"})
CLASS = [MARIA, JO]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def handed_in(tmp_path):
    def from_platform(student: str, **ids: str) -> Submission:
        (plain,) = hand_in(tmp_path / "in", **{student: 1.0})
        return Submission(student, plain.path, handed=Handed(ids=ids))

    return from_platform


def of_roster(submissions: list[Submission], people: list[Person]) -> Enrolled:
    merged = enrol(submissions, Roster(people))
    return Enrolled(merged.submissions, merged.missing, merged.people)


def standing(out: Path) -> dict[str, str]:
    """Who is in the gradebook, and how it went: exactly one row for each key."""
    with Gradebook.open(out) as book:
        return {latest.key: latest.status for latest in book.latest_all()}


def row(key: str, name: str = "x", *, on_roster: bool = True, **ids: str) -> StudentRow:
    return StudentRow(key, name, "folder", ids, on_roster=on_roster)


def keys(people) -> list[str]:
    return [one.key for one in people]


# -- a roster comes or goes ------------------------------------------------------------------

PLATFORMS = [
    ("rossimaria", {}),
    ("mrossi", {}),
    ("rossimaria", {"canvas": "4711"}),
    ("maria-dev", {"github": "maria-dev"}),
    ("MARIA-DEV", {"github": "MARIA-DEV"}),
    ("Maria Rossi", {"email": "maria@example.org"}),
]
NAMED = [PLATFORMS[0], PLATFORMS[2], PLATFORMS[5]]


@pytest.mark.parametrize(("student", "ids"), PLATFORMS)
def test_who_is_graded_without_a_roster_and_then_with_one_has_one_row(out, handed_in, student, ids):
    submission = handed_in(student, **ids)
    grade(out, [submission])

    grade(out, of_roster([submission], [MARIA]))

    assert standing(out) == {submission.key: "complete"}


@pytest.mark.parametrize(("student", "ids"), PLATFORMS)
def test_who_is_missing_and_hands_in_later_is_missing_no_more(out, handed_in, student, ids):
    grade(out, of_roster([], CLASS))

    grade(out, of_roster([handed_in(student, **ids)], CLASS))

    assert standing(out) == {"canvas:4711": "complete", "canvas:4712": "missing"}


@pytest.mark.parametrize(("student", "ids"), PLATFORMS)
def test_a_roster_that_is_left_out_again_makes_nobody_new(out, handed_in, student, ids):
    grade(out, of_roster([], CLASS))
    submission = handed_in(student, **ids)
    grade(out, of_roster([submission], CLASS))

    grader = FakeGrader()
    grade(out, [submission], grader)

    assert standing(out) == {"canvas:4711": "complete", "canvas:4712": "missing"}
    assert grader.graded == []


@pytest.mark.parametrize(("student", "ids"), NAMED)
def test_a_roster_of_names_alone_is_enough(out, handed_in, student, ids):
    names = [Person("Maria Rossi"), Person("Jo Kim")]
    grade(out, of_roster([], names))

    grade(out, of_roster([handed_in(student, **ids)], names))

    assert standing(out) == {"name:Maria Rossi": "complete", "name:Jo Kim": "missing"}


@pytest.mark.parametrize(
    "other",
    [
        Person("Rossi, M.", {"sid": "123", "login": "MROSSI"}),
        Person("Maria Rossi", {"sid": "123", "email": "maria@example.org"}),
        Person("Maria Rossi"),
    ],
)
def test_another_roster_with_other_ids_makes_nobody_new(out, handed_in, other):
    grade(out, of_roster([], CLASS))
    submission = handed_in("maria-dev", github="maria-dev")
    grade(out, of_roster([submission], CLASS))

    grade(out, of_roster([], [other, JO]))

    assert standing(out) == {"canvas:4711": "complete", "canvas:4712": "missing"}


def test_one_who_is_missing_on_two_rosters_is_missing_once(out):
    grade(out, of_roster([], [MARIA]))

    grade(out, of_roster([], [Person("M. Rossi", {"sid": "123", "login": "mrossi"})]))

    assert standing(out) == {"canvas:4711": "missing"}


def test_the_newest_roster_says_the_section(out, handed_in):
    submission = handed_in("maria-dev", github="maria-dev")
    grade(out, of_roster([submission], [MARIA]))
    moved = Person("M. R.", {"canvas": "4711"}, "Tutorial B")

    grade(out, of_roster([submission], [moved]))

    with Gradebook.open(out) as book:
        (student,) = book.students()
    assert (student.key, student.section) == ("github:maria-dev", "Tutorial B")


def test_a_stranger_whom_the_gradebook_knows_by_an_id_has_the_rosters_name(out):
    known = row("github:maria-dev", github="maria-dev", canvas="4711")
    enrolled = of_roster(
        [work_of("maria-dev", github="maria-dev")], [Person("M. R.", {"canvas": "4711"})]
    )

    found = known_as(enrolled, [known])

    assert keys(found.submissions) == keys(found.people) == ["github:maria-dev"]
    assert found.submissions[0].student == "M. R."
    assert found.missing == []


# -- a part of the class -----------------------------------------------------------------------


def test_a_part_of_the_class_changes_nobody(out, handed_in):
    grade(out, of_roster([], CLASS))
    maria, jo = handed_in("rossimaria"), handed_in("jo-codes", github="jo-codes")
    whole = of_roster([maria, jo], CLASS)
    grade(out, whole)
    before = standing(out)

    grader = FakeGrader()
    grade(out, Enrolled(whole.submissions[1:], whole.missing, whole.people), grader)

    assert standing(out) == before == {"canvas:4711": "complete", "canvas:4712": "complete"}
    assert grader.graded == []


def test_a_submission_that_is_left_out_of_a_run_is_still_its_authors():
    whole = of_roster([work_of("x", canvas="4711"), work_of("rossimaria")], [MARIA])
    known = [row("sid:123", sid="123", login="mrossi")]

    part = known_as(Enrolled(whole.submissions[1:], people=whole.people), known)

    assert keys(part.submissions) == ["name:rossimaria"]
    assert keys(part.people) == ["sid:123"]


# -- nobody is taken for another ---------------------------------------------------------------


def test_an_id_that_two_known_students_have_tells_nothing():
    known = [row("canvas:1", canvas="1", login="a"), row("sid:2", sid="2", login="a")]
    assert keys(known_as(Enrolled([work_of("x", login="a")]), known).submissions) == ["login:a"]


def test_two_submissions_that_may_be_one_known_student_are_both_left_alone():
    known = [row("canvas:1", canvas="1", login="a", github="b")]
    enrolled = Enrolled([work_of("x", login="a"), work_of("y", github="b")])
    assert keys(known_as(enrolled, known).submissions) == ["login:a", "github:b"]


def test_two_people_who_share_an_id_are_not_merged():
    known = [row("canvas:1", "Maria", canvas="1", login="a")]
    people = [
        Person("Maria R", {"sid": "1", "login": "a"}),
        Person("Jo", {"sid": "2", "login": "a"}),
    ]
    assert keys(known_as(Enrolled([], missing=people), known).missing) == ["sid:1", "sid:2"]


def test_an_id_that_two_of_this_run_have_tells_nothing():
    known = [row("canvas:1", "Maria", canvas="1", login="a"), row("email:b", "Jo", email="b")]
    enrolled = Enrolled([work_of("x", login="a"), work_of("y", email="b", login="a")])
    assert keys(known_as(enrolled, known).submissions) == ["login:a", "email:b"]


def test_an_ambiguous_submission_takes_nobodys_place():
    people = [
        Person("Maria Rossi", {"canvas": "1", "email": "a@example.org"}),
        Person("Jo Kim", {"canvas": "2", "email": "a@example.org"}),
    ]
    known = [row("canvas:1", "Maria Rossi", canvas="1", email="a@example.org")]

    found = known_as(of_roster([work_of("x", email="a@example.org")], people), known)

    assert keys(found.submissions) == ["email:a@example.org"]
    assert keys(found.missing) == ["canvas:1", "canvas:2"]


@pytest.mark.parametrize("kind", ["canvas", "moodle", "gradescope", "sid"])
def test_another_lasting_id_is_another_student(kind):
    known = [row(f"{kind}:1", login="a", **{kind: "1"})]
    enrolled = Enrolled([work_of("x", login="a", **{kind: "2"})])
    assert keys(known_as(enrolled, known).submissions) == [f"{kind}:2"]


def test_a_known_key_stays_whoever_else_has_the_id():
    known = [row("canvas:1", canvas="1", login="a"), row("login:a", login="a")]
    enrolled = Enrolled([work_of("x", login="a"), work_of("y", canvas="1", login="a")])
    assert keys(known_as(enrolled, known).submissions) == ["login:a", "canvas:1"]


def test_a_name_that_no_roster_has_said_tells_nothing():
    known = [row("canvas:1", "Maria Rossi", on_roster=False, canvas="1")]
    assert keys(known_as(Enrolled([work_of("Maria_Rossi")]), known).submissions) == [
        "name:Maria_Rossi"
    ]


def test_a_submission_whom_the_roster_does_not_know_is_known_by_no_name():
    known = [row("canvas:1", "Maria Rossi", canvas="1")]
    twins = [Person("Maria Rossi", {"sid": "1"}), Person("Maria Rossi", {"sid": "2"})]
    found = known_as(of_roster([work_of("rossimaria")], twins), known)
    assert keys(found.submissions) == ["name:rossimaria"]


def test_a_key_that_newer_ids_hide_is_still_known():
    known = [row("github:old", github="new")]
    people = [Person("Maria", {"sid": "1", "github": "OLD"})]
    assert keys(known_as(Enrolled([], missing=people), known).missing) == ["github:old"]


def test_one_who_has_handed_in_is_not_missing():
    submission = work_of("Maria Rossi", canvas="4711")
    assert known_as(Enrolled([submission], missing=[MARIA]), []).missing == []


names = st.sampled_from(["Maria", "maria", "Jo Kim", "jo_kim", "KimJo", "x", "1", "x\0"])
some_ids = st.dictionaries(
    st.sampled_from(["canvas", "sid", "login", "github"]), st.sampled_from("123"), max_size=3
)
somebodies = st.lists(st.tuples(names, some_ids), max_size=5)


def distinct(people):
    by_key = {one.key: one for one in people}
    named = {
        getattr(one, "student", getattr(one, "name", "")).casefold(): one for one in by_key.values()
    }
    return list(named.values())


@given(somebodies, somebodies, st.lists(st.tuples(names, some_ids, st.booleans()), max_size=5))
def test_nobody_is_lost_and_no_two_are_one(handed, listed, before):
    submissions = distinct(work_of(name, **ids) for name, ids in handed)
    people = list({one.key: one for one in (Person(*one) for one in listed)}.values())
    known = distinct(
        row(Person(name, ids).key, name, on_roster=on, **ids) for name, ids, on in before
    )
    enrolled = of_roster(submissions, people)

    found = known_as(enrolled, known)

    assert [one.path for one in found.submissions] == [one.path for one in submissions]
    assert len(found.people) + len(found.missing) == len(people)
    everybody = [*keys(found.submissions), *keys(found.missing)]
    assert len(set(everybody)) == len(everybody)
    assert set(keys(found.people)) <= set(keys(found.submissions))
    changed = set(everybody) - {*keys(enrolled.submissions), *keys(enrolled.missing)}
    assert changed <= set(keys(known))


@given(somebodies, somebodies)
def test_a_second_run_knows_everybody_again(handed, listed):
    submissions = distinct(work_of(name, **ids) for name, ids in handed)
    people = list({one.key: one for one in (Person(*one) for one in listed)}.values())
    first = of_roster(submissions, people)
    known = [
        *(row(one.key, one.student, **one.handed.ids) for one in first.submissions),
        *(row(one.key, one.name, **one.ids) for one in first.missing),
    ]

    for again in (first, Enrolled(submissions)):
        found = known_as(again, known)
        assert keys(found.submissions) == keys(first.submissions)
        assert keys(found.missing) in (keys(first.missing), [])
