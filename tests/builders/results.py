"""Results made without any run: checks, exercises, questions and whole results."""

from __future__ import annotations

from typing import Any

from graders.result import (
    AssignmentInfo,
    CheckResult,
    DataSetUse,
    Execution,
    ExerciseResult,
    Handed,
    Judgement,
    Late,
    ManualResult,
    Outcome,
    Result,
    SubmissionInfo,
)

SHA = "a" * 64
OTHER_SHA = "b" * 64


ASSIGNMENT = AssignmentInfo(
    id="fashion_cnn",
    title="Telling garments apart: dense and convolutional networks",
    sections={
        "1": "Dense networks",
        "2": "Convolutions by hand",
        "3": "A convolutional network",
        "4": "Bonus: faster and better",
    },
)
FASHION_MNIST = DataSetUse(
    name="fashion_mnist", source="data folder", fingerprint="3f9c1d2e8b7a4c5d6e7f8091a2b3c4d5"
)
ENVIRONMENT = {
    "python": "3.12.4",
    "tensorflow": "2.21.0",
    "keras": "3.15.0",
    "platform": "Linux x86_64",
    "seed": 0,
}
WALLS = ["namespaces", "landlock", "limits"]


def info(key: str = "name:ana", name: str = "Ana", **changes: Any) -> SubmissionInfo:
    """Make the description of a submission of one notebook."""
    usual = {"student": name, "files": ["hw.ipynb"], "sha256": SHA, "key": key}
    return SubmissionInfo(**(usual | changes))


def check(
    exercise: str = "1a", outcome: Outcome = Outcome.PASSED, points: float = 1.0, **changes: Any
) -> CheckResult:
    """Make a check, which earns all of its points if it passed and else none."""
    usual = {
        "id": f"test_sheet.py::test_{exercise}",
        "exercise": exercise,
        "title": "It is right",
        "outcome": outcome,
        "score": points if outcome is Outcome.PASSED else 0.0,
        "points": points,
    }
    return CheckResult(**(usual | changes))


def passed(exercise: str, title: str, points: float = 1.0, **changes: Any) -> CheckResult:
    """Make a check that passed."""
    return check(exercise, points=points, title=title, **changes)


def lost(exercise: str, title: str, **changes: Any) -> CheckResult:
    """Make a check that failed."""
    return check(exercise, Outcome.FAILED, title=title, **changes)


def question(text: str = "Why?", answer: str | None = None, **changes: Any) -> ManualResult:
    """Make a question for a person; unread unless it is given a score."""
    return ManualResult(**({"points": 1, "question": text, "answer": answer} | changes))


def judgement(score: float, comment: str = "", by: str = "Tutor A") -> Judgement:
    """Make a person's score."""
    return Judgement(score=score, comment=comment, by=by, at="2026-05-06T09:00:00+00:00")


def late(**changes: Any) -> Late:
    """Make what a deadline does to a submission."""
    usual = {"due": "2026-01-15T09:00:00+01:00", "submitted_at": None, "message": "2 h late."}
    return Late(**(usual | changes))


def exercise(
    number: str,
    title: str = "First",
    *checks: CheckResult,
    manual: ManualResult | None = None,
    **changes: Any,
) -> ExerciseResult:
    """Make an exercise; its points are those of its checks and its question, unless given."""
    read = manual is not None and manual.score is not None
    unread = manual.points if manual and not read else 0
    usual = {
        "id": number,
        "section": number[0],
        "title": title,
        "points": sum(one.points for one in checks) + (manual.points if manual else 0),
        "score": sum(one.score for one in checks) + (manual.score if manual and read else 0),
        "pending": unread + sum(one.points for one in checks if one.outcome.is_open),
        "checks": list(checks),
        "manual": manual,
    }
    return ExerciseResult(**(usual | changes))


