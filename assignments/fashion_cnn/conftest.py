"""The experiments that the sheet asks for, and the attempts that answer them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from graders.checks import Attempt, CheckContext, Matches, Wanted

_REDUCED_ITEMS = 20_000

# Exercises in which a respect of the first training earns its points; what builds on it inherits.
_OWNERS = {
    "layers": "1c",
    "optimizer": "1e",
    "learning_rate": "1e",
    "loss": "1e",
    "metrics": "1e",
    "scaling": "1b",
    "vectorised": "1a",
}

# 3a asks for its network and for scaled images; who never scaled any has paid in 1b.
_IN_PART_3 = {"layers": "3a", "scaling": "3a"}

SMALL = Wanted(
    "small",
    "1f",
    networks=("small",),
    optimizer="SGD",
    learning_rate=0.01,
    epochs=3,
    owners=_OWNERS,
    # Who names a rate in 1e pays for it there; "the default" of later exercises is that one.
    free=("learning_rate",),
)
SLOW = SMALL.but(
    "slow", "1g", learning_rate=0.005, fresh=True, owners=_OWNERS | {"learning_rate": "1g"}
)
WIDE = SMALL.but("wide", "1h", networks=("wide",), owners=_OWNERS | {"layers": "1h"})
FEWER = SMALL.but(
    "fewer",
    "1i",
    networks=("small", "wide"),
    items=(_REDUCED_ITEMS,),
    learning_rate=None,
    fresh=True,
)
# Who keeps the reduced data of 1i trains the CNN on them; the sheet doesn't forbid it.
CNN = SMALL.but(
    "cnn",
    "3b",
    networks=("cnn",),
    family="convolutional",
    items=(60_000, _REDUCED_ITEMS),
    owners=_OWNERS | _IN_PART_3,
)
STRIDED = CNN.but("strided", "4a", networks=("strided",), bonus=True)
# "In place of SGD": on the strided network, or on the one of exercise 3.
ADAM = STRIDED.but(
    "adam",
    "4b",
    networks=("strided", "cnn"),
    optimizer="Adam",
    learning_rate=0.001,
    fresh=True,
    owners=_OWNERS | _IN_PART_3 | {"learning_rate": "4b"},
    free=(),
)

PLAN = (SMALL, SLOW, WIDE, FEWER, CNN, STRIDED, ADAM)


@pytest.fixture(scope="session")
def matches(check_context: CheckContext) -> Matches:
    """Every experiment of the sheet with the attempt that answers it."""
    return check_context.match(PLAN)


@pytest.fixture(scope="session")
def on_items() -> Callable[[str, Attempt], str]:
    """Name the reference's experiment on as many items as an attempt was trained on."""

    def name(experiment: str, attempt: Attempt) -> str:
        reduced = attempt.x is not None and attempt.x.shape[:1] == [_REDUCED_ITEMS]
        return f"{experiment}_fewer" if reduced else experiment

    return name
