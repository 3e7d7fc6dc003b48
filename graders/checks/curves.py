"""The curves that a student has plotted, and which of them shows which series of values."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from graders.checks.attempts import place
from graders.checks.series import Metric, Series
from graders.recording import RecordingFolder
from graders.recording.schema import AxesRecord, CurveKind, FigureRecord, LineRecord

# Accuracies are often rounded to two decimals before they are drawn.
_ROUNDED = 0.006
_LOSS = 0.01  # of the loss itself
_QUANTITY = 1e-3  # of a quantity that something is drawn against
_LOGARITHM = 0.01
_BESIDE = 0.45  # of a bar, from the place of its group
# A forged recording may hold more than anybody draws.
_CURVES = 600
_POOLED = 500
_POINT_BY_POINT = 100  # nobody draws more epochs so
_AMONG_EQUALS = 1e-4
_NUMBER = re.compile(r"(\d[\d.]*(?:[eE][+-]?\d+)?)\s*((?:[kK](?![a-zA-Z]))?)")
_THOUSANDS = re.compile(r"(?<=\d)[,'_ \u2009\u202f](?=\d{3}(?!\d))")

_Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """Something plotted: a line, points or bars, with what is written around it."""

    kind: CurveKind
    label: str  # its own or its legend's; empty where it has none
    x: Series
    y: Series
    categories: tuple[str, ...] = ()  # what the ticks say at each x; empty where they are numbers
    figure: int = 1  # from 1, in the order in which they were drawn
    axes: int = 1  # from 1, in the figure
    title: str = ""  # of the axes
    suptitle: str = ""  # of the figure
    xlabel: str = ""
    ylabel: str = ""
    legend: tuple[str, ...] = ()  # of the axes and of the figure
    texts: tuple[str, ...] = ()  # annotations in the axes
    cell: int | None = None

    @property
    def where(self) -> str:
        """The figure, and the cell that drew it."""
        cell = place(self.cell)
        return f"figure {self.figure}" + (f" ({cell})" if cell else "")

    @property
    def panel(self) -> tuple[int, int]:
        """Figure and axes; curves that share them are seen together."""
        return self.figure, self.axes

    @cached_property
    def places(self) -> _Numbers:
        """The x values; NaN where there is none."""
        return _array(self.x)

    @cached_property
    def heights(self) -> _Numbers:
        """The y values; NaN where there is none."""
        return _array(self.y)

    @cached_property
    def written(self) -> _Numbers:
        """The numbers that ticks give as texts; NaN where there is none."""
        return _array([next(iter(numbers_in(text)), None) for text in self.categories])


@dataclass(frozen=True)
class WantedCurve:
    """A curve that has to be drawn somewhere."""

    name: str  # "the learning rate 0.01", to go on after "the curve of"
    candidates: Sequence[Sequence[float | None]]  # any of these series will do; see `series_of`
    x: Sequence[float] | None = None  # the quantity it is drawn against; None: epochs
    metric: Metric = "accuracy"
    # Exercises that have paid for it already, where there is no candidate.
    follows_from: tuple[str, ...] = ()
    # What may have been drawn in its place, to be named then: the loss, the test set.
    mistaken: Sequence[WantedCurve] = ()

    @property
    def series(self) -> list[Series]:
        """The candidates that can be looked for: those that hold a number."""
        return [
            tuple(series)
            for series in self.candidates
            if any(value is not None for value in series)
            and (self.x is None or len(self.x) == len(series))
        ]


@dataclass(frozen=True)
class Drawn:
    """A wanted curve, and where it is drawn."""

    wanted: WantedCurve
    curve: Curve


@dataclass(frozen=True)
class Fit:
    """How well values are drawn by some points of a curve."""

    deviation: float  # 0..1 of what is tolerated
    points: tuple[int, ...]


def curves_of(recording: RecordingFolder) -> list[Curve]:
    """List what was plotted, in the order of figures, axes and calls; pictures are no curves."""
    curves: list[Curve] = []
    for number, figure in enumerate(recording.data.figures, start=1):
        for position, axes in enumerate(figure.axes, start=1):
            for line in axes.lines:
                if len(curves) < _CURVES and line.y and len(line.x) == len(line.y):
                    curves.append(_curve(line, axes, figure, (number, position)))
    return curves


def find_curves(curves: Sequence[Curve], wanted: Sequence[WantedCurve]) -> list[Drawn | None]:
    """Find each wanted curve, drawn in whatever way; None where it isn't drawn.

    A plotted curve counts once. Points and bars of several calls in the same axes may make up one.
    """
    fits = [[fit(curve, one) for curve in curves] for one in wanted]
    found: list[Drawn | None] = [None] * len(wanted)
    used: set[tuple[int, int]] = set()  # curve and point
    for i, j in _assigned(fits, _preferred(curves, fits)):
        best = fits[i][j]
        assert best is not None, "only fits are assigned"
        found[i] = Drawn(wanted[i], curves[j])
        used |= {(j, point) for point in best.points}
    pools = list(_pools(curves))
    for i, one in enumerate(wanted):
        if found[i] is None:
            found[i] = next(
                filter(None, (_pooled(curves, pool, one, used) for pool in pools)), None
            )
    return found


def fit(curve: Curve, wanted: WantedCurve) -> Fit | None:
    """Compare a curve with a wanted one; None where it doesn't show it."""
    found = [
        one
        for series in wanted.series
        for scale in _scales(wanted.metric)
        if (one := _fit(curve, _array(series), scale, wanted)) is not None
    ]
    return min(found, key=lambda one: one.deviation, default=None)


