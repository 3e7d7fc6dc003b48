"""A class on the workers of a Dask cluster: what is sent, who is refused, and who may be killed."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import pickle
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from platform import node
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from graders.batch import cluster, worker
from graders.batch.cluster import ClusterRuns
from graders.batch.keys import Recipe
from graders.batch.task import Task
from graders.errors import AssignmentError, ClassError, RunError
from graders.grading import Settings
from graders.result import Result
from graders.sandbox.server import StoppedError
from graders.settle import Standing
from tests.builders.classes import FakeGrader, Watcher, hand_in, recipe


class FakeClient:
    """A cluster without one: workers by address, with their threads and resources."""

    def __init__(self, **workers: int) -> None:
        self.workers = workers
        self.resources: dict[str, float] = {}
        self.status = "running"
        self.scheduler = SimpleNamespace(address="tcp://scheduler:8786")

    def get_executor(self, **_: Any) -> Any:
        return SimpleNamespace(shutdown=lambda **_: None)

    def nthreads(self) -> dict[str, int]:
        return self.workers

    def wait_for_workers(self, _: int, timeout: float) -> None:
        if not self.workers:
            raise TimeoutError

    def scheduler_info(self, n_workers: int) -> Any:
        return {"workers": {name: {"resources": self.resources} for name in self.workers}}


class FakeWorker:
    """Notes what is told, as a worker's connection would take it."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.state = SimpleNamespace(tasks={})

    def log_event(self, topic: str, message: str) -> None:
        message.encode("ascii")
        assert len(message) < 2_000
        self.told.append(json.loads(message))

    def get_current_task(self) -> str:
        return "task"


@pytest.fixture
def at_work(monkeypatch: pytest.MonkeyPatch) -> FakeWorker:
    """Make this process a worker."""
    distributed = pytest.importorskip("distributed")
    fake = FakeWorker()
    monkeypatch.setattr(distributed, "get_worker", lambda: fake)
    return fake


def runs_on(client: FakeClient, how: Recipe | None = None, **resources: float) -> ClusterRuns:
    anything: Any = client
    return ClusterRuns(anything, how or recipe(), resources)


def task_for(folder: Path, student: str = "alice", share: float = 1.0) -> Task:
    (submission,) = hand_in(folder, **{student: share})
    return Task(submission.loaded(), Standing(), "run")


def use(grader: FakeGrader, monkeypatch: pytest.MonkeyPatch) -> worker._Member:
    anything: Any = grader
    member = worker._Member(anything)
    monkeypatch.setitem(worker._members, "class", member)
    return member


# What travels.


def test_a_task_travels_without_the_file_that_it_was_made_from(tmp_path):
    task = task_for(tmp_path, share=0.5)
    task.submission.path.unlink()

    arrived = pickle.loads(pickle.dumps(task))

    assert arrived == task
    assert arrived.submission.read() == b"0.5"


