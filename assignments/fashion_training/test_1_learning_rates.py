"""Checks of part 1: one network trained at five learning rates."""

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
    find_curves,
    require,
    series_of,
)
from graders.checks.series import Metric
from graders.recording import RecordingFolder
from reference.fashion_training import RATES, rate_name

CNN = "convolutional network with a dense layer of 64 units"
# So few batches at the smallest rates that they go ahead of one another slowly.
SLOWER = [(0.01, 0.001), (0.001, 0.0001)]


def _sweep(matches: Matches) -> list[tuple[float, Match]]:
    return [(rate, matches[rate_name(rate)]) for rate in RATES]


def _trained(matches: Matches) -> list[Match]:
    found = [m for _, m in _sweep(matches) if m.attempt is not None and m.attempt.trained]
    if not found:
        raise NotAttempted(
            "The network was not trained with any of the five learning rates.",
            expected=f"{CNN}, trained with SGD at five rates",
            found="no such training",
            hint="Build, compile and fit the network in a loop over the rates.",
        )
    return found


@exercise("1a", points=1)
def test_network(matches: Matches) -> None:
    """The CNN with a dense layer of 64 relu units, on scaled images, with cross-entropy."""
    match = matches.first_wrong(rate_name(rate) for rate in RATES)
    require(match, CNN, trained=False)
    assert_layers(
        match,
        "Conv2D 16, MaxPooling2D, Conv2D 8, MaxPooling2D, Dense 64 relu, Dense 10 softmax",
        hint="Take the network of the last sheet, and put Dense(64, 'relu') before its output.",
    )
    assert_aspects(match, "scaling", "loss")


@exercise("1a", points=0.5)
@pytest.mark.parametrize("rate", RATES)
def test_trained_at_each_rate(rate: float, matches: Matches) -> None:
    """Trained with SGD at this rate for 10 epochs on the first 20,000 items."""
    match = matches[rate_name(rate)]
    require(match, f"{CNN}, trained with SGD at the rate {rate:g}")
    assert_aspects(match, "optimizer", "learning_rate", "items", "labels", "epochs")


@exercise("1a", points=1)
def test_rebuilt_for_each_rate(matches: Matches) -> None:
    """The network is built anew for each rate."""
    continued = [m for m in _trained(matches) if m.aspect("fresh") is not None]
    if not continued:
        return
    trainings = len(_trained(matches))
    attempt = continued[0].attempt
    assert attempt is not None, "it was trained"
    raise CheckFailed(
        f"{len(continued)} of {trainings} trainings went on with a network that was trained "
        "before, so they don't show what their own rate does.",
        expected="a network with fresh weights for each rate",
        found=f"a network already trained for {attempt.foreign_epochs} epochs",
        where=attempt.where,
        hint="Build the network again inside the loop: compile() sets a new rate, and keeps the "
        "weights.",
    )


@exercise("1a", points=1)
def test_scores_after_each_epoch(matches: Matches) -> None:
    """Loss and accuracy on the training items are known after each epoch."""
    for match in _trained(matches):
        attempt = match.attempt
        assert attempt is not None, "it was trained"
        for metric in _METRICS:
            known = series_of(attempt, metric, "train")
            if attempt.skipped or any(len(series) >= attempt.own_epochs for series in known):
                continue
            raise CheckFailed(
                f"The {metric} on the training items is not known after each epoch.",
                expected=f"{attempt.own_epochs} values of the {metric}",
                found=f"{max(map(len, known), default=0)} values",
                where=attempt.where,
                hint="Pass metrics=['accuracy'] to compile(); fit() returns a History with both.",
            )


@exercise("1a", points=0.5)
@pytest.mark.parametrize("rate", [0.1, 0.01])
def test_good_rates(rate: float, matches: Matches, check_context: CheckContext) -> None:
    """At this rate the network learns well."""
    match = matches[rate_name(rate)]
    require(match, f"{CNN}, trained with SGD at the rate {rate:g}")
    assert_accuracy(check_context, match, rate_name(rate), f"network trained at {rate:g}")


@exercise("1a", points=0.5)
def test_too_large_a_rate(matches: Matches, check_context: CheckContext) -> None:
    """At the rate 1 it doesn't learn as it does at 0.1."""
    _assert_ahead(matches, check_context, 0.1, 1.0)


@exercise("1a", points=0.5)
@pytest.mark.parametrize(("faster", "slower"), SLOWER)
def test_smaller_is_slower(
    faster: float, slower: float, matches: Matches, check_context: CheckContext
) -> None:
    """The larger of two small rates gets further in 10 epochs."""
    _assert_ahead(matches, check_context, faster, slower)


def _assert_ahead(matches: Matches, context: CheckContext, one: float, other: float) -> None:
    better, worse = matches[rate_name(one)], matches[rate_name(other)]
    require(better, f"{CNN}, trained with SGD at the rate {one:g}")
    require(worse, f"{CNN}, trained with SGD at the rate {other:g}")
    assert_better(
        context,
        better,
        worse,
        (rate_name(one), rate_name(other)),
        (f"the network trained at {one:g}", f"the one at {other:g}"),
        hint="Build the network anew for each rate, and train each for 10 epochs.",
    )


_METRICS: tuple[Metric, ...] = ("accuracy", "loss")


@exercise("1b", points=1)
@pytest.mark.parametrize("metric", _METRICS)
def test_curves(metric: Metric, matches: Matches, recording: RecordingFolder) -> None:
    """Five curves over ten epochs are plotted, one for each rate."""
    assert_curves(
        recording,
        _wanted(matches, metric),
        what=f"the {metric} on the training items after each epoch, a curve for each of five rates",
        hint=f"Keep what fit() returns for each rate, and plot history['{metric}'] of each.",
    )


@exercise("1b", points=1)
def test_labels(matches: Matches, recording: RecordingFolder) -> None:
    """A legend tells the curves apart, and the axes are labelled."""
    wanted = [curve for metric in _METRICS for curve in _wanted(matches, metric)]
    drawn = [one for one in find_curves(curves_of(recording), wanted) if one is not None]
    assert_labelled(drawn, what="five curves of the accuracy, and five of the loss")


def _wanted(matches: Matches, metric: Metric) -> list[WantedCurve]:
    return [
        WantedCurve(
            f"the learning rate {rate:g}",
            [
                *(series_of(match.attempt, metric, "train") if match.attempt else []),
                *(series_of(match.attempt, metric, "test") if match.attempt else []),
            ],
            metric=metric,
            follows_from=() if match.attempt and match.attempt.trained else ("1a",),
        )
        for rate, match in _sweep(matches)
    ]
