"""Describe a figure as data: titles, labels, legends, and what was plotted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer, ErrorbarContainer, StemContainer
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, FuncFormatter

from graders.describe.arrays import number
from graders.recording.schema import AxesRecord, CurveKind, FigureRecord, LineRecord
from graders.runner.shell import TimeIsUp

_TEXT = 200
_AXES = 40
_CURVES = 40  # of one pair of axes
_TEXTS = 20
_TICKS = 60
_ONE_FIGURE = 40_000  # numbers and texts
# Points of one call of scatter that are told apart by their colours, as seaborn's hue does.
_COLOURS = 12
# A category lies at a whole number; grouped bars stand beside it.
_BESIDE = 0.5


@dataclass
class Room:
    """How many numbers and texts a figure may still take up."""

    left: int
    points: int  # of one curve
    used: int = 0
    cut: bool = False

    def take(self, count: int) -> bool:
        """Take room for so many numbers, if there is as much."""
        if self.used + count > min(self.left, _ONE_FIGURE):
            self.cut = True
            return False
        self.used += count
        return True


@dataclass(frozen=True)
class _Style:
    """How something looks, as far as a legend repeats it; None: unknown."""

    colour: str | None
    line: str | None = None
    marker: str | None = None


@dataclass
class Drawing:
    """One figure. What it can't look at is left out: a student's class may raise anything."""

    figure: Any
    room: Room
    _keys: list[tuple[_Style, str]] = field(default_factory=list)  # of all legends

    def record(self, cell: int | None) -> FigureRecord:
        """Describe the figure as it is now."""
        axes = list(self.figure.axes)[:_AXES]
        legends = list(_try(lambda: self.figure.legends, []))
        for legend in [*legends, *(_try(one.get_legend, None) for one in axes)]:
            self._keys += _try(_keys_of, [], legend)
        self.room.take(20)
        return FigureRecord(
            cell=cell,
            axes=[self._axes(one) for one in axes if self.room.take(20)],
            title=_text(_try(self.figure.get_suptitle, "")),
            legend=[text for legend in legends for text in _entries(legend)][:_CURVES],
        )

    def _axes(self, axes: Any) -> AxesRecord:
        titles = (_try(axes.get_title, "", loc) for loc in ("center", "left", "right"))
        record = AxesRecord(
            title=_text(" ".join(filter(None, titles))),
            xlabel=self._label(axes, "x"),
            ylabel=self._label(axes, "y"),
            images=len(_try(axes.get_images, [])),
            legend=_entries(_try(axes.get_legend, None)),
            texts=[t for t in (_text(_try(one.get_text, "")) for one in axes.texts[:_TEXTS]) if t],
        )
        ticks = {name: _try(_ticks, {}, axes, name) for name in "xy"}
        curves = _Curves(axes).found()
        labelled = _named(curves, self._keys)
        for curve, label in zip(curves, labelled, strict=True):
            record.lines += _try(self._line, [], curve, label, ticks)
        return record

    def _label(self, axes: Any, name: str) -> str:
        """Take the label of an axis, of axes that share it, or of the figure."""

        def own(one: Any) -> str:
            return _text(_try(getattr(one, f"get_{name}label"), ""))

        def shared() -> list[Any]:
            return list(getattr(axes, f"get_shared_{name}_axes")().get_siblings(axes))

        labels = (own(one) for one in [axes, *_try(shared, [])[:_AXES]])
        common = _text(_try(getattr(self.figure, f"get_sup{name}label"), ""))
        return next(filter(None, labels), common)

    def _line(
        self, curve: _Curve, label: str | None, ticks: dict[str, dict[float, str]]
    ) -> list[LineRecord]:
        x, y = (_numbers(values, self.room.points) for values in (curve.x, curve.y))
        self.room.cut |= len(np.atleast_1d(curve.y)) > self.room.points
        if not y or len(x) != len(y):
            return []
        texts = [_nearest(place, ticks[curve.along]) for place in x]
        categories = texts if any(texts) else []
        if not self.room.take(8 + len(x) + len(y) + len(categories)):
            return []
        return [LineRecord(label=label, kind=curve.kind, x=x, y=y, categories=categories)]


@dataclass(frozen=True)
class _Curve:
    """Something plotted, before it is written down."""

    kind: CurveKind
    x: Any
    y: Any
    label: str | None
    style: _Style
    along: str = "x"  # the axis that the positions lie on; bars may lie down


@dataclass
class _Curves:
    """Finds what was plotted in one pair of axes."""

    axes: Any
    _done: list[Any] = field(default_factory=list)  # parts of error bars and stems

    def found(self) -> list[_Curve]:
        """List curves in the order of lines, points and bars."""
        containers = list(_try(lambda: self.axes.containers, []))[: 2 * _CURVES]
        inner = [c for one in containers for c in _try(self._inner, [], one)]
        lines = list(_try(self.axes.get_lines, []))
        collections = list(_try(lambda: self.axes.collections, []))
        sources: list[tuple[Callable[[Any], list[_Curve]], Any]] = [
            *((self._line, line) for line in lines),
            *((_points, points) for points in collections),
            *((_bars, bars) for bars in containers),
        ]
        curves = list(inner)
        for look, artist in sources:
            if len(curves) >= _CURVES:
                break
            curves += _try(look, [], artist)
        return curves[:_CURVES]

    def _inner(self, container: Any) -> list[_Curve]:
        """Take the data of error bars and stems; their other lines are decoration."""
        if isinstance(container, ErrorbarContainer):
            data, decoration, _ = container.lines
            self._done += [*decoration, *([data] if data is not None else [])]
            return [_of_line(data, _own(container))] if data is not None else []
        if isinstance(container, StemContainer):
            self._done += [container.markerline, container.baseline]
            return [_of_line(container.markerline, _own(container))]
        return []

    def _line(self, line: Any) -> list[_Curve]:
        if any(line is one for one in self._done) or not line.get_visible():
            return []
        return [_of_line(line, _own(line))] if len(line.get_ydata(orig=False)) else []


def _of_line(line: Any, label: str | None) -> _Curve:
    joined = line.get_linestyle() not in {"None", "none", " ", ""}
    return _Curve(
        "line" if joined else "points",
        line.get_xdata(orig=False),
        line.get_ydata(orig=False),
        label,
        _style(line),
    )


def _points(points: Any) -> list[_Curve]:
    """Take the points of one call of scatter, apart by colour where there are a few."""
    if not isinstance(points, PathCollection) or not points.get_visible():
        return []
    offsets: Any = np.ma.filled(np.ma.asarray(points.get_offsets(), dtype=float), np.nan)
    if not offsets.size:
        return []
    mapped = points.get_array() is not None  # its colours stand for numbers
    colours = np.empty(0) if mapped else np.asarray(points.get_facecolor())
    groups = [np.arange(len(offsets))]
    if len(colours) == len(offsets):
        kinds, which = np.unique(colours, axis=0, return_inverse=True)
        if len(kinds) <= _COLOURS:
            groups = [np.flatnonzero(which.reshape(-1) == k) for k in range(len(kinds))]
    groups.sort(key=lambda group: int(group[0]))
    curves = []
    for group in groups:
        colour = colours[group[0]] if len(colours) == len(offsets) else points
        style = _style(points) if colour is points else _Style(to_hex(colour))
        x, y = offsets[group].T
        curves.append(_Curve("points", x, y, _own(points), style))
    return curves


def _bars(bars: Any) -> list[_Curve]:
    """Take the bars of one call: where their middles stand, and how high they are."""
    if not isinstance(bars, BarContainer) or not len(bars.patches):
        return []
    lying = bars.orientation == "horizontal"
    places, heights = [], []
    for bar in bars.patches:
        corner, extent = bar.get_xy(), (bar.get_width(), bar.get_height())
        places.append(corner[lying] + extent[lying] / 2)
        heights.append(extent[not lying])
    style = _style(bars.patches[0])
    return [_Curve("bars", places, heights, _own(bars), style, along="y" if lying else "x")]


def _named(curves: Sequence[_Curve], keys: Sequence[tuple[_Style, str]]) -> list[str | None]:
    """Give curves without a label of their own the text that the legend has for their looks."""
    labels = [curve.label or _key_for(curve.style, keys) for curve in curves]
    nameless = [i for i, label in enumerate(labels) if label is None]
    left = [text for _, text in keys if text not in labels]
    if nameless and len(nameless) == len(left):  # all alike: the legend's order is theirs
        for i, text in zip(nameless, left, strict=True):
            labels[i] = text
    return labels


def _key_for(style: _Style, keys: Sequence[tuple[_Style, str]]) -> str | None:
    alike = [(key, text) for key, text in keys if key.colour and key.colour == style.colour]
    exact = [(key, text) for key, text in alike if key == style]
    texts = list(dict.fromkeys(text for _, text in exact or alike))
    return texts[0] if len(texts) == 1 else None


def _keys_of(legend: Any) -> list[tuple[_Style, str]]:
    if legend is None:
        return []
    handles = getattr(legend, "legend_handles", None) or getattr(legend, "legendHandles", [])
    texts = legend.get_texts()[:_CURVES]
    pairs = zip(handles, texts, strict=False)
    return [(_style(handle), _text(text.get_text())) for handle, text in pairs]


def _entries(legend: Any) -> list[str]:
    texts = _try(legend.get_texts, []) if legend is not None else []
    return [_text(_try(text.get_text, "")) for text in texts[:_CURVES]]


def _style(artist: Any) -> _Style:
    """Tell how a line, a set of points or a bar looks."""
    if isinstance(artist, Line2D):
        marker = artist.get_marker()
        line = str(artist.get_linestyle())
        return _Style(_hex(artist.get_color()), line, marker if isinstance(marker, str) else None)
    face = _try(artist.get_facecolor, None)
    if face is None:
        return _Style(None)
    rows = np.atleast_2d(np.asarray(face, dtype=float))
    return _Style(_hex(rows[0]) if len(rows) else None)


def _hex(colour: Any) -> str | None:
    found: str | None = _try(to_hex, None, colour)
    return found


def _own(artist: Any) -> str | None:
    """Return a label that a student gave; matplotlib's own begin with an underscore."""
    label = artist.get_label()
    text = _text(label) if label is not None else ""
    return None if not text or text.startswith("_") else text


