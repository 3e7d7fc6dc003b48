"""Grades hostile work as a class is graded, and looks at what it has left behind.

Whatever an attack does, `attack` asserts on its own that nothing outside has changed and that no
process and no temporary folder is left; after each file, honest work is graded as it was before.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from graders.assignment import load_assignment
from graders.expectations import Expectations
from graders.grading import RECORDING, Grader, Settings
from graders.ran import Ran
from graders.recording import RecordingFolder
from graders.result import Outcome, Result
from graders.sandbox.process import GRACE_SECONDS
from graders.sandbox.talk import Progress
from graders.submission import Submission

SECRET = "the-answer-is-swordfish"
_EXPECTED = Expectations.load("fashion_cnn")
# Two points of honest work.
HONEST = f"KxIA = {_EXPECTED['KxIA']}\nanswers = {{'1d': {_EXPECTED['small.parameters']}}}\n"


@dataclass
class Aftermath:
    """What an attack has come to."""

    result: Result
    ran: Ran
    folder: Path
    seconds: float

    @property
    def recording(self) -> RecordingFolder:
        """What its process has left, as the checks read it."""
        return RecordingFolder.open(self.folder / RECORDING)

    @property
    def values(self) -> dict[str, Any]:
        """The attacker's variables: what the code has found out about its surroundings."""
        return self.recording.data.values

    @property
    def report(self) -> Any:
        """What the attacker has seen, where the code ends with report = json.dumps(...)."""
        return json.loads(self.values["report"])

    @property
    def message(self) -> str:
        """What the feedback says of the run."""
        return self.result.execution.message

    @property
    def errors(self) -> list[str | None]:
        """What its cells raised, one type a failed cell."""
        return [cell.error_type for cell in self.result.execution.failed_cells]

    def outcome(self, check: str) -> Outcome:
        """How the first check ended whose id holds this text."""
        return next(c.outcome for c in self.result.checks if check in c.id)

    @property
    def passed(self) -> list[str]:
        """Checks that were passed."""
        return [c.id for c in self.result.checks if c.outcome is Outcome.PASSED]


Attack = Callable[..., Aftermath]


@dataclass
class Outside:
    """The part of the machine that an attacker would like to reach."""

    home: Path  # of a TA: other submissions, solutions, keys
    out: Path  # results of the class
    store: Path  # finished trainings
    before: dict[str, str] = field(default_factory=dict)

    def state(self) -> dict[str, str]:
        """Every file out there with its content's digest."""
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for folder in (self.home, self.out)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }


@pytest.fixture(scope="session")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Outside:
    """A TA's home and a class's results, with a secret in each file."""
    home, out = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("out")
    for path in (
        home / "submissions" / "bob.py",
        home / "solution.py",
        out / "bob" / "result.json",
    ):
        path.parent.mkdir(exist_ok=True)
        path.write_text(SECRET, encoding="utf-8")
        path.chmod(0o666)  # only the walls keep anyone off
        path.parent.chmod(0o777)
    return Outside(home, out, tmp_path_factory.mktemp("trainings"))


