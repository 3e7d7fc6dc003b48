"""Checks of part 2: one network trained on four sizes of the training set."""

from __future__ import annotations

import pytest

from graders.checks import (
    CheckContext,
    CheckFailed,
    Match,
    Matches,
    NotAttempted,
    WantedCurve,
    assert_accuracy,
    assert_aspects,
    assert_better,
    assert_curves,
    assert_labelled,
    assert_layers,
    curves_of,
    exercise,
    finals_of,
    find_curves,
    require,
)
from graders.checks.series import Metric, Split
from graders.recording import RecordingFolder
from reference.fashion_training import SIZES, items_name

CNN = "convolutional network with a dense layer of 128 units"
_METRICS: tuple[Metric, ...] = ("accuracy", "loss")
_SPLITS: tuple[Split, ...] = ("train", "test")
_NAMES: dict[Split, str] = {"train": "training items", "test": "test set"}


def _by_size(matches: Matches) -> list[tuple[int, Match]]:
    return [(size, matches[items_name(size)]) for size in SIZES]


@exercise("2a", points=1)
def test_network(matches: Matches) -> None:
    """The network has 128 units in its dense layer."""
    match = matches.first_wrong(items_name(size) for size in SIZES)
    require(match, CNN, trained=False)
    assert_layers(
        match,
        "the network of part 1 with Dense 128 relu in place of Dense 64 relu",
        hint="Only the dense layer before the output changes: 128 units.",
    )


@exercise("2a", points=0.5)
@pytest.mark.parametrize("size", SIZES)
def test_trained_on_each_size(size: int, matches: Matches) -> None:
    """A new network is trained with Adam on the first so many items for 10 epochs."""
    match = matches[items_name(size)]
    require(match, f"{CNN}, trained on {size:,} items")
    assert_aspects(
        match, "optimizer", "learning_rate", "loss", "items", "labels", "scaling", "epochs", "fresh"
    )


@exercise("2a", points=1)
def test_scored_on_both_sets(matches: Matches) -> None:
    """Loss and accuracy are known on the training items and on the test set."""
    trained = [m for _, m in _by_size(matches) if m.attempt is not None and m.attempt.trained]
    if not trained:
        raise NotAttempted(
            "The network was not trained on any of the four sizes.",
            expected=f"{CNN}, trained on four sizes of the training set",
            found="no such training",
            hint="Build, compile and fit a new network in a loop over the sizes.",
        )
    for match in trained:
        attempt = match.attempt
        assert attempt is not None, "it was trained"
        if attempt.skipped:
            continue
        unknown = [
            f"the {metric} on the {_NAMES[on]}"
            for on in _SPLITS
            for metric in _METRICS
            if not finals_of([attempt], metric, on)
        ]
        if unknown:
            raise CheckFailed(
                f"After a training, {' and '.join(unknown[:2])} is not known.",
                expected="loss and accuracy on the training items and on the test set",
                found=f"no call of evaluate() and no validation that tells {unknown[0]}",
                where=attempt.where,
                hint="Pass validation_data=(x_test, y_test) to fit(), or call evaluate() on both "
                "sets after it; and metrics=['accuracy'] to compile().",
            )


@exercise("2a", points=0.5)
@pytest.mark.parametrize("size", [SIZES[0], SIZES[-1]])
def test_accuracy(size: int, matches: Matches, check_context: CheckContext) -> None:
    """The test accuracy is that of a right solution."""
    match = matches[items_name(size)]
    require(match, f"{CNN}, trained on {size:,} items")
    what = f"network trained on {size:,} items"
    assert_accuracy(check_context, match, items_name(size), what)


@exercise("2a", points=1)
def test_more_items_are_better(matches: Matches, check_context: CheckContext) -> None:
    """Trained on 30,000 items, the network does better on the test set than on 500."""
    more, fewer = matches[items_name(SIZES[0])], matches[items_name(SIZES[-1])]
    require(more, f"{CNN}, trained on {SIZES[0]:,} items")
    require(fewer, f"{CNN}, trained on {SIZES[-1]:,} items")
    assert_better(
        check_context,
        more,
        fewer,
        (items_name(SIZES[0]), items_name(SIZES[-1])),
        ("the network trained on 30,000 items", "the one on 500"),
        hint="Build the network anew for each size, and train each for 10 epochs.",
    )


@exercise("2b", points=1)
@pytest.mark.parametrize("metric", _METRICS)
def test_curves(metric: Metric, matches: Matches, recording: RecordingFolder) -> None:
    """Two curves against the size of the training set are plotted: training items and test set."""
    assert_curves(
        recording,
        _wanted(matches, metric),
        what=f"the final {metric} for each of four sizes, on the training items and the test set",
        hint=f"Collect the {metric} after each training in a list, and plot the lists against the "
        "sizes.",
    )


@exercise("2b", points=1)
def test_labels(matches: Matches, recording: RecordingFolder) -> None:
    """A legend tells the curves apart, and the axes are labelled."""
    wanted = [curve for metric in _METRICS for curve in _wanted(matches, metric)]
    drawn = [one for one in find_curves(curves_of(recording), wanted) if one is not None]
    assert_labelled(drawn, what="two curves of the accuracy, and two of the loss")


def _wanted(matches: Matches, metric: Metric) -> list[WantedCurve]:
    """Say what is to be plotted: of a student who left a size out, the others."""
    trained = [
        (size, match.attempt)
        for size, match in _by_size(matches)
        if match.attempt is not None and match.attempt.trained
    ]
    # One point makes no curve.
    trained = trained if len(trained) > 1 else []
    attempts = [attempt for _, attempt in trained]
    return [
        WantedCurve(
            f"the {_NAMES[on]}",
            finals_of(attempts, metric, on),
            x=[float(size) for size, _ in trained],
            metric=metric,
            follows_from=() if len(trained) == len(SIZES) else ("2a",),
        )
        for on in _SPLITS
    ]