def numbers_in(text: str) -> list[float]:
    """List the numbers in a text, such as 60,000 in '60k images' or 0.01 in 'lr=0.01'."""
    found = []
    for digits, unit in _NUMBER.findall(_THOUSANDS.sub("", text[:200])):
        try:
            found.append(float(digits.rstrip(".")) * (1000 if unit else 1))
        except ValueError:  # 1.2.3 is none
            continue
    return [number for number in found if np.isfinite(number)]


def _scales(metric: Metric) -> tuple[float, ...]:
    return (1.0, 100.0) if metric == "accuracy" else (1.0,)


def _fit(curve: Curve, values: _Numbers, scale: float, wanted: WantedCurve) -> Fit | None:
    known = np.isfinite(values)
    if len(curve.y) < known.sum():
        return None
    heights = curve.heights / scale
    tolerated = _ROUNDED + (_LOSS * np.abs(values) if wanted.metric == "loss" else 0.0 * values)
    with np.errstate(all="ignore"):
        if wanted.x is None:
            found = _in_order(curve, heights, values, tolerated)
            if found or curve.kind == "line" or len(values) > _POINT_BY_POINT:
                return found
        off = np.abs(heights - values[:, None]) / tolerated[:, None]  # values by points
        off = np.where(np.isnan(off), np.inf, off)
        if not (off[known] <= 1).any(axis=1).all():
            return None
        fits = (_at(off, known, near) for near in _places(curve, len(values), wanted.x))
        return min(filter(None, fits), key=lambda one: one.deviation, default=None)


def _in_order(curve: Curve, heights: _Numbers, values: _Numbers, tolerated: _Numbers) -> Fit | None:
    """Compare by epoch: from left to right, after a value from before the training perhaps."""
    order = np.argsort(curve.places)
    if not np.all(np.diff(curve.places[order]) > 0):
        return None
    known = np.isfinite(values)
    count = int(np.flatnonzero(known)[-1]) + 1  # a line may end where a training diverged
    for lead in (0, 1):
        if len(order) in {count + lead, len(values) + lead}:
            points = order[lead : lead + count]
            off = (np.abs(heights[points] - values[:count]) / tolerated[:count])[known[:count]]
            if (off <= 1).all():
                return Fit(float(off.max()), tuple(int(point) for point in points))
    return None


def _at(off: _Numbers, known: NDArray[np.bool_], near: NDArray[np.bool_]) -> Fit | None:
    """Take for each value the closest point in its place that isn't taken yet."""
    points: list[int] = []
    worst = 0.0
    for i in np.flatnonzero(known):
        row = np.where(near[i], off[i], np.inf)
        row[points] = np.inf
        point = int(np.argmin(row))
        if not row[point] <= 1:
            return None
        points.append(point)
        worst = max(worst, float(row[point]))
    return Fit(worst, tuple(points))


def _places(
    curve: Curve, count: int, quantity: Sequence[float] | None
) -> Iterator[NDArray[np.bool_]]:
    """Say in several ways which points may stand for which value: masks, values by points."""
    ranks = np.arange(count, dtype=float)
    if quantity is None:
        for first in (0.0, 1.0):
            yield _near(curve.places, ranks + first, 0.01)
        return
    x = _array(quantity)
    relative = _QUANTITY * np.abs(x)
    units = [1.0, 1000.0, float(np.max(x)), float(np.max(x)) / 100]
    for unit in (unit for unit in units if unit > 0):
        for places in (curve.places, curve.written):
            if len(places) == len(curve.y):
                yield _near(places, x / unit, relative / unit)
    if (x > 0).all():
        for logarithm in (np.log10, np.log, np.log2):
            yield _near(curve.places, logarithm(x), _LOGARITHM)
    if len(curve.y) == count:
        # Mere positions, in the order of the quantity or against it.
        rank = np.argsort(np.argsort(x)).astype(float)
        beside = _BESIDE if curve.kind == "bars" else 0.01
        for positions in (rank, count - 1 - rank):
            for first in (0.0, 1.0):
                yield _near(curve.places, positions + first, beside)


