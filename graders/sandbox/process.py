"""Run one submission in a process of its own, and end that process and all its children in time.

The isolation layers will go into `_enter`, between the fork and the first line of the runner.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread
from typing import Any

from graders.ran import Ended
from graders.sandbox.environment import runner_environment
from graders.sandbox.job import Job
from graders.sandbox.server import ForkServer

# What the runner gets beyond the soft limit, to write its recording down.
GRACE_SECONDS = 30.0
# Exit status by which the runner says that the fault is its own.
RUNNER_FAILED = 70
# The largest message that is read: a training request for a deep network.
_EVENT_BYTES = 4_000_000
_LOOK_SECONDS = 1.0

Progress = Callable[[dict[str, Any]], None]
# Answers a question of the runner with messages; None: the event was no question.
Answer = Callable[[dict[str, Any]], Iterable[bytes] | None]


@dataclass
class Sandbox:
    """Runs submissions. One of these serves a whole class."""

    server: ForkServer

    def run(
        self, job: Job, progress: Progress | None = None, answer: Answer | None = None
    ) -> Ended:
        """Run a job to its end, or to the end of its time.

        Args:
            job: what to run.
            progress: called with small dicts as cells begin; their content comes from the
                student's process and is only good for showing.
            answer: called with what the runner asks; the time that it takes is not the student's.

        Raises:
            RunError: no process could be started.

        """
        started = time.monotonic()
        process, channel = self.server.start(_enter, job.model_dump_json(), duplex=True)
        talk = _Talk(channel, progress, answer)
        # In a thread of its own: half a message would keep a reader waiting beyond any deadline.
        reader = Thread(target=talk.go_on, daemon=True)
        reader.start()
        try:
            on_time = _follow(talk, process, started + job.limits.seconds + GRACE_SECONDS)
        finally:
            self.server.end(process)
            # The reader alone closes the channel: a number that two threads close may by then be
            # another submission's.
            reader.join(_LOOK_SECONDS)
        seconds = time.monotonic() - started
        if not on_time:
            return Ended(how="killed", seconds=seconds, detail=f"it ran for {seconds:.0f} s")
        if process.exitcode == 0:
            return Ended(how="finished", seconds=seconds)
        return Ended(how="died", seconds=seconds, detail=_exit_reason(process.exitcode))


@dataclass
class _Talk:
    """What goes to and fro on a runner's channel."""

    channel: Connection
    progress: Progress | None
    answer: Answer | None
    _answered: float = 0.0
    _since: float | None = field(default=None)

    def seconds_waited(self) -> float:
        """Time that the runner has spent waiting for answers."""
        since = self._since
        return self._answered + (time.monotonic() - since if since is not None else 0.0)

    def go_on(self) -> None:
        """Read events as bytes (never unpickled) until the channel is of no more use."""
        try:
            self._go_on()
        finally:
            # A runner that sends what can't be read must not wait for an answer to it.
            self.channel.close()

    def _go_on(self) -> None:
        while True:
            try:
                event = json.loads(self.channel.recv_bytes(_EVENT_BYTES))
            except (EOFError, OSError):
                return
            except (ValueError, RecursionError):
                continue
            if not isinstance(event, dict):
                continue
            self._since = time.monotonic()
            try:
                replies = self.answer(event) if self.answer is not None else None
                for reply in replies or ():
                    self.channel.send_bytes(reply)
            except OSError:  # the runner is gone
                return
            finally:
                self._answered += time.monotonic() - self._since
                self._since = None
            if replies is None and self.progress is not None:
                self.progress(event)


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


def _follow(talk: _Talk, process: BaseProcess, deadline: float) -> bool:
    """Talk with the runner until the process ends; False when the deadline comes first."""
    while process.exitcode is None:
        left = deadline + talk.seconds_waited() - time.monotonic()
        if left <= 0:
            return False
        process.join(min(left, _LOOK_SECONDS))
    return True


def _exit_reason(code: int | None) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return f"ended by {signal.Signals(-code).name}"
    if code == RUNNER_FAILED:
        return "the runner itself failed, see runner-error.txt in the recording"
    return f"exit status {code}"
