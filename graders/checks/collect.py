"""Collect what an assignment's checks report, and settle what follows from what.

The set of checks is known before the run: one that doesn't report is an error, never a pass.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import pytest

from graders.checks.outcome import (
    Blocked,
    Check,
    CheckFailed,
    NotAttempted,
    Notes,
    Unscored,
    begin_notes,
)
from graders.errors import RecordingError
from graders.result import CheckResult, Outcome

_OUTCOMES = {
    CheckFailed: Outcome.FAILED,
    NotAttempted: Outcome.NOT_ATTEMPTED,
    Blocked: Outcome.BLOCKED,
    Unscored: Outcome.UNSCORED,
}


@dataclass
class _Pending:
    """A collected check that has not reported yet."""

    result: CheckResult
    reported: bool = False
    follows_from: tuple[str, ...] = ()


@dataclass
class Collector:
    """Fills one result a check."""

    _checks: dict[str, _Pending] = field(default_factory=dict)
    _notes: Notes = field(default_factory=Notes)

    def add(self, item: pytest.Item) -> None:
        """Register a collected check, before anything runs."""
        mark = item.get_closest_marker("exercise")
        if mark is None:
            return
        self._checks[item.nodeid] = _Pending(
            CheckResult(
                id=_check_id(item),
                exercise=str(mark.args[0]),
                title=_title(item),
                outcome=Outcome.ERROR,
                score=0.0,
                points=float(mark.kwargs["points"]),
                message="This check did not report. That is the grader's fault; a TA will look.",
                hidden=bool(mark.kwargs.get("hidden", False)),
            )
        )

    def begin(self, item: pytest.Item) -> None:
        """Start a check's own notes."""
        self._notes = begin_notes()

    def report(self, item: pytest.Item, call: pytest.CallInfo[Any]) -> Check | None:
        """Take the end of one phase of a check; return the check's own words, if it raised."""
        pending = self._checks.get(item.nodeid)
        error = call.excinfo.value if call.excinfo else None
        if pending is None or (error is None and call.when != "call"):
            return error if isinstance(error, Check) else None
        if pending.reported and error is None:
            return None
        pending.reported = True
        pending.result = self._filled(pending.result, error)
        if isinstance(error, CheckFailed):
            pending.follows_from = error.follows_from
        return error if isinstance(error, Check) else None

    def results(self) -> list[CheckResult]:
        """Return all results, mistakes that cost once settled."""
        pending = list(self._checks.values())
        for check in pending:
            if check.result.outcome is Outcome.FAILED and check.follows_from:
                source = _paid_at(check, pending)
                if source is not None:
                    check.result = check.result.model_copy(
                        update={"score": check.result.points, "follows_from": source}
                    )
        return [check.result for check in pending]

    def _filled(self, result: CheckResult, error: BaseException | None) -> CheckResult:
        noted = {"evidence": list(self._notes.evidence), "flag": self._notes.flag}
        if error is None:
            passed = {"outcome": Outcome.PASSED, "score": result.points, "message": ""}
            return result.model_copy(update=noted | passed)
        if isinstance(error, Check):
            credit = error.credit if isinstance(error, CheckFailed) else 0.0
            said = {
                "outcome": _OUTCOMES.get(type(error), Outcome.ERROR),
                "score": _part(result.points, credit),
                "message": error.message,
                "expected": error.expected,
                "found": error.found,
                "where": error.where,
                "hint": error.hint,
            }
            return result.model_copy(update=noted | said)
        failed = {"outcome": Outcome.ERROR, "score": 0.0, "message": _told(error)}
        return result.model_copy(update=noted | failed)


def _part(points: float, credit: float) -> float:
    """Take a share of the points, in hundredths rounded down, and never quite all of them."""
    if not 0.0 < credit <= 1.0:
        return 0.0
    part = math.floor(points * credit * 100 + 1e-9) / 100
    return max(min(part, round(points - 0.01, 2)), 0.0)


def _told(error: BaseException) -> str:
    """Say why a check could not judge."""
    if isinstance(error, RecordingError):
        return f"{str(error)[:300]}. No points are lost, and a TA will look."
    return (
        f"The check itself failed ({type(error).__name__}: {str(error)[:300]}). "
        "That is the grader's fault; no points are lost, and a TA will look."
    )


def _paid_at(check: _Pending, others: list[_Pending]) -> str | None:
    """Return the exercise, among those that explain a failure, where points were lost."""
    for exercise in check.follows_from:
        for other in others:
            if other is check or other.result.exercise != exercise:
                continue
            paid = other.result.follows_from
            if paid is not None and paid != check.result.exercise:
                return paid
            if paid is None and other.result.outcome in {Outcome.FAILED, Outcome.NOT_ATTEMPTED}:
                return exercise
    return None


def _check_id(item: pytest.Item) -> str:
    return f"{item.path.name}::{item.name}"


def _title(item: pytest.Item) -> str:
    """First line of the check's docstring; a parametrized case adds its own id.

    Not where the check is hidden: the id would show its input.
    """
    function = getattr(item, "function", None)
    text = (getattr(function, "__doc__", None) or item.name).strip().splitlines()[0]
    callspec = getattr(item, "callspec", None)
    mark = item.get_closest_marker("exercise")
    hidden = mark is not None and bool(mark.kwargs.get("hidden", False))
    return text if callspec is None or hidden else f"{text} ({callspec.id})"
