"""Learning curves as geometry: what the templates need to draw them as SVG."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from graders.report.view import is_trained
from graders.result import TrainingSummary

# Beyond this many epochs the points would run into each other.
_MOST_MARKERS = 25
# A larger value is a diverged training, and would only flatten what can be read.
LARGEST = 1e30
# Average width of a digit of a tick label, in SVG units.
DIGIT = 6.2


@dataclass(frozen=True)
class Frame:
    """Size of a chart and its margins, in SVG units (one is about a pixel)."""

    width: float
    height: float
    top: float
    right: float
    bottom: float
    y_ticks: int
    x_ticks: int


LARGE = Frame(width=360, height=200, top=10, right=16, bottom=38, y_ticks=4, x_ticks=8)
SMALL = Frame(width=230, height=110, top=8, right=12, bottom=22, y_ticks=3, x_ticks=4)


@dataclass(frozen=True)
class Tick:
    """A labelled position on an axis."""

    at: float
    label: str


@dataclass(frozen=True)
class Line:
    """One curve: its points, and a path through those that follow each other."""

    name: Literal["training", "validation"]
    path: str
    markers: list[tuple[float, float]]
    last: str


@dataclass(frozen=True)
class Chart:
    """Everything that is drawn for one quantity of one training."""

    title: str
    frame: Frame
    left: float
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    lines: list[Line]
    description: str


def charts(training: TrainingSummary) -> list[Chart]:
    """Draw accuracy and loss over the epochs; empty where no epoch was recorded."""
    history = _history(training)
    metrics = [metric for metric in (_accuracy(history), "loss") if metric]
    drawn = (_chart(_title(metric), _series(history, metric), LARGE) for metric in metrics)
    return [chart for chart in drawn if chart]


def small_chart(training: TrainingSummary) -> Chart | None:
    """Draw the accuracy, or else the loss, small."""
    history = _history(training)
    metric = _accuracy(history) or "loss"
    return _chart(_title(metric), _series(history, metric), SMALL)


def _history(training: TrainingSummary) -> dict[str, list[float | None]]:
    """Take the history; of a skipped training it only repeats what an untrained network scores."""
    return training.history if is_trained(training) else {}


def _accuracy(history: dict[str, list[float | None]]) -> str | None:
    """Find the accuracy's name: Keras has several, and versions differ."""
    names = [name.removeprefix("val_") for name in history]
    return next((name for name in names if "acc" in name), None)


def _title(metric: str) -> str:
    return "Loss" if metric == "loss" else "Accuracy"


_Series = dict[Literal["training", "validation"], list[float | None]]


def _series(history: dict[str, list[float | None]], metric: str) -> _Series:
    """Take both curves of a metric; what can't be drawn becomes None."""
    found: _Series = {}
    names: dict[Literal["training", "validation"], str] = {
        "training": metric,
        "validation": f"val_{metric}",
    }
    for name, key in names.items():
        values = history.get(key, [])
        drawn = [v if v is not None and abs(v) <= LARGEST else None for v in values]
        if any(v is not None for v in drawn):
            found[name] = drawn
    return found


def _chart(title: str, series: _Series, frame: Frame) -> Chart | None:
    values = [v for curve in series.values() for v in curve if v is not None]
    if not values:
        return None
    epochs = max(len(curve) for curve in series.values())
    levels = round_levels(min(values), max(values), frame.y_ticks, share=title == "Accuracy")
    labels = level_labels(levels)
    left = 12 + DIGIT * max(len(label) for label in labels)

    def x(epoch: int) -> float:
        """Place an epoch, from 1; a single one stands in the middle."""
        start, width = left + 14, frame.width - frame.right - left - 28
        return start + width * ((epoch - 1) / (epochs - 1) if epochs > 1 else 0.5)

    def y(value: float) -> float:
        height = frame.height - frame.top - frame.bottom
        share = (value - levels[0]) / (levels[-1] - levels[0])
        return frame.top + height * (1 - share)

    lines = []
    for name, curve in series.items():
        places = [None if v is None else (x(i), y(v)) for i, v in enumerate(curve, start=1)]
        last = next(v for v in reversed(curve) if v is not None)
        lines.append(Line(name, joined(places), _markers(places), _value(last)))
    return Chart(
        title=title,
        frame=frame,
        left=left,
        x_ticks=[Tick(x(epoch), str(epoch)) for epoch in _epochs(epochs, frame.x_ticks)],
        y_ticks=[Tick(y(v), label) for v, label in zip(levels, labels, strict=True)],
        lines=lines,
        description=_description(title, series),
    )


Places = list[tuple[float, float] | None]


def joined(places: Places) -> str:
    """Join the points by straight lines, with a gap where there is no value."""
    steps = []
    for before, place in pairwise([None, *places]):
        if place:
            steps.append(f"{'L' if before else 'M'}{place[0]:.1f} {place[1]:.1f}")
    return " ".join(steps)


def _markers(places: Places) -> list[tuple[float, float]]:
    """Mark every epoch; of a long training only epochs that no line reaches."""
    if len(places) <= _MOST_MARKERS:
        return [place for place in places if place]
    around = [None, *places, None]
    return [
        place
        for before, place, after in zip(around, places, around[2:], strict=False)
        if place and not before and not after
    ]


def round_levels(low: float, high: float, count: int, *, share: bool) -> list[float]:
    """Choose round, evenly spaced levels around the values; shares stay between 0 and 1."""
    if high - low < 1e-9 * max(1.0, abs(high)):
        room = 0.05 if share else max(abs(high) * 0.1, 0.05)
        low, high = low - room, high + room
        if share:
            low, high = max(low, 0.0), min(high, 1.0)
    step = round_step((high - low) / count)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 12) for i in range(first, max(last, first + 1) + 1)]


def round_step(step: float) -> float:
    """Round a step up to 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(m * power for m in (1, 2, 5, 10) if step <= m * power * (1 + 1e-9))


def level_labels(levels: list[float]) -> list[str]:
    """Write evenly spaced levels with as many decimals as tell them apart."""
    if max(abs(level) for level in levels) >= 1e5:
        return [f"{level:.2g}" for level in levels]
    decimals = max(0, -math.floor(math.log10(levels[1] - levels[0]) + 1e-9))
    return [f"{level:,.{decimals}f}" for level in levels]


def _epochs(count: int, most: int) -> list[int]:
    """Choose which epochs are labelled: all of a few, else round ones."""
    if count <= most:
        return list(range(1, count + 1))
    step = int(round_step(count / most))
    return list(range(step, count + 1, step))


def _value(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:.3g}"


def _description(title: str, series: _Series) -> str:
    """Tell the curves in words, for those who hear the page."""
    parts = []
    for name, curve in series.items():
        shown = curve if len(curve) <= _MOST_MARKERS else [curve[0], curve[-1]]
        values = ", ".join("no value" if v is None else _value(v) for v in shown)
        over = f"{len(curve)} epochs" if len(curve) > 1 else "one epoch"
        which = "" if shown is curve else ", first and last"
        parts.append(f"{name} over {over}{which}: {values}")
    return f"{title}; {'; '.join(parts)}"
