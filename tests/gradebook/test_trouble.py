"""What the disk and other programs do to a gradebook: a sentence, and nothing is lost."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event, text

from graders.errors import GradebookError
from graders.gradebook import Gradebook, connect
from tests.builders.classes import record
from tests.builders.results import answered, info


def fill(out: Path, students: int = 60) -> None:
    with Gradebook.open(out) as book, book.together():
        for n in range(students):
            record(book, f"name:{n}", f"s{n}")


def refusal(out: Path, *, create: bool = True) -> str:
    with pytest.raises(GradebookError) as caught:
        Gradebook.open(out, create=create)
    return str(caught.value)


def test_a_missing_gradebook_is_not_made_by_a_reader(tmp_path):
    assert "there is no gradebook" in refusal(tmp_path, create=False)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_is_no_gradebook_to_a_reader(tmp_path):
    (tmp_path / "gradebook.db").touch()
    assert "there is no gradebook" in refusal(tmp_path, create=False)


def test_an_empty_file_that_a_killed_run_has_left_becomes_a_gradebook(tmp_path):
    (tmp_path / "gradebook.db").touch()
    with Gradebook.open(tmp_path) as book:
        assert book.students() == []


@pytest.mark.parametrize(
    "content", [b"not a database" * 100, b"\0" * 5000, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path, content):
    (tmp_path / "gradebook.db").write_bytes(content)
    said = refusal(tmp_path)
    assert "Move it away" in said
    assert "Keep the damaged file" in said
    assert (tmp_path / "gradebook.db").read_bytes() == content


@pytest.mark.parametrize("share", [0.9, 0.5, 0.1])
def test_a_truncated_file_is_refused(tmp_path, share):
    fill(tmp_path)
    path = tmp_path / "gradebook.db"
    os.truncate(path, int(path.stat().st_size * share))
    assert "Move it away" in refusal(tmp_path)


def test_a_page_that_was_overwritten_is_told_when_it_is_read(tmp_path):
    fill(tmp_path)
    path = tmp_path / "gradebook.db"
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    path.write_bytes(content)
    with pytest.raises(GradebookError, match="Move it away"), Gradebook.open(tmp_path) as book:
        list(book.outlines())


def test_a_database_of_something_else_is_refused(tmp_path):
    with closing(sqlite3.connect(tmp_path / "gradebook.db")) as connection:
        connection.execute("CREATE TABLE recipes (name)")
    assert "of something else" in refusal(tmp_path)


def test_a_folder_in_place_of_the_file_is_refused(tmp_path):
    (tmp_path / "gradebook.db").mkdir()
    assert "it is not a file" in refusal(tmp_path)
    assert "it is not a file" in refusal(tmp_path, create=False)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "out").touch()
    assert "can't be opened or written" in refusal(tmp_path / "out")


def test_a_name_with_odd_characters_in_the_path_does_no_harm(tmp_path):
    out = tmp_path / "50% ?mode=memory#x ü"
    fill(out, students=1)
    assert (out / "gradebook.db").is_file()


def test_a_full_disk_is_told_from_other_trouble_and_nothing_is_lost(book):
    book.record("name:ana", info(), "run", answered(), "checks")

    @event.listens_for(book._engine, "begin")
    def _(connection):
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(GradebookError, match="the disk is full") as caught:
        book.enrol("name:bo", "x" * 100_000, ids={})
    assert "Free space" in str(caught.value)
    assert [student.name for student in book.students()] == ["Ana"]


def test_writing_goes_on_when_there_is_room_again(book):
    limits = iter([1, *[10**6] * 9])

    @event.listens_for(book._engine, "begin")
    def _(connection):
        connection.exec_driver_sql(f"PRAGMA max_page_count = {next(limits)}")

    with pytest.raises(GradebookError, match="the disk is full"):
        book.enrol("name:bo", "x" * 100_000, ids={})
    book.enrol("name:bo", "x" * 100_000, ids={})
    assert book.student("name:bo") is not None


def test_a_file_that_must_not_be_written_is_told(book):
    @event.listens_for(book._engine, "begin")
    def _(connection):
        connection.exec_driver_sql("PRAGMA query_only = 1")

    with pytest.raises(GradebookError, match="Mend the permissions"):
        book.enrol("name:bo", "Bo", ids={})


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_must_not_be_written_is_told(tmp_path):
    tmp_path.chmod(0o500)
    try:
        assert "Mend the permissions" in refusal(tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_a_file_that_stays_locked_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(connect, "BUSY_SECONDS", 0.1)
    fill(tmp_path, students=1)
    with (
        closing(sqlite3.connect(tmp_path / "gradebook.db", isolation_level=None)) as other,
        Gradebook.open(tmp_path) as book,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(GradebookError, match=r"locked for 0\.1 s"):
            book.enrol("name:bo", "Bo", ids={})


def test_any_other_trouble_is_a_sentence_too(book):
    with book._engine.begin() as connection:
        connection.execute(text("ALTER TABLE judgements RENAME TO elsewhere"))
    with pytest.raises(GradebookError, match="no such table: judgements"):
        book.judgements("name:ana")


def test_it_goes_on_where_a_file_system_has_no_room_for_a_log(tmp_path, monkeypatch):
    monkeypatch.setattr(connect, "_keep_a_log", lambda connection: None)
    fill(tmp_path)
    with Gradebook.open(tmp_path) as book:
        assert len(list(book.outlines())) == 60
    assert not list(tmp_path.glob("*-wal"))


def test_commits_are_written_through_a_log_and_ties_are_kept(book):
    with book._engine.connect() as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert found == ["wal", 2, 1]
