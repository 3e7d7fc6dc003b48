"""Count a class: how the scores are spread, what was hard, why points were lost, square by square.

Everything here is made of rows in one pass, and knows nothing of pages and terminals.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, NamedTuple

from graders.report.rows import Failing, Part, Row
from graders.report.text import number
from graders.report.view import anchor
from graders.result import Outcome

_BINS = 10
# Reasons, and links below each: beyond these, sorting the map by that exercise serves better.
_MOST_REASONS = 12
_MOST_LINKS = 300
# An exercise that earns this share of its points on average is not a hard one.
_EASY = 0.9
# The map's steps: the least percentage of the points in each; all points need no shade.
_STEPS = ((100, ""), (75, "s4"), (50, "s3"), (25, "s2"), (1, "s1"))


@dataclass(frozen=True)
class Bar:
    """One bar of the histogram: the scores in a tenth of the points."""

    label: str
    count: int
    open: int  # of them, those with points that a person has still to give
    height: float  # 0..1, share of the tallest bar
    open_height: float


class Cell(NamedTuple):
    """One square of the map: its class, what it says, and its number where it isn't that."""

    kind: str
    text: str
    value: str


@dataclass(frozen=True)
class Column:
    """One exercise over the whole class."""

    id: str
    title: str
    bonus: bool
    points: float
    students: int  # whose work was graded
    mean: float | None  # share of the points given so far out of those decided, 0..1
    lost: int  # students who lost points here
    unattempted: int

    @property
    def anchor(self) -> str:
        """Where it stands on each feedback page."""
        return anchor(self.id)

    @property
    def average(self) -> Cell:
        """The mean, as a square of the map."""
        if self.mean is None:
            return Cell("sx", "·", "")
        percent = round(100 * self.mean)
        return Cell("sb" if self.bonus else _step(percent), str(percent), "")


@dataclass(frozen=True)
class Reason:
    """A check that cost points, and whom."""

    exercise: str
    title: str
    rows: list[Row]
    share: float  # of those graded
    unattempted: int
    kept: int  # failed as well, and kept the points: an earlier exercise had paid

    @property
    def linked(self) -> list[Row]:
        """Those who are named."""
        return self.rows[:_MOST_LINKS]

    @property
    def anchor(self) -> str:
        """Where it stands on each feedback page."""
        return anchor(self.exercise)


def columns(rows: Iterable[Row]) -> list[Column]:
    """Count each exercise over the graded submissions, in the order of the sheet."""
    parts: dict[str, list[Part]] = {}
    heads: dict[str, Part] = {}
    for row in rows:
        for part in row.exercises:
            heads.setdefault(part.id, part)
            counted = parts.setdefault(part.id, [])
            if row.graded:
                counted.append(part)
    return [_column(heads[id_], counted) for id_, counted in parts.items()]


def hardest(among: Sequence[Column], most: int) -> list[Column]:
    """Choose the exercises with the smallest mean share below nine tenths; bonus doesn't count."""
    hard = [
        column
        for column in among
        if column.mean is not None and column.mean < _EASY and not column.bonus
    ]
    return sorted(hard, key=lambda column: column.mean or 0.0)[:most]


def bars(graded: Sequence[Row]) -> list[Bar]:
    """Count scores in tenths of the points; what a bonus lifts above them joins the last."""
    counts, still_open = [0] * _BINS, [0] * _BINS
    for row in graded:
        place = min(_BINS - 1, int(row.share * _BINS + 1e-9))
        counts[place] += 1
        still_open[place] += row.pending > 0
    tallest = max(counts) or 1
    return [
        Bar(_bin_label(i), counts[i], still_open[i], counts[i] / tallest, still_open[i] / tallest)
        for i in range(_BINS)
    ]


def reasons(graded: Sequence[Row]) -> list[Reason]:
    """Find the checks that cost points most often, the most frequent first."""
    found: dict[tuple[str, str], _Found] = {}
    for row in graded:
        # A bonus that was not earned is no loss.
        bonus = {part.id for part in row.exercises if part.bonus}
        for failing in row.failing:
            if failing.exercise in bonus:
                continue
            found.setdefault((failing.exercise, failing.check), _Found(failing.title)).add(
                row, failing
            )
    costly = [
        Reason(
            exercise=exercise,
            title=one.title,
            rows=one.rows,
            share=len(one.rows) / len(graded),
            unattempted=one.unattempted,
            kept=one.kept,
        )
        for (exercise, _), one in found.items()
        if one.rows
    ]
    return sorted(costly, key=lambda reason: -len(reason.rows))[:_MOST_REASONS]


@dataclass
class _Found:
    """A check, while the class is counted."""

    title: str
    rows: list[Row] = field(default_factory=list)
    unattempted: int = 0
    kept: int = 0

    def add(self, row: Row, failing: Failing) -> None:
        if failing.follows_from:
            self.kept += 1
            return
        self.rows.append(row)
        self.unattempted += failing.outcome is Outcome.NOT_ATTEMPTED


def cell(part: Part | None) -> Cell:
    """Say what one submission earned in one exercise: a shade, and figures or a sign."""
    if part is None or part.share is None:
        return Cell("sx", "·", "")
    percent = round(100 * part.share)
    if percent == 100 and part.share < 1:
        percent = 99  # nearly all is not all
    return _cell(percent, _state(part))


_State = Literal["error", "pending", "untried", "bonus", "bonus untried", ""]


def _state(part: Part) -> _State:
    if part.error:
        return "error"
    if part.pending > 0:
        return "pending"
    if not part.attempted:
        return "bonus untried" if part.bonus else "untried"
    return "bonus" if part.bonus else ""


@cache
def _cell(percent: int, state: _State) -> Cell:
    figure = str(percent) if percent else ""
    if state == "error":
        return Cell("se", f"{figure}!", str(percent))
    if state == "pending":
        return Cell("sp", f"{figure}?", str(percent))
    if state == "untried":
        return Cell("s0", "○", "-1")
    if state == "bonus untried":
        return Cell("sb", "○", "-1")
    if state == "bonus":
        return Cell("sb", f"+{percent}" if percent else "·", str(percent))
    return Cell(_step(percent), str(percent), "")


def _step(percent: float) -> str:
    return next((name for least, name in _STEPS if percent >= least), "s0")


def _column(head: Part, counted: Sequence[Part]) -> Column:
    decided = sum(part.points - part.pending for part in counted)
    earned = sum(part.score for part in counted)
    return Column(
        id=head.id,
        title=head.title,
        bonus=head.bonus,
        points=head.points,
        students=len(counted),
        mean=min(1.0, max(0.0, earned / decided)) if decided > 0 else None,
        lost=sum(part.lost > 0 for part in counted),
        unattempted=sum(not part.attempted for part in counted),
    )


def _bin_label(i: int) -> str:
    low = number(100 * i / _BINS)
    return f"{low} % and more" if i == _BINS - 1 else f"{low} to {number(100 * (i + 1) / _BINS)} %"
