"""`results.json` for Gradescope, one for each student, as an autograder there would write it.

The layout is documented at https://gradescope-autograders.readthedocs.io/en/latest/specs/. The
score at the top counts, whatever the tests add up to. What students may not see is left out, not
only hidden: a hidden check keeps its title and its points, as in our own feedback.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from graders.exports.cells import decimal
from graders.exports.options import Notes, Options, Visibility
from graders.exports.scores import left_of, value_of
from graders.exports.students import Exported
from graders.files import write_whole
from graders.report.view import for_audience
from graders.result import CheckResult, ExerciseResult, Outcome, Result

FILE = "results.json"


def write_gradescope(
    students: Iterable[Exported], target: Path, options: Options, notes: Notes
) -> None:
    """Write `<target>/<folder>/results.json` for each student who has a score."""
    target.mkdir(parents=True, exist_ok=True)
    for student in students:
        notes.students += 1
        value = value_of(student.name, student.result, options.missing, notes)
        if value is None:
            # Gradescope has no other way to leave a score open.
            continue
        folder = target / student.folder.name
        folder.mkdir(exist_ok=True)
        content = results_json(student.result, value, options.visibility)
        write_whole(folder / FILE, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        notes.written += 1


def results_json(result: Result, score: float, visibility: Visibility) -> dict[str, Any]:
    """Make the content of a results.json.

    Args:
        result: what grading says.
        score: points that the student gets.
        visibility: when students see their tests; hidden checks stay hidden at all times.

    """
    shown = for_audience(result, "student")
    return {
        "score": _points(score),
        "execution_time": _points(shown.execution.seconds),
        "output": _summary(shown, score),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": visibility,
        "stdout_visibility": "hidden",
        "tests": [test for exercise in shown.exercises for test in _tests(exercise)],
        "extra_data": {"tensormark": shown.tensormark, "graded_at": shown.graded_at},
    }


def _summary(result: Result, score: float) -> str:
    lines = [f"{decimal(score)} of {decimal(result.points)} points."]
    left = left_of(result)
    if left > 0:
        lines.append(f"{decimal(left)} more points wait for a person.")
    if result.late is not None:
        lines.append(result.late.message)
    if result.execution.message:
        lines.append(result.execution.message)
    return "\n".join(lines)


def _tests(exercise: ExerciseResult) -> Iterable[dict[str, Any]]:
    number = 0
    for number, check in enumerate(exercise.checks, 1):
        test = _check(check, scored=exercise.override is None)
        yield _test(exercise, number, check.title) | test
    if exercise.override is not None:
        yield _test(exercise, number + 1, exercise.title) | {
            "score": _points(exercise.override.score),
            "max_score": _points(exercise.points),
            "output": f"Scored by a person. {exercise.override.comment}".strip(),
        }
    elif exercise.manual is not None:
        yield _test(exercise, number + 1, exercise.title) | _manual(exercise)


def _test(exercise: ExerciseResult, number: int, title: str) -> dict[str, Any]:
    return {
        "name": f"{exercise.id}: {title}",
        "number": f"{exercise.id}.{number}",
        "tags": [exercise.id],
        "extra_data": {},
    }


def _check(check: CheckResult, *, scored: bool) -> dict[str, Any]:
    """What a check adds to a test: no score where a person has still to look."""
    test: dict[str, Any] = {"output": _output(check), "output_format": "text"}
    if check.hidden:
        test["visibility"] = "hidden"
    if scored and not check.outcome.is_open:
        test["score"] = _points(check.score)
        test["max_score"] = _points(check.points)
    if not check.outcome.is_open:
        test["status"] = "passed" if check.outcome is Outcome.PASSED else "failed"
    return test


def _manual(exercise: ExerciseResult) -> dict[str, Any]:
    manual = exercise.manual
    assert manual is not None
    if manual.score is None:
        return {"output": f"{decimal(manual.points)} points wait for a person."}
    comment = manual.judgement.comment if manual.judgement else ""
    return {
        "score": _points(manual.score),
        "max_score": _points(manual.points),
        "output": f"Read by a person. {comment}".strip(),
    }


def _output(check: CheckResult) -> str:
    lines = [check.message] if check.message else []
    for label, text in (
        ("expected", check.expected),
        ("found", check.found),
        ("where", check.where),
        ("try", check.hint),
    ):
        if text:
            lines.append(f"{label}: {text}")
    if check.follows_from:
        lines.append(f"Exercise {check.follows_from} paid for this; the points are kept.")
    if check.outcome.is_open:
        lines.append(f"{decimal(check.points)} points wait for a person.")
    return "\n".join(lines)


def _points(value: float) -> float:
    return round(value, 2) + 0.0
