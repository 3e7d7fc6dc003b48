"""What a deadline does to a submission: how late it is, and which points that costs."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from graders.assignment import Deadline
from graders.report.text import duration, number, points
from graders.result import Handed, Late

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# From here on people count days.
_DAYS_FROM = 48 * 3600


def late_of(
    deadline: Deadline | None,
    handed: Handed,
    extension: datetime | None,
    score: float,
    all_points: float,
) -> Late | None:
    """Say how late a submission is, and what is deducted; None where it is in time.

    Instants are compared, so offsets and daylight saving play no part. A known time decides,
    whatever the platform's own mark says; without one that mark asks for a person's decision.

    Args:
        deadline: the assignment's; None where it has none, so that nothing is late.
        handed: what the platform says of the submission.
        extension: the student's own deadline, with an offset. One that ends before the
            assignment's is no extension and changes nothing.
        score: points earned, bonus included, before anything is deducted.
        all_points: of the sheet, without bonus.

    """
    if deadline is None:
        return None
    due = max(deadline.due, extension or deadline.due, key=_instant)
    if handed.submitted_at is None:
        return _unknown(due) if handed.late else None
    seconds = (_instant(handed.submitted_at) - _instant(due)).total_seconds()
    if seconds <= 60 * deadline.grace_minutes:
        return None
    deducted = _deducted(deadline, seconds, score, all_points)
    after = "the deadline" if due is deadline.due else "the extended deadline"
    message = (
        f"Handed in {_length(seconds)} after {after} of {_moment(due)}: "
        f"{_consequence(deadline, seconds, deducted)}."
    )
    return Late(
        due=due.isoformat(),
        submitted_at=handed.submitted_at.isoformat(),
        seconds=seconds,
        deducted=deducted,
        message=message,
    )


def _instant(time: datetime) -> timedelta:
    """Place a time on the one line of instants: times of one zone are compared by their clocks."""
    return time - _EPOCH


def _unknown(due: datetime) -> Late:
    return Late(
        due=due.isoformat(),
        submitted_at=None,
        message=(
            "The learning platform marks this submission as late and doesn't say when it was "
            f"handed in (it was due {_moment(due)}): nothing is taken off, and a person decides."
        ),
        unknown=True,
    )


def _deducted(deadline: Deadline, seconds: float, score: float, all_points: float) -> float:
    """Count the points that are taken off: never more than there are."""
    score = max(0.0, score)
    if _is_closed(deadline, seconds):
        return score
    base = score if deadline.of == "earned" else all_points
    percent = min(_periods(deadline, seconds) * deadline.deduct_percent, deadline.at_most_percent)
    # Rounded as sums of points are, but never up beyond the score.
    return min(score, round(base * percent / 100, 6))


def _periods(deadline: Deadline, seconds: float) -> int:
    """Count the periods that have begun; a whole one that ends just now has begun no other."""
    period = timedelta(hours=deadline.period_hours).total_seconds()
    # A period of less than a microsecond is none that a clock could tell.
    return math.ceil(seconds / max(period, 1e-6))


def _is_closed(deadline: Deadline, seconds: float) -> bool:
    closes = deadline.closes_after_hours
    return closes is not None and seconds > 3600 * closes


def _consequence(deadline: Deadline, seconds: float, deducted: float) -> str:
    if _is_closed(deadline, seconds):
        return "the assignment was closed, so nothing is earned any more"
    if not deadline.deduct_percent or not deadline.at_most_percent:
        return "nothing is taken off"
    base = "all points" if deadline.of == "points" else "the points earned"
    rule = f"{number(deadline.deduct_percent)}% of {base} for each {_period(deadline)} begun"
    if deadline.at_most_percent < 100:
        rule += f", at most {number(deadline.at_most_percent)}%"
    taken = f"{points(deducted)} {'is' if round(deducted, 2) == 1 else 'are'} taken off"
    return f"{taken} ({rule})"


def _period(deadline: Deadline) -> str:
    return duration(3600 * deadline.period_hours)


def _length(seconds: float) -> str:
    """Write how late: '1 h 31 min'; from two days on '3 days' or '3 days 4 h'."""
    if seconds < _DAYS_FROM:
        return duration(seconds) if seconds >= 1 else "less than a second"
    hours = int(seconds // 3600)
    days, hours = divmod(hours, 24)
    return f"{days:,} days {hours} h" if hours else f"{days:,} days"


def _moment(time: datetime) -> str:
    """Write a time as the clock showed it where it was set, with its offset."""
    offset = f"{time:%z}"
    return f"{time.day} {time:%B %Y, %H:%M} UTC{offset[:3]}:{offset[3:5]}"
