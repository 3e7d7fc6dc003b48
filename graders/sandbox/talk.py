"""What goes to and fro between the grader and a runner, while nothing that it says is believed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Protocol

# The largest message that is read: a training request for a deep network.
EVENT_BYTES = 4_000_000
# What a runner may say in all. A class waits for nobody who talks without end.
_EVENTS = 100_000
_TALK_BYTES = 1_000_000_000

Progress = Callable[[dict[str, Any]], None]


class Answerer(Protocol):
    """Answers a runner's questions."""

    def answer(self, event: dict[str, Any]) -> Iterable[bytes] | None:
        """Answer an event with messages; None: it was no question."""

    def close(self) -> None:
        """Take note that the runner is gone: nothing that comes later counts."""


@dataclass
class Talk:
    """What goes to and fro on a runner's channel."""

    channel: Connection
    progress: Progress | None
    answerer: Answerer | None
    # When the runner was first heard of, by time.monotonic(): its first cell begins.
    began: float | None = None
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
        heard = 0
        for _ in range(_EVENTS):
            try:
                content = self.channel.recv_bytes(EVENT_BYTES)
                self.began = self.began or time.monotonic()
                event = json.loads(content)
            except (EOFError, OSError):
                return
            except (ValueError, RecursionError):
                continue
            heard += len(content)
            if heard > _TALK_BYTES:
                return
            if not isinstance(event, dict):
                continue
            try:
                if not self._answer(event) and self.progress is not None:
                    self.progress(event)
            except OSError:  # the runner is gone
                return

    def _answer(self, event: dict[str, Any]) -> bool:
        """Send what answers an event; False where it is no question."""
        with self._waiting():
            replies = self.answerer.answer(event) if self.answerer is not None else None
        if replies is None:
            return False
        replies = iter(replies)
        while True:
            with self._waiting():
                reply = next(replies, None)
            if reply is None:
                return True
            # Off the clock of nobody: a runner that doesn't read its answer loses its own time.
            self.channel.send_bytes(reply)

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """Count the time in which the runner waits for us."""
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._answered += time.monotonic() - self._since
            self._since = None