@pytest.mark.parametrize(
    "error",
    [
        AssignmentError("The sheet is broken."),
        ClassError.other_data("node1", ["a"], ["b"]),
        RunError.workers_lost(),
        RunError.died("signal 9", 2),
        StoppedError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_a_task_raises_travels(error):
    arrived = pickle.loads(pickle.dumps(error))

    assert type(arrived) is type(error)
    assert str(arrived) == str(error)


names = st.text(
    st.characters(exclude_characters="/\\\0", exclude_categories=["Cs"]), min_size=1, max_size=50
).filter(lambda name: name not in {".", ".."} and len(name.encode()) < 200)


@given(files=st.dictionaries(names, st.binary(max_size=500), max_size=5))
def test_a_folder_is_unpacked_as_it_was_packed(tmp_path_factory, files):
    packed = tmp_path_factory.mktemp("packed")
    unpacked = tmp_path_factory.mktemp("unpacked")
    (packed / "recording").mkdir()
    for name, content in files.items():
        (packed / "recording" / name).write_bytes(content)

    cluster._unpack(worker._packed(packed), unpacked)

    arrived = {path.name: path.read_bytes() for path in (unpacked / "recording").iterdir()}
    assert arrived == files


def test_no_link_is_followed_when_a_folder_is_packed(tmp_path):
    secret, folder = tmp_path / "secret", tmp_path / "folder"
    (secret / "inside").mkdir(parents=True)
    (secret / "key").write_text("the answers")
    folder.mkdir()
    (folder / "file").symlink_to(secret / "key")
    (folder / "directory").symlink_to(secret)

    cluster._unpack(worker._packed(folder), tmp_path / "unpacked")

    assert list((tmp_path / "unpacked").glob("**/*")) == []


def test_a_file_from_before_1980_is_packed(tmp_path):
    (tmp_path / "old").write_text("content")
    os.utime(tmp_path / "old", (0, 0))

    cluster._unpack(worker._packed(tmp_path), tmp_path / "unpacked")

    assert (tmp_path / "unpacked" / "old").read_text() == "content"


# What a worker does.


def test_a_worker_sends_a_whole_folder(tmp_path, at_work, monkeypatch):
    use(FakeGrader(), monkeypatch)
    client = FakeClient(one=2)
    future: Future[bytes] = Future()

    future.set_result(worker.run_packed(recipe(), task_for(tmp_path), "class"))
    result = runs_on(client).take(future, tmp_path / "out")

    assert result.submission.student == "alice"
    assert Result.load(tmp_path / "out" / "result.json") == result
    assert len(list((tmp_path / "out" / "recording").iterdir())) == 3


def test_what_breaks_a_submission_on_a_worker_is_its_own_alone(tmp_path, at_work, monkeypatch):
    use(FakeGrader(fails={"alice": ValueError("odd")}), monkeypatch)
    future: Future[bytes] = Future()

    future.set_result(worker.run_packed(recipe(), task_for(tmp_path), "class"))
    result = runs_on(FakeClient(one=2)).take(future, tmp_path / "out")

    assert result.execution.status == "error"


def test_a_full_disk_of_a_worker_is_a_sentence_that_names_it(tmp_path, at_work, monkeypatch):
    full = OSError(errno.ENOSPC, "No space left on device")
    member = use(FakeGrader(fails={"alice": full}), monkeypatch)

    with pytest.raises(ClassError) as raised:
        worker.run_packed(recipe(), task_for(tmp_path), "class")

    assert str(raised.value) == f"The worker on {node()} can't take part: No space left on device."
    assert member.running == []


def test_a_worker_that_came_late_and_differs_is_refused_by_name(tmp_path, at_work, monkeypatch):
    def make(_: Recipe) -> Any:
        raise ClassError.other_data(node(), ["ours"], ["theirs"])

    monkeypatch.setattr(worker, "_make", make)

    with pytest.raises(ClassError, match=node()):
        worker.run_packed(recipe(), task_for(tmp_path), "another class")


def test_a_worker_begins_nothing_of_a_class_that_was_ended(tmp_path, at_work, monkeypatch):
    grader = FakeGrader()
    use(grader, monkeypatch)

    worker.end_class("class")

    assert grader.stopped
    with pytest.raises(StoppedError):
        worker.run_packed(recipe(), task_for(tmp_path), "class")
    worker._ended.discard("class")


def test_a_class_whose_coordinator_was_killed_ends_on_its_workers(tmp_path, at_work, monkeypatch):
    monkeypatch.setattr(worker, "_LOOK_SECONDS", 0.01)
    use(FakeGrader(seconds=1.0), monkeypatch)
    at_work.state.tasks["task"] = SimpleNamespace(state="cancelled")

    with pytest.raises(StoppedError):
        worker.run_packed(recipe(), task_for(tmp_path), "class")


def test_a_task_that_is_cancelled_alone_ends_without_its_class(tmp_path, at_work, monkeypatch):
    """The scheduler gives a result out again that was lost, and takes it back when it had come."""
    monkeypatch.setattr(worker, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(worker, "_make", lambda _: FakeGrader())
    use(FakeGrader(seconds=1.0), monkeypatch)
    at_work.state.tasks["task"] = SimpleNamespace(state="cancelled")
    with pytest.raises(StoppedError):
        worker.run_packed(recipe(), task_for(tmp_path), "class")

    del at_work.state.tasks["task"]
    packed = worker.run_packed(recipe(), task_for(tmp_path), "class")

    assert packed


def test_a_cancelled_task_stops_nobody_who_runs_beside_it(tmp_path, at_work, monkeypatch):
    monkeypatch.setattr(worker, "_LOOK_SECONDS", 0.01)
    member = use(FakeGrader(seconds=0.3), monkeypatch)
    member.running.append("another's")
    at_work.state.tasks["task"] = SimpleNamespace(state="cancelled")

    assert worker.run_packed(recipe(), task_for(tmp_path), "class")
    assert not member.grader.stopped


def test_a_class_that_ends_leaves_another_alone(monkeypatch):
    mine, other = FakeGrader(), FakeGrader()
    use(other, monkeypatch)
    anything: Any = mine
    monkeypatch.setitem(worker._members, "mine", worker._Member(anything))

    worker.end_class("mine")

    assert mine.stopped
    assert not other.stopped
    worker._ended.discard("mine")


def test_a_worker_with_other_checks_is_refused_by_name():
    sheet = "fashion_cnn"
    how = Recipe(sheet, Settings(), (), "run", "checks of another version")

    pytest.importorskip("distributed")
    said = worker.see_worker(how, "class")

    assert said.startswith(f"The worker on {node()} has another version of tensormark")
    assert "fashion_cnn" in said


def test_a_student_s_process_cannot_flood_the_cluster_nor_break_its_connection(at_work):
    tell = worker._Telling(at_work, "class", "\udc80\n")
    hostile = {"cell": 10**5000, "of": "\ud800" * 10**6, "epoch": -1, "x": [[]], "attempt": 2}

    for n in range(5_000):
        tell.event({**hostile, "cell": n})

    assert len(at_work.told) == worker._MOST_TOLD
    assert at_work.told[1]["event"] == {"cell": 1, "attempt": 2}


# What the coordinator makes of it.


def test_what_workers_tell_is_shown():
    runs, watcher = runs_on(FakeClient(one=2)), Watcher()
    runs._tells = watcher
    about = {"student": "alice"}

    runs._hear((0.0, json.dumps(about)))
    runs._hear((0.0, json.dumps({**about, "event": {"cell": 1, "of": 2}})))

    assert watcher.told == [("begin", "alice"), ("event", "alice")]


def test_there_is_room_for_twice_as_many_as_run():
    assert runs_on(FakeClient(one=2, two=3)).room == 10


def test_a_class_waits_for_workers_for_some_minutes_only(monkeypatch):
    runs = runs_on(FakeClient())
    monkeypatch.setattr(cluster, "_COUNT_SECONDS", -1.0)

    assert runs.room > 0
    monkeypatch.setattr(cluster, "_ALONE_SECONDS", -1.0)
    with pytest.raises(ClassError, match="no worker for"):
        _ = runs.room


def test_a_class_ends_with_a_sentence_when_the_scheduler_is_gone():
    client = FakeClient(one=2)
    client.status = "connecting"

    with pytest.raises(ClassError, match="The scheduler is gone"):
        _ = runs_on(client).room


def test_a_submission_that_is_cancelled_from_outside_means_that_the_scheduler_is_gone(tmp_path):
    pytest.importorskip("distributed")
    future: Future[bytes] = Future()
    future.cancel()

    with pytest.raises(ClassError, match="same command again"):
        runs_on(FakeClient(one=2)).take(future, tmp_path)


def test_a_submission_that_outlives_its_workers_is_the_machine_s_fault(tmp_path):
    distributed = pytest.importorskip("distributed")
    future: Future[bytes] = Future()
    future.set_exception(distributed.KilledWorker("task", SimpleNamespace(), 3))

    with pytest.raises(RunError, match="has died"):
        runs_on(FakeClient(one=2)).take(future, tmp_path)


# Who is asked.


def test_without_the_extra_the_sentence_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(ClassError, match=r"pip install 'tensormark\[cluster\]'"):
        ClusterRuns.connect("tcp://127.0.0.1:8786", recipe())


def test_a_cluster_without_an_address_is_a_sentence(tmp_path, monkeypatch):
    from graders.cli import app

    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)
    (tmp_path / "alice.py").write_text("x = 1")
    command = ["grade", "fashion_cnn", str(tmp_path), "-o", str(tmp_path / "out")]

    ended = CliRunner().invoke(app, [*command, "--executor", "dask"])

    assert ended.exit_code == 2
    assert "--scheduler ADDRESS" in ended.output


@pytest.mark.parametrize("address", ["nowhere", "file-that-is-not-there.json", "tcp://node1", ""])
def test_what_is_no_address_is_a_sentence_at_once(address):
    pytest.importorskip("distributed")
    began = time.monotonic()

    with pytest.raises(ClassError, match="no Dask scheduler answers there"):
        ClusterRuns.connect(address, recipe())

    assert time.monotonic() - began < 60  # and not the minutes of its retries


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff\xfe", b'{"address": 1}'])
def test_a_file_that_no_scheduler_has_written_is_a_sentence(tmp_path, content):
    pytest.importorskip("distributed")
    (tmp_path / "scheduler.json").write_bytes(content)

    with pytest.raises(ClassError, match="no Dask scheduler answers there"):
        ClusterRuns.connect(str(tmp_path / "scheduler.json"), recipe())


def test_nobody_at_the_address_is_a_sentence_within_the_time(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 0.5)
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(ClassError, match=f"--scheduler {address}: no Dask scheduler"):
            ClusterRuns.connect(address, recipe())


def test_a_scheduler_without_workers_is_a_sentence():
    with pytest.raises(ClassError, match="dask worker tcp://scheduler:8786"):
        runs_on(FakeClient())._see_workers()


def test_a_gpu_is_asked_of_workers_that_offer_one():
    with pytest.raises(ClassError, match="--resources GPU=1"):
        runs_on(FakeClient(one=2), GPU=1.0)._see_workers()


# With a real scheduler and real workers.

STUDENTS = 8
TENSORMARK = [sys.executable, "-c", "from graders.cli import app; app()"]
DASK = [sys.executable, "-m", "dask"]
LOOPBACK = ["--host", "127.0.0.1", "--no-dashboard"]


class Cluster:
    """A scheduler and workers on this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.processes: list[psutil.Popen] = []
        self.scheduler = self.start_scheduler()

    def start_scheduler(self) -> psutil.Popen:
        self.file.unlink(missing_ok=True)
        options = ["--port", "0", "--dashboard-address", "127.0.0.1:0"]
        started = self._start("scheduler", *LOOPBACK, *options, "--scheduler-file", str(self.file))
        until(self.file.is_file, 30)
        return started

    def start_worker(self, *options: str, **environment: str) -> psutil.Popen:
        given = ["--scheduler-file", str(self.file), "--nthreads", "2", "--death-timeout", "60"]
        return self._start("worker", *LOOPBACK, *given, *options, **environment)

    def _start(self, *command: str, **environment: str) -> psutil.Popen:
        log = (self.folder / f"log{len(self.processes)}.txt").open("w")
        with log:
            started = psutil.Popen(
                [*DASK, *command],
                env=os.environ | environment,
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        self.processes.append(started)
        return started

    def grade(self, handed_in: Path, out: Path, *options: str) -> subprocess.Popen[str]:
        command = [*TENSORMARK, "grade", "fashion_cnn", str(handed_in), "-o", str(out)]
        where = ["--executor", "dask", "--scheduler", str(self.file), "--isolation", "auto"]
        return subprocess.Popen(
            [*command, *where, "--training", "none", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.folder,
            env=os.environ | {"COLUMNS": "500"},
        )

    def close(self) -> None:
        for process in self.processes:
            with contextlib.suppress(psutil.Error):
                family = [process, *process.children(recursive=True)]
                for one in family:
                    with contextlib.suppress(psutil.Error):
                        one.kill()
            process.wait(10)


def until(come_true: Any, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not come_true():
        assert time.monotonic() < ends, "it did not come true in time"
        time.sleep(0.05)


def hand_in_scripts(folder: Path, students: int, seconds: float) -> Path:
    folder.mkdir()
    for n in range(students):
        (folder / f"student{n:02}.py").write_text(
            f"import time\ntime.sleep({seconds})\nprint({n})\n"
        )
    return folder


def finished(out: Path) -> list[tuple[str, int]]:
    """Read who has a result, and of which attempt."""
    if not (out / "gradebook.db").is_file():
        return []
    with closing(sqlite3.connect(f"file:{out / 'gradebook.db'}?mode=ro", uri=True)) as book:
        try:
            return book.execute(
                "select students.name, attempts.id from results "
                "join attempts on attempts.id = results.attempt_id "
                "join submissions on submissions.id = attempts.submission_id "
                "join students on students.id = submissions.student_id order by students.name"
            ).fetchall()
        except sqlite3.OperationalError:  # there are no tables yet
            return []


def see_that_all_is_whole(out: Path, students: int) -> None:
    expected = [f"student{n:02}" for n in range(students)]
    assert [name for name, _ in finished(out)] == expected
    for name in expected:
        execution = Result.load(out / name / "result.json").execution
        assert execution.status == "complete", execution.message
        assert (out / name / "recording" / "recording.json").is_file()
        assert (out / name / "feedback.html").read_text("utf-8").rstrip().endswith("</html>")
    assert len((out / "grades.csv").read_text("utf-8").splitlines()) == students + 1
    assert sorted(path.name for path in out.iterdir() if path.is_dir()) == expected


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    pytest.importorskip("distributed")
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        yield made
    finally:
        made.close()


@pytest.mark.cluster
def test_a_class_outlives_a_worker_and_then_its_scheduler(real, tmp_path, small_data):
    # Arrange: two workers, one of them under a nanny, whose workers are daemons.
    victim = real.start_worker("--no-nanny")
    real.start_worker("--nanny")
    handed_in = hand_in_scripts(tmp_path / "in", STUDENTS, 1.2)
    out = tmp_path / "out"

    # One worker is killed while it runs submissions.
    run = real.grade(handed_in, out, "--data", "builtin")
    until(lambda: len(finished(out)) >= 2, 120)
    until(lambda: len(family := victim.children(recursive=True)) > 5 or not family, 120)
    family = victim.children(recursive=True)
    assert len(family) > 3, "the worker runs nothing, so that its death proves nothing"
    victim.kill()
    said, _ = run.communicate(timeout=300)

    assert run.returncode == 0, said
    see_that_all_is_whole(out, STUDENTS)
    assert "distributed" not in said
    assert "Traceback" not in said
    until(lambda: not [one for one in family if one.is_running() and one.status() != "zombie"], 120)

    # A worker with other data is refused by name; nobody is graded.
    stranger = real.start_worker(
        "--no-nanny", "--name", "stranger", TENSORMARK_DATA=str(small_data)
    )
    until(lambda: "Registered to" in Path(real.folder, "log3.txt").read_text(), 120)
    run = real.grade(handed_in, tmp_path / "refused", "--data", "auto")
    said, _ = run.communicate(timeout=300)
    assert run.returncode == 2
    assert f"The worker on {node()} has other data" in said
    assert finished(tmp_path / "refused") == []
    stranger.kill()

    # The scheduler is killed: a sentence, and the same command goes on with another.
    second = tmp_path / "second"
    run = real.grade(handed_in, second, "--data", "builtin")
    until(lambda: len(finished(second)) >= 2, 120)
    real.scheduler.kill()
    said, _ = run.communicate(timeout=300)
    assert run.returncode == 2
    assert "The scheduler is gone" in said
    assert "Traceback" not in said
    first = finished(second)
    assert 2 <= len(first) < STUDENTS

    real.scheduler = real.start_scheduler()
    real.start_worker("--nanny")
    run = real.grade(handed_in, second, "--data", "builtin")
    said, _ = run.communicate(timeout=300)
    assert run.returncode == 0, said
    see_that_all_is_whole(second, STUDENTS)
    assert set(first) <= set(finished(second)), "a finished submission was run again"
