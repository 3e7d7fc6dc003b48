"""Checks of part 1: fully connected networks."""

from __future__ import annotations

from collections.abc import Callable

from graders.checks import (
    Attempt,
    CheckContext,
    CheckFailed,
    Matches,
    NotAttempted,
    Unscored,
    assert_accuracy,
    assert_answer,
    assert_aspects,
    assert_better,
    assert_layers,
    exercise,
    require,
)
from graders.checks.attempts import is_scrambled
from graders.expectations import Expectations
from graders.recording import RecordingFolder
from graders.recording.schema import ArrayRecord

SMALL = "dense network 784-10-10-10"


@exercise("1a", points=1)
def test_images_are_vectors(matches: Matches, recording: RecordingFolder) -> None:
    """The dense networks are trained on vectors: fit() sees (n, 784)."""
    seen = _dense_trainings(matches)
    if not seen:
        _look_for_prepared(
            recording,
            lambda a: a.shape[1:] == [784] and not is_scrambled(a.origin),
            "(n, 784), one image in each row",
        )
        return
    vectors = [a for a in seen if a.x is not None and a.x.shape[1:] == [784]]
    trained = [a for a in vectors if not a.scrambled]
    mixed = next((a for a in trained or vectors if a.scrambled or a.tested_scrambled), None)
    if trained and (mixed is None or any(a.tested and not a.tested_scrambled for a in trained)):
        return
    if mixed is not None:
        which = "training" if mixed.scrambled else "test"
        raise CheckFailed(
            f"The {which} images were scrambled: each row holds pixels of many images.",
            expected="(n, 784), one image in each row",
            found="(n, 784), the pixels of different images in each row",
            where=mixed.where,
            hint="x.reshape(len(x), 784) keeps the pixels of each image together; "
            "x.reshape(784, -1).T has the right shape, and mixes them.",
        )
    attempt = next((a for a in seen if a.x is not None), None)
    if attempt is None or attempt.x is None:
        raise _unreadable(seen[0])
    shape = " x ".join(str(size) for size in attempt.x.shape)
    raise CheckFailed(
        f"The dense network was trained on an array of shape {shape}.",
        expected="(n, 784)",
        found=shape,
        where=attempt.where,
        hint="Reshape the images to (number of images, 784) before fit().",
    )


@exercise("1b", points=1)
def test_pixels_are_scaled(matches: Matches, recording: RecordingFolder) -> None:
    """The pixels that the networks see lie between 0 and 1."""
    match = matches["small"]
    trainings = _dense_trainings(matches)
    if match.attempt is None or match.attempt.x is None:
        readable = [a for a in trainings if a.x is not None]
        if trainings and not readable:
            raise _unreadable(trainings[0])
        if readable:
            match = matches.match(match.wanted, readable[0])
    if match.attempt is None or match.attempt.x is None:
        _look_for_prepared(
            recording,
            lambda a: a.minimum == 0 and a.maximum is not None and 0.99 < a.maximum <= 1.000001,
            "pixels from 0 to 1",
        )
        return
    assert_aspects(match, "scaling")


@exercise("1c", points=1)
def test_hidden_layers(matches: Matches) -> None:
    """Two hidden layers of 10 units with relu, on 784 inputs."""
    match = matches["small"]
    require(match, SMALL, trained=False)
    assert_layers(
        match,
        "two hidden dense layers of 10 units with relu",
        concerning=lambda difference: not difference.is_output,
        hint="Build keras.Sequential with keras.Input((784,)) and two Dense(10, 'relu').",
    )


@exercise("1c", points=1)
def test_output_layer(matches: Matches) -> None:
    """The output layer has 10 units with softmax."""
    match = matches["small"]
    require(match, SMALL, trained=False)
    assert_layers(
        match,
        "a last dense layer of 10 units with softmax",
        concerning=lambda difference: difference.is_output,
        hint="One unit for each of the ten classes, and softmax makes probabilities of them.",
    )


@exercise("1d", points=1)
def test_parameters_of_the_small_network(
    matches: Matches, recording: RecordingFolder, expected: Expectations
) -> None:
    """The number of trainable parameters is right."""
    attempt = matches["small"].attempt
    assert_answer(
        recording,
        "1d",
        expected["small.parameters"],
        what="number of trainable parameters of the network in 1c",
        own=[(attempt.network.trainable if attempt else None, "1c")],
        hint="Each layer has inputs x units weights and one bias per unit; add up three layers.",
    )


@exercise("1e", points=1)
def test_compile_settings(matches: Matches) -> None:
    """Compiled with SGD, sparse categorical cross-entropy and accuracy."""
    match = matches["small"]
    attempt = require(match, SMALL, trained=False)
    if attempt.compiled is None:
        raise NotAttempted(
            "The network was never compiled.",
            expected="compile(optimizer='sgd', loss='sparse_categorical_crossentropy', "
            "metrics=['accuracy'])",
            found="no call of compile()",
            where=attempt.where,
            hint="Call compile() on the network before fit().",
        )
    assert_aspects(match, "optimizer", "learning_rate", "loss", "metrics")


