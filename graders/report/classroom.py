"""A class at a glance: how the scores are spread, what was hard, and why points were lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Literal, Protocol

from graders.report.counts import Bar, Cell, Column, Reason, bars, cell, columns, hardest, reasons
from graders.report.rows import Row, Trained, name_of
from graders.report.text import clean, natural, shorten

_MOST_HARD = 6
_LONGEST_NOTE = 600
_MOST_SIMILAR = 60
AGAIN = "Grade it again; if it fails once more, what happened stands in its run.json."


class Similar(Protocol):
    """Submissions that are nearly the same: a hint for a person, never a deduction."""

    @property
    def kind(self) -> Literal["code", "weights"]:
        """What is alike."""

    @property
    def students(self) -> tuple[str, ...]:
        """Their keys, or their names."""

    @property
    def share(self) -> float:
        """How much is alike, 0..1."""

    @property
    def note(self) -> str:
        """A sentence for staff."""


@dataclass(frozen=True)
class Alike:
    """Near-identical submissions, with their rows where there are any."""

    kind: Literal["code", "weights"]
    students: list[tuple[str, str | None]]  # name and link
    share: float
    note: str


@dataclass(frozen=True)
class Classroom:
    """All that the class page shows."""

    title: str
    rows: list[Row]
    columns: list[Column]
    bars: list[Bar]
    reasons: list[Reason]
    alike: list[Alike]
    alike_left: int  # more than are shown
    trainings: Trained
    notes: list[str]

    @classmethod
    def of(
        cls,
        rows: Iterable[Row],
        *,
        title: str = "",
        similar: Sequence[Similar] = (),
        notes: Sequence[str] = (),
    ) -> Classroom:
        """Arrange a class: by student, numbers inside names in their numeric order."""
        ordered = sorted(rows, key=lambda row: natural(row.student))
        graded = [row for row in ordered if row.graded]
        return cls(
            title=title,
            rows=ordered,
            columns=columns(ordered),
            bars=bars(graded),
            reasons=reasons(graded),
            alike=_alike(similar[:_MOST_SIMILAR], ordered),
            alike_left=max(0, len(similar) - _MOST_SIMILAR),
            trainings=Trained.total(row.trainings for row in ordered),
            notes=[shorten(clean(note), _LONGEST_NOTE) for note in notes],
        )

    @property
    def graded(self) -> list[Row]:
        """Submissions with a score."""
        return [row for row in self.rows if row.graded]

    @property
    def broken(self) -> list[Row]:
        """Submissions that could not be graded."""
        return [row for row in self.rows if row.broken]

    @property
    def broken_alike(self) -> list[list[Row]]:
        """The same, together where one sentence serves."""
        return by_note(self.broken)

    @property
    def missing(self) -> list[Row]:
        """Students on the roster who have handed nothing in."""
        return [row for row in self.rows if row.missing]

    @property
    def unchecked(self) -> list[Row]:
        """Graded submissions on which the grader failed in some exercise."""
        return [row for row in self.graded if row.failed_checks]

    @property
    def flagged(self) -> list[Row]:
        """Submissions in which a person should look at something."""
        return [row for row in self.rows if row.flags]

    @property
    def late(self) -> list[Row]:
        """Submissions after the deadline, or of unknown time."""
        return [row for row in self.rows if is_late(row)]

    @property
    def to_read(self) -> list[Row]:
        """Submissions with points that a person has still to give."""
        return [row for row in self.graded if row.pending > 0]

    @property
    def pending(self) -> float:
        """Points that people have still to give."""
        return sum(row.pending for row in self.graded)

    @property
    def points(self) -> float:
        """All points of the sheet, without bonus."""
        return next((row.points for row in [*self.graded, *self.rows]), 0.0)

    @property
    def median(self) -> float | None:
        """The score in the middle, bonus included; None without any score."""
        scores = [row.score for row in self.graded]
        return median(scores) if scores else None

    @property
    def mean(self) -> float | None:
        """The mean score, bonus included; None without any score."""
        scores = [row.score for row in self.graded]
        return fmean(scores) if scores else None

    @property
    def hard(self) -> list[Column]:
        """The exercises that earned the smallest share of their points, the hardest first."""
        return hardest(self.columns, _MOST_HARD)

    def cells(self, row: Row) -> Iterator[tuple[Cell, str]]:
        """Give each exercise's square in a graded submission, and the place that it leads to."""
        parts = {part.id: part for part in row.exercises}
        for column in self.columns:
            yield cell(parts.get(column.id)), column.anchor


def by_note(broken: Iterable[Row]) -> list[list[Row]]:
    """Put those together whom one sentence serves; the grader's own failures come first."""
    groups: dict[tuple[bool, str], list[Row]] = {}
    for row in broken:
        groups.setdefault((row.status != "error", row.note), []).append(row)
    # Nobody but a TA can mend those.
    return [groups[key] for key in sorted(groups, key=lambda key: key[0])]


def is_late(row: Row) -> bool:
    """Whether the deadline took points, or a person has to say how late it was."""
    return row.deducted > 0 or row.late_unknown or bool(row.late)


def _alike(similar: Sequence[Similar], rows: Sequence[Row]) -> list[Alike]:
    if not similar:
        return []
    links = {name_of(row.student): row for row in rows} | {row.key: row for row in rows}
    found = []
    for one in similar:
        named = [(links.get(who) or links.get(name_of(who)), who) for who in one.students]
        students = [(row.student, row.link) if row else (name_of(who), None) for row, who in named]
        note = shorten(clean(one.note), _LONGEST_NOTE)
        found.append(Alike(one.kind, students, one.share, note))
    return found
