"""Run one submission in a process of its own, and end that process and all its children in time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread
from types import MappingProxyType

from graders.errors import RunError
from graders.ran import Ended
from graders.sandbox.box import INSIDE, Box, plain_box
from graders.sandbox.cgroup import Group
from graders.sandbox.enter import GO, enter, exit_reason, hello
from graders.sandbox.isolation import Isolation
from graders.sandbox.job import Job
from graders.sandbox.plan import CONTROL_GROUP, Bounds
from graders.sandbox.server import ForkServer
from graders.sandbox.talk import Answerer, Progress, Talk
from graders.sandbox.watch import Excess, out_of_disk, out_of_memory, over, usage_of

# What the runner gets beyond the soft limit, to write its recording down.
GRACE_SECONDS = 30.0
# What it gets at most from the word to begin until its first cell begins.
_BEGIN_SECONDS = 60.0
_LOOK_SECONDS = 0.25

# Makes what answers a runner whose arrays come by way of a folder.
Answers = Callable[[Path], Answerer]


@dataclass
class _Runner:
    """A process that stands behind its walls and waits for the word to begin."""

    process: BaseProcess
    channel: Connection
    box: Box
    layers: list[str]
    group: Group | None

    @property
    def number(self) -> int:
        """Number of the process."""
        return self.process.pid or 0


@dataclass
class Sandbox:
    """Runs submissions. One of these serves a whole class."""

    server: ForkServer
    isolation: Isolation
    bounds: Bounds

    def run(
        self,
        job: Job,
        recording: Path,
        answers: Answers | None = None,
        progress: Progress | None = None,
        brought: Mapping[str, bytes] = MappingProxyType({}),
    ) -> Ended:
        """Run a job to its end, or to the end of what it may use.

        Args:
            job: what to run; where it may write is filled in here.
            recording: folder that the recording is copied to.
            answers: makes what answers the runner's questions; the time that this takes is not
                the student's. Without it the runner trains by itself.
            progress: called with small dicts as cells begin; their content comes from the
                student's process and is only good for showing.
            brought: files that lie in the working folder when it begins, by relative path.

        Raises:
            RunError: no process could be started, or not behind its walls, or what was brought
                can't be laid out for it.

        """
        with self._started(job, brought, asks=answers is not None) as runner:
            started = time.monotonic()
            answerer = answers(runner.box.exchange) if answers is not None else None
            talk = Talk(runner.channel, progress, answerer)
            # In a thread of its own: half a message would keep a reader waiting beyond any
            # deadline.
            reader = Thread(target=talk.go_on, daemon=True)
            reader.start()
            try:
                with contextlib.suppress(OSError):  # it is gone already
                    runner.channel.send_bytes(GO)
                excess = self._follow(talk, runner, job.limits.seconds + GRACE_SECONDS)
            finally:
                self.server.end(runner.process)
                if answerer is not None:
                    answerer.close()
                # The reader alone closes the channel: a number that two threads close may by
                # then be another submission's.
                reader.join(_LOOK_SECONDS)
            seconds = time.monotonic() - started
            if runner.group is not None and runner.group.ran_out_of_memory():
                excess = out_of_memory(self.bounds)
            if excess is None and runner.process.exitcode != 0 and runner.box.is_full():
                excess = out_of_disk(self.bounds)
            cuts = runner.box.keep_recording(recording)
        ended = Ended(how="finished", seconds=seconds, isolation=runner.layers, cuts=cuts)
        if excess is not None:
            killed = {"how": "killed", "limit": excess.limit, "detail": excess.clause}
            return ended.model_copy(update=killed)
        if runner.process.exitcode == 0:
            return ended
        reason = exit_reason(runner.process.exitcode)
        return ended.model_copy(update={"how": "died", "detail": reason})

    @contextmanager
    def _started(self, job: Job, brought: Mapping[str, bytes], *, asks: bool) -> Iterator[_Runner]:
        """Start a process that waits behind its walls for the word to begin."""
        walls = self.isolation.walls
        with contextlib.ExitStack() as stack:
            box: Box | None = None
            if walls is not None and walls.namespaces:
                places = INSIDE
            else:
                box = stack.enter_context(plain_box(self.bounds.disk))
                places = box.places
            if walls is not None:
                hidden = sorted({*walls.view.hidden, *job.hidden})
                view = walls.view.model_copy(update={"hidden": hidden})
                walls = walls.model_copy(update={"view": view, "write": list(places)})
            written = places._asdict() if asks else {**places._asdict(), "exchange": ""}
            job = job.model_copy(update={**written, "walls": walls, "hidden": []})
            process, channel = self.server.start(enter, job.model_dump_json(), duplex=True)
            try:
                layers = hello(process, channel)
                if box is None:
                    box = Box.of(process.pid or 0)
                    stack.callback(box.close)
                box.bring(brought)
                group = self._group(process.pid or 0)
            except BaseException as error:
                self.server.end(process)
                channel.close()
                if isinstance(error, OSError):
                    raise RunError.no_walls(str(error)) from error
                raise
            if group is not None:
                stack.callback(group.remove)
                layers.append(CONTROL_GROUP)
            yield _Runner(process, channel, box, layers, group)

    def _group(self, process: int) -> Group | None:
        """Put a process into a control group; where that fails, it is watched as elsewhere."""
        if self.isolation.groups is None:
            return None
        with contextlib.suppress(OSError):
            group = Group.make(self.isolation.groups, self.bounds)
            try:
                group.add(process)
            except OSError:
                group.remove()
                raise
            return group
        return None

    def _follow(self, talk: Talk, runner: _Runner, seconds: float) -> Excess | None:
        """Wait until the runner's process ends; say why it has to be ended before.

        Its seconds count from its first cell on: on a busy machine, getting there may take longer
        than a short limit.
        """
        started = time.monotonic()
        while runner.process.exitcode is None:
            began = talk.began or started + _BEGIN_SECONDS
            left = began + seconds + talk.seconds_waited() - time.monotonic()
            if left <= 0:
                return Excess("time", f"it ran for {time.monotonic() - started:.0f} s")
            usage = usage_of(runner.number, self.bounds.memory / 2)
            if excess := over(usage, runner.box.used(), self.bounds):
                return excess
            runner.process.join(min(left, _LOOK_SECONDS))
        return None
