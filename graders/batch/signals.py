"""Stop a class at a moment that suits it: Ctrl-C, an end of the connection, a cluster's signal."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType

_ASKED = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class Stop:
    """Whether somebody has asked to stop."""

    def __init__(self) -> None:
        self.asked = False

    def check(self) -> None:
        """Stop here.

        Raises:
            KeyboardInterrupt: somebody has asked for it.

        """
        if self.asked:
            raise KeyboardInterrupt


@contextmanager
def stopping() -> Iterator[Stop]:
    """Take note of signals while the body runs; the second one ends it wherever it is."""
    stop = Stop()
    if current_thread() is not main_thread():
        yield stop
        return

    def ask(number: int, frame: FrameType | None) -> None:
        del number, frame
        if stop.asked:
            raise KeyboardInterrupt
        stop.asked = True

    former = {number: signal.signal(number, ask) for number in _ASKED}
    try:
        yield stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
