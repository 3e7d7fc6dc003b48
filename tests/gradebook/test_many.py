"""A class of 300: how often the file is asked, which no fast machine hides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from graders.gradebook import Gradebook, read
from tests.builders.classes import record

STUDENTS = 300


@pytest.fixture(scope="module")
def book(tmp_path_factory) -> Iterator[Gradebook]:
    with Gradebook.open(tmp_path_factory.mktemp("out")) as opened:
        with opened.together():
            for n in range(STUDENTS):
                record(opened, f"canvas:{n}", f"Student {n}", ids={"canvas": str(n)})
        yield opened


@contextmanager
def counted(book: Gradebook) -> Iterator[list[str]]:
    """Collect the statements that the gradebook is asked, transactions left out."""
    asked: list[str] = []

    def note(connection, cursor, statement, *rest) -> None:
        if not statement.startswith("BEGIN"):
            asked.append(statement)

    event.listen(book._engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(book._engine, "before_cursor_execute", note)


def test_everybodys_latest_is_one_query(book):
    with counted(book) as asked:
        assert len(list(book.latest_all())) == STUDENTS
    assert len(asked) == 1


def test_the_class_list_is_one_query(book):
    with counted(book) as asked:
        assert len(book.students()) == STUDENTS
    assert len(asked) == 1


def test_outlines_are_read_page_by_page(book):
    with counted(book) as asked:
        assert sum(1 for _ in book.outlines()) == STUDENTS
    assert len(asked) <= 2 + -(-STUDENTS // read.PAGE)


def test_what_was_read_of_an_outline_is_let_go(book):
    with counted(book) as asked:
        outlines = book.outlines()
        next(outlines)
    assert len(asked) == 3


def test_who_is_known_costs_one_query_to_enrol_again(book):
    with counted(book) as asked:
        book.enrol("canvas:7", "Student 7", ids={"canvas": "7"})
    assert len(asked) == 1


def test_a_new_student_costs_the_same_in_a_large_class(book):
    with counted(book) as asked:
        book.enrol("canvas:new", "Somebody new", ids={})
    assert len(asked) <= 3


@pytest.mark.parametrize(
    "ask", [lambda book: book.latest("canvas:7"), lambda book: list(book.latest_all())]
)
def test_the_newest_result_is_found_by_indexes_alone(book, ask):
    with counted(book) as asked:
        ask(book)
    (statement,) = asked
    with book._engine.connect() as connection:
        plan = connection.exec_driver_sql(
            "EXPLAIN QUERY PLAN " + statement, ("canvas:7",) * statement.count("?")
        ).all()
    # Only the students are gone through.
    scanned = [row[-1] for row in plan if row[-1].startswith("SCAN")]
    assert all("students" in line for line in scanned), plan
