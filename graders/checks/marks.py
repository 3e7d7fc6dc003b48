"""Mark a test as a check of an exercise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

_Function = TypeVar("_Function", bound=Callable[..., Any])


def exercise(
    exercise_id: str, *, points: float, hidden: bool = False
) -> Callable[[_Function], _Function]:
    """Declare which exercise a check belongs to and what it is worth.

    Args:
        exercise_id: an id of assignment.toml, such as "1h".
        points: what passing earns; of a parametrized check each case earns as much.
        hidden: keep inputs and expected values from students, and the check out of releases.

    """
    mark = pytest.mark.exercise(exercise_id, points=float(points), hidden=hidden)

    def decorate(function: _Function) -> _Function:
        marked: _Function = mark(function)
        return marked

    return decorate
