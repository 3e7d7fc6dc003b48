"""Run the submissions of a class on the workers of a Dask cluster.

A task carries its submission and brings back a packed folder, so workers and coordinator share no
file system and one process alone writes to OUT. What they must agree on (assignment, checks,
data, settings) is compared before the first submission, and by each task again.
"""

from __future__ import annotations

import io
import multiprocessing
import tempfile
import time
import warnings
import zipfile
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from pathlib import Path
from platform import node
from threading import RLock
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from graders.assignment import load_assignment
from graders.batch.keys import Recipe, checks_key
from graders.batch.reports import RESULT
from graders.batch.runs import Tells, threads_for
from graders.batch.staging import sync_all
from graders.batch.task import Task, carry_out
from graders.errors import ClassError, RunError, TensormarkError
from graders.grading import Grader
from graders.result import Result

if TYPE_CHECKING:
    from distributed import Client

_FIRST_WORKER_SECONDS = 60.0
_COUNT_SECONDS = 5.0
# Waiting ones, beside those that run, so that no worker idles while we write.
_AHEAD = 2

_graders: dict[str, Grader] = {}
_lock = RLock()


class ClusterRuns:
    """Runs submissions wherever the scheduler has a worker."""

    def __init__(self, client: Client, recipe: Recipe, resources: dict[str, float]) -> None:
        self._client = client
        self._recipe = recipe
        # A worker that is lost takes its task along; the scheduler gives that to another.
        self._executor = client.get_executor(resources=resources, pure=False)
        self._topic = f"tensormark-{uuid4().hex}"
        self._tells: Tells | None = None
        self._counted = (0.0, 1)

    @classmethod
    def connect(cls, scheduler: str, recipe: Recipe) -> Self:
        """Connect to a cluster, and see that each of its workers can take part.

        Args:
            scheduler: its address, or the path of the file that it has written.
            recipe: how the class is graded; its device decides which workers are asked for.

        Raises:
            ClassError: the extra is missing, nobody answers, or a worker can't take part.

        """
        try:
            from distributed import Client
        except ImportError as error:
            raise ClassError.no_cluster() from error
        named = "scheduler_file" if Path(scheduler).is_file() else "address"
        try:
            client = Client(
                **{named: scheduler}, timeout=_FIRST_WORKER_SECONDS, set_as_default=False
            )
        except (OSError, ValueError) as error:
            raise ClassError.no_scheduler(scheduler, str(error)) from error
        resources = {"GPU": 1.0} if recipe.settings.device == "gpu" else {}
        runs = cls(client, recipe, resources)
        try:
            runs._see_workers()
        except BaseException:
            client.close()
            raise
        client.subscribe_topic(runs._topic, runs._hear)
        return runs

    @property
    def warnings(self) -> list[str]:
        """None: what a worker has to say stands in its own log."""
        return []

    @property
    def room(self) -> int:
        """Twice as many as the workers run at once; they may come and go."""
        when, count = self._counted
        if time.monotonic() - when > _COUNT_SECONDS:
            count = max(sum(self._client.nthreads().values()), 1)
            self._counted = (time.monotonic(), count)
        return _AHEAD * count

    def submit(self, task: Task, folder: Path, tells: Tells) -> Future[bytes]:
        """Have a submission graded by a worker."""
        self._tells = tells
        with warnings.catch_warnings():
            # A submission of some megabytes is all that a task holds.
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            future: Future[bytes] = self._executor.submit(
                run_packed, self._recipe, task, self._topic
            )
        return future

    def take(self, future: Future[bytes], folder: Path) -> Result:
        """Unpack what a worker has sent.

        Raises:
            RunError: every worker that it was given to has died.
            ClassError: the scheduler is gone, or a worker can't take part.

        """
        from distributed import KilledWorker

        try:
            content = future.result()
        except KilledWorker as error:
            raise RunError.workers_lost() from error
        except (CancelledError, OSError) as error:
            raise ClassError.scheduler_lost(str(error)) from error
        _unpack(content, folder)
        sync_all(folder)
        return Result.load(folder / RESULT)

    def stop(self) -> None:
        """End what the workers run."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        try:
            self._client.run(stop_graders, on_error="ignore")
        finally:
            self._client.close()

    def close(self) -> None:
        """Let go of the cluster, which goes on."""
        self._executor.shutdown(wait=True)
        self._client.close()

    def _see_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=_FIRST_WORKER_SECONDS)
        except TimeoutError as error:
            raise ClassError.no_workers(self._client.scheduler.address) from error
        found = [
            self._client.submit(
                see_worker, self._recipe, workers=[name], allow_other_workers=False, pure=False
            )
            for name in self._client.scheduler_info(n_workers=-1)["workers"]
        ]
        problems = [problem for problem in self._client.gather(found) if problem]
        if problems:
            raise ClassError(problems[0])

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        """Pass on what a worker tells of a submission."""
        _, told = event
        if self._tells is None:
            return
        student = str(told.get("student"))
        if "event" in told:
            self._tells.event(student, told["event"])
        else:
            self._tells.begin(student)


def see_worker(recipe: Recipe) -> str:
    """Get ready to grade on this worker; returns a sentence where it can't, else nothing."""
    try:
        _grader_for(recipe)
    except TensormarkError as error:
        return str(error)
    return ""


def run_packed(recipe: Recipe, task: Task, topic: str) -> bytes:
    """Grade a submission on this worker.

    Returns:
        Its folder, packed.

    """
    from distributed import get_worker

    worker, student = get_worker(), task.submission.student
    grader = _grader_for(recipe)
    worker.log_event(topic, {"student": student})
    with tempfile.TemporaryDirectory(prefix="tensormark-task-") as place:
        folder = Path(place) / "student"
        carry_out(
            grader,
            task,
            folder,
            lambda event: worker.log_event(topic, {"student": student, "event": event}),
        )
        return _packed(folder)


def stop_graders() -> None:
    """End whatever this worker runs for the class."""
    with _lock:
        for grader in _graders.values():
            grader.stop()
        _graders.clear()


def _grader_for(recipe: Recipe) -> Grader:
    """Return this process's grader; the first call makes it.

    Raises:
        ClassError: this machine isn't like the one that the class is graded from.

    """
    with _lock:
        key = repr(recipe)
        if key not in _graders:
            _graders[key] = _make(recipe)
        return _graders[key]


def _make(recipe: Recipe) -> Grader:
    from distributed import get_worker

    # A nanny starts its workers as daemons, to which multiprocessing allows no children. Ours end
    # with their sandbox, whatever becomes of the worker.
    multiprocessing.current_process()._config.pop("daemon", None)  # type: ignore[attr-defined]
    try:
        assignment = load_assignment(recipe.assignment)
        if checks_key(assignment) != recipe.checks_key:
            raise ClassError.other_version(node(), recipe.assignment)
        threads = threads_for(get_worker().state.nthreads)
        grader = Grader(assignment, replace(recipe.settings, threads=threads))
    except ClassError:
        raise
    except TensormarkError as error:
        raise ClassError.worker(node(), str(error)) from error
    found = tuple(data.fingerprint for data in grader.data)
    if found != recipe.data:
        raise ClassError.other_data(node(), recipe.data, found)
    return grader


def _packed(folder: Path) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return content.getvalue()


def _unpack(content: bytes, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
