"""Run one job in a process of its own, and end that process and all its children in time.

A fork server imports TensorFlow once; each job is a fork of it. Where the platform has no safe
fork, a fresh interpreter takes its place. The isolation layers will go into `_enter`, between the
fork and the first line of the runner.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import RLock, Thread
from typing import Any, Literal

import psutil

from graders.errors import RunError
from graders.sandbox.environment import (
    replaced_environment,
    runner_environment,
    server_environment,
)
from graders.sandbox.job import Job

# What the runner gets beyond the soft limit, to write its recording down.
GRACE_SECONDS = 30.0
# Exit status by which the runner says that the fault is its own.
RUNNER_FAILED = 70
_EVENT_BYTES = 4096
_START_LOCK = RLock()

Progress = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Ended:
    """How a job's process ended."""

    how: Literal["finished", "killed", "died"]
    seconds: float
    detail: str = ""


@dataclass
class Sandbox:
    """Starts runners. One of these serves a whole class."""

    device: str = "auto"
    _context: BaseContext | None = field(default=None, repr=False)
    _running: set[BaseProcess] = field(default_factory=set, repr=False)

    def end_all(self) -> None:
        """End every submission that is running."""
        for process in list(self._running):
            _end(process)

    def warm_up(self) -> None:
        """Start the fork server, so that TensorFlow is imported while other work goes on."""
        context = self._get_context()
        if context.get_start_method() == "forkserver":
            from multiprocessing import forkserver

            with _START_LOCK, replaced_environment(server_environment(self.device)), _no_main():
                forkserver.ensure_running()

    def run(self, job: Job, progress: Progress | None = None) -> Ended:
        """Run a job to its end, or to the end of its time.

        Args:
            job: what to run.
            progress: called with small dicts as cells begin and trainings end; their content
                comes from the student's process and is only good for showing.

        Raises:
            RunError: no process could be started.

        """
        self.warm_up()
        context = self._get_context()
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(  # type: ignore[attr-defined]  # BaseContext hides Process
            target=_enter, args=(job.model_dump_json(), theirs), daemon=False
        )
        started = time.monotonic()
        try:
            with _START_LOCK, replaced_environment(server_environment(self.device)), _no_main():
                process.start()
        except OSError as error:
            raise RunError.died(f"no process could be started: {error}") from error
        finally:
            theirs.close()
        deadline = started + job.limits.seconds + GRACE_SECONDS
        self._running.add(process)
        try:
            on_time = _follow(ours, process, deadline, progress)
        finally:
            self._running.discard(process)
            _end(process)
            ours.close()
        seconds = time.monotonic() - started
        if not on_time:
            return Ended("killed", seconds, f"it ran for {seconds:.0f} s")
        if process.exitcode == 0:
            return Ended("finished", seconds)
        return Ended("died", seconds, _exit_reason(process.exitcode))

    def _get_context(self) -> BaseContext:
        if self._context is None:
            # Forking TensorFlow is safe on Linux only, and only before its first operation.
            method = "forkserver" if sys.platform == "linux" else "spawn"
            self._context = multiprocessing.get_context(method)
            if method == "forkserver":
                self._context.set_forkserver_preload(["graders.runner.preload"])
        return self._context


def _enter(job_json: str, channel: Connection) -> None:
    """First function in the student's process; from here on nothing is trusted."""
    job = Job.model_validate_json(job_json)
    if hasattr(os, "setsid"):
        os.setsid()
    environment = runner_environment(Path(job.scratch))
    os.environ.clear()
    os.environ.update(environment)
    from graders.runner.main import run

    run(job, channel)


def _follow(
    channel: Connection, process: BaseProcess, deadline: float, progress: Progress | None
) -> bool:
    """Pass events on until the process ends; False when the deadline comes first."""
    # In a thread of its own: half a message would keep a reader waiting beyond any deadline.
    Thread(target=_pass_on, args=(channel, progress), daemon=True).start()
    process.join(max(deadline - time.monotonic(), 0.0))
    return process.exitcode is not None


def _pass_on(channel: Connection, progress: Progress | None) -> None:
    """Read events as bytes (never unpickled) until the channel is of no more use."""
    while True:
        try:
            event = json.loads(channel.recv_bytes(_EVENT_BYTES))
        except (EOFError, OSError):
            return
        except ValueError:
            continue
        if progress is not None and isinstance(event, dict):
            progress(event)


def _end(process: BaseProcess) -> None:
    """Kill what is left of the process and of everything that it started."""
    leftovers: list[psutil.Process] = []
    if process.pid is not None:
        with contextlib.suppress(psutil.Error):
            leftovers = psutil.Process(process.pid).children(recursive=True)
        if hasattr(os, "killpg") and process.pid != os.getpid():
            # The runner called setsid, so its process group bears its own number.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
    if process.is_alive():
        process.kill()
    for child in leftovers:
        with contextlib.suppress(psutil.Error):
            child.kill()
    process.join(10)


def _exit_reason(code: int | None) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return f"ended by {signal.Signals(-code).name}"
    if code == RUNNER_FAILED:
        return "the runner itself failed, see runner-error.txt in the recording"
    return f"exit status {code}"


@contextmanager
def _no_main() -> Iterator[None]:
    """Hide the main script from multiprocessing, which would import it again in each child.

    The runner needs nothing of the command line, and must not load the trusted side.
    """
    main = sys.modules["__main__"]
    missing = object()
    saved = {name: getattr(main, name, missing) for name in ("__file__", "__spec__")}
    for name in saved:
        setattr(main, name, None)
    try:
        yield
    finally:
        for name, value in saved.items():
            if value is missing:
                delattr(main, name)
            else:
                setattr(main, name, value)
