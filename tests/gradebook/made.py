"""Results to keep, without any run."""

from __future__ import annotations

from graders.result import (
    AssignmentInfo,
    Execution,
    ExerciseResult,
    Late,
    ManualResult,
    Result,
    SubmissionInfo,
)

SHA = "a" * 64
OTHER_SHA = "b" * 64


def info(key: str = "name:ana", *, sha256: str = SHA, name: str = "Ana") -> SubmissionInfo:
    return SubmissionInfo(student=name, files=["hw.ipynb"], sha256=sha256, key=key)


def result(
    of: SubmissionInfo | None = None,
    *,
    score: float = 1.5,
    late: float | None = None,
    status: str = "complete",
    answer: str | None = "Because of the gradients.",
) -> Result:
    exercises = [
        ExerciseResult(id="1a", section="1", title="First", points=2, score=score),
        ExerciseResult(
            id="1b",
            section="1",
            title="Second",
            points=3,
            score=0,
            pending=1,
            manual=ManualResult(points=1, question="Why?", answer=answer),
        ),
    ]
    due = None
    if late is not None:
        due = Late(
            due="2026-01-15T12:00:00+01:00", submitted_at=None, deducted=late, message="Late."
        )
    return Result(
        tensormark="0.1.0",
        graded_at="2026-01-15T09:30:00+00:00",
        assignment=AssignmentInfo(id="sheet", title="A sheet", sections={"1": "Part 1"}),
        submission=of or info(),
        score=score,
        points=5,
        pending=1,
        exercises=exercises,
        late=due,
        execution=Execution.model_validate({"status": status, "message": "It is empty."}),
    )
