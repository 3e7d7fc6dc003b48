from __future__ import annotations

import math

import pytest

from graders.report.curves import charts, small_chart
from graders.result import TrainingSummary


def training(**history) -> TrainingSummary:
    return TrainingSummary(id=0, title="x", history=history)


def test_accuracy_and_loss_are_drawn_with_both_curves():
    history = {
        "accuracy": [0.5, 0.7],
        "val_accuracy": [0.6, 0.7],
        "loss": [2, 1],
        "val_loss": [1, 1],
    }
    drawn = charts(training(**history))
    assert [chart.title for chart in drawn] == ["Accuracy", "Loss"]
    assert [line.name for line in drawn[0].lines] == ["training", "validation"]


@pytest.mark.parametrize("name", ["acc", "accuracy", "sparse_categorical_accuracy"])
def test_the_accuracy_is_found_under_all_of_its_names(name):
    chart = small_chart(training(**{"loss": [1.0], f"val_{name}": [0.5], name: [0.4]}))
    assert chart.title == "Accuracy"


def test_one_epoch_is_a_point_in_the_middle():
    chart = charts(training(accuracy=[0.6]))[0]
    ((x, y),) = chart.lines[0].markers
    assert x == pytest.approx((chart.left + chart.frame.width - chart.frame.right) / 2)
    assert chart.frame.top < y < chart.frame.height - chart.frame.bottom
    assert [tick.label for tick in chart.x_ticks] == ["1"]


def test_missing_values_leave_a_gap():
    chart = charts(training(loss=[1.0, None, float("nan"), 0.5, 0.4]))[0]
    assert chart.lines[0].path.count("M") == 2
    assert len(chart.lines[0].markers) == 3


def test_no_value_at_all_gives_no_chart():
    assert charts(training(loss=[None, float("inf")])) == []
    assert small_chart(training()) is None


@pytest.mark.parametrize(
    "values",
    [[0.0, 0.0], [1.0, 1.0], [0.1, 0.1 + 1e-12], [1e29, -1e29], [1e308, 0.5], [-1e-300, 1e-300]],
)
def test_extreme_values_stay_inside_the_frame(values):
    for chart in charts(training(accuracy=values, loss=values)):
        for _, y in chart.lines[0].markers:
            assert chart.frame.top - 0.1 <= y <= chart.frame.height - chart.frame.bottom + 0.1
        assert len(chart.y_ticks) <= 8
        assert all(math.isfinite(tick.at) for tick in chart.y_ticks)


def test_an_accuracy_axis_stays_between_zero_and_one():
    labels = [float(tick.label) for tick in charts(training(accuracy=[0.0, 1.0]))[0].y_ticks]
    assert (labels[0], labels[-1]) == (0, 1)


def test_ticks_are_evenly_spaced_round_numbers():
    labels = [tick.label for tick in charts(training(accuracy=[0.4871, 0.768]))[0].y_ticks]
    assert labels == ["0.4", "0.5", "0.6", "0.7", "0.8"]


def test_long_trainings_are_lines_with_few_labels():
    chart = charts(training(loss=[1 / (1 + i) for i in range(60)]))[0]
    assert chart.lines[0].markers == []
    assert [tick.label for tick in chart.x_ticks] == ["10", "20", "30", "40", "50", "60"]
