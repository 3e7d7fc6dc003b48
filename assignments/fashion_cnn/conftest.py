"""The experiments that the sheet asks for, and the attempts that answer them."""

from __future__ import annotations

import pytest

from graders.checks import CheckContext, Matches, Wanted

# Exercises in which a respect of the first training earns its points; what builds on it inherits.
_OWNERS = {
    "layers": "1c",
    "optimizer": "1e",
    "loss": "1e",
    "metrics": "1e",
    "scaling": "1b",
    "vectorised": "1a",
}

SMALL = Wanted(
    "small",
    "1f",
    networks=("small",),
    optimizer="SGD",
    learning_rate=0.01,
    epochs=3,
    owners=_OWNERS,
    # 1g expects that 1f may name a rate; later "the default" is that one.
    free=("learning_rate",),
)
# Epochs count in matching only, where no check asks for them: of a loop of fit(epochs=1), the
# training after the last epoch is meant. Going on with the first network is as good as a new one.
SLOW = SMALL.but("slow", "1g", learning_rate=0.005)
WIDE = SMALL.but("wide", "1h", networks=("wide",), owners=_OWNERS | {"layers": "1h"})
FEWER = SMALL.but("fewer", "1i", networks=(), items=(20_000,), learning_rate=None, fresh=True)
# Who keeps the reduced data of 1i trains the CNN on them; the sheet doesn't forbid it.
CNN = SMALL.but(
    "cnn",
    "3b",
    networks=("cnn",),
    family="convolutional",
    items=(60_000, 20_000),
    owners=_OWNERS | {"layers": "3a"},
)
STRIDED = CNN.but("strided", "4a", networks=("strided",), bonus=True)
# "In place of SGD": on the strided network, or on the one of exercise 3.
ADAM = STRIDED.but(
    "adam", "4b", networks=("strided", "cnn"), optimizer="Adam", learning_rate=None, fresh=True
)

PLAN = (SMALL, SLOW, WIDE, FEWER, CNN, STRIDED, ADAM)


@pytest.fixture(scope="session")
def matches(check_context: CheckContext) -> Matches:
    """Every experiment of the sheet with the attempt that answers it."""
    return check_context.match(PLAN)