@pytest.fixture(scope="session")
def grader(small_data: Path, outside: Outside) -> Iterator[Grader]:
    """Grades as `tensormark grade` does: not without walls."""
    settings = Settings(
        device="cpu",
        timeout=60,  # no honest part comes near it; attacks without an end have limits of their own
        data="local",
        threads=1,
        store=outside.store,
        isolation="require",
        memory=2.0,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TENSORMARK_DATA", str(small_data))
        patch.setenv("TENSORMARK_SECRET", SECRET)
        made = Grader(load_assignment("fashion_cnn"), settings)
        made.server.warm_up()
    yield made
    made.stop()


@contextmanager
def limits(
    grader: Grader,
    *,
    seconds: float | None = None,
    grace: float = GRACE_SECONDS,
    **bounds: int,
) -> Iterator[None]:
    """Narrow what a submission may use, for attacks that go to the very end of it.

    Args:
        grader: whose limits.
        seconds: the soft limit of time.
        grace: seconds from there to the hard one.
        bounds: other bounds by their names in Bounds.

    """
    sandbox = grader.sandbox
    walls = sandbox.isolation.walls
    assert walls is not None
    narrow = sandbox.bounds.model_copy(update=bounds)
    inside = replace(sandbox.isolation, walls=walls.model_copy(update={"bounds": narrow}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("graders.sandbox.process.GRACE_SECONDS", grace)
        patch.setattr(sandbox, "bounds", narrow)
        patch.setattr(sandbox, "isolation", inside)
        if seconds is not None:
            patch.setattr(grader, "settings", replace(grader.settings, timeout=seconds))
        yield


@pytest.fixture
def attack(grader: Grader, outside: Outside, tmp_path: Path) -> Iterator[Attack]:
    """Grade source code, or a notebook's bytes, as one student's work."""
    with attacking(grader, outside, tmp_path) as run:
        yield run


@pytest.fixture(scope="module")
def attack_of_all(
    grader: Grader, outside: Outside, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Attack]:
    """Grade the same way what several tests of a file look at."""
    with attacking(grader, outside, tmp_path_factory.mktemp("attack")) as run:
        yield run


@contextmanager
def attacking(grader: Grader, outside: Outside, tmp_path: Path) -> Iterator[Attack]:
    """Grade what attacks, and assert in the end that nothing is left of it."""
    before = outside.state()
    count = 0

    # So that folders of other runs of these tests aren't taken for what is left.
    places = [tmp_path / name for name in ("tmp", "shm")]
    for place in places:
        place.mkdir()

    def run(
        source: str | bytes, name: str = "mallory.py", progress: Progress | None = None
    ) -> Aftermath:
        nonlocal count
        count += 1
        path = tmp_path / f"{count}" / name
        path.parent.mkdir()
        path.write_bytes(source.encode() if isinstance(source, str) else source)
        folder = tmp_path / f"out-{count}"
        started = time.monotonic()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tempfile, "tempdir", str(places[0]))
            patch.setattr("graders.sandbox.box._memory_folder", lambda _: places[1])
            result = grader.grade(Submission("mallory", path), folder, progress)
        result.save(folder / "result.json")
        return Aftermath(result, Ran.load(folder), folder, time.monotonic() - started)

    yield run
    assert outside.state() == before, "something outside was changed"
    assert _left_running() == [], "a process is left"
    left = [path for place in places for path in place.glob("tensormark-*")]
    assert left == [], "a temporary folder is left"


@pytest.fixture(scope="module", autouse=True)
def honest_work_is_graded_right_afterwards(plain: Attack, grader: Grader) -> Iterator[None]:
    """After all attacks of a file, the grader that they met still grades as before."""
    before = plain(HONEST)
    assert len(before.passed) == 2, "two answers of it are right"
    yield
    after = graded(grader, HONEST, before.folder.with_name("again"))
    assert after.result.execution.status == "complete"
    assert after.passed == before.passed


def graded(grader: Grader, source: str, folder: Path) -> Aftermath:
    """Grade source code into a folder."""
    path = folder.with_suffix(".py")
    path.write_text(source, encoding="utf-8")
    started = time.monotonic()
    result = grader.grade(Submission("alice", path), folder)
    return Aftermath(result, Ran.load(folder), folder, time.monotonic() - started)


@pytest.fixture(scope="session")
def plain(grader: Grader, tmp_path_factory: pytest.TempPathFactory) -> Attack:
    """Grade code that attacks nothing, once: what an attack is compared with."""
    known: dict[str, Aftermath] = {}

    def run(source: str) -> Aftermath:
        if source not in known:
            known[source] = graded(grader, source, tmp_path_factory.mktemp("plain") / "out")
        return known[source]

    return run


def numbered(number: int, code: str, names: Iterable[str]) -> str:
    """Give the variables of these names in some code a number of their own.

    So that several variants of an attack stand in one submission, and each is checked by itself.
    """
    return re.sub(rf"\b({'|'.join(names)})\b", rf"\1{_mark(number)}", code)


def variant(after: Aftermath, number: int, folder: Path) -> Aftermath:
    """Take one of the variants of a run for the whole: its variables, without their number."""
    shutil.copytree(after.folder, folder)
    path = folder / RECORDING / "recording.json"
    recording = json.loads(path.read_text(encoding="utf-8"))
    for kind in ("values", "arrays"):
        recording[kind] = {
            name.replace(_mark(number), ""): kept
            for name, kept in recording[kind].items()
            if _mark(number) in name or _mark("") not in name
        }
    path.write_text(json.dumps(recording), encoding="utf-8")
    return replace(after, folder=folder)


def checked_again(grader: Grader, after: Aftermath) -> Aftermath:
    """Check again what a run has left."""
    return replace(after, result=grader.checker.check(after.ran, after.folder))


def _mark(number: int | str) -> str:
    """End of a variant's names; without a number, what all of them hold."""
    return f"_variant_{number}_" if number != "" else "_variant_"


def _left_running(seconds: float = 60.0) -> list[str]:
    """Processes below the fork server; they may take a moment to go."""
    deadline = time.monotonic() + seconds
    while True:
        servers = [p for p in psutil.Process().children() if "forkserver" in " ".join(_command(p))]
        left = [" ".join(_command(child)) for server in servers for child in server.children(True)]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.05)


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []
