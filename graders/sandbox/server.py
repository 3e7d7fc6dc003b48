"""Start clean processes that have TensorFlow imported already.

A fork server imports it once; each submission and each training is a fork of it. Where the
platform has no safe fork, a fresh interpreter takes its place.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from threading import Event, RLock
from typing import Any

import psutil

from graders.errors import RunError
from graders.sandbox.environment import replaced_environment, server_environment

_START_LOCK = RLock()


class StoppedError(Exception):
    """The class was ended; nothing that was under way counts."""


@dataclass
class ForkServer:
    """Starts processes. One of these serves a whole class."""

    device: str = "auto"
    _context: BaseContext | None = field(default=None, repr=False)
    _running: set[BaseProcess] = field(default_factory=set, repr=False)
    _stopped: Event = field(default_factory=Event, repr=False)

    def warm_up(self) -> None:
        """Start the server, so that TensorFlow is imported while other work goes on."""
        if self._get_context().get_start_method() == "forkserver":
            from multiprocessing import forkserver

            with _START_LOCK, replaced_environment(server_environment(self.device)), _no_main():
                forkserver.ensure_running()

    def start(
        self, target: Callable[..., None], *arguments: str, duplex: bool
    ) -> tuple[BaseProcess, Connection]:
        """Start `target(*arguments, channel)` in a new process.

        Returns:
            The process, and our end of its channel.

        Raises:
            RunError: no process could be started.
            StoppedError: the class was ended.

        """
        if self._stopped.is_set():
            raise StoppedError
        self.warm_up()
        context = self._get_context()
        ours, theirs = context.Pipe(duplex)
        process = context.Process(  # type: ignore[attr-defined]  # BaseContext hides Process
            target=_begin, args=(target, *arguments, theirs), daemon=False
        )
        try:
            with _START_LOCK, replaced_environment(server_environment(self.device)), _no_main():
                process.start()
        except OSError as error:
            ours.close()
            raise RunError.died(f"no process could be started: {error}") from error
        finally:
            theirs.close()
        self._running.add(process)
        if self._stopped.is_set():  # while it was started
            self.end(process)
            ours.close()
            raise StoppedError
        return process, ours

    def end(self, process: BaseProcess) -> None:
        """Kill what is left of a process and of everything that it started."""
        self._running.discard(process)
        end(process)

    def stop(self) -> None:
        """End every process that is running, and start no other."""
        self._stopped.set()
        for process in list(self._running):
            end(process)

    def _get_context(self) -> BaseContext:
        if self._context is None:
            # Forking TensorFlow is safe on Linux only, and only before its first operation.
            method = "forkserver" if sys.platform == "linux" else "spawn"
            self._context = multiprocessing.get_context(method)
            if method == "forkserver":
                self._context.set_forkserver_preload(["graders.sandbox.preload"])
        return self._context


def _begin(target: Callable[..., None], *arguments: Any) -> None:
    """Come to an end with the grading process, also where that is killed, and do the work."""
    if sys.platform == "linux":
        from graders.sandbox import kernel

        parent = os.getppid()
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it was faster
            os._exit(1)
    target(*arguments)


def end(process: BaseProcess) -> None:
    """Kill what is left of the process and of everything that it started."""
    leftovers: list[psutil.Process] = []
    if process.pid is not None:
        with contextlib.suppress(psutil.Error):
            leftovers = psutil.Process(process.pid).children(recursive=True)
        if hasattr(os, "killpg") and process.pid != os.getpid():
            # Ours call setsid, so their process group bears their own number.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
    if process.is_alive():
        process.kill()
    for child in leftovers:
        with contextlib.suppress(psutil.Error):
            child.kill()
    process.join(10)


@contextmanager
def _no_main() -> Iterator[None]:
    """Hide the main script from multiprocessing, which would import it again in each child.

    Neither runner nor trainer needs anything of the command line.
    """
    main = sys.modules["__main__"]
    missing = object()
    saved: dict[str, Any] = {
        name: getattr(main, name, missing) for name in ("__file__", "__spec__")
    }
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
