"""Checks of part 4: a saved network goes on learning, beside a new one."""

from __future__ import annotations

import pytest

from graders.checks import (
    CheckContext,
    Match,
    Matches,
    assert_aspects,
    assert_better,
    assert_layers,
    assert_loaded_arrays,
    assert_loaded_network,
    exercise,
    require,
)
from graders.recording import RecordingFolder
from reference.fashion_training import PRETEND

_SETTINGS = ("items", "optimizer", "learning_rate", "loss", "scaling", "epochs")
_AMOUNTS = {"500": "the first 500 pretend items", "all": "all pretend training items"}


@exercise("4a", points=1)
def test_network_is_loaded(matches: Matches, recording: RecordingFolder) -> None:
    """The network of 3b is loaded from its file."""
    attempt = require(matches["orig"], "convolutional network, trained with Adam on all items,")
    assert_loaded_network(recording, attempt, what="the network of 3b")


@exercise("4a", points=1)
def test_data_are_loaded(recording: RecordingFolder) -> None:
    """The pretend data are loaded from their file."""
    assert_loaded_arrays(recording, at_least_bytes=1_000_000, what="the pretend data")


@exercise("4b", points=1)
@pytest.mark.parametrize("amount", list(_AMOUNTS))
def test_loaded_network_goes_on(amount: str, matches: Matches) -> None:
    """The saved network is trained for one more epoch."""
    match = matches[f"transfer_{amount}"]
    attempt = require(match, f"loaded network, trained on {_AMOUNTS[amount]},")
    assert_layers(match, "the network of part 1, with Dense 64 relu")
    saved = matches["orig"].attempt
    # Who trained it for too long in 3b has paid there.
    as_saved = saved is not None and 0 < attempt.foreign_epochs == saved.own_epochs
    assert_aspects(match, *_SETTINGS, *([] if as_saved else ["start"]))


@exercise("4b", points=1)
@pytest.mark.parametrize("amount", list(_AMOUNTS))
def test_new_network(amount: str, matches: Matches, novo_all: Match) -> None:
    """A new network is trained on the same items."""
    match = _novo(amount, matches, novo_all)
    require(match, f"new network, trained on {_AMOUNTS[amount]},")
    assert_layers(match, "the network of part 1, with Dense 64 relu")
    assert_aspects(match, *_SETTINGS, "fresh")


@exercise("4b", points=1)
@pytest.mark.parametrize("amount", list(_AMOUNTS))
def test_transfer(
    amount: str, matches: Matches, novo_all: Match, check_context: CheckContext
) -> None:
    """On pretend images, the two differ as in a right solution."""
    match = matches[f"transfer_{amount}"]
    require(match, f"loaded network, trained on {_AMOUNTS[amount]},")
    assert_better(
        check_context,
        match,
        _novo(amount, matches, novo_all),
        (f"transfer_{amount}", f"novo_{amount}"),
        (f"the loaded network after {_AMOUNTS[amount]}", "a new one"),
        hint="Load the saved network again before each of its trainings.",
        on=(PRETEND, PRETEND),
        # Images with other labels than their own are paid for where they were trained on first.
        explained_by=("3a", "3b", "3d"),
    )


def _novo(amount: str, matches: Matches, novo_all: Match) -> Match:
    return novo_all if amount == "all" else matches["novo_500"]