def _ticks(axes: Any, name: str) -> dict[float, str]:
    """List the texts of an axis whose ticks are labelled with texts, by place."""
    axis = getattr(axes, f"{name}axis")
    if not isinstance(axis.get_major_formatter(), FixedFormatter | FuncFormatter) and not hasattr(
        axis.get_units(), "_mapping"
    ):
        return {}
    ticks = zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=False)
    texts = {float(at): _text(label.get_text()) for at, label in list(ticks)[:_TICKS]}
    return {at: text for at, text in texts.items() if text}


def _nearest(place: float | None, ticks: dict[float, str]) -> str:
    if place is None or not ticks:
        return ""
    at = min(ticks, key=lambda tick: abs(tick - place))
    return ticks[at] if abs(at - place) < _BESIDE else ""


def _numbers(values: Any, most: int) -> list[float | None]:
    flat: Any = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan).reshape(-1)
    return [number(value) for value in flat[:most]]


def _text(value: Any) -> str:
    """Make a bounded text of Python's own type."""
    return str.__str__(str(value))[:_TEXT].encode("utf-8", "replace").decode("utf-8")


def _try(look: Callable[..., Any], otherwise: Any, *arguments: Any) -> Any:
    """Look at something of a student's; what can't be looked at is as if it weren't there."""
    try:
        return look(*arguments)
    except TimeIsUp:
        raise
    except BaseException:  # noqa: BLE001 - a subclass may raise SystemExit at a look
        return otherwise
