"""What all benchmarks share: the circumstances, timing, starting commands, and saying so."""

from __future__ import annotations

import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import Literal, TypeVar

import psutil

from benchmarks.work import short_cells, write_keras_cache
from graders.assignment import load_assignment
from graders.grading import Grader, Settings
from graders.sandbox import Wish
from reference.datasets import LOOKALIKE, DataSet, locate

Way = TypeVar("Way", bound=Hashable)

ROOT = Path(__file__).parents[1]
ASSIGNMENT = "fashion_cnn"
STORE = "TENSORMARK_STORE"
TENSORMARK = "from graders.cli import app; app()"
_POLL_SECONDS = 0.2
_SILENCE = 15.0  # seconds after which a long command says how far it is
_CHATTER = (
    "I0000 ",
    "W0000 ",
    "E0000 ",
    "WARNING: All log messages before absl",
)  # of TensorFlow, as it starts


class Missing(Exception):  # noqa: N818 - nothing is wrong
    """A table needs something that this machine lacks; the message is one sentence."""


class CommandError(Exception):
    """A command that is measured has failed."""


@dataclass(frozen=True)
class Run:
    """What a command cost: seconds of wall time, and peaks of resident memory in bytes."""

    began: float  # by time.time()
    seconds: float
    first_line: float  # seconds to the first line of output
    lines: Sequence[str]  # the last ones of the output
    memory: int  # of the command's own process
    memory_of_all: int  # with its children; pages that processes share count for each


