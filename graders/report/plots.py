"""A student's plots: what the templates need to draw them as SVG, and the same in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from graders.report.curves import (
    DIGIT,
    LARGEST,
    Frame,
    Places,
    Tick,
    joined,
    level_labels,
    round_levels,
    round_step,
)
from graders.report.text import count, figure, shorten
from graders.result import PlotEvidence, PlotPanel, PlottedCurve

_FRAME = Frame(width=360, height=226, top=16, right=24, bottom=44, y_ticks=4, x_ticks=5)
_COLOURS = 6  # those beyond are dashed, in the same colours
_NAME, _LABEL, _TITLE = 80, 50, 160
_TICK = 9  # letters of a text along the axis
# From here on a quantity is drawn on a logarithmic axis, as its small values would touch.
_WIDE = 50
_WIDEST_BAR = 28.0
_NUMBERS_APART = 11.0
_MOST_MARKS = 25
# What lies closer together has one label: no float tells the ticks between apart.
_CLOSE, _TINY = 1e-9, 1e-200


@dataclass(frozen=True)
class CurveView:
    """One curve, ready to be drawn."""

    number: int  # beside its end and in the legend
    style: str  # its classes: colour, and whether it is dashed or in the background
    name: str
    shows: str
    path: str
    marks: list[tuple[float, float]]
    bars: list[tuple[float, float, float, float]]  # x, y, width, height
    end: tuple[float, float] | None  # where its number stands
    first: str
    last: str


@dataclass(frozen=True)
class PanelView:
    """One pair of axes, ready to be drawn."""

    title: str
    frame: Frame
    left: float
    xlabel: str
    ylabel: str
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    curves: list[CurveView]
    description: str


def panels(evidence: PlotEvidence) -> list[PanelView]:
    """Draw each pair of axes; curves are counted through all of them."""
    views: list[PanelView] = []
    for panel in evidence.panels:
        first = 1 + sum(len(view.curves) for view in views)
        views.append(_panel(panel, first))
    return views


def sentence(evidence: PlotEvidence) -> str:
    """Say what was recognised, what is missing, and what isn't shown."""
    recognised = [c for panel in evidence.panels for c in panel.curves if c.recognised]
    of = len(recognised) + len(evidence.missing)
    parts = [f"Recognised: {len(recognised)} of {count(of, 'curve')}."]
    if evidence.missing:
        parts.append(f"Missing: {'; '.join(evidence.missing)}.")
    if evidence.left_out:
        parts.append(f"Not shown here: {count(evidence.left_out, 'further curve')}.")
    return " ".join(parts)


def in_short(evidence: PlotEvidence) -> str:
    """Say the same for a terminal, with the labels of what was recognised, and of what wasn't."""
    curves = [curve for panel in evidence.panels for curve in panel.curves]
    known = [f"{_name(c)} as {c.recognised}" for c in curves if c.recognised and c.label]
    others = [_name(curve) for curve in curves if not curve.recognised]
    parts = [sentence(evidence)]
    if known:
        parts.append(f"Recognised {', '.join(known)}.")
    if others:
        parts.append(f"Not recognised: {', '.join(others)}.")
    return " ".join(parts)


