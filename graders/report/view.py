"""What a reader gets to see of a result: cleaned, cut to the audience, and arranged for a page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from graders.report.text import clean_all
from graders.result import (
    CheckResult,
    ExerciseResult,
    GridEvidence,
    Judgement,
    NetworkEvidence,
    Outcome,
    PlotEvidence,
    Result,
    ScoreEvidence,
    TrainingEvidence,
    TrainingSummary,
)

Audience = Literal["student", "staff"]

# Where a run ends so, the file, the grader or the machine failed: there is no score to speak of.
WITHOUT_SCORE = frozenset({"unusable", "error"})

_DETAILS = ("message", "expected", "found", "where", "hint", "flag")
_BROUGHT_SHOWN = 10


def for_audience(result: Result, audience: Audience) -> Result:
    """Copy a result with every text cleaned and, for students, without what is not theirs.

    Templates only ever get such a copy. Students see title and outcome of hidden checks and of
    checks on which the grader failed (those details may quote the grader), no rubrics, and not
    who has judged their work.
    """
    cleaned = Result.model_validate(clean_all(result.model_dump()))
    if audience == "staff":
        return cleaned
    exercises = [_for_student(exercise) for exercise in cleaned.exercises]
    return cleaned.model_copy(update={"exercises": exercises})


def _for_student(exercise: ExerciseResult) -> ExerciseResult:
    checks = [
        _without_details(check) if check.hidden or check.outcome is Outcome.ERROR else check
        for check in exercise.checks
    ]
    manual = exercise.manual
    if manual is not None:
        judgement = _without_name(manual.judgement)
        manual = manual.model_copy(update={"rubric": [], "judgement": judgement})
    override = _without_name(exercise.override)
    return exercise.model_copy(update={"checks": checks, "manual": manual, "override": override})


def _without_name(judgement: Judgement | None) -> Judgement | None:
    return judgement and judgement.model_copy(update={"by": "", "at": ""})


def _without_details(check: CheckResult) -> CheckResult:
    return check.model_copy(update={**dict.fromkeys(_DETAILS, ""), "evidence": []})


@dataclass(frozen=True)
class Tally:
    """Where the points of one exercise, or of many, are. They add up to `points`."""

    points: float
    earned: float
    pending: float
    lost: float

    @classmethod
    def of(cls, exercise: ExerciseResult) -> Tally:
        """Count one exercise. What the grader could not check is pending, never lost.

        Where a person has set the score of the whole exercise, all else is settled by that.
        """
        if exercise.override is not None:
            lost = max(0.0, round(exercise.points - exercise.score, 6))
            return cls(exercise.points, exercise.score, 0.0, lost)
        unchecked = sum(
            check.points - check.score for check in exercise.checks if check.outcome.is_open
        )
        unread = 0.0
        if exercise.manual and exercise.manual.score is None:
            unread = min(exercise.pending, exercise.manual.points)
        pending = max(exercise.pending, unread + unchecked)
        # Rounded: thirds of points must not leave a loss of 1e-16.
        lost = max(0.0, round(exercise.points - exercise.score - pending, 6))
        return cls(exercise.points, exercise.score, pending, lost)

    @classmethod
    def total(cls, tallies: Iterable[Tally]) -> Tally:
        """Add tallies up."""
        parts = list(tallies)
        return cls(
            points=sum(part.points for part in parts),
            earned=sum(part.earned for part in parts),
            pending=sum(part.pending for part in parts),
            lost=sum(part.lost for part in parts),
        )


def pending_of(result: Result) -> float:
    """Count the points that someone has still to give, those of grader errors included."""
    if not _has_been_checked(result):
        return result.pending
    return Tally.total(Tally.of(exercise) for exercise in result.exercises).pending


Exhibit = NetworkEvidence | GridEvidence | ScoreEvidence | PlotEvidence | TrainingSummary


def kind_of(exhibit: Exhibit) -> Literal["network", "grid", "score", "plot", "training"]:
    """Tell templates which macro draws it."""
    return "training" if isinstance(exhibit, TrainingSummary) else exhibit.kind


def is_trained(training: TrainingSummary) -> bool:
    """Tell a training from a call of fit that was skipped or refused."""
    return training.status not in {"skipped", "refused"}


def is_unverified(training: TrainingSummary) -> bool:
    """Tell whether something was trained whose accuracy the grader can't vouch for."""
    return is_trained(training) and not training.verified


def is_partial(check: CheckResult) -> bool:
    """Tell a check that did not pass, and still earned a part of its points."""
    return (
        check.outcome is Outcome.FAILED
        and not check.follows_from
        and 0 < check.score < check.points
    )


def look_at(result: Result) -> list[str]:
    """List the exercises in which a person should look at something, in the order of the sheet."""
    return list(dict.fromkeys(check.exercise for check in result.flagged))


@dataclass(frozen=True)
class CheckView:
    """A check with the evidence that is shown beside it."""

    check: CheckResult
    exhibits: list[Exhibit]

    @property
    def kept(self) -> bool:
        """The check did not pass, and its points are kept: an earlier exercise paid for it."""
        return bool(self.check.follows_from)


