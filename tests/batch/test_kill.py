"""`kill -9` at any moment, then the same command: nothing is lost, doubled or half-written."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

import pytest

from graders.gradebook import Gradebook
from graders.result import Result

STUDENTS = 25
# Nothing here takes long; who is silent for so long stands still.
PATIENCE = 120.0


class Runs:
    """Begins runs on one class."""

    def __init__(self, folder: Path) -> None:
        self.out = folder / "out"
        handed_in = folder / "in"
        handed_in.mkdir()
        for n in range(STUDENTS):
            (handed_in / f"student{n:02}.py").write_text("0.5")
        self.errors = folder / "errors.txt"
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.batch.killed", str(handed_in), str(self.out)],
                # What is tested here, also where another checkout is installed.
                cwd=Path(__file__).parents[2],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        self.running: int | None = None
        self.lines: Queue[str] = Queue()
        self.reader = Thread(target=self.read, daemon=True)
        self.reader.start()

    def begin(self, most: int | None = None) -> int:
        """Begin a run; one that is to stand still after so many must be killed or stopped."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # `line` says why
            self.process.stdin.write("\n" if most is None else f"{most}\n")
            self.process.stdin.flush()
        self.running = int(self.line())
        return self.running

    def run(self, most: int) -> tuple[list[str], int | None]:
        """Wait until it has run so many, or ends: whom it has run, and its status."""
        ran: list[str] = []
        while len(ran) < most:
            what, who = self.line().split()
            if what == "status":
                self.running = None
                return ran, int(who)
            ran.append(who)
        return ran, None

    def end(self) -> tuple[list[str], int]:
        """Wait for its end: whom it has run since, and its status."""
        ran, status = self.run(1000)
        assert status is not None
        return ran, status

    def line(self) -> str:
        """Wait for what is said next; fails where nothing is, or nobody is there to say it."""
        ends = time.monotonic() + PATIENCE
        while True:
            is_dead = self.process.poll() is not None
            with contextlib.suppress(Empty):
                if line := self.lines.get(timeout=0.2):
                    return line
                is_dead = True
            if is_dead:
                status = self.process.wait(PATIENCE)
                pytest.fail(f"killed.py is gone, with status {status}. {self.complaints()}")
            if time.monotonic() > ends:
                pytest.fail(f"Nothing was said for {PATIENCE:g} s. {self.complaints()}")

    def read(self) -> None:
        """Pass on what is said, and then an empty line."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put("")

    def complaints(self) -> str:
        """Quote what was written to stderr."""
        return f"On stderr: {self.errors.read_text(errors='replace')[-4000:] or 'nothing'}"

    def close(self) -> None:
        """End whatever is running."""
        for group in (self.running, self.process.pid):
            if group is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(group, signal.SIGKILL)
        self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        assert not self.reader.is_alive(), "somebody is left who could still say something"
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    made = Runs(tmp_path)
    yield made
    made.close()


def finished(out: Path) -> list[str]:
    """Read who is finished, as somebody would who looks at OUT while it is written."""
    if not (out / "gradebook.db").is_file():
        return []
    with closing(sqlite3.connect(f"file:{out / 'gradebook.db'}?mode=ro", uri=True)) as book:
        try:
            found = book.execute(
                "select students.name from results "
                "join attempts on attempts.id = results.attempt_id "
                "join submissions on submissions.id = attempts.submission_id "
                "join students on students.id = submissions.student_id"
            ).fetchall()
        except sqlite3.OperationalError:  # killed before there were tables
            return []
    return [name for (name,) in found]


def see_that_all_is_whole(out: Path) -> None:
    """What stands under a name that people use is whole at every moment."""
    for folder in (path for path in out.glob("[!.]*") if path.is_dir()):
        Result.load(folder / "result.json")
        page = (folder / "feedback.html").read_text(encoding="utf-8")
        assert page.rstrip().endswith("</html>")
        assert len(list((folder / "recording").iterdir())) == 3
    for name, last in (("index.html", "</html>"), ("grades.csv", "00:00")):
        if (out / name).is_file():
            assert (out / name).read_text(encoding="utf-8").rstrip().endswith(last)


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in range(2, 12))]
)
def test_a_class_that_is_killed_again_and_again_is_graded_once(runs, seed):
    chance = random.Random(seed)
    out, kills, before = runs.out, 0, set[str]()
    while True:
        most = chance.randint(0, 4)
        # So that however slow we are, there is something left to be killed.
        process = runs.begin(most + 4)
        ran, status = runs.run(most)
        if status is None:
            time.sleep(chance.choice([0, chance.uniform(0, 0.05)]))
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process, signal.SIGKILL)
            others, status = runs.end()
            ran += others

        assert not set(ran) & before, "a finished submission was run again"
        assert len(ran) == len(set(ran))
        assert status in {0, -signal.SIGKILL}, runs.complaints()
        see_that_all_is_whole(out)
        names = finished(out)
        assert len(names) == len(set(names)), "a result was kept twice"
        assert before <= set(names), "a result was lost"
        before = set(names)
        if status == 0:
            break
        kills += 1
        assert kills < 200

    assert kills >= STUDENTS // 8
    assert before == {f"student{n:02}" for n in range(STUDENTS)}
    with Gradebook.open(out) as book:
        assert {latest.score for latest in book.latest_all()} == {3.0}
        folders = {student.folder for student in book.students()}
    assert {path.name for path in out.iterdir() if path.is_dir()} == folders
    assert len((out / "grades.csv").read_text().splitlines()) == STUDENTS + 1
    assert [path for path in out.glob(".*") if path.name != ".lock"] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_a_class_cleanly_and_the_next_run_goes_on(runs, number):
    process = runs.begin(most=4)
    # Three are in hand at a time, so that the first of four has its result.
    ran, status = runs.run(4)
    assert (len(ran), status) == (4, None), runs.complaints()
    os.kill(process, number)
    _, status = runs.end()

    assert status == 130, runs.complaints()
    first = finished(runs.out)
    assert 0 < len(first) < STUDENTS
    assert len((runs.out / "grades.csv").read_text().splitlines()) == len(first) + 1
    assert [path for path in runs.out.glob(".*") if path.name != ".lock"] == []
    with Gradebook.open(runs.out) as book:
        assert book.interrupt_running() == 0
    runs.begin()
    others, status = runs.end()
    assert status == 0
    assert not set(others) & set(first)
    assert len(finished(runs.out)) == STUDENTS
