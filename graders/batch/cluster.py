"""Run the submissions of a class on the workers of a Dask cluster.

A task carries its submission and brings back a packed folder, so workers and coordinator share no
file system and one process alone writes to OUT. What they must agree on (assignment, checks,
data, settings) is compared before the first submission, and by each task again.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import time
import warnings
import zipfile
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from graders.batch.keys import Recipe
from graders.batch.runs import Tells
from graders.batch.staging import sync_all
from graders.batch.task import Task
from graders.batch.worker import end_class, let_go, run_packed, see_worker
from graders.errors import ClassError, RunError
from graders.result import RESULT, Result

if TYPE_CHECKING:
    from distributed import Client

_CONNECT_SECONDS = 15.0
_FIRST_WORKER_SECONDS = 60.0
# A worker that was never used imports TensorFlow and reads the data; a busy one has to wait.
_READY_SECONDS = 180.0
_COUNT_SECONDS = 5.0
_ALONE_SECONDS = 300.0
_GOODBYE_SECONDS = 30.0
# Waiting ones, beside those that run, so that no worker idles while we write.
_AHEAD = 2


class ClusterRuns:
    """Runs submissions wherever the scheduler has a worker."""

    def __init__(self, client: Client, recipe: Recipe, resources: dict[str, float]) -> None:
        self._client = client
        self._recipe = recipe
        self._resources = resources
        # A worker that is lost takes its task along; the scheduler gives that to another.
        self._executor = client.get_executor(resources=resources, pure=False)
        self._class = f"tensormark-{uuid4().hex}"
        self._tells: Tells | None = None
        self._room = _AHEAD
        self._counted = 0.0
        self._alone_since: float | None = None
        self._warnings: list[str] = []

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
        _quiet()
        try:
            address = _address_of(scheduler)
            asyncio.run(_knock(address))
            client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise ClassError.no_scheduler(scheduler, str(error)) from error
        runs = cls(client, recipe, {"GPU": 1.0} if recipe.settings.device == "gpu" else {})
        try:
            client.subscribe_topic(runs._class, runs._hear)
            runs._see_workers()
        except BaseException:
            runs.stop()
            raise
        return runs

    @property
    def warnings(self) -> list[str]:
        """What workers have said at the end: whose store is damaged, for instance."""
        return self._warnings

    @property
    def room(self) -> int:
        """Twice as many as the workers run at once; they may come and go.

        Raises:
            ClassError: the scheduler is gone, or there has been no worker for minutes.

        """
        if time.monotonic() - self._counted > _COUNT_SECONDS:
            self._room = _AHEAD * max(sum(self._count().values()), 1)
            self._counted = time.monotonic()
        return self._room

    def submit(self, task: Task, folder: Path, tells: Tells) -> Future[bytes]:
        """Have a submission graded by a worker."""
        self._tells = tells
        with warnings.catch_warnings():
            # A submission of some megabytes is all that a task holds.
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            future: Future[bytes] = self._executor.submit(
                run_packed, self._recipe, task, self._class
            )
        return future

    def take(self, future: Future[bytes], folder: Path) -> Result:
        """Unpack what a worker has sent.

        Raises:
            RunError: every worker that it was given to has died.
            ClassError: the scheduler is gone, or a worker that came later can't take part.

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
        _within(_GOODBYE_SECONDS, lambda: self._executor.shutdown(wait=False, cancel_futures=True))
        self._leave(end_class)

    def close(self) -> None:
        """Let go of the cluster, which goes on."""
        self._leave(let_go)

    def _leave(self, last: Callable[[str], list[str]]) -> None:
        """Say a last thing to each worker, and go; a scheduler that is gone keeps nobody."""
        if self._client.status == "running":
            _within(_GOODBYE_SECONDS, lambda: self._tell_all(last))
        _within(_GOODBYE_SECONDS, self._client.close)

    def _tell_all(self, last: Callable[[str], list[str]]) -> None:
        for said in self._client.run(last, self._class, on_error="ignore").values():
            self._warnings += [sentence for sentence in said if sentence not in self._warnings]

    def _count(self) -> dict[str, int]:
        """Return the threads of each worker that is there."""
        if self._client.status != "running":
            raise ClassError.scheduler_lost("")
        try:
            found: dict[str, int] = self._client.nthreads()
        except (OSError, RuntimeError, CancelledError) as error:
            raise ClassError.scheduler_lost(str(error)) from error
        now = time.monotonic()
        if found:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = now
        elif now - self._alone_since > _ALONE_SECONDS:
            raise ClassError.workers_gone(_ALONE_SECONDS)
        return found

    def _see_workers(self) -> None:
        """See that each worker can take part; who has nothing to say for long is seen later."""
        try:
            self._client.wait_for_workers(1, timeout=_FIRST_WORKER_SECONDS)
        except TimeoutError as error:
            raise ClassError.no_workers(self._client.scheduler.address) from error
        waiting = {
            name: self._client.submit(
                see_worker,
                self._recipe,
                self._class,
                workers=[name],
                allow_other_workers=False,
                pure=False,
                priority=1,
            )
            for name in self._fit()
        }
        if not waiting:
            raise ClassError.no_gpu_workers(self._client.scheduler.address)
        deadline = time.monotonic() + _READY_SECONDS
        while waiting and time.monotonic() < deadline:
            for name in [name for name, future in waiting.items() if future.done()]:
                self._hear_first(waiting.pop(name))
            # A worker that has left says nothing any more.
            gone = waiting.keys() - self._count().keys()
            waiting = {name: future for name, future in waiting.items() if name not in gone}
            time.sleep(0.05)
        if waiting:
            self._client.cancel(list(waiting.values()))

    def _fit(self) -> list[str]:
        """Return the addresses of those that have what is asked for."""
        found = self._client.scheduler_info(n_workers=-1)["workers"]
        return [
            name
            for name, worker in found.items()
            if all(worker["resources"].get(kind, 0) >= n for kind, n in self._resources.items())
        ]

    @staticmethod
    def _hear_first(future: Any) -> None:
        if future.status != "finished":  # its worker has died; what else it is shows later
            return
        if problem := future.result():
            raise ClassError(problem)

    def _hear(self, event: tuple[float, str]) -> None:
        """Take in what a worker tells."""
        told = json.loads(event[1])
        if self._tells is None:
            return
        if "event" in told:
            self._tells.event(told["student"], told["event"])
        else:
            self._tells.begin(told["student"])