@exercise("1f", points=1)
def test_three_epochs_with_the_test_set(matches: Matches) -> None:
    """Trained for 3 epochs on the training set, with the test set as validation."""
    match = matches["small"]
    require(match, SMALL)
    assert_aspects(match, "epochs", "items", "validation")


@exercise("1f", points=1)
def test_accuracy_of_the_small_network(matches: Matches, check_context: CheckContext) -> None:
    """The test accuracy is that of a right solution."""
    match = matches["small"]
    require(match, SMALL)
    assert_accuracy(check_context, match, "small", what="network")


@exercise("1g", points=1)
def test_default_learning_rate(
    matches: Matches, recording: RecordingFolder, expected: Expectations
) -> None:
    """The learning rate that plain SGD uses is named."""
    attempt = matches["small"].attempt
    # Who compiled otherwise in 1e finds another rate, and finds it rightly.
    own = attempt.compiled.learning_rate if attempt and attempt.compiled else None
    assert_answer(
        recording,
        "1g",
        expected["sgd.learning_rate"],
        what="learning rate that SGD uses where none is given",
        own=[(own, "1e")],
        tolerance=1e-3,
        hint="Ask the compiled network: model.optimizer.learning_rate.",
    )


@exercise("1g", points=1)
def test_slower_learning_rate(matches: Matches) -> None:
    """A new network is trained with the learning rate 0.005."""
    match = matches["slow"]
    require(match, f"{SMALL} trained with the learning rate 0.005")
    assert_layers(match, "the network of 1c")
    assert_aspects(
        match, "learning_rate", "optimizer", "loss", "items", "labels", "epochs", "fresh"
    )


@exercise("1h", points=1)
def test_parameters_of_the_wide_network(
    matches: Matches, recording: RecordingFolder, expected: Expectations
) -> None:
    """The number of trainable parameters with 64 hidden units is right."""
    attempt = matches["wide"].attempt
    assert_answer(
        recording,
        "1h",
        expected["wide.parameters"],
        what="number of trainable parameters with 64 units in each hidden layer",
        own=[(attempt.network.trainable if attempt else None, "1h")],
        hint="Each layer has inputs x units weights and one bias per unit; add up three layers.",
    )


@exercise("1h", points=1)
def test_wide_network_is_trained(matches: Matches) -> None:
    """A network with 64 units in both hidden layers is trained, at the default learning rate."""
    match = matches["wide"]
    require(match, "dense network 784-64-64-10")
    assert_layers(match, "two hidden dense layers of 64 units, and 10 outputs")
    assert_aspects(match, "learning_rate", "optimizer", "loss", "items", "labels", "epochs")


@exercise("1h", points=1)
def test_wide_network_is_better(matches: Matches, check_context: CheckContext) -> None:
    """The network with 64 units is more accurate than the one with 10."""
    match, small = matches["wide"], matches["small"]
    wide = require(match, "dense network 784-64-64-10")
    own = small.attempt
    if wide.parts == check_context.network("small") or (own and wide.parts == own.parts):
        raise NotAttempted(
            "No wider network was trained that could be compared.",
            expected="a network with 64 units in both hidden layers",
            found=wide.name,
            where=wide.where,
            hint="Build a new network with 64 units in each hidden layer, and train it.",
        )
    assert_better(
        check_context,
        match,
        small,
        ("wide", "small"),
        ("the network with 64 units", "the network with 10 units"),
        hint="Train both for the same number of epochs, with the same settings.",
    )


@exercise("1i", points=1)
def test_fewer_items(matches: Matches) -> None:
    """A new network, small or wide, is trained on 20,000 items."""
    match = matches["fewer"]
    require(match, "dense network trained on the first 20,000 items")
    assert_layers(match, "the network of 1c, or that of 1h")
    assert_aspects(match, "items", "fresh", "labels", "epochs", "validation")


def _dense_trainings(matches: Matches) -> list[Attempt]:
    return [a for a in matches.attempts if a.training is not None and not a.convolutional]


def _unreadable(attempt: Attempt) -> Unscored:
    return Unscored(
        "The training data came from a generator, which the grader can't look into.",
        found=attempt.title,
        where=attempt.where,
        hint="Nothing is lost; a person will look. Arrays can be checked at once.",
    )


def _look_for_prepared(
    recording: RecordingFolder, fits: Callable[[ArrayRecord], bool], expected: str
) -> None:
    """Where nothing was trained, look at the arrays that were prepared."""
    for record in recording.data.arrays.values():
        if record.origin is not None and record.origin.split == "train" and fits(record):
            return
    raise NotAttempted(
        "No dense network was trained, and no prepared training images were found.",
        expected=expected,
        found="nothing",
        hint="Load the data, prepare the images, and train the network of 1c on them.",
    )
