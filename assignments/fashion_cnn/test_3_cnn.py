"""Checks of part 3: a convolutional network."""

from __future__ import annotations

from collections.abc import Callable

from graders.checks import (
    Attempt,
    CheckContext,
    CheckFailed,
    Match,
    Matches,
    assert_accuracy,
    assert_answer,
    assert_aspects,
    assert_layers,
    exercise,
    input_shape,
    require,
)
from graders.expectations import Expectations
from graders.recording import RecordingFolder

CNN = "convolutional network with two convolutions and two poolings"


@exercise("3a", points=1)
def test_convolutions(matches: Matches) -> None:
    """Two convolutions with 16 and 8 filters of 3x3 and relu."""
    match = matches["cnn"]
    require(match, CNN, trained=False)
    assert_layers(
        match,
        "Conv2D 16 3x3 relu, then Conv2D 8 3x3 relu",
        concerning=lambda d: d.kind not in {"pool", "dense"},
        hint=_hint_for_convolutions(match),
    )


def _hint_for_convolutions(match: Match) -> str:
    """Point at the order of the filters only where the filters are what is wrong."""
    if any(difference.setting == "filters" for difference in match.layer_differences):
        return "Look at the order of the filters: 16 in the first convolution, 8 in the second."
    return "Compare your layer table with the expected one below, setting by setting."


@exercise("3a", points=1)
def test_poolings(matches: Matches) -> None:
    """A max pooling of 2x2 follows each convolution."""
    match = matches["cnn"]
    require(match, CNN, trained=False)
    assert_layers(
        match,
        "MaxPooling2D 2x2 after each convolution",
        concerning=lambda d: d.kind == "pool",
        hint="Put MaxPooling2D((2, 2)) behind each Conv2D.",
    )


@exercise("3a", points=1)
def test_input_and_output(matches: Matches) -> None:
    """The network takes scaled images of 28x28x1 and ends in 10 softmax outputs."""
    match = matches["cnn"]
    attempt = require(match, CNN, trained=False)
    assert_layers(
        match,
        "28x28x1 images in, Dense 10 softmax out",
        concerning=lambda d: d.kind == "dense",
        hint="Flatten, then one Dense(10, activation='softmax').",
    )
    shape = input_shape(attempt.network.layers)
    if shape is not None and shape != (28, 28, 1):
        found = "x".join(str(size) for size in shape)
        raise CheckFailed(
            f"The first convolution sees images of shape {found}.",
            expected="28x28x1",
            found=found,
            where=attempt.where,
            hint="Give the images a channel: reshape(-1, 28, 28, 1).",
        )
    assert_aspects(match, "scaling")


@exercise("3b", points=1)
def test_trained_like_the_dense_network(matches: Matches) -> None:
    """Compiled and trained as in 1f: SGD, cross-entropy, 3 epochs, the test set as validation."""
    match = matches["cnn"]
    require(match, CNN)
    assert_aspects(
        match,
        *("epochs", "items", "validation", "labels"),
        *("optimizer", "learning_rate", "loss", "metrics"),
    )


@exercise("3b", points=1)
def test_accuracy_of_the_cnn(
    matches: Matches, check_context: CheckContext, on_items: Callable[[str, Attempt], str]
) -> None:
    """The test accuracy is that of a right solution."""
    match = matches["cnn"]
    attempt = require(match, CNN)
    assert_accuracy(check_context, match, on_items("cnn", attempt), what="convolutional network")


@exercise("3c", points=1)
def test_parameters_of_the_cnn(
    matches: Matches, recording: RecordingFolder, expected: Expectations
) -> None:
    """The number of trainable parameters is right."""
    attempt = matches["cnn"].attempt
    assert_answer(
        recording,
        "3c",
        expected["cnn.parameters"],
        what="number of trainable parameters of the network in 3a",
        own=[(attempt.network.trainable if attempt else None, "3a")],
        hint="A convolution has kernel height x width x input channels x filters weights and one "
        "bias per filter; follow the image's size to the dense layer.",
    )
