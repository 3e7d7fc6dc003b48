"""A made-up class on disk, and its results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from graders.exports import Exported
from graders.exports.scores import left_of
from graders.result import (
    AssignmentInfo,
    CheckResult,
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

HOSTILE_NAMES = [
    "../../etc/passwd",
    '=HYPERLINK("http://x";"y")',
    "+1+cmd|' /C calc'!A0",
    "-2",
    "@SUM(1)",
    "＝1",  # noqa: RUF001 - a full-width sign
    "new\nline\r\nand more",
    "nul\x00l",
    "half \ud800 character",
    "a" * 10_000,
    "🧪 Emoji",
    "    Points Possible",
    "Muted",
    'quo"te, comma; semicolon\ttab',
    "",
]


def check(exercise: str = "1a", outcome: Outcome = Outcome.PASSED, **more: Any) -> CheckResult:
    given: dict[str, Any] = {
        "id": f"test_{exercise}.py::test_{outcome.value}",
        "exercise": exercise,
        "title": f"A check that is {outcome.value}",
        "outcome": outcome,
        "score": 1.0 if outcome is Outcome.PASSED else 0.0,
        "points": 1.0,
    }
    return CheckResult(**given | more)


def result(
    student: str = "Maria Rossi",
    *,
    score: float = 1.5,
    points: float = 3.0,
    status: Any = "complete",
    message: str = "",
    key: str = "",
    ids: dict[str, str] | None = None,
    label: str = "",
    checks: list[CheckResult] | None = None,
    manual: ManualResult | None = None,
    override: Judgement | None = None,
    pending: float = 0.0,
    late: Late | None = None,
    title: str = "A sheet",
) -> Result:
    """Make a result of two exercises, of which the second is a bonus."""
    handed = status not in {"error", "unusable", "missing"}
    done = [check(score=score)] if checks is None and handed else checks or []
    exercises = [
        ExerciseResult(
            id="1a",
            section="1",
            title="First",
            points=points,
            score=score,
            pending=pending,
            checks=done,
            manual=manual,
            override=override,
        ),
        ExerciseResult(id="1b", section="1", title="Second", points=2, score=0, bonus=True),
    ]
    made = Result(
        tensormark="0.1.0",
        graded_at="2026-01-15T09:30:00+00:00",
        assignment=AssignmentInfo(id="sheet", title=title, sections={"1": "Part 1"}),
        submission=SubmissionInfo(
            student=student,
            files=["hw.ipynb"],
            key=key,
            handed=Handed(ids=ids or {}, label=label),
        ),
        score=score,
        points=points,
        bonus_points=2,
        pending=pending,
        exercises=exercises,
        late=late,
        execution=Execution(status=status, message=message, seconds=12.345),
    )
    return made.model_copy(update={"pending": left_of(made)})


def broken(student: str, **more: Any) -> Result:
    """A result on which the grader failed."""
    return result(student, score=0, status="error", message="It broke.", pending=3, **more)


def write(out: Path, *results: Result) -> Path:
    """Put a class on disk, in folders s00, s01, …"""
    for number, one in enumerate(results):
        folder = out / f"s{number:02}"
        folder.mkdir(parents=True)
        one.save(folder / "result.json")
        (folder / "feedback.html").write_text(f"<p>page {number}</p>", encoding="utf-8")
        (folder / "feedback.md").write_text(f"page {number}", encoding="utf-8")
    return out


def students(*results: Result) -> list[Exported]:
    return [Exported.of(one, Path(f"s{number:02}")) for number, one in enumerate(results)]
