"""Apply to a result what people have said of it, and what its deadline takes off."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from graders.assignment import Deadline
from graders.late import late_of
from graders.report.text import number
from graders.result import ExerciseResult, Judgement, ManualResult, Result, total

_NAME_CHARACTERS = 80


@dataclass(frozen=True)
class Judged:
    """One entry of what people have said: a score for an exercise's question, or for all of it."""

    exercise: str
    kind: Literal["manual", "override"]
    # None withdraws what was said before.
    score: float | None
    comment: str = ""
    by: str = ""
    at: str = ""  # ISO 8601, UTC
    # What was read, by `answer_digest`; it matters for "manual".
    answer_sha256: str = ""
    # What was graded, as in SubmissionInfo; it matters for "override".
    submission_sha256: str = ""


@dataclass(frozen=True)
class Standing:
    """All that counts beside the checks, for one student."""

    # In the order in which they were made: the last of a kind counts for its exercise.
    judgements: Sequence[Judged] = ()
    deadline: Deadline | None = None
    # The student's own deadline, with an offset.
    extension: datetime | None = None


def settle(result: Result, standing: Standing) -> Result:
    """Make the result that stands: the checks' scores, people's scores, less what lateness costs.

    Everything is counted anew from the checks, so that it makes no difference whether `result`
    was settled before, and a judgement that is withdrawn leaves no trace.

    Args:
        result: as the checks made it, or as settled before. It stays as it is.
        standing: what counts beside the checks. A score for a question counts only while the
            answer is the one that was read, one for a whole exercise only for the submission
            that it was given for; scores are brought into 0 to the points that can be given.

    """
    last = _last(standing.judgements)
    exercises = [_settled(exercise, result, last) for exercise in result.exercises]
    earned = total(exercise.score for exercise in exercises)
    late = None
    if result.execution.status != "missing":
        handed = result.submission.handed
        late = late_of(standing.deadline, handed, standing.extension, earned, result.points)
    return result.model_copy(
        update={
            "exercises": exercises,
            "score": total([earned, -late.deducted if late else 0.0]),
            "pending": total(exercise.pending for exercise in exercises),
            "late": late,
        }
    )


def notes_of(result: Result, standing: Standing) -> list[str]:
    """Tell the staff, in sentences, what doesn't count and what is theirs to decide.

    Args:
        result: the checks' own, or settled.
        standing: what it is, or would be, settled with.

    """
    notes = []
    for (exercise_id, _), judged in _last(standing.judgements).items():
        exercise = next((e for e in result.exercises if e.id == exercise_id), None)
        why = _why_not(judged, exercise, result)
        if judged.score is not None and why:
            notes.append(f"{_shown(exercise_id)}: {_said(judged)} doesn't count: {why}.")
    late = settle(result, standing).late
    if late and late.unknown:
        notes.append(
            "The platform marks the submission as late and gives no time, so nothing was taken "
            "off. Put the time, with its offset, into the column submitted_at of the roster, and "
            "grade again with it."
        )
    return notes


def answer_digest(answer: str | None) -> str:
    """Fingerprint of an answer, by which a judgement knows it again; white space plays no part.

    No answer, and one of white space alone, are the same.
    """
    words = " ".join((answer or "").split())
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()


def _last(judgements: Sequence[Judged]) -> dict[tuple[str, str], Judged]:
    return {(judged.exercise, judged.kind): judged for judged in judgements}


def _settled(
    exercise: ExerciseResult, result: Result, last: dict[tuple[str, str], Judged]
) -> ExerciseResult:
    manual = exercise.manual
    if manual is not None:
        said = _counting(last.get((exercise.id, "manual")), exercise, result)
        judgement = said and _judgement(said, manual.points)
        score = judgement.score if judgement else None
        manual = manual.model_copy(update={"judgement": judgement, "score": score})
    said = _counting(last.get((exercise.id, "override")), exercise, result)
    override = said and _judgement(said, exercise.points)
    if override:
        score, pending = override.score, 0.0
    else:
        score, pending = _of_its_parts(exercise, manual, result)
    return exercise.model_copy(
        update={"manual": manual, "override": override, "score": score, "pending": pending}
    )


def _of_its_parts(
    exercise: ExerciseResult, manual: ManualResult | None, result: Result
) -> tuple[float, float]:
    """Add up the score and the pending points of the checks and of the question."""
    if not exercise.checks and manual is None:
        # Nothing was checked. The grader's own failure is never a zero.
        return 0.0, exercise.points if result.execution.status == "error" else 0.0
    scores = [check.score for check in exercise.checks]
    pending = [check.points for check in exercise.checks if check.outcome.is_open]
    if manual is not None:
        if manual.score is None:
            pending.append(manual.points)
        else:
            scores.append(manual.score)
    return total(scores), total(pending)


def _counting(judged: Judged | None, exercise: ExerciseResult, result: Result) -> Judged | None:
    if judged is None or judged.score is None or _why_not(judged, exercise, result):
        return None
    return judged


def _why_not(judged: Judged, exercise: ExerciseResult | None, result: Result) -> str:
    """Say why a judgement doesn't count; empty where it does."""
    if exercise is None:
        return "the sheet has no such exercise any more"
    if judged.score is None or not math.isfinite(judged.score):
        return "it is no number"
    if judged.kind == "override":
        if judged.submission_sha256 == result.submission.sha256:
            return ""
        return "another file is graded now; look at it, and judge the exercise again"
    if exercise.manual is None:
        return "there is no question to be read in what is graded now"
    if judged.answer_sha256 == answer_digest(exercise.manual.answer):
        return ""
    return "the answer is another one now; read it, and score it again"


def _judgement(judged: Judged, most: float) -> Judgement:
    assert judged.score is not None, "what was withdrawn doesn't count"
    score = round(min(max(judged.score, 0.0), most), 6)
    return Judgement(score=score, comment=judged.comment, by=judged.by, at=judged.at)


def _said(judged: Judged) -> str:
    who = f" by {_shown(judged.by)}" if judged.by.strip() else ""
    what = "for the answer" if judged.kind == "manual" else "for the whole exercise"
    score = number(judged.score) if judged.score is not None else "none"
    return f"the score of {score}{who} {what}"


def _shown(name: str) -> str:
    """Make a name fit for a message of one line."""
    clean = "".join(c if c.isprintable() else " " for c in name[: _NAME_CHARACTERS + 1]).strip()
    return clean if len(clean) <= _NAME_CHARACTERS else f"{clean[: _NAME_CHARACTERS - 1]}…"