@dataclass(frozen=True)
class _Axis:
    """Where values lie on a drawing."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def at(self, value: float) -> float:
        """Place a value between the ends; one alone stands in the middle."""
        low, high = self._scaled(self.low), self._scaled(self.high)
        share = (self._scaled(value) - low) / (high - low) if high > low else 0.5
        return self.start + (self.end - self.start) * share

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.logarithmic else value


def _panel(panel: PlotPanel, first: int) -> PanelView:
    points = [_points(curve) for curve in panel.curves]
    shown = [point for of_one in points for point in of_one if point]
    frame, has_bars = _FRAME, any(curve.shape == "bars" for curve in panel.curves)
    heights = [y for _, y in shown] or [0.0, 1.0]
    low, high = min(heights), max(heights)
    if has_bars:
        low, high = min(low, 0.0), max(high, 0.0)
    levels = round_levels(low, high, frame.y_ticks, share=low >= 0 and high <= 1)
    labels = level_labels(levels)
    left = 12 + DIGIT * max(len(label) for label in labels)
    floor = frame.height - frame.bottom
    x = _across([x for x, _ in shown] or [0.0, 1.0], left, frame, bars=has_bars)
    y = _Axis(levels[0], levels[-1], floor, frame.top)
    width = _bar_width(panel, points, x)
    views = [
        _curve(
            curve,
            [point and (x.at(point[0]), y.at(point[1])) for point in of_one],
            number,
            (width, y.at(max(levels[0], min(levels[-1], 0.0)))),
        )
        for number, (curve, of_one) in enumerate(
            zip(panel.curves, points, strict=True), start=first
        )
    ]
    return PanelView(
        title=shorten(panel.title, _TITLE),
        frame=frame,
        left=left,
        xlabel=shorten(panel.xlabel, _LABEL),
        ylabel=shorten(panel.ylabel, _LABEL),
        x_ticks=_texts(panel, x) if panel.categories else _ticks(x, frame.x_ticks),
        y_ticks=[Tick(y.at(v), label) for v, label in zip(levels, labels, strict=True)],
        curves=_apart(views, floor),
        description=_description(panel, views),
    )


def _points(curve: PlottedCurve) -> list[tuple[float, float] | None]:
    """Take the points that can be drawn, None in place of each other."""
    return [
        (x, y) if x is not None and y is not None and _is_drawn(x) and _is_drawn(y) else None
        for x, y in zip(curve.x, curve.y, strict=False)
    ]


def _is_drawn(value: float) -> bool:
    return math.isfinite(value) and abs(value) <= LARGEST


def _across(places: Sequence[float], left: float, frame: Frame, *, bars: bool) -> _Axis:
    low, high = min(places), max(places)
    inset = 34 if bars else 14
    return _Axis(
        low,
        high,
        left + inset,
        frame.width - frame.right - inset,
        logarithmic=not bars and low > 0 and high / low >= _WIDE,
    )


def _curve(
    curve: PlottedCurve, places: Places, number: int, bars: tuple[float, float]
) -> CurveView:
    drawn = [place for place in places if place]
    width, ground = bars
    return CurveView(
        number=number,
        style=_style(curve, number),
        name=_name(curve),
        shows=curve.recognised or "not recognised",
        path=joined(places) if curve.shape == "line" else "",
        marks=drawn if curve.shape == "points" or len(drawn) <= _MOST_MARKS else [],
        bars=[(x - width / 2, min(y, ground), width, abs(ground - y)) for x, y in drawn]
        if curve.shape == "bars"
        else [],
        end=drawn[-1] if drawn else None,
        first=_value(curve.y[:1]),
        last=_value(curve.y[-1:]),
    )


def _style(curve: PlottedCurve, number: int) -> str:
    if not curve.recognised:
        return "other"
    colour = f"curve-{(number - 1) % _COLOURS + 1}"
    return f"{colour} dashed" if number > _COLOURS else colour


def _name(curve: PlottedCurve) -> str:
    return shorten(curve.label, _NAME) or "without a label"


def _value(values: Sequence[float | None]) -> str:
    return figure(values[0]) if values else "none"


def _bar_width(
    panel: PlotPanel, points: Sequence[Sequence[tuple[float, float] | None]], x: _Axis
) -> float:
    """Make bars as wide as leaves room between those that stand closest."""
    bars = [of for curve, of in zip(panel.curves, points, strict=True) if curve.shape == "bars"]
    places = sorted({x.at(point[0]) for of_one in bars for point in of_one if point})
    return min([0.8 * (b - a) for a, b in pairwise(places)] + [_WIDEST_BAR])


def _apart(views: Sequence[CurveView], floor: float) -> list[CurveView]:
    """Move the numbers at the ends of curves so that none hides another, in their order."""
    columns: dict[float, list[tuple[float, int]]] = {}
    for position, view in enumerate(views):
        if view.end is not None:
            columns.setdefault(round(view.end[0]), []).append((view.end[1], position))
    moved = list(views)
    for column in columns.values():
        column.sort()
        # From the top down, and as far up again as the frame asks for.
        heights = [y for y, _ in column]
        for i in range(1, len(heights)):
            heights[i] = max(heights[i], heights[i - 1] + _NUMBERS_APART)
        lowest = floor
        for i in reversed(range(len(heights))):
            heights[i] = min(heights[i], lowest)
            lowest = heights[i] - _NUMBERS_APART
        for height, (_, position) in zip(heights, column, strict=True):
            x, _ = views[position].end or (0.0, 0.0)
            moved[position] = replace(views[position], end=(x, height))
    return moved


def _texts(panel: PlotPanel, x: _Axis) -> list[Tick]:
    """Label the places with the student's texts, as many as there is room for."""
    ticks = [
        Tick(x.at(place), shorten(text, _TICK))
        for place, text in sorted(panel.categories.items())
        if x.low - 0.5 <= place <= x.high + 0.5
    ]
    room = max(1, int((x.end - x.start) / (DIGIT * _TICK)))
    return ticks[:: math.ceil(len(ticks) / room)] if ticks else []


def _ticks(x: _Axis, most: int) -> list[Tick]:
    if x.logarithmic:
        first, last = math.ceil(math.log10(x.low) - 1e-9), math.floor(math.log10(x.high) + 1e-9)
        powers = range(first, last + 1, max(1, (last - first) // most))
        return [Tick(x.at(10.0**p), _power(p)) for p in powers]
    if x.high - x.low <= max(_CLOSE * max(abs(x.low), abs(x.high)), _TINY):
        return [Tick(x.at(x.low), figure(x.low))]
    step = round_step((x.high - x.low) / most)
    if x.high - x.low >= 2 and step < 1 and float(x.low).is_integer():
        step = 1.0  # epochs
    first, last = math.ceil(x.low / step - 1e-9), math.floor(x.high / step + 1e-9)
    return [Tick(x.at(i * step), figure(round(i * step, 12))) for i in range(first, last + 1)]


def _power(exponent: int) -> str:
    return f"{10.0**exponent:,g}" if -4 <= exponent <= 5 else f"1e{exponent}"


def _description(panel: PlotPanel, views: Sequence[CurveView]) -> str:
    """Tell the drawing in words, for those who hear the page."""
    labels = (("x", panel.xlabel), ("y", panel.ylabel))
    axes = ", ".join(f"{name}: {label}" for name, label in labels if label)
    curves = (f"{v.number}, {v.name}, {v.shows}, from {v.first} to {v.last}" for v in views)
    return "; ".join([shorten(panel.title, _TITLE), *filter(None, [axes]), *curves])
