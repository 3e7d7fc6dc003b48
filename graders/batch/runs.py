"""Where the submissions of a class are run: on this machine, or on the workers of a cluster.

Both are a `concurrent.futures.Executor` behind one small seam. A task starts, times and ends its
own sandbox, and leaves a folder; nothing else comes back.
"""

from __future__ import annotations

import os
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import psutil

from graders.batch.task import Task, carry_out
from graders.grading import Grader
from graders.result import Result

_MEMORY_PER_RUN = 2.5e9
# A submission waits for its trainings most of the time, and equal ones are waited for together.
_RUNS_PER_CORE = 2


class Tells(Protocol):
    """Is told what happens to a student's submission while it runs."""

    def begin(self, student: str) -> None:
        """A submission starts to run."""

    def event(self, student: str, event: dict[str, Any]) -> None:
        """A cell or a training begins."""


class Runs(Protocol):
    """Runs the submissions of a class."""

    @property
    def warnings(self) -> list[str]:
        """What the TA should know, said at the end."""

    @property
    def room(self) -> int:
        """How many submissions it takes at once, those that wait among them."""

    def submit(self, task: Task, folder: Path, tells: Tells) -> Future[Any]:
        """Have a submission graded, for a folder that is there and empty."""

    def take(self, future: Future[Any], folder: Path) -> Result:
        """Return what came of a task that has ended, its folder filled.

        Raises whatever the task has raised, or what the loss of its worker is called.
        """

    def stop(self) -> None:
        """End whatever is running, and wait for its end."""

    def close(self) -> None:
        """Let go of everything; nothing is running."""


class LocalRuns:
    """Runs submissions side by side on this machine, each in its own sandbox."""

    def __init__(self, grader: Grader, workers: int) -> None:
        self._grader = grader
        self._workers = workers
        self._executor: Executor = ThreadPoolExecutor(workers, thread_name_prefix="tensormark")

    @property
    def warnings(self) -> list[str]:
        """What the TA should know, said at the end."""
        return self._grader.trainer.warnings

    @property
    def room(self) -> int:
        """One more than there are workers, so that none of them waits for the next."""
        return self._workers + 1

    def submit(self, task: Task, folder: Path, tells: Tells) -> Future[Result]:
        """Have a submission graded into a folder."""
        student = task.submission.student

        def run() -> Result:
            tells.begin(student)
            return carry_out(self._grader, task, folder, lambda event: tells.event(student, event))

        return self._executor.submit(run)

    def take(self, future: Future[Result], folder: Path) -> Result:
        """Return a task's result."""
        return future.result()

    def stop(self) -> None:
        """End every process of the class."""
        self._grader.stop()
        self._executor.shutdown(wait=True, cancel_futures=True)

    def close(self) -> None:
        """Keep the store of trainings within its size."""
        self._executor.shutdown(wait=True)
        self._grader.tidy_up()


def default_workers(submissions: int) -> int:
    """How many submissions to run at once: two a core, as far as memory goes."""
    by_memory = int(psutil.virtual_memory().available / _MEMORY_PER_RUN)
    return max(1, min(_RUNS_PER_CORE * (os.cpu_count() or 1), by_memory, submissions))


def threads_for(workers: int) -> int:
    """TensorFlow's threads for each of several runs, so that they share the cores."""
    return 0 if workers == 1 else max(1, (os.cpu_count() or 1) // workers)