@dataclass
class Bench:
    """The circumstances of all tables."""

    root: Path
    full: bool = False
    sizes: tuple[int, ...] = ()  # of classes; empty: the benchmark's own
    runs: int = 0  # for medians; 0: the benchmark's own
    folder: Path = field(init=False)  # for whatever the table under way writes
    _said: float = field(default=0.0, init=False)

    @contextmanager
    def folder_of(self, name: str) -> Iterator[None]:
        """Give a table a folder of its own, and remove it afterwards."""
        self.folder = self.root / name
        self.folder.mkdir()
        try:
            yield
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    @cached_property
    def data(self) -> DataSet:
        """The real data where they are on this machine, else the look-alike."""
        return locate("fashion_mnist", "local")

    @property
    def choice(self) -> Literal["local", "builtin"]:
        """How `--data` is told of them."""
        return "builtin" if self.data.source == LOOKALIKE else "local"

    @cached_property
    def machine(self) -> str:
        """Say what the figures of this run depend on."""
        real = "built-in" if self.choice == "builtin" else "real"
        memory = psutil.virtual_memory().total / 1e9
        return (
            f"{os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}, "
            f"TensorFlow {version('tensorflow')}, {real} Fashion-MNIST ({self.data.source}, "
            f"{self.data.fingerprint})"
        )

    @cached_property
    def _keras_home(self) -> Path:
        return write_keras_cache(self.root / "keras", self.data)

    def yardstick(self) -> float:
        """Time plain `fit` of the short submission's network in a fresh Python."""
        data, network, fit = short_cells()
        timing = "import time; began = time.time()\n", "seconds = {'fit': time.time() - began}"
        return self.plain(data + network + timing[0] + fit + timing[1])["fit"]

    # -- saying how far it is -----------------------------------------------------------------

    def note(self, line: str, every: float = 0.0) -> None:
        """Say something on stderr; with `every`, no more often than that, in seconds."""
        if time.monotonic() - self._said >= every:
            self._said = time.monotonic()
            print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)

    def event(self, event: Mapping[str, object]) -> None:
        """Say now and then what a grader in this process is at."""
        self.note("  " + " ".join(f"{key} {value}" for key, value in event.items()), _SILENCE)

    # -- timing -------------------------------------------------------------------------------

    def medians(self, take: Callable[[], Mapping[Way, float]], runs: int) -> dict[Way, float]:
        """Measure several ways in turn, again and again; return the median of each."""
        runs = self.runs or runs
        found: list[Mapping[Way, float]] = []
        for number in range(1, runs + 1):
            self.note(f"  run {number} of {runs}", every=5)
            found.append(take())
        return {way: median(seconds[way] for seconds in found) for way in found[0]}

    # -- starting things ----------------------------------------------------------------------

    def new_folder(self) -> Path:
        """Make an empty folder."""
        return Path(tempfile.mkdtemp(dir=self.folder))

    def grader(self, store: Path, isolation: Wish = "auto", threads: int = 0) -> Grader:
        """Make a grader in this process."""
        settings = Settings(
            "cpu", data=self.choice, threads=threads, store=store, isolation=isolation
        )
        return Grader(load_assignment(ASSIGNMENT), settings)

    def tensormark(self, *arguments: str | Path, store: Path) -> Run:
        """Run `tensormark` with a store of trainings."""
        return self.python("-c", TENSORMARK, *arguments, variables={STORE: str(store)})

    def grade(
        self,
        submissions: Path,
        out: Path,
        store: Path,
        workers: int = 0,
        assignment: str = ASSIGNMENT,
    ) -> Run:
        """Run `tensormark grade` on a class."""
        options = ("--out", out, "--data", self.choice, "--workers", str(workers))
        return self.tensormark("grade", assignment, submissions, *options, store=store)

    def plain(self, code: str) -> dict[str, float]:
        """Run code in a fresh Python, as a student does; return what it put into `seconds`."""
        code += "\nimport json; print(json.dumps(seconds))"
        found: dict[str, float] = json.loads(self.students_python("-c", code).lines[-1])
        return found

    def students_python(self, *arguments: str | Path) -> Run:
        """Run Python as a student does who works without us: Keras finds the data; no GPU."""
        variables = {
            "KERAS_HOME": str(self._keras_home),
            "IPYTHONDIR": str(self.root / "ipython"),
            "CUDA_VISIBLE_DEVICES": "-1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        return self.python(*arguments, variables=variables)

    def python(
        self, *arguments: str | Path, variables: Mapping[str, str], good: Iterable[int] = (0,)
    ) -> Run:
        """Run Python to its end, watching time and memory; end its processes if interrupted.

        Raises:
            CommandError: its exit status isn't a good one.

        """
        command = [sys.executable, *map(str, arguments)]
        began, started = time.time(), time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=ROOT,  # where our packages are found first
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        watch = _Watch(self, process, started)
        try:
            status = process.wait()
            seconds = time.perf_counter() - started
        except BaseException:
            end_processes(psutil.Process().children(recursive=True))
            raise
        finally:
            watch.stop()
        if status not in good:
            said = "\n".join(list(watch.lines)[-20:])
            raise CommandError(f"{shlex.join(command)}: status {status}\n{said}")
        first = watch.first_line or seconds
        return Run(began, seconds, first, list(watch.lines), watch.memory, watch.memory_of_all)


class _Watch:
    """Looks at a command while it runs: its output, its memory."""

    def __init__(self, bench: Bench, process: subprocess.Popen[str], started: float) -> None:
        self.lines: deque[str] = deque(maxlen=200)
        self.first_line = 0.0
        self.memory = self.memory_of_all = 0
        self._bench, self._process, self._started = bench, process, started
        self._over = Event()
        self._threads = [Thread(target=run, daemon=True) for run in (self._read, self._look)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """The command has ended."""
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=5)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                if not line.startswith(_CHATTER):
                    self.first_line = self.first_line or time.perf_counter() - self._started
                    self.lines.append(line.rstrip())

    def _look(self) -> None:
        while not self._over.wait(_POLL_SECONDS):
            with suppress(psutil.Error):  # one may end while we look
                process = psutil.Process(self._process.pid)
                own = process.memory_info().rss
                others = sum(p.memory_info().rss for p in process.children(recursive=True))
                self.memory = max(self.memory, own)
                self.memory_of_all = max(self.memory_of_all, own + others)
            so_far = time.perf_counter() - self._started
            if so_far > _SILENCE:
                last = self.lines[-1] if self.lines else "no output yet"
                self._bench.note(f"  {so_far:.0f} s so far: {last}", every=_SILENCE)


def timed(call: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def require(*packages: str) -> None:
    """Make sure that packages are installed.

    Raises:
        Missing: one isn't.

    """
    for package in packages:
        if find_spec(package) is None:
            raise Missing(f"{package} is not installed: pip install -e '.[bench]'.")


def end_processes(processes: Iterable[psutil.Process]) -> None:
    """Ask processes to end, and kill those that don't within some seconds."""
    alive = [process for process in processes if process.is_running()]
    for process in alive:
        with suppress(psutil.Error):
            process.terminate()
    for process in psutil.wait_procs(alive, timeout=5)[1]:
        with suppress(psutil.Error):
            process.kill()
