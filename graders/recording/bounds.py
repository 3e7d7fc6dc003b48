"""How much of a recording is read: the bounds that an honest run keeps, held against a forged one.

`Limits` says what a run may leave behind; who forges a recording does not ask it. What lies beyond
is never cut to fit, except the texts of cells: half of a network is another network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from graders.recording.schema import Limits

LIMITS = Limits()
# Beyond all that NumPy can count; a longer one would not even print.
_LARGEST_INTEGER = 2**64
# NumPy's own limit of axes.
_AXES = 64
_SHAPES = ("shape", "output_shape")
TOO_LARGE = "(a value that is too large to be kept)"


class ExcessError(Exception):
    """A part of a recording is larger than any that the runner writes."""


@dataclass(frozen=True)
class Bound:
    """How large one item of a recording may be."""

    nodes: int  # numbers, texts, lists and dicts in it, at any depth
    characters: int = 500  # of each text, keys included
    length: int = 1000  # of each list and dict
    depth: int = 10


@dataclass
class Budget:
    """How large all items of one kind may be together."""

    nodes: int = 400_000


def bounded(item: Any, bound: Bound, budget: Budget | None = None) -> Any:
    """Return an item of JSON whose numbers can all be counted with.

    NaN, infinity and integers of more than 64 bits become None, as the runner writes them.

    Args:
        item: a number, a text, or lists and dicts of them.
        bound: of this item.
        budget: what is left of it pays for the item.

    Raises:
        ExcessError: it is larger than its bound, or than what is left of the budget.

    """
    left = min(bound.nodes, budget.nodes) if budget else bound.nodes
    walk = _Walk(bound, left)
    try:
        return walk.walk(item, bound.depth)
    finally:
        # To find that something is too large has its price as well.
        if budget:
            budget.nodes -= left - max(walk.left, 0)


def bounded_value(value: Any, bound: Bound, budget: Budget) -> Any:
    """Return the value of a student's variable; a text that says so where it is too large.

    The text is no answer to anything, and still isn't the absence of one.
    """
    if _is_long(value):
        return TOO_LARGE
    try:
        return bounded(value, bound, budget)
    except ExcessError:
        return TOO_LARGE


@dataclass
class _Walk:
    bound: Bound
    left: int

    def walk(self, value: Any, depth: int) -> Any:
        self.left -= 1
        if self.left < 0:
            raise ExcessError
        if isinstance(value, float):
            return value if math.isfinite(value) else None
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, list | dict):
            if not depth or len(value) > self.bound.length:
                raise ExcessError
            if isinstance(value, list):
                return [self.walk(item, depth - 1) for item in value]
            return {self._text(k): self._member(k, v, depth) for k, v in value.items()}
        return None if _is_long(value) else value

    def _member(self, key: str, value: Any, depth: int) -> Any:
        if key in _SHAPES and isinstance(value, list) and len(value) > _AXES:
            raise ExcessError
        return self.walk(value, depth - 1)

    def _text(self, text: str) -> str:
        if len(text) > self.bound.characters:
            raise ExcessError
        return text


def _is_long(value: Any) -> bool:
    return isinstance(value, int) and abs(value) > _LARGEST_INTEGER
