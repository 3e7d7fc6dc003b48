"""Plots are told by what they show, whichever way they were drawn."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from typing import Any

import pytest

from graders.checks import (
    CheckFailed,
    NotAttempted,
    WantedCurve,
    assert_curves,
    assert_labelled,
    curves_of,
    find_curves,
)
from graders.checks.curves import numbers_in
from graders.checks.outcome import begin_notes
from graders.recording import RecordingFolder
from graders.recording.schema import AxesRecord, FigureRecord, LineRecord
from graders.result import PlotEvidence
from tests.builders.recordings import Run

FAST = [0.51, 0.64, 0.70, 0.74, 0.77]
SLOW = [0.21, 0.33, 0.41, 0.46, 0.52]
SIZES = [1000, 5000, 20_000, 60_000]
TRAIN = [0.93, 0.91, 0.90, 0.89]
TEST = [0.78, 0.83, 0.86, 0.88]


def line(
    y: Sequence[float | None], x: Sequence[float | None] | None = None, **more: Any
) -> LineRecord:
    places: list[float | None] = list(x) if x is not None else [float(i) for i in range(len(y))]
    return LineRecord(**{"label": None, "x": places, "y": list(y)} | more)


def axes(*lines: LineRecord, **more: Any) -> AxesRecord:
    return AxesRecord(lines=list(lines), **more)


def drawn(*figures: Sequence[AxesRecord], **more: Any) -> RecordingFolder:
    run = Run()
    run.recording.figures = [
        FigureRecord(cell=i, axes=list(f), **more) for i, f in enumerate(figures)
    ]
    return run.folder()


def rates(**more: Any) -> list[WantedCurve]:
    return [
        WantedCurve("the learning rate 0.1", [FAST], **more),
        WantedCurve("the learning rate 0.01", [SLOW], **more),
    ]


def sizes() -> list[WantedCurve]:
    return [
        WantedCurve("the training set", [TRAIN], x=SIZES),
        WantedCurve("the test set", [TEST], x=SIZES),
    ]


def found(recording: RecordingFolder, wanted: Sequence[WantedCurve]) -> list[str]:
    drawn = find_curves(curves_of(recording), wanted)
    return [one.wanted.name for one in drawn if one is not None]


def failure(recording: RecordingFolder, wanted: Sequence[WantedCurve]) -> CheckFailed:
    with pytest.raises(CheckFailed) as raised:
        assert_curves(recording, wanted, what="the curves")
    return raised.value


# -- by epoch -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "figures",
    [
        [[axes(line(FAST), line(SLOW))]],
        [[axes(line(SLOW), line([3, 2, 1]), line(FAST))]],
        [[axes(line(FAST)), axes(line(SLOW))]],
        [[axes(line(FAST))], [axes(line(SLOW))]],
        [[axes(line(FAST, range(1, 6)), line(SLOW, range(1, 6), kind="points"))]],
        [[axes(line(FAST[::-1], range(5, 0, -1)), line(SLOW, kind="bars"))]],
        [[axes(line([100 * v for v in FAST]), line([round(v, 2) for v in SLOW]))]],
        [[axes(line([0.1, *FAST]), line([0.1, *SLOW]))]],
        [[axes(*(line([v], [i], kind="points") for s in (FAST, SLOW) for i, v in enumerate(s)))]],
    ],
    ids=[
        "one axes",
        "any order",
        "subplots",
        "figures",
        "from 1, points",
        "backwards, bars",
        "percent, rounded",
        "from before the training",
        "point by point",
    ],
)
def test_curves_by_epoch_are_found_whichever_way_they_were_drawn(figures):
    assert len(assert_curves(drawn(*figures), rates(), what="the curves")) == 2


def test_any_of_several_series_will_do():
    wanted = [WantedCurve("the test set", [[], FAST, SLOW])]
    assert found(drawn([axes(line(SLOW))]), wanted) == ["the test set"]


@pytest.mark.parametrize(
    "y",
    [
        FAST[1:],
        [*FAST, 0.8],
        [1 - v for v in FAST],
        [v + 0.01 for v in FAST],
        FAST[::-1],
        [None] * 5,
        [],
    ],
    ids=["too short", "too long", "errors", "other values", "reversed", "nothing", "empty"],
)
def test_other_curves_are_not_taken_for_it(y):
    assert found(drawn([axes(line(y))]), [WantedCurve("it", [FAST])]) == []


def test_one_plotted_curve_does_not_count_twice():
    close = [v + 0.004 for v in FAST]
    wanted = [WantedCurve("one", [FAST]), WantedCurve("two", [close])]
    assert found(drawn([axes(line(close))]), wanted) == ["two"]
    assert found(drawn([axes(line(close), line(FAST))]), wanted) == ["one", "two"]


def test_a_training_that_diverged_may_end_early_or_show_a_gap():
    wanted = [WantedCurve("it", [[2.3, 9.0, None, None]], metric="loss")]
    assert found(drawn([axes(line([2.3, 9.0]))]), wanted) == ["it"]
    assert found(drawn([axes(line([2.3, 9.0, None, None]))]), wanted) == ["it"]
    assert found(drawn([axes(line([2.3, 9.0, 1.0]))]), wanted) == []


def test_losses_are_compared_relatively_and_never_in_percent():
    wanted = [WantedCurve("it", [[40.0, 20.0]], metric="loss")]
    assert found(drawn([axes(line([40.2, 19.9]))]), wanted) == ["it"]
    assert found(drawn([axes(line([4000.0, 2000.0]))]), wanted) == []


# -- against a quantity ---------------------------------------------------------------------

TEXTS = ["1,000", "5k", "20 000 images", "6e4"]


@pytest.mark.parametrize(
    "curve",
    [
        line(TEST, SIZES),
        line(TEST[::-1], SIZES[::-1]),
        line(TEST, [math.log10(n) for n in SIZES]),
        line(TEST, [n / 1000 for n in SIZES]),
        line(TEST, [n / 60_000 for n in SIZES]),
        line(TEST),
        line(TEST[::-1]),
        line(TEST, range(1, 5)),
        line(TEST, categories=TEXTS),
        line([*TEST, 0.5], [7, 3, 9, 4, 1], categories=[*TEXTS, "7"], kind="bars"),
        line(TEST, [i + 0.2 for i in range(4)], kind="bars"),
        line([0.9, *TEST], [100, *SIZES]),
    ],
    ids=[
        "numbers",
        "descending",
        "logarithms",
        "thousands",
        "shares",
        "positions",
        "positions, descending",
        "positions from 1",
        "texts",
        "texts and one more",
        "grouped bars",
        "one more",
    ],
)
def test_a_curve_against_a_quantity_is_found_by_what_stands_along_the_axis(curve):
    wanted = [WantedCurve("the test set", [TEST], x=SIZES)]
    assert found(drawn([axes(curve)]), wanted) == ["the test set"]


def test_a_value_at_the_wrong_place_is_not_found():
    swapped = [TEST[1], TEST[0], *TEST[2:]]
    assert found(drawn([axes(line(swapped, SIZES))]), sizes()) == []


def test_points_of_several_calls_make_up_curves():
    points = [
        line([v], [n], kind="points")
        for n, pair in zip(SIZES, zip(TRAIN, TEST, strict=True), strict=True)
        for v in pair
    ]
    labelled = [
        p.model_copy(update={"label": "train"}) if i == 0 else p for i, p in enumerate(points)
    ]
    train, test = assert_curves(drawn([axes(*labelled)]), sizes(), what="it")
    assert train.curve.y == tuple(TRAIN)
    assert (train.curve.label, test.curve.label) == ("train", "")


def test_bars_with_a_text_each_make_up_a_curve():
    bars = [
        line([v], [0.0], kind="bars", categories=[text])
        for v, text in zip(TEST, TEXTS, strict=True)
    ]
    assert found(drawn([axes(*bars)]), sizes()) == ["the test set"]


def test_all_points_of_one_call_of_scatter_may_be_two_curves():
    both = line(TRAIN + TEST, SIZES + SIZES, kind="points")
    assert found(drawn([axes(both)]), sizes()) == ["the training set", "the test set"]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("lr=0.01", [0.01]),
        ("60,000 images", [60_000]),
        ("60k", [60_000]),
        ("3 kernels", [3]),
        ("1000items", [1000]),
        ("SGD(1e-3), 5 epochs", [0.001, 5]),
        ("1.2.3", []),
        ("9e999", []),
        ("none", []),
    ],
)
def test_numbers_are_read_from_labels(text, numbers):
    assert numbers_in(text) == pytest.approx(numbers)


# -- what is said ---------------------------------------------------------------------------


def test_without_a_figure_nothing_was_attempted():
    for recording in (drawn(), drawn([AxesRecord(images=1)])):
        with pytest.raises(NotAttempted) as raised:
            assert_curves(recording, rates(), what="the curves")
        assert raised.value.hint


def test_a_missing_curve_is_named_and_the_others_earn_their_share():
    error = failure(drawn([axes(line(FAST))]), rates())
    assert error.message == "The curve of the learning rate 0.01 is missing."
    assert (error.credit, error.found, error.where) == (0.5, "1 of 2 curves", "figure 1 (cell 1)")


def test_a_curve_with_other_values_than_its_history_is_told_by_its_label():
    other = line([0.3, 0.3, 0.3, 0.3, 0.3], label="lr = 0.010")
    error = failure(drawn([axes(line(FAST), other)]), rates())
    assert "The learning rate 0.01 is drawn in figure 1 (cell 1)" in error.message
    assert "aren't those of its History" in error.message


def test_another_metric_that_was_drawn_in_its_place_is_named():
    loss = WantedCurve("the loss", [[2.0, 1.5, 1.2, 1.1, 1.0]], metric="loss")
    wanted = [WantedCurve("the learning rate 0.1", [FAST], mistaken=[loss])]
    error = failure(drawn([axes(line([2.0, 1.5, 1.2, 1.1, 1.0]))]), wanted)
    assert "figure 1 (cell 1) shows the loss instead." in error.message


def test_an_error_rate_and_a_part_of_a_curve_are_named():
    error = failure(drawn([axes(line([1 - v for v in FAST]), line(SLOW[:3]))]), rates())
    assert "shows the error rate" in error.message
    assert "only 3 of its 5 values are drawn" in error.message


def test_curves_of_trainings_that_are_missing_follow_from_those():
    wanted = [
        WantedCurve("the learning rate 0.1", [FAST]),
        WantedCurve("the learning rate 0.01", [], follows_from=("1a",)),
    ]
    error = failure(drawn([axes(line(FAST))]), wanted)
    assert error.follows_from == ("1a",)
    assert "there is no training" in error.message


def test_curves_of_something_else_earn_nothing_where_nothing_was_trained():
    wanted = [WantedCurve(name, [], follows_from=("1a",)) for name in ("0.1", "0.01")]
    with pytest.raises(NotAttempted) as caught:
        assert_curves(drawn([axes(line(FAST))]), wanted, what="two curves")
    assert "no training" in caught.value.message


def test_who_draws_none_of_the_curves_that_there_are_is_forgiven_no_other():
    wanted = [
        WantedCurve("the learning rate 0.1", [FAST], follows_from=("1a",)),
        WantedCurve("the learning rate 0.01", [], follows_from=("1a",)),
    ]
    error = failure(drawn([axes(line([5.0, 6.0, 7.0, 8.0, 9.0]))]), wanted)
    assert error.follows_from == ()
    assert error.credit == 0


def test_what_was_trained_and_is_not_drawn_follows_from_nothing():
    wanted = rates(follows_from=("1a",))
    assert failure(drawn([axes(line(FAST))]), wanted).follows_from == ()


# -- labels ---------------------------------------------------------------------------------

NAMED = {"xlabel": "epoch", "ylabel": "accuracy"}
A, B = line(FAST, label="0.1"), line(SLOW, label="0.01")


def labels(recording: RecordingFolder) -> CheckFailed | None:
    curves = assert_curves(recording, rates(), what="the curves")
    try:
        assert_labelled(curves, what="the curves")
    except CheckFailed as error:
        return error
    return None


@pytest.mark.parametrize(
    "figure",
    [
        [axes(A, B, legend=["0.1", "0.01"], **NAMED)],
        [axes(line(FAST), line(SLOW), legend=["fast", "slow"], **NAMED)],
        [axes(line(FAST), line(SLOW), texts=["fast", "slow"], **NAMED)],
        [axes(A, B, legend=["0.1", "0.01"], xlabel="epoch", title="accuracy")],
        [axes(line(FAST), title="0.1", **NAMED), axes(line(SLOW), title="0.01", **NAMED)],
        [axes(A, legend=["0.1"], **NAMED), axes(B, legend=["0.01"], **NAMED)],
    ],
    ids=["legend", "legend by list", "annotations", "title", "subplots", "legends"],
)
def test_curves_are_labelled_in_many_ways(figure):
    assert labels(drawn(figure)) is None


def test_the_legend_of_the_figure_counts_for_its_axes():
    assert labels(drawn([axes(A, B, **NAMED)], legend=["0.1", "0.01"])) is None


@pytest.mark.parametrize(
    ("figure", "said", "credit"),
    [
        ([axes(A, B, **NAMED)], "no legend shows them", 2 / 3),
        ([axes(line(FAST), line(SLOW), **NAMED)], "nothing tells the 2 curves apart", 2 / 3),
        ([axes(A, B, legend=["a"], **NAMED)], "the legend tells 1 of 2 curves apart", 2 / 3),
        ([axes(A, B, legend=["a", "b"], ylabel="y")], "the x axis has no label", 2 / 3),
        ([axes(A, B, legend=["a", "b"])], "nothing says what the y axis shows", 1 / 3),
        ([axes(A, **NAMED), axes(B, **NAMED)], "nothing tells these axes from", 2 / 3),
    ],
)
def test_what_is_missing_is_said_precisely(figure, said, credit):
    error = labels(drawn(figure))
    assert error is not None
    assert said in error.message
    assert error.message.startswith("In figure 1 (cell 1) ")
    assert error.credit == pytest.approx(credit)


def test_of_curves_that_are_drawn_twice_the_labelled_ones_count():
    bare, named = axes(A, B), axes(A, B, legend=["0.1", "0.01"], **NAMED)
    assert labels(drawn([bare], [named])) is None


def test_labels_of_no_curve_are_not_attempted():
    with pytest.raises(NotAttempted):
        assert_labelled([], what="the curves")


# -- evidence and hostile recordings ----------------------------------------------------------


def evidence(recording: RecordingFolder, wanted: Sequence[WantedCurve]) -> PlotEvidence:
    notes = begin_notes()
    with contextlib.suppress(CheckFailed):
        assert_curves(recording, wanted, what="the curves")
    (plot,) = notes.evidence
    assert isinstance(plot, PlotEvidence)
    return plot


def test_the_plot_is_shown_with_what_was_recognised_and_what_is_missing():
    plot = evidence(drawn([axes(A, line([1, 2]), title="Rates", **NAMED)]), rates())
    (panel,) = plot.panels
    assert panel.title == "Figure 1 (cell 1): Rates"
    assert [c.recognised for c in panel.curves] == ["the learning rate 0.1", ""]
    assert plot.missing == ["the learning rate 0.01"]


def test_of_much_a_part_is_shown_that_begins_and_ends_as_the_whole():
    many = [line([float(i) for i in range(400)]) for _ in range(30)]
    plot = evidence(drawn([axes(A, *many)]), rates())
    curves = [curve for panel in plot.panels for curve in panel.curves]
    assert (len(curves), plot.left_out) == (12, 19)
    assert (curves[1].y[0], curves[1].y[-1], len(curves[1].y)) == (0, 399, 60)


def test_evidence_survives_its_file():
    plot = evidence(drawn([axes(line(TEST, kind="bars", categories=TEXTS))]), sizes())
    again = PlotEvidence.model_validate_json(plot.model_dump_json())
    assert again == plot
    assert again.panels[0].categories[1] == "5k"


@pytest.mark.parametrize(
    "curve",
    [
        line([None, 1e308, -1e308, 0.0], [None, 1e308, -1e308, None]),
        line([], []),
        line([0.5] * 1000, [0.0] * 1000, kind="points"),
        line([0.5], [None], kind="bars", categories=["9" * 200]),
        LineRecord(label="x" * 500, x=[1.0], y=[1.0, 2.0], categories=["a"]),
    ],
)
def test_no_forged_curve_breaks_a_check(curve):
    recording = drawn([axes(curve, *[line([0.5], [0.0], kind="points")] * 50, A)])
    for wanted in (rates(), sizes(), rates(metric="loss")):
        failure(recording, wanted)
        evidence(recording, wanted)
