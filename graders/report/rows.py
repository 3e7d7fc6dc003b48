"""One submission in a few hundred bytes: all that class pages, tables and summaries need of it.

A class holds thousands of results, and each may be megabytes. A row is made of a result once, when
it is there, with every text cleaned; then the result can go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from sys import intern
from typing import Literal

from graders.report.text import clean, shorten
from graders.report.view import Tally, is_trained, is_unverified, look_at
from graders.report.words import SIGNS, Sign, run_sentence, sign_of
from graders.result import CheckResult, ExerciseResult, Outcome, Result, TrainingSummary

Status = Literal["complete", "timeout", "stopped", "unusable", "error", "missing"]

# A name of ten thousand characters is one student's doing, and every reader's trouble.
_LONGEST_NAME = 120
_LONGEST_TITLE = 200
_LONGEST_NOTE = 600


@dataclass(frozen=True, slots=True)
class Part:
    """What a submission has earned in one exercise. Points; `lost` is neither earned nor open."""

    id: str
    title: str
    bonus: bool
    points: float
    score: float
    pending: float
    lost: float
    attempted: bool  # False: every check found nothing to look at
    error: bool  # the grader or the machine failed on a check

    @property
    def share(self) -> float | None:
        """Share of the points earned so far, 0..1; None for an exercise without points."""
        return _within(self.score / self.points) if self.points > 0 else None

    @property
    def is_decided(self) -> bool:
        """Nobody has to give points here any more."""
        return self.pending <= 0


@dataclass(frozen=True, slots=True)
class Failing:
    """A check that did not pass; rows share equal ones."""

    exercise: str
    check: str  # its id
    title: str
    outcome: Outcome
    follows_from: str | None  # the earlier exercise that paid for it: no points were lost here


@dataclass(frozen=True, slots=True)
class Trained:
    """What a submission asked to be trained."""

    asked: int = 0
    skipped: int = 0  # asked for, and not trained
    unverified: int = 0  # trained, and the grader can't vouch for it
    unnamed: int = 0  # trained without a fingerprint: each is its own
    reused: int = 0  # of those with a fingerprint, known from before
    seconds: float = 0.0  # that the others took
    saved: float = 0.0  # seconds that the known ones took when they were trained
    # Of those trained, shortened; the skipped and refused ones are not among them.
    fingerprints: tuple[int, ...] = ()

    @classmethod
    def of(cls, trainings: Iterable[TrainingSummary]) -> Trained:
        """Count one submission's trainings."""
        asked = list(trainings)
        trained = [training for training in asked if is_trained(training)]
        named = [training for training in trained if training.fingerprint]
        return cls(
            asked=len(asked),
            skipped=len(asked) - len(trained),
            unverified=sum(is_unverified(training) for training in trained),
            unnamed=len(trained) - len(named),
            reused=sum(training.cached for training in named),
            seconds=sum(training.seconds for training in named if not training.cached),
            saved=sum(training.seconds for training in named if training.cached),
            fingerprints=tuple(_short(training.fingerprint) for training in named),
        )

    @classmethod
    def total(cls, parts: Iterable[Trained]) -> Trained:
        """Add several up; `distinct` then counts over all of them."""
        every = list(parts)
        return cls(
            asked=sum(part.asked for part in every),
            skipped=sum(part.skipped for part in every),
            unverified=sum(part.unverified for part in every),
            unnamed=sum(part.unnamed for part in every),
            reused=sum(part.reused for part in every),
            seconds=sum(part.seconds for part in every),
            saved=sum(part.saved for part in every),
            fingerprints=tuple({name for part in every for name in part.fingerprints}),
        )

    @property
    def distinct(self) -> int:
        """Equal fingerprints are one training, and one without a fingerprint is its own."""
        return len(set(self.fingerprints)) + self.unnamed