@dataclass(frozen=True)
class ExerciseView:
    """An exercise with its points counted and its evidence sorted."""

    exercise: ExerciseResult
    tally: Tally
    checks: list[CheckView]

    @property
    def state(self) -> Literal["full", "partial", "lost", "pending", "error"]:
        """What the overview says of it: the worst news first, as that is where to look."""
        by_checks = self.exercise.override is None
        if by_checks and any(view.check.outcome is Outcome.ERROR for view in self.checks):
            return "error"
        if self.tally.lost > 0:
            return "partial" if self.tally.earned + self.tally.pending > 0 else "lost"
        return "pending" if self.tally.pending > 0 else "full"


@dataclass(frozen=True)
class SectionView:
    """A section of the sheet with its exercises, in order."""

    id: str
    title: str
    exercises: list[ExerciseView]

    @property
    def tally(self) -> Tally:
        """Where the section's points are."""
        return Tally.total(view.tally for view in self.exercises)


@dataclass(frozen=True)
class Page:
    """All that the feedback templates show."""

    result: Result
    audience: Audience
    sections: list[SectionView]
    sheet: Tally
    bonus: Tally

    @classmethod
    def of(cls, result: Result, audience: Audience) -> Page:
        """Arrange a result for its reader."""
        shown = for_audience(result, audience)
        sections = _sections(shown) if _has_been_checked(shown) else []
        views = [view for section in sections for view in section.exercises]
        sheet = Tally.total(view.tally for view in views if not view.exercise.bonus)
        if not views:
            lost = max(0.0, shown.points - shown.score - shown.pending)
            sheet = Tally(shown.points, shown.score, shown.pending, lost)
        bonus = Tally.total(view.tally for view in views if view.exercise.bonus)
        return cls(shown, audience, sections, sheet, bonus)

    @property
    def pending(self) -> float:
        """Points that someone has still to give, bonus included."""
        return pending_of(self.result)

    @property
    def ungraded(self) -> bool:
        """There is no score to speak of: neither a check's nor a person's."""
        judged = any(exercise.override for exercise in self.result.exercises)
        return self.result.execution.status in WITHOUT_SCORE and not judged

    @property
    def deducted(self) -> float:
        """Points that lateness has cost."""
        return self.result.late.deducted if self.result.late else 0.0

    @property
    def earned(self) -> float:
        """Points of all exercises together, bonus included, before anything is deducted."""
        return round(self.sheet.earned + self.bonus.earned, 6)

    @property
    def bar(self) -> list[tuple[str, float]]:
        """The sheet's points in the parts that a bar is made of; none is empty."""
        late = min(self.deducted, self.sheet.earned)
        parts = [
            ("earned", self.sheet.earned - late),
            ("late", late),
            ("pending", self.sheet.pending),
            ("lost", self.sheet.lost),
        ]
        return [(name, points) for name, points in parts if points > 0]

    @property
    def brought(self) -> list[str]:
        """What lay beside the file when it ran, as far as the choice doesn't name it already."""
        info = self.result.submission
        names = [name for name in info.brought if name not in info.chosen]
        if len(names) <= _BROUGHT_SHOWN:
            return names
        return [*names[:_BROUGHT_SHOWN], f"{len(names) - _BROUGHT_SHOWN:,} more"]

    @property
    def unverified(self) -> int:
        """How many trainings the grader can't vouch for."""
        return sum(is_unverified(training) for training in self.result.trainings)

    @property
    def exercises(self) -> list[ExerciseView]:
        """All exercises, in the order of the sheet."""
        return [view for section in self.sections for view in section.exercises]

    @property
    def to_mend(self) -> list[ExerciseView]:
        """Exercises that lost points: where a student looks first."""
        return [view for view in self.exercises if view.tally.lost > 0]


def anchor(exercise: str) -> str:
    """Make the id of an exercise's place on the page."""
    return "exercise-" + (re.sub(r"[^A-Za-z0-9]+", "-", exercise).strip("-") or "x")


def _has_been_checked(result: Result) -> bool:
    """Tell a graded sheet from the bare list of exercises of a file that could not be read."""
    return any(e.checks or e.manual or e.override for e in result.exercises)


def _sections(result: Result) -> list[SectionView]:
    """Group exercises by section, in the order of the sheet; unnamed sections come last."""
    trainings = {training.id: training for training in result.trainings}
    grouped: dict[str, list[ExerciseView]] = {id_: [] for id_ in result.assignment.sections}
    for exercise in result.exercises:
        grouped.setdefault(exercise.section, []).append(
            ExerciseView(exercise, Tally.of(exercise), _checks(exercise, trainings))
        )
    titles = result.assignment.sections
    return [SectionView(id_, titles.get(id_, ""), views) for id_, views in grouped.items() if views]


def _checks(exercise: ExerciseResult, trainings: dict[int, TrainingSummary]) -> list[CheckView]:
    """Give each piece of evidence to one check only: the first that needs it to explain a loss."""
    shown: set[str] = set()
    exhibits: dict[int, list[Exhibit]] = {}
    by_need = sorted(enumerate(exercise.checks), key=lambda item: item[1].outcome is Outcome.PASSED)
    for position, check in by_need:
        exhibits[position] = []
        for evidence in check.evidence:
            content = evidence.model_dump_json()
            exhibit = (
                trainings.get(evidence.training)
                if isinstance(evidence, TrainingEvidence)
                else evidence
            )
            if exhibit is not None and content not in shown:
                exhibits[position].append(exhibit)
            shown.add(content)
    return [CheckView(check, exhibits[i]) for i, check in enumerate(exercise.checks)]
