"""Who is in the class, and which folder is whose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graders.errors import GradebookError
from graders.gradebook import Gradebook

# Each example adds to the file of those before it.
WITH_A_FILE = {
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}
ANY_TEXT = st.text(st.characters(codec=None), max_size=40)


def only(book: Gradebook):
    (student,) = book.students()
    return student


def test_a_student_keeps_the_folder_for_ever(book):
    first = book.enrol("canvas:1", "Bo Lind", ids={"canvas": "1"})
    again = book.enrol("canvas:1", "Bo Lindgren", ids={"canvas": "1"})
    assert (first, again) == ("Bo_Lind", "Bo_Lind")


def test_a_new_name_is_taken_over(book):
    book.enrol("name:ana", "Ana Silva", ids={})
    assert only(book).name == "Ana Silva"


def test_students_of_one_name_have_different_folders(book):
    folders = {book.enrol(f"canvas:{n}", "Bo", ids={}) for n in range(5)}
    assert folders == {"Bo", "Bo-2", "Bo-3", "Bo-4", "Bo-5"}


def test_folders_differ_on_systems_that_fold_case_and_composition(book):
    folders = [
        book.enrol(f"canvas:{n}", name, ids={})
        for n, name in enumerate(["Zoë", "Zoe\u0308", "ZOË", "zoë"])
    ]
    assert folders == ["Zoë", "Zoë-2", "ZOË-3", "zoë-4"]


def test_a_folder_that_holds_the_students_results_already_is_kept(book):
    assert book.enrol("canvas:2", "Bo", ids={}, folder="bo-from-before") == "bo-from-before"


def test_a_folder_of_somebody_else_is_not_given_away(book):
    assert book.enrol("canvas:2", "Bo", ids={}, folder="ANA") == "Bo"


@pytest.mark.parametrize("folder", ["..", "a/b", "/etc", "", ".hidden", "a\0b", "a\\b"])
def test_a_folder_that_leads_elsewhere_is_refused(book, folder):
    with pytest.raises(GradebookError, match="one plain name"):
        book.enrol("canvas:2", "Bo", ids={}, folder=folder)


def test_ids_are_added_to_those_that_are_known(book):
    book.enrol("name:ana", "Ana", ids={"email": "ana@example.org"})
    book.enrol("name:ana", "Ana", ids={"sid": "7"})
    assert only(book).ids == {"email": "ana@example.org", "sid": "7"}


def test_what_the_roster_said_stays_while_no_roster_speaks(book):
    until = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    book.enrol("name:ana", "Ana", ids={}, section="Mon", on_roster=True, extension=until)
    book.enrol("name:ana", "Ana", ids={})
    student = only(book)
    assert (student.section, student.on_roster, student.extension) == ("Mon", True, until)


def test_an_extension_that_the_roster_no_longer_grants_is_gone(book):
    until = datetime(2026, 3, 1, tzinfo=UTC)
    book.enrol("name:ana", "Ana", ids={}, on_roster=True, extension=until)
    book.enrol("name:ana", "Ana", ids={}, on_roster=True)
    assert only(book).extension is None


def test_an_extension_comes_back_as_the_same_moment_in_utc(book):
    until = datetime(2026, 3, 29, 1, 30, tzinfo=timezone(timedelta(hours=1)))
    book.enrol("name:ana", "Ana", ids={}, extension=until)
    assert only(book).extension == until
    assert only(book).extension.utcoffset() == timedelta(0)


def test_students_stand_in_the_order_of_names_and_numbers_in_them_count(book):
    for name in ("team10", "team9", "bo", "Cleo"):
        book.enrol(f"name:{name}", name, ids={})
    assert [s.name for s in book.students()] == ["Ana", "bo", "Cleo", "team9", "team10"]


def test_one_student_is_found_by_key(book):
    book.enrol("canvas:2", "Bo", ids={})
    assert book.student("canvas:2").name == "Bo"


def test_nobody_is_found_under_an_unknown_key(book):
    assert book.student("canvas:2") is None


@settings(**WITH_A_FILE)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60))
def test_any_text_comes_out_as_it_went_in(book, text):
    book.enrol(f"key:{text}", text, ids={"sid": text}, section=text, on_roster=True)
    found = book.student(f"key:{text}")
    assert (found.key, found.name, found.ids) == (f"key:{text}", text, {"sid": text})
    assert found.section == text


@settings(**WITH_A_FILE)
@given(ANY_TEXT, ANY_TEXT)
def test_half_characters_and_nul_crash_nothing_and_keep_students_apart(book, one, other):
    book.enrol(f"key:{one}", one, ids={"sid": one})
    book.enrol(f"key:{other}", other, ids={"sid": other})
    keys = {book.student(f"key:{one}").key, book.student(f"key:{other}").key}
    assert len(keys) == len({one, other})


def test_a_name_of_ten_thousand_characters_is_kept_whole(book):
    book.enrol("name:x", "x" * 10_000, ids={})
    assert book.student("name:x").name == "x" * 10_000
