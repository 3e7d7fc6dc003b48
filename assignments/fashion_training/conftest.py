"""The experiments that the sheet asks for, and the attempts that answer them."""

from __future__ import annotations

import pytest

from graders.checks import CheckContext, Match, Matches, Wanted
from reference.fashion_training import (
    AUGMENTED_EPOCHS,
    EPOCHS,
    FEW,
    PRETEND_ITEMS,
    RATE_ITEMS,
    RATES,
    SIZES,
    items_name,
    rate_name,
)

# Halves of roughly 20,000 images, and roughly 4,000 batches.
_ABOUT = 0.15
# The sheet speaks of pixels and of the loss before its first exercise, so they are paid for there.
_OWNERS = {"layers": "1a", "scaling": "1a", "loss": "1a", "metrics": "1a"}

_FIRST = Wanted(
    rate_name(RATES[0]),
    "1a",
    networks=("cnn",),
    family="convolutional",
    optimizer="SGD",
    learning_rate=RATES[0],
    items=(RATE_ITEMS,),
    epochs=EPOCHS,
    fresh=True,
    owners=_OWNERS,
)
_SWEEP = (_FIRST, *(_FIRST.but(rate_name(r), "1a", learning_rate=r) for r in RATES[1:]))

_LARGEST = _FIRST.but(
    items_name(SIZES[0]),
    "2a",
    networks=("wider",),
    optimizer="Adam",
    learning_rate=0.001,
    items=(SIZES[0],),
    owners=_OWNERS | {"layers": "2a"},
)
_BY_SIZE = (_LARGEST, *(_LARGEST.but(items_name(n), "2a", items=(n,)) for n in SIZES[1:]))

_ORIG = _FIRST.but(
    "orig", "3b", optimizer="Adam", learning_rate=0.01, items=(), epochs=1, owners=_OWNERS
)
_PRET = _ORIG.but("pret", "3d", images="made", items=(PRETEND_ITEMS,), about=_ABOUT)
_AUGMENTED = _ORIG.but(
    "augmented",
    "3e",
    images="augmented",
    items=(PRETEND_ITEMS,),
    about=_ABOUT,
    epochs=None,
    images_seen=AUGMENTED_EPOCHS * PRETEND_ITEMS,
)
_NOVO_FEW = _PRET.but("novo_500", "4b", items=(FEW,), about=0.0)
_NOVO_ALL = _PRET.but("novo_all", "4b")
_TRANSFER_FEW = _NOVO_FEW.but("transfer_500", "4b", fresh=False, continues=1)
_TRANSFER_ALL = _NOVO_ALL.but("transfer_all", "4b", fresh=False, continues=1)

PLAN = (
    *_SWEEP,
    *_BY_SIZE,
    _ORIG,
    _PRET,
    _AUGMENTED,
    _TRANSFER_FEW,
    _NOVO_FEW,
    _TRANSFER_ALL,
    _NOVO_ALL,
)


@pytest.fixture(scope="session")
def matches(check_context: CheckContext) -> Matches:
    """Every experiment of the sheet with the attempt that answers it."""
    return check_context.match(PLAN)


@pytest.fixture(scope="session")
def novo_all(matches: Matches) -> Match:
    """The new network on all pretend items: 3d has asked for the same training already."""
    match = matches["novo_all"]
    if match.attempt is not None and match.attempt.trained:
        return match
    return matches.match(match.wanted, matches["pret"].attempt)