def _unpack(content: bytes, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)


def _address_of(scheduler: str) -> str:
    """Return a scheduler's address, be it given as such or as the file that it has written.

    Raises:
        OSError, ValueError: it is neither; the message says why.

    """
    from distributed.comm import parse_address, parse_host_port

    path = Path(scheduler)
    if not path.is_file():
        _, place = parse_address(scheduler)
        parse_host_port(place)
        return scheduler
    try:
        return str(json.loads(path.read_bytes())["address"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError("the file is not one that a scheduler writes") from error


async def _knock(address: str) -> None:
    """See that a scheduler answers: a client that never met one takes minutes to end.

    Raises:
        OSError, ValueError, TypeError, RuntimeError: none does, or TLS isn't set up for it.

    """
    from distributed import Security
    from distributed.comm import connect

    arguments = Security().get_connection_args("client")
    comm = await connect(address, timeout=_CONNECT_SECONDS, **arguments)
    comm.abort()


def _quiet() -> None:
    """Keep to ourselves what Dask logs: what matters of it is said in sentences."""
    for name in ("distributed", *logging.root.manager.loggerDict):
        if name.split(".")[0] in {"distributed", "tornado"}:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _within(seconds: float, do: Callable[[], object]) -> None:
    """Do something for so long at most, whatever comes of it: nobody waits for who is gone."""

    def attempt() -> None:
        with suppress(Exception):
            do()

    thread = Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(seconds)
