"""A class at a glance: one row per submission, and how the scores are spread."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from graders.report.text import number
from graders.report.view import anchor, for_audience, is_trained, is_unverified, look_at, pending_of
from graders.report.words import SIGNS, Sign, is_ungraded, run_sentence, sign_of
from graders.result import Result, TrainingSummary

_BINS = 10


@dataclass(frozen=True)
class Row:
    """One submission."""

    result: Result
    link: str | None
    outcomes: list[tuple[Sign, int]]
    pending: float
    unverified: int  # trainings that the grader can't vouch for
    flags: int  # checks that a person should look at
    look_at: list[tuple[str, str | None]]  # their exercises, each with the link to it
    note: str

    @property
    def ungraded(self) -> bool:
        """Nothing was graded: the file, the grader or the machine failed."""
        return is_ungraded(self.result.execution)


@dataclass(frozen=True)
class Bar:
    """One bar of the histogram: how many scores lie in a tenth of the points."""

    label: str
    count: int
    height: float  # 0..1, share of the tallest bar


@dataclass(frozen=True)
class Trainings:
    """What a class asked for, and how much of it had to be trained."""

    asked: int
    distinct: int
    unverified: int
    skipped: int

    @classmethod
    def of(cls, trainings: Iterable[TrainingSummary]) -> Trainings:
        """Count: equal fingerprints are one training, and one without a fingerprint is its own."""
        asked = list(trainings)
        trained = [training for training in asked if is_trained(training)]
        fingerprints = [training.fingerprint for training in trained if training.fingerprint]
        return cls(
            asked=len(asked),
            distinct=len(set(fingerprints)) + len(trained) - len(fingerprints),
            unverified=sum(is_unverified(training) for training in trained),
            skipped=len(asked) - len(trained),
        )


@dataclass(frozen=True)
class Roster:
    """All that the class page shows."""

    title: str
    points: float
    rows: list[Row]
    bars: list[Bar]
    trainings: Trainings

    @classmethod
    def of(cls, results: Sequence[Result], links: Mapping[str, str]) -> Roster:
        """Arrange a class: by student, numbers inside names in their numeric order."""
        rows = [_row(result, links) for result in results]
        rows.sort(key=lambda row: _natural(row.result.submission.student))
        first = rows[0].result if rows else None
        return cls(
            title=first.assignment.title if first else "No submissions",
            points=first.points if first else 0.0,
            rows=rows,
            bars=_bars([row.result for row in rows if not row.ungraded]),
            trainings=Trainings.of(fit for row in rows for fit in row.result.trainings),
        )

    @property
    def broken(self) -> list[Row]:
        """Submissions that could not be graded."""
        return [row for row in self.rows if row.ungraded]

    @property
    def graded(self) -> list[Row]:
        """Submissions with a score."""
        return [row for row in self.rows if not row.ungraded]

    @property
    def flagged(self) -> list[Row]:
        """Submissions in which a person should look at something."""
        return [row for row in self.rows if row.flags]

    @property
    def median(self) -> float | None:
        """The score in the middle, bonus included; None without any score."""
        scores = [row.result.score for row in self.graded]
        return median(scores) if scores else None

    @property
    def pending(self) -> float:
        """Points that people have still to give."""
        return sum(row.pending for row in self.graded)


def _row(result: Result, links: Mapping[str, str]) -> Row:
    link = links.get(result.submission.student)
    shown = for_audience(result, "staff")
    link = None if link is None else _beneath(link)
    counts = Counter(sign_of(check) for check in shown.checks)
    return Row(
        result=shown,
        link=link,
        outcomes=[(sign, counts[sign]) for sign in SIGNS if counts[sign]],
        pending=pending_of(shown),
        unverified=sum(is_unverified(training) for training in shown.trainings),
        flags=len(shown.flagged),
        look_at=[(id_, link and f"{link}#{anchor(id_)}") for id_ in look_at(shown)],
        note=run_sentence(shown.execution),
    )


def _beneath(link: str) -> str:
    """Keep a link inside the folder: a student called 'javascript:' must not become a scheme."""
    return link if link.startswith(("./", "../")) else f"./{link}"


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Sort 'team 9' before 'team 10', and upper case beside lower case."""
    pieces = re.findall(r"([0-9]{1,18})|([^0-9]+)", name.casefold())
    return [(0, int(digits), "") if digits else (1, 0, other) for digits, other in pieces]


def _bars(results: list[Result]) -> list[Bar]:
    """Count scores in tenths of the points; what a bonus lifts above them joins the last."""
    counts = Counter(_bin(result) for result in results)
    tallest = max(counts.values(), default=1)
    return [Bar(_bin_label(i), counts[i], counts[i] / tallest) for i in range(_BINS)]


def _bin(result: Result) -> int:
    share = result.score / result.points if result.points else 0.0
    return max(0, min(_BINS - 1, int(share * _BINS)))


def _bin_label(i: int) -> str:
    low = number(100 * i / _BINS)
    return f"{low} % and more" if i == _BINS - 1 else f"{low} to {number(100 * (i + 1) / _BINS)} %"