@dataclass(frozen=True, slots=True)
class Row:
    """One submission, its texts cleaned and bounded. All points as in `Result`."""

    student: str
    key: str  # as in SubmissionInfo; not cleaned: for comparing, not for showing
    file: str
    chosen: str  # why this file, where there were several
    status: Status
    note: str  # a sentence for any status but complete, else ""
    score: float
    points: float
    bonus_points: float
    pending: float  # those of checks that the grader could not do included
    deducted: float  # for being late; already taken off the score
    late: str  # a sentence; "" in time, or there is no deadline
    late_unknown: bool  # late, and a person decides how late
    exercises: tuple[Part, ...]
    outcomes: tuple[tuple[Sign, int], ...]  # how many checks ended so, in the order of SIGNS
    flags: int  # checks that a person should look at
    look_at: tuple[str, ...]  # the ids of their exercises
    failing: tuple[Failing, ...]
    trainings: Trained
    overridden: bool  # a person has scored a whole exercise
    graded_at: str
    link: str | None  # URL of the feedback, relative to the class page

    @classmethod
    def of(cls, result: Result, link: str | None) -> Row:
        """Keep of a result what a class needs.

        Args:
            result: what grading said.
            link: URL of the student's feedback page, relative to the class page and
                percent-encoded; None where there is none.

        """
        info, late = result.submission, result.late
        parts = tuple(_part(exercise) for exercise in result.exercises)
        counts = Counter(sign_of(check) for check in result.checks)
        # A file that couldn't be read has the bare list of exercises, without any part to add up.
        checked = any(exercise.checks or exercise.manual for exercise in result.exercises)
        return cls(
            student=name_of(info.student),
            key=info.key or f"name:{info.student}",
            file=shorten(clean(", ".join(info.files)), _LONGEST_TITLE),
            chosen=shorten(clean(info.chosen), _LONGEST_NOTE),
            status=result.execution.status,
            note=shorten(clean(run_sentence(result.execution)), _LONGEST_NOTE),
            score=result.score,
            points=result.points,
            bonus_points=result.bonus_points,
            pending=sum(part.pending for part in parts) if checked else result.pending,
            deducted=late.deducted if late else 0.0,
            late=shorten(clean(late.message), _LONGEST_NOTE) if late else "",
            late_unknown=late.unknown if late else False,
            exercises=parts,
            outcomes=tuple((sign, counts[sign]) for sign in SIGNS if counts[sign]),
            flags=len(result.flagged),
            look_at=tuple(_title(exercise) for exercise in look_at(result)),
            failing=tuple(_failing(check) for check in result.checks if _has_failed(check)),
            trainings=Trained.of(result.trainings),
            overridden=any(exercise.override for exercise in result.exercises),
            graded_at=clean(result.graded_at),
            link=None if link is None else _beneath(link),
        )

    @property
    def graded(self) -> bool:
        """There is a score to speak of: it was checked, or a person has given points for it."""
        return self.status in {"complete", "timeout", "stopped"} or self.overridden

    @property
    def missing(self) -> bool:
        """On the roster, and nothing was handed in, nor has a person given points for it."""
        return self.status == "missing" and not self.overridden

    @property
    def broken(self) -> bool:
        """Something was handed in, and the file, the grader or the machine failed."""
        return not self.graded and self.status != "missing"

    @property
    def share(self) -> float:
        """Share of the points, bonus included, 0 or more."""
        return max(0.0, self.score / self.points) if self.points > 0 else 0.0

    @property
    def passed(self) -> float:
        """Share of the checks that passed, 0..1."""
        every = sum(count for _, count in self.outcomes)
        return (
            round(sum(n for sign, n in self.outcomes if sign is SIGNS[0]) / every, 4)
            if every
            else 0
        )

    @property
    def failed_checks(self) -> list[str]:
        """The exercises in which the grader itself failed on a check."""
        return [part.id for part in self.exercises if part.error]


def name_of(student: str) -> str:
    """Put a name as rows have it: cleaned, on one line, of bounded length, never empty."""
    return shorten(clean(student), _LONGEST_NAME) or "(no name)"


def _part(exercise: ExerciseResult) -> Part:
    checks, override = exercise.checks, exercise.override is not None
    tally = Tally.of(exercise)
    attempted = not checks or any(c.outcome is not Outcome.NOT_ATTEMPTED for c in checks)
    answered = exercise.manual is not None and exercise.manual.answer is not None
    return Part(
        id=_title(exercise.id),
        title=_title(exercise.title),
        bonus=exercise.bonus,
        points=exercise.points,
        score=exercise.score,
        pending=tally.pending,
        lost=tally.lost,
        attempted=attempted or answered or override or exercise.score > 0,
        error=not override and any(check.outcome is Outcome.ERROR for check in checks),
    )


def _has_failed(check: CheckResult) -> bool:
    """Whether points were lost, or would have been, had an earlier exercise not paid for it."""
    if check.outcome is Outcome.PASSED or check.outcome.is_open:
        return False
    return check.score < check.points or bool(check.follows_from)


def _failing(check: CheckResult) -> Failing:
    kept = check.follows_from
    return _shared(
        _title(check.exercise),
        _title(check.id),
        _title(check.title),
        check.outcome,
        None if kept is None else _title(kept),
    )


@lru_cache(maxsize=4096)
def _shared(
    exercise: str, check: str, title: str, outcome: Outcome, follows_from: str | None
) -> Failing:
    return Failing(exercise, check, title, outcome, follows_from)


def _title(text: str) -> str:
    """Clean what repeats in every row, and keep it once."""
    return intern(shorten(clean(text), _LONGEST_TITLE))


def _short(fingerprint: str) -> int:
    """Shorten a fingerprint to 56 bits: two of a million trainings agree once in 10^5 classes."""
    digest = blake2b(fingerprint.encode("utf-8", "replace"), digest_size=7).digest()
    return int.from_bytes(digest, "big")


def _beneath(link: str) -> str:
    """Keep a link inside the folder: a student called 'javascript:' must not become a scheme."""
    return link if link.startswith(("./", "../")) else f"./{link}"


def _within(share: float) -> float:
    return min(1.0, max(0.0, share))
