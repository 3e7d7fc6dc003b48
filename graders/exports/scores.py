"""What a gradebook gets for a student: points, or an empty cell and a name in a warning."""

from __future__ import annotations

from graders.exports.options import Missing, Notes
from graders.report.view import pending_of
from graders.result import Result

UNGRADED = "Left empty, because the grader could not grade them (a TA must look)"
LATE = "Late, and nobody knows how late, so nothing was taken off"
UNDECIDED = "Left empty, because nothing usable was handed in (--missing zero writes 0)"


def left_of(result: Result) -> float:
    """Count the points that a person has still to give, those of grader errors included."""
    # Thirds of points must not leave 1e-16 of a point open.
    return round(pending_of(result), 6)


def value_of(name: str, result: Result, missing: Missing, notes: Notes) -> float | None:
    """Decide what a gradebook gets for a student: points, or None for an empty cell.

    What the grader could not grade is never a zero. What was not handed in, or can't be used, is
    one only where a person says so.
    """
    status = result.execution.status
    left = left_of(result)
    if status == "error" and left > 0:
        notes.name(UNGRADED, name)
        return None
    decided = any(exercise.override for exercise in result.exercises)
    if status in {"unusable", "missing"} and not decided:
        if missing == "zero":
            return 0.0
        notes.name(UNDECIDED, name)
        return None
    if left > 0:
        notes.pending(name, left)
    if result.late is not None and result.late.unknown:
        notes.name(LATE, name)
    return result.score
