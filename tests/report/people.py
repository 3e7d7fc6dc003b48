"""Results in which people have had a say: scores, comments, lateness, nothing handed in."""

from __future__ import annotations

from graders.result import (
    Execution,
    ExerciseResult,
    Judgement,
    Late,
    ManualResult,
    Result,
    SubmissionInfo,
)

from .parts import exercise, lost, passed, result

COMMENT = "You name the reason.\nWhat follows from it?"
REASON = "Shown in the tutorial: <b>well done</b>."
LATE = (
    "Handed in 1 h 31 min after the deadline of 4 May 2026, 23:59 UTC+02:00: 0.8 points are taken "
    "off (10% of all points for each 24 h begun)."
)


def judgement(score: float, comment: str) -> Judgement:
    return Judgement(score=score, comment=comment, by="Tutor A", at="2026-05-06T09:00:00+00:00")


def make_judged() -> Result:
    """5.2 of 8 points: 2 by a check, 0.5 for an answer, 3.5 for a whole exercise, 0.8 taken off."""
    manual = ManualResult(
        points=1, score=0.5, judgement=judgement(0.5, COMMENT), question="Why?", answer="So."
    )
    whole = exercise("1b", "1", "Scale the pixels", lost("1b", "They are scaled", points=5))
    exercises = [
        exercise("1a", "1", "Turn images into vectors", passed("1a", "784", 2), manual=manual),
        whole.model_copy(update={"override": judgement(3.5, REASON), "score": 3.5}),
    ]
    judged = result("dana.late", exercises)
    late = Late(
        due="2026-05-04T23:59:00+02:00",
        submitted_at="2026-05-05T01:30:00+02:00",
        seconds=5460,
        deducted=0.8,
        message=LATE,
    )
    return judged.model_copy(update={"late": late, "score": 5.2})


def make_missing() -> Result:
    bare = [ExerciseResult(id="1a", section="1", title="Turn images", points=32, score=0)]
    execution = Execution(status="missing", message="Nothing was handed in.")
    missing = result("emil.absent", bare, execution=execution, data_sets=[])
    return missing.model_copy(
        update={"submission": SubmissionInfo(student="emil.absent", files=[])}
    )
