"""Checks of part 4, the bonus: strides in place of pooling, Adam in place of SGD."""

from __future__ import annotations

from collections.abc import Callable

from graders.checks import (
    Attempt,
    CheckContext,
    Match,
    Matches,
    assert_answer,
    assert_aspects,
    assert_better,
    assert_layers,
    exercise,
    require,
)
from graders.expectations import Expectations
from graders.recording import RecordingFolder

STRIDED = "convolutional network without pooling, with strides of 2"


@exercise("4a", points=1)
def test_strided_network_is_trained(matches: Matches) -> None:
    """A network without pooling and with strides of 2 is trained."""
    match = _strided(matches)
    require(match, STRIDED)
    assert_layers(
        match,
        "Conv2D 16 3x3 stride 2 relu, Conv2D 8 3x3 stride 2 relu, Dense 10 softmax",
        hint="Take the network of 3a, remove both poolings, and set strides=2 in both Conv2D.",
    )
    assert_aspects(match, "optimizer", "learning_rate", "items", "labels", "loss", "epochs")


@exercise("4a", points=1)
def test_parameters_of_the_strided_network(
    matches: Matches, recording: RecordingFolder, expected: Expectations
) -> None:
    """The number of trainable parameters is right."""
    match = _strided(matches)
    own = match.attempt.network.trainable if match.attempt else None
    # A network built on the one of 3a carries what was wrong there.
    owners = [(own, "4a"), (own, "3a")]
    assert_answer(
        recording,
        "4a",
        expected["strided.parameters"],
        what="number of trainable parameters of the network with strides",
        own=owners,
        hint="Only the dense layer changes: follow the image's size through both strides.",
    )


@exercise("4b", points=1)
def test_adam_is_better(
    matches: Matches, check_context: CheckContext, on_items: Callable[[str, Attempt], str]
) -> None:
    """The same network trained with Adam is more accurate than with SGD."""
    match = matches["adam"]
    adam = require(match, "convolutional network trained with Adam")
    assert_layers(match, "the network of 4a (or of 3a)")
    assert_aspects(match, "optimizer", hint="Pass optimizer='adam' to compile().")
    assert_aspects(match, "learning_rate", hint="Leave Adam's settings alone: optimizer='adam'.")
    assert_aspects(match, "fresh", "items", "labels", "loss", "epochs")
    one, other = ("cnn_adam", "cnn") if _pools(adam) else ("adam", "strided")
    twin = matches["strided"].wanted.but("twin", "4a", networks=())
    assert_better(
        check_context,
        match,
        matches.match(twin, _twin(matches, adam)),
        (on_items(one, adam), on_items(other, adam)),
        ("the network with Adam", "the one with SGD"),
        hint="Build the network anew for Adam, and train both for the same number of epochs.",
    )


def _strided(matches: Matches) -> Match:
    """Return the match of 4a; who trained that network with Adam alone has built it in 4b."""
    match = matches["strided"]
    adam = matches["adam"]
    if match.attempt is None and adam.attempt is not None and not _pools(adam.attempt):
        return matches.match(match.wanted, adam.attempt)
    return match


def _twin(matches: Matches, adam: Attempt) -> Attempt | None:
    """Return the training of the same network with SGD on as many items: best of 4a or 3b."""
    twins = [
        attempt
        for attempt in matches.attempts
        if attempt.trained
        and attempt.compiled is not None
        and attempt.compiled.optimizer == "SGD"
        and attempt.items == adam.items
        and [str(part) for part in attempt.parts] == [str(part) for part in adam.parts]
    ]
    answers = [matches["strided"].attempt, matches["cnn"].attempt]
    twins.sort(key=lambda attempt: (attempt not in answers, attempt.epochs != adam.epochs))
    return twins[0] if twins else None


def _pools(attempt: Attempt) -> bool:
    return any(part.kind == "pool" for part in attempt.parts)
