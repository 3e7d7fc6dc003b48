"""Results and rows as an audit meets them, without running anything."""

from __future__ import annotations

from graders.audit.outcome import Audit, Conditions, NotMade, Row, Share
from graders.result import AssignmentInfo, Outcome, Result
from tests.builders.results import check, exercise, question, result

FULL = {"1a": Outcome.PASSED, "1b": Outcome.PASSED, "2a": Outcome.PASSED}


def audited(outcomes: dict[str, Outcome], status: str = "complete", pending: float = 1.0) -> Result:
    """Make one check for each exercise, and a question for a person in 1a."""
    exercises = [
        exercise(
            name,
            name,
            check(name, outcome, message="" if outcome is Outcome.PASSED else f"{name} is wrong."),
            manual=question() if name == "1a" else None,
            points=1,
            pending=0,
        )
        for name, outcome in outcomes.items()
    ]
    sheet = AssignmentInfo(id="made_up", title="Made up")
    return result(*exercises, status=status, assignment=sheet, score=0, points=3, pending=pending)


def audit(variants: list[Row], mutants: list[Row], bar: float = 0.5) -> Audit:
    """Make the outcome of an audit with these rows."""
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
    """Make the row of a mutant of 1b."""
    states = {"1a": "kept", "1b": "lost" if status in {"caught", "spilled"} else "kept"}
    states["2a"] = "lost" if status == "spilled" else "kept"
    return Row(
        id=name,
        about="Two units too many.",
        exercise="1b",
        expected=["1b"],
        status=status,  # type: ignore[arg-type]  # tests use known words only
        states=states,  # type: ignore[arg-type]
        diff="" if status == "caught" else "--- a\n+++ b\n@@ -1 +1 @@\n-x = <1>\n+x = <2>",
        explanation=explanation,
    )


def variant(name: str, status: str = "kept") -> Row:
    """Make the row of a variant of the solution."""
    return Row(id=name, about="another form", status=status)  # type: ignore[arg-type]
