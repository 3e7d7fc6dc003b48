"""Capture what a cell prints, in bounded memory."""

from __future__ import annotations

import io
import re
from collections import deque

# Colours and cursor moves of progress bars mean nothing on a page.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-Z\\-_]")
_BACKSPACES = re.compile(r"\x08+")


class BoundedOutput(io.TextIOBase):
    """A text stream that keeps the first and the last half of its limit."""

    def __init__(self, limit: int) -> None:
        self._half = max(limit // 2, 1)
        self.clear()

    def clear(self) -> None:
        """Forget everything, for the next cell."""
        self._head = ""
        self._tail: deque[str] = deque()
        self._tail_length = 0
        self._dropped = 0

    @property
    def encoding(self) -> str:  # type: ignore[override]  # read-only is what a capture needs
        """Text streams name their encoding; some libraries ask."""
        return "utf-8"

    def writable(self) -> bool:
        """Accept text."""
        return True

    def isatty(self) -> bool:
        """Progress bars draw less when nobody watches."""
        return False

    def write(self, text: str) -> int:
        """Take text, dropping the middle of what is too long."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        room = self._half - len(self._head)
        if room > 0:
            self._head += text[:room]
        rest = text[max(room, 0) :]
        if rest:
            rest = rest[-2 * self._half :]
            self._tail.append(rest)
            self._tail_length += len(rest)
            while self._tail_length - len(self._tail[0]) >= self._half:
                self._dropped += len(self._tail[0])
                self._tail_length -= len(self._tail.popleft())
        return len(text)

    def text(self) -> str:
        """Return what was kept, control characters resolved."""
        tail = "".join(self._tail)
        cut = max(len(tail) - self._half, 0)
        dropped = self._dropped + cut
        middle = f"\n[... {dropped:,} characters left out ...]\n" if dropped else ""
        return _resolve(self._head + middle + tail[cut:])


def _resolve(text: str) -> str:
    """Show what a terminal would show: the last state of each rewritten line."""
    text = _BACKSPACES.sub("\r", _ESCAPES.sub("", text))
    lines = []
    for line in text.split("\n"):
        states = [state for state in line.split("\r") if state.strip()]
        lines.append(states[-1] if states else "")
    return "\n".join(lines)
