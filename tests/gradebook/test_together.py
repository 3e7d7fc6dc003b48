"""Several threads and processes at one gradebook."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from graders.gradebook import Gradebook
from tests.builders.results import answered, info

# Holds the writer's lock until its standard input is closed.
HOLDER = """
import sys
from pathlib import Path
from graders.gradebook import Gradebook
with Gradebook.open(Path(sys.argv[1])) as book, book.together():
    book.enrol("name:holder", "Holder", ids={})
    print("held", flush=True)
    sys.stdin.read()
"""


def test_threads_write_side_by_side_and_nothing_is_lost(book):
    def grade(n: int) -> str:
        key = f"name:{n}"
        folder = book.enrol(key, "Same Name", ids={})
        of = info(key, name="Same Name")
        book.finish(book.begin(key, of, "run"), answered(of), "checks")
        book.judge(key, "1b", "manual", 1, comment=str(n), by="kim")
        return folder

    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(grade, range(40)))
    assert len({folder.lower() for folder in folders}) == 40
    assert {latest.key for latest in book.latest_all()} == {f"name:{n}" for n in range(40)}
    assert book.judgements_version() == 40


def test_two_gradebooks_of_one_file_may_be_opened_and_filled_at_once(tmp_path):
    start = threading.Barrier(4)

    def fill(who: int) -> None:
        start.wait()
        with Gradebook.open(tmp_path) as mine:
            for n in range(10):
                mine.enrol(f"name:{who}-{n}", "Same Name", ids={})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(fill, range(4)))
    with Gradebook.open(tmp_path, create=False) as book:
        assert len({student.folder.lower() for student in book.students()}) == 40


def test_a_reader_goes_on_while_another_process_writes_and_sees_only_what_is_kept(book, tmp_path):
    with held(tmp_path / "out") as holder:
        assert [student.name for student in book.students()] == ["Ana"]
        release(holder)
    assert [student.name for student in book.students()] == ["Ana", "Holder"]


def test_a_second_writer_waits_for_the_first(book, tmp_path):
    waited = []

    def enrol() -> None:
        book.enrol("name:bo", "Bo", ids={})
        waited.append(time.monotonic())

    with held(tmp_path / "out") as holder:
        thread = threading.Thread(target=enrol)
        thread.start()
        thread.join(0.3)
        assert waited == []
        release(holder)
        thread.join(120)
    assert len(waited) == 1
    assert {student.name for student in book.students()} == {"Ana", "Bo", "Holder"}


def test_a_reader_that_stops_half_way_locks_nobody_out(book):
    for n in range(3):
        book.record("name:ana", info(), "run", answered(score=n), "checks")
    rows, outlines = book.latest_all(), book.outlines()
    next(rows)
    next(outlines)
    book.enrol("name:bo", "Bo", ids={})
    with book._engine.connect() as connection:
        busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    assert busy == 0


def held(out: Path) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, out],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def release(holder: subprocess.Popen[str]) -> None:
    holder.communicate(timeout=120)
    assert holder.returncode == 0