def result(
    *exercises: ExerciseResult,
    student: str = "alice",
    status: str = "complete",
    message: str = "",
    **changes: Any,
) -> Result:
    """Make a result; its points are those of its exercises, unless given."""
    usual = {
        "tensormark": "0.1.0",
        "graded_at": "2026-01-15T09:30:00+00:00",
        "assignment": AssignmentInfo(id="sheet", title="A sheet", sections={"1": "Part 1"}),
        "submission": info("", student),
        "score": sum(one.score for one in exercises),
        "points": sum(one.points for one in exercises if not one.bonus),
        "bonus_points": sum(one.points for one in exercises if one.bonus),
        "pending": sum(one.pending for one in exercises),
        "exercises": list(exercises),
        "execution": Execution.model_validate({"status": status, "message": message}),
    }
    return Result(**(usual | changes))


def of_fashion_cnn(student: str, *exercises: ExerciseResult, **changes: Any) -> Result:
    """Make a result of fashion_cnn, with its data and its machine."""
    usual = {
        "assignment": ASSIGNMENT,
        "submission": info("", student, files=["notebook.ipynb"], sha256="9c56cc51b374c3ba" * 4),
        "execution": Execution(
            status="complete", cells=30, seconds=74.0, device="cpu", isolation=WALLS
        ),
        "data_sets": [FASHION_MNIST],
        "environment": ENVIRONMENT,
    }
    made = result(*exercises, **(usual | changes))
    made.points = made.points or 32
    return made


def graded(student: str, *checks: CheckResult, **changes: Any) -> Result:
    """Make a result with one exercise, 1a."""
    return of_fashion_cnn(student, exercise("1a", "Turn images", *checks), **changes)


def ungraded(student: str, status: str, message: str = "", **changes: Any) -> Result:
    """Make a result without a run."""
    execution = Execution.model_validate({"status": status, "message": message})
    bare = exercise("1a", "Turn images", points=32)
    return of_fashion_cnn(student, bare, execution=execution, data_sets=[], **changes)


def missing(student: str, message: str = "") -> Result:
    """Make the result of a student who handed in nothing."""
    return ungraded(student, "missing", message, submission=info("", student, files=[], sha256=""))


def answered(
    of: SubmissionInfo | None = None,
    *,
    score: float = 1.5,
    deducted: float | None = None,
    status: str = "complete",
    answer: str | None = "Because of the gradients.",
) -> Result:
    """Make a result of 5 points with a question in 1b that waits for a person."""
    return result(
        exercise("1a", points=2, score=score),
        exercise("1b", "Second", points=3, manual=question(answer=answer)),
        submission=of or info(),
        late=None if deducted is None else late(deducted=deducted),
        status=status,
        message="It is empty.",
    )


def marked(
    student: str = "Maria Rossi",
    *,
    score: float = 1.5,
    points: float = 3.0,
    status: str = "complete",
    message: str = "",
    key: str = "",
    ids: dict[str, str] | None = None,
    label: str = "",
    checks: list[CheckResult] | None = None,
    title: str = "A sheet",
    late: Late | None = None,
    **changes: Any,
) -> Result:
    """Make a result of two exercises, of which the second is a bonus; changes are to the first."""
    from graders.exports.scores import left_of

    handed = status not in {"error", "unusable", "missing"}
    done = [check(score=score)] if checks is None and handed else checks or []
    made = result(
        exercise(
            "1a", "First", *done, **({"points": points, "score": score, "pending": 0} | changes)
        ),
        exercise("1b", "Second", points=2, bonus=True),
        assignment=AssignmentInfo(id="sheet", title=title, sections={"1": "Part 1"}),
        submission=info(key, student, sha256="", handed=Handed(ids=ids or {}, label=label)),
        late=late,
        execution=Execution.model_validate(
            {"status": status, "message": message, "seconds": 12.345}
        ),
    )
    return made.model_copy(update={"pending": left_of(made)})


def broken(student: str, **changes: Any) -> Result:
    """Make a result on which the grader failed."""
    return marked(student, score=0, status="error", message="It broke.", pending=3, **changes)
