"""What people say is only ever added to."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from graders.errors import GradebookError
from tests.builders.results import answered, info

# Each example adds to the file of those before it.
WITH_A_FILE = {
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}
SCORES = st.none() | st.floats(0, 3)


def judge(book, score, *, exercise="1b", kind="manual", comment="", by="kim") -> int:
    return book.judge("name:ana", exercise, kind, score, comment=comment, by=by)


def test_a_judgement_comes_back_as_it_was_given(book):
    book.judge(
        "name:ana",
        "1b",
        "override",
        1.25,
        comment="=1+1\n\N{SNOWMAN}",
        by="kim",
        answer_sha256="a" * 64,
        submission_sha256="b" * 64,
    )
    (said,) = book.judgements("name:ana")
    assert (said.exercise, said.kind, said.score, said.by) == ("1b", "override", 1.25, "kim")
    assert said.comment == "=1+1\n\N{SNOWMAN}"
    assert (said.answer_sha256, said.submission_sha256) == ("a" * 64, "b" * 64)


@settings(**WITH_A_FILE)
@given(st.lists(st.tuples(st.sampled_from(["1a", "1b"]), SCORES), max_size=8))
def test_everything_that_was_ever_said_stays_in_its_order(book, said):
    before = book.judgements("name:ana")
    for exercise, score in said:
        judge(book, score, exercise=exercise)
    after = book.judgements("name:ana")
    assert after[: len(before)] == before
    assert [(j.exercise, j.score) for j in after[len(before) :]] == said


def test_the_version_grows_with_every_judgement(book):
    versions = [book.judgements_version()]
    for score in (1, None):
        judge(book, score)
        versions.append(book.judgements_version())
    assert versions == sorted(set(versions))
    assert versions[0] == 0


def test_those_who_were_judged_since_a_version_are_named_once(book):
    book.enrol("name:bo", "Bo", ids={})
    judge(book, 1)
    version = book.judgements_version()
    for score in (1, 2):
        book.judge("name:bo", "1b", "manual", score, comment="", by="kim")
    assert book.judged_since(version) == ["name:bo"]
    assert book.judged_since(book.judgements_version()) == []


def test_nobody_unknown_is_judged(book):
    with pytest.raises(GradebookError, match="'name:bo'"):
        book.judge("name:bo", "1b", "manual", 1, comment="", by="kim")


def test_there_is_no_third_kind_of_judgement(book):
    with pytest.raises(GradebookError):
        judge(book, 1, kind="guess")


@pytest.mark.parametrize("table", ["judgements", "results"])
@pytest.mark.parametrize("change", ["UPDATE {} SET score = 0", "DELETE FROM {}"])
def test_no_program_can_change_or_delete_what_is_history(book, table, change):
    judge(book, 1)
    book.record("name:ana", info(), "run", answered(), "checks")
    with (
        pytest.raises(IntegrityError, match="never changed"),
        book._engine.begin() as connection,
    ):
        connection.execute(text(change.format(table)))


def test_a_student_with_history_cannot_be_deleted(book):
    judge(book, 1)
    with (
        pytest.raises(IntegrityError, match="FOREIGN KEY"),
        book._engine.begin() as connection,
    ):
        connection.execute(text("DELETE FROM students"))
