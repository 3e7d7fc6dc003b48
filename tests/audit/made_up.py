"""Results and rows as an audit meets them, without running anything."""

from __future__ import annotations

from graders.audit.outcome import Audit, Conditions, NotMade, Row, Share
from graders.result import (
    AssignmentInfo,
    CheckResult,
    Execution,
    ExerciseResult,
    ManualResult,
    Outcome,
    Result,
    SubmissionInfo,
)

FULL = {"1a": Outcome.PASSED, "1b": Outcome.PASSED, "2a": Outcome.PASSED}


def result(outcomes: dict[str, Outcome], status: str = "complete", pending: float = 1.0) -> Result:
    """One check for each exercise, and a question for a person in 1a."""
    exercises = []
    for name, outcome in outcomes.items():
        score = 1.0 if outcome is Outcome.PASSED else 0.0
        check = CheckResult(
            id=f"test.py::{name}",
            exercise=name,
            title=f"Check of {name}.",
            outcome=outcome,
            score=score,
            points=1.0,
            message="" if score else f"{name} is wrong.",
        )
        manual = ManualResult(points=1.0, question="Why?") if name == "1a" else None
        exercises.append(
            ExerciseResult(
                id=name,
                section="1",
                title=name,
                points=1.0,
                score=score,
                checks=[check],
                manual=manual,
            )
        )
    return Result(
        tensormark="0",
        graded_at="",
        assignment=AssignmentInfo(id="made_up", title="Made up"),
        submission=SubmissionInfo(student="x", files=["work.py"]),
        score=0.0,
        points=3.0,
        pending=pending,
        exercises=exercises,
        execution=Execution(status=status),  # type: ignore[arg-type]
    )


def audit(variants: list[Row], mutants: list[Row], bar: float = 0.5) -> Audit:
    return Audit(
        assignment="made_up",
        title="Made up <b>",
        exercises=list(FULL),
        bar=bar,
        conditions=Conditions(
            data_sets={"garments": "built-in (abc)"},
            training="capped",
            capped="at most 3 epochs",
            structural=True,
            versions={"keras": "3"},
            device="cpu",
        ),
        kept=Share.of_rows(variants),
        caught=Share.of_rows(mutants),
        variants=variants,
        mutants=mutants,
        left_out=[NotMade(mutants=4, reason="The sheet does not ask for it.")],
    )


def mutant(name: str, status: str = "caught", explanation: str = "") -> Row:
    states = {"1a": "kept", "1b": "lost" if status in {"caught", "spilled"} else "kept"}
    states["2a"] = "lost" if status == "spilled" else "kept"
    return Row(
        id=name,
        about="Two units too many.",
        exercise="1b",
        expected=["1b"],
        status=status,  # type: ignore[arg-type]
        states=states,  # type: ignore[arg-type]
        diff="" if status == "caught" else "--- a\n+++ b\n@@ -1 +1 @@\n-x = <1>\n+x = <2>",
        explanation=explanation,
    )


def variant(name: str, status: str = "kept") -> Row:
    return Row(id=name, about="another form", status=status)  # type: ignore[arg-type]
