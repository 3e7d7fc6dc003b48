"""Measured scores beside the reference's: their figures, and what it takes to draw them as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from graders.report.curves import Tick, round_step
from graders.report.text import count
from graders.result import ScoreEvidence

# Sizes in SVG units (one is about a pixel); the margin leaves room for half a tick label.
_WIDTH, _MARGIN = 360.0, 24.0
_TOP = 20.0  # beneath the cutoff's label
_STACK = 40.0  # the tallest stack of dots
_LANE = 21.0  # of attempts; those that would touch stand beneath each other
_BELOW = 24.0  # ticks and their labels
_DOT, _MARK = 3.0, 9.0
# Average width of a letter of a label.
_LETTER = 5.8
_TICKS = 4
# An accuracy is counted on some thousand images; finer differences say nothing.
_NARROWEST = 0.01


@dataclass(frozen=True)
class Figures:
    """How the scores of one exhibit are written, all of them alike."""

    signed: bool  # differences say in which direction
    decimals: int

    @classmethod
    def of(cls, evidence: ScoreEvidence) -> Figures:
        """Take as many decimals as tell the attempts from the limits, but three at least."""
        limits = (evidence.cutoff, evidence.floor)
        pairs = [(score, limit) for score in evidence.observed for limit in limits]
        unequal = [(score, limit) for score, limit in pairs if not math.isclose(score, limit)]
        apart = (
            decimals
            for decimals in (3, 4, 5)
            if all(round(score, decimals) != round(limit, decimals) for score, limit in unequal)
        )
        return cls(is_difference(evidence), next(apart, 6))

    def write(self, score: float) -> str:
        """Write a score; a figure that can't be one is said as it is, or as none."""
        if not math.isfinite(score):
            return "no number"
        if abs(score) >= 1000:
            return f"{score:.3g}"
        rounded = round(score, self.decimals) + 0.0  # + 0.0 turns -0.0 into 0
        return f"{rounded:{'+' if self.signed else ''}.{self.decimals}f}"


def is_difference(evidence: ScoreEvidence) -> bool:
    """Tell a difference of two accuracies from an accuracy."""
    scores = [evidence.cutoff, *evidence.observed, *evidence.reference]
    return " minus " in evidence.title or any(score < 0 for score in scores)


@dataclass(frozen=True)
class Mark:
    """One attempt."""

    x: float
    y: float
    label: str  # 1, 2, 3: the order of the attempts
    name: str


@dataclass(frozen=True)
class Strip:
    """Everything that is drawn for one score: from top to bottom reference, attempts, axis."""

    width: float
    left: float
    top: float
    axis: float
    height: float
    dot: float
    mark: float
    dots: list[tuple[float, float]]
    marks: list[Mark]
    cutoff: Tick
    anchor: Literal["start", "end"]  # on which side of the cutoff its label has room
    part: tuple[float, float] | None  # from where to where part of the points is given
    ticks: list[Tick]
    description: str


def strip(evidence: ScoreEvidence) -> Strip | None:
    """Draw a score; None where the cutoff is no score, so that there is nothing to compare with."""
    if not _is_score(evidence.cutoff):
        return None
    figures = Figures.of(evidence)
    reference = sorted(filter(_is_score, evidence.reference))
    attempts = [(i, v) for i, v in enumerate(evidence.observed, start=1) if _is_score(v)]
    least = -1.0 if figures.signed else 0.0
    floor = None if math.isnan(evidence.floor) else min(max(evidence.floor, least), evidence.cutoff)
    shown = [evidence.cutoff, *reference, *(v for _, v in attempts)]
    low, high = _domain(shown if floor is None else [floor, *shown], least)

    def x(score: float) -> float:
        return _MARGIN + (_WIDTH - 2 * _MARGIN) * (score - low) / (high - low)

    lanes = _lanes([x(v) for _, v in attempts], 2 * _MARK + 2)
    beneath = _TOP + 2 * _DOT + _STACK
    axis = beneath + _LANE * (max(lanes, default=0) + 1)
    cutoff = Tick(x(evidence.cutoff), f"all points from {figures.write(evidence.cutoff)}")
    return Strip(
        width=_WIDTH,
        left=_MARGIN,
        top=_TOP,
        axis=axis,
        height=axis + _BELOW,
        dot=_DOT,
        mark=_MARK,
        dots=_stacked([x(score) for score in reference], beneath - _DOT),
        marks=[
            Mark(x(v), beneath + _LANE * (lane + 0.5), str(i), f"attempt {i}: {figures.write(v)}")
            for (i, v), lane in zip(attempts, lanes, strict=True)
        ],
        cutoff=cutoff,
        anchor="start" if cutoff.at + _LETTER * len(cutoff.label) <= _WIDTH else "end",
        part=None if floor is None or floor == evidence.cutoff else (x(floor), cutoff.at),
        ticks=_ticks(low, high, x(low), x(high), signed=figures.signed),
        description=_description(evidence, figures, reference),
    )


def _is_score(value: float) -> bool:
    """Tell a share, or a difference of two, from what can't be drawn beside one."""
    return math.isfinite(value) and abs(value) <= 1


def _domain(shown: Sequence[float], least: float) -> tuple[float, float]:
    """Choose where the axis begins and ends: a little beyond what is shown."""
    room = max((max(shown) - min(shown)) * 0.04, _NARROWEST / 2)
    return max(min(shown) - room, least), min(max(shown) + room, 1.0)


def _lanes(places: Sequence[float], distance: float) -> list[int]:
    """Give each place the first lane in which it keeps its distance from those before it."""
    taken: list[list[float]] = []
    lanes = []
    for place in places:
        free = (i for i, lane in enumerate(taken) if all(abs(place - x) >= distance for x in lane))
        lane = next(free, len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append(place)
        lanes.append(lane)
    return lanes


def _stacked(places: Sequence[float], ground: float) -> list[tuple[float, float]]:
    """Stack dots that would touch, so that equal scores are seen; many of them move together."""
    lanes = _lanes(places, 2 * _DOT)
    step = min(2 * _DOT, _STACK / max(1, *lanes)) if lanes else 0.0
    return [(x, ground - step * lane) for x, lane in zip(places, lanes, strict=True)]


def _ticks(low: float, high: float, left: float, right: float, *, signed: bool) -> list[Tick]:
    """Label round scores between the ends of the axis."""
    step = round_step((high - low) / _TICKS)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [
        Tick(
            left + (right - left) * (i * step - low) / (high - low),
            f"{i * step:{'+' if signed and i else ''}.{decimals}f}",
        )
        for i in range(first, last + 1)
    ]


def _description(evidence: ScoreEvidence, figures: Figures, reference: Sequence[float]) -> str:
    """Tell the drawing in words, for those who hear the page."""
    parts = [evidence.title]
    if reference:
        least, middle, most = map(figures.write, (reference[0], median(reference), reference[-1]))
        trainings = count(len(reference), "training")
        parts.append(f"{trainings} of the reference from {least} to {most}, median {middle}")
    parts.append(f"all points from {figures.write(evidence.cutoff)}")
    parts += [f"attempt {i}: {figures.write(v)}" for i, v in enumerate(evidence.observed, start=1)]
    return "; ".join(parts)