def _near(places: _Numbers, wanted: _Numbers, tolerated: Any) -> NDArray[np.bool_]:
    near: NDArray[np.bool_] = np.abs(places - wanted[:, None]) <= np.reshape(tolerated, (-1, 1))
    return near


def _preferred(curves: Sequence[Curve], fits: Sequence[Sequence[Fit | None]]) -> list[int]:
    """Rank axes for curves that are drawn twice: those with most of them, and with a legend."""
    panels = {curve.panel: curve for curve in curves}
    counts = Counter(
        panel
        for row in fits
        for panel in {c.panel for c, one in zip(curves, row, strict=True) if one}
    )
    order = sorted(panels, key=lambda panel: (-counts[panel], not panels[panel].legend, panel))
    return [order.index(curve.panel) for curve in curves]


def _assigned(fits: Sequence[Sequence[Fit | None]], ranks: Sequence[int]) -> list[tuple[int, int]]:
    """Give each wanted curve a plotted one of its own: as many and as close as possible.

    Args:
        fits: for each wanted curve, how each plotted one fits.
        ranks: of the plotted ones; among equals the lower goes first.

    """
    if not fits or not fits[0]:
        return []
    none = 2.0 * len(fits)  # dearer than all fits together
    cost = [
        [none if one is None else one.deviation + rank * _AMONG_EQUALS for one, rank in pairs]
        for pairs in (zip(row, ranks, strict=True) for row in fits)
    ]
    found = zip(*linear_sum_assignment(np.array(cost)), strict=True)
    return [(int(i), int(j)) for i, j in found if fits[i][j] is not None]


def _pools(curves: Sequence[Curve]) -> Iterator[list[int]]:
    """Group what may make up a curve together: points and bars of the same axes."""
    panels: dict[tuple[int, int], list[int]] = defaultdict(list)
    for j, curve in enumerate(curves):
        if curve.kind != "line" or len(curve.y) == 1:
            panels[curve.panel].append(j)
    yield from panels.values()


def _pooled(
    curves: Sequence[Curve],
    pool: Sequence[int],
    wanted: WantedCurve,
    used: set[tuple[int, int]],
) -> Drawn | None:
    """Look for a curve among the points of several calls, and take those that make it up."""
    free = [(j, k) for j in pool for k in range(len(curves[j].y)) if (j, k) not in used][:_POOLED]
    if not free:
        return None
    found = fit(_joined(curves, free), wanted)
    if found is None:
        return None
    taken = [free[point] for point in found.points]
    used.update(taken)
    return Drawn(wanted, _joined(curves, taken))


def _joined(curves: Sequence[Curve], points: Sequence[tuple[int, int]]) -> Curve:
    labels = {curves[j].label for j, _ in points} - {""}
    texts = [curves[j].categories[k] if curves[j].categories else "" for j, k in points]
    return replace(
        curves[points[0][0]],
        label=labels.pop() if len(labels) == 1 else "",
        x=tuple(curves[j].x[k] for j, k in points),
        y=tuple(curves[j].y[k] for j, k in points),
        categories=tuple(texts) if any(texts) else (),
    )


def _curve(
    line: LineRecord, axes: AxesRecord, figure: FigureRecord, panel: tuple[int, int]
) -> Curve:
    texts = line.categories if len(line.categories) == len(line.y) else []
    return Curve(
        kind=line.kind,
        label=(line.label or "").strip(),
        x=tuple(line.x),
        y=tuple(line.y),
        categories=tuple(texts),
        figure=panel[0],
        axes=panel[1],
        title=axes.title.strip(),
        suptitle=figure.title.strip(),
        xlabel=axes.xlabel.strip(),
        ylabel=axes.ylabel.strip(),
        legend=tuple(text.strip() for text in (*axes.legend, *figure.legend)),
        texts=tuple(text.strip() for text in axes.texts),
        cell=figure.cell,
    )


def _array(values: Sequence[float | None]) -> _Numbers:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
