"""Files of earlier versions are brought up to date whole or not at all; later ones are refused."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import UniqueConstraint, inspect

from graders.errors import GradebookError
from graders.gradebook import Gradebook, migrate
from graders.gradebook.schema import metadata

OLD = (Path(__file__).parent / "version_1.sql").read_text(encoding="utf-8")
LATER_STEP = (
    "ALTER TABLE students ADD COLUMN seat TEXT NOT NULL DEFAULT 'none'",
    "UPDATE students SET seat = 'row ' || id",
)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder with a gradebook of version 1, as it was written then."""
    with closing(sqlite3.connect(tmp_path / "gradebook.db")) as connection:
        connection.executescript(OLD)
    return tmp_path


def dump(out: Path) -> list[str]:
    with closing(sqlite3.connect(out / "gradebook.db")) as connection:
        return [*connection.iterdump(), str(connection.execute("PRAGMA user_version").fetchone())]


def test_a_file_of_version_1_is_read_whole(out):
    with Gradebook.open(out, create=False) as book:
        (student,) = book.students()
        ((_, result),) = book.outlines()
        (said,) = book.judgements("canvas:41")
        assert (student.name, student.ids, student.section) == ("Ana", {"canvas": "41"}, "Mon")
        assert (result.score, book.latest("canvas:41").run_key) == (1.5, "run")
        assert (said.score, said.comment) == (1.0, "Good.")
        assert len(book.history("canvas:41")) == 5


def test_a_file_of_version_1_can_be_written(out):
    with Gradebook.open(out) as book:
        book.judge("canvas:41", "1b", "manual", 2, comment="", by="kim")
        assert [said.score for said in book.judgements("canvas:41")] == [1.0, 2.0]


def test_a_new_file_has_the_tables_that_the_program_knows(tmp_path):
    with Gradebook.open(tmp_path) as book:
        found = inspect(book._engine)
        for name, table in metadata.tables.items():
            columns = {c["name"]: (str(c["type"]), c["nullable"]) for c in found.get_columns(name)}
            assert columns == {
                # SQLite's name for it
                c.name: (str(c.type).replace("FLOAT", "REAL"), c.nullable)
                for c in table.columns
            }
            unique = {tuple(u["column_names"]) for u in found.get_unique_constraints(name)}
            assert unique == {
                tuple(c.name for c in constraint.columns)
                for constraint in table.constraints
                if isinstance(constraint, UniqueConstraint)
            }
            keys = {
                (f["constrained_columns"][0], f["referred_table"])
                for f in found.get_foreign_keys(name)
            }
            assert keys == {(f.parent.name, f.column.table.name) for f in table.foreign_keys}


def test_an_old_file_and_a_new_one_end_with_the_same_tables(out, tmp_path_factory):
    new = tmp_path_factory.mktemp("new")
    Gradebook.open(out).close()
    Gradebook.open(new).close()

    def tables(folder: Path) -> dict[str, str]:
        with closing(sqlite3.connect(folder / "gradebook.db")) as connection:
            rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql NOT NULL")
            return {name: " ".join(sql.split()) for name, sql in rows}

    assert tables(out) == tables(new)


def test_a_later_step_is_applied_to_what_is_there(out, monkeypatch):
    monkeypatch.setattr(migrate, "STEPS", (*migrate.STEPS, LATER_STEP))
    Gradebook.open(out).close()
    with closing(sqlite3.connect(out / "gradebook.db")) as connection:
        assert connection.execute("SELECT name, seat FROM students").fetchall() == [
            ("Ana", "row 1")
        ]
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)


def test_a_step_is_applied_once(out, monkeypatch):
    monkeypatch.setattr(migrate, "STEPS", (*migrate.STEPS, LATER_STEP))
    Gradebook.open(out).close()
    before = dump(out)
    Gradebook.open(out).close()
    assert dump(out) == before


def test_a_step_that_fails_leaves_the_file_as_it_was(out, monkeypatch):
    Gradebook.open(out).close()
    before = dump(out)
    failing = (*LATER_STEP, "INSERT INTO nowhere VALUES (1)")
    monkeypatch.setattr(migrate, "STEPS", (*migrate.STEPS, failing))
    with pytest.raises(GradebookError, match="nowhere"):
        Gradebook.open(out)
    assert dump(out) == before


def test_a_step_that_tears_entries_apart_is_taken_back(out, monkeypatch):
    monkeypatch.setattr(migrate, "STEPS", (*migrate.STEPS, ("DELETE FROM students",)))
    with pytest.raises(GradebookError, match="don't belong together"):
        Gradebook.open(out)
    with closing(sqlite3.connect(out / "gradebook.db")) as connection:
        assert connection.execute("SELECT count(*) FROM students").fetchone() == (1,)


def test_a_file_of_a_newer_version_is_refused_and_stays_as_it_is(out, monkeypatch):
    with closing(sqlite3.connect(out / "gradebook.db")) as connection:
        connection.execute("PRAGMA user_version = 7")
    before = dump(out)
    with pytest.raises(GradebookError, match=r"version 7 .* knows up to 1"):
        Gradebook.open(out)
    assert dump(out) == before
