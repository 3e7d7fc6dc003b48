from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.assignment import Deadline
from graders.late import late_of
from graders.result import Handed

BERLIN_SUMMER = timezone(timedelta(hours=2))
DUE = datetime(2026, 5, 4, 23, 59, tzinfo=BERLIN_SUMMER)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

deadlines = st.builds(
    Deadline,
    due=st.just(DUE),
    grace_minutes=st.floats(0, 600),
    deduct_percent=st.floats(0, 100),
    period_hours=st.floats(0.01, 500),
    of=st.sampled_from(["earned", "points"]),
    at_most_percent=st.floats(0, 100),
    closes_after_hours=st.none() | st.floats(11, 1000),
)
delays = st.timedeltas(timedelta(days=-30), timedelta(days=400))


def rule(**fields) -> Deadline:
    return Deadline(**{"due": DUE, "deduct_percent": 10.0, **fields})


def handed(after: timedelta, **fields) -> Handed:
    return Handed(submitted_at=DUE + after, **fields)


def deducted(deadline: Deadline, after: timedelta, score: float = 20, points: float = 32) -> float:
    late = late_of(deadline, handed(after), None, score, points)
    return late.deducted if late else 0.0


def test_without_a_deadline_nothing_is_late():
    assert late_of(None, handed(DAY, late=True), None, 20, 32) is None


@pytest.mark.parametrize("after", [-DAY, timedelta(0)], ids=["a day before", "on the second"])
def test_what_comes_in_time_is_not_late(after):
    assert late_of(rule(), handed(after), None, 20, 32) is None


def test_a_microsecond_after_the_deadline_is_late():
    late = late_of(rule(), handed(timedelta(microseconds=1)), None, 20, 32)
    assert late is not None
    assert late.deducted == pytest.approx(3.2)
    assert "less than a second after the deadline" in late.message


def test_within_the_grace_nothing_is_said():
    assert late_of(rule(grace_minutes=15), handed(timedelta(minutes=15)), None, 20, 32) is None


def test_after_the_grace_the_time_counts_from_the_deadline():
    late = late_of(rule(grace_minutes=15), handed(timedelta(minutes=16)), None, 20, 32)
    assert late is not None
    assert late.seconds == 16 * 60
    assert late.deducted == pytest.approx(3.2)


@pytest.mark.parametrize(
    ("after", "percent"),
    [
        (timedelta(seconds=1), 10),
        (DAY, 10),
        (DAY + timedelta(seconds=1), 20),
        (9 * DAY + HOUR, 100),
    ],
)
def test_each_period_begun_costs_its_share_of_all_points(after, percent):
    assert deducted(rule(), after, score=32) == pytest.approx(32 * percent / 100)


def test_of_the_points_earned_only_a_share_is_taken():
    assert deducted(rule(of="earned"), HOUR, score=20) == pytest.approx(2.0)


def test_no_more_is_taken_than_the_most():
    assert deducted(rule(at_most_percent=25), 30 * DAY, score=32) == pytest.approx(8.0)


def test_no_more_is_taken_than_was_earned():
    assert deducted(rule(), 3 * DAY, score=1.5) == 1.5


def test_after_closing_nothing_is_earned_whatever_the_most_is():
    late = late_of(
        rule(at_most_percent=20, closes_after_hours=48), handed(2 * DAY + HOUR), None, 20, 32
    )
    assert late is not None
    assert late.deducted == 20
    assert "closed" in late.message


def test_until_it_closes_the_usual_rule_holds():
    assert deducted(rule(closes_after_hours=48), 2 * DAY) == pytest.approx(6.4)


def test_a_deadline_without_a_deduction_only_says_how_late():
    late = late_of(rule(deduct_percent=0), handed(91 * timedelta(minutes=1)), None, 20, 32)
    assert late is not None
    assert late.deducted == 0
    assert late.message == (
        "Handed in 1 h 31 min after the deadline of 4 May 2026, 23:59 UTC+02:00: "
        "nothing is taken off."
    )


def test_the_sentence_says_what_is_taken_and_by_which_rule():
    late = late_of(rule(at_most_percent=50), handed(3 * DAY + 4 * HOUR), None, 30, 32)
    assert late is not None
    assert late.message == (
        "Handed in 3 days 4 h after the deadline of 4 May 2026, 23:59 UTC+02:00: 12.8 points are "
        "taken off (10% of all points for each 24 h begun, at most 50%)."
    )


def test_an_extension_is_the_deadline_then():
    assert late_of(rule(), handed(6 * DAY), DUE + 7 * DAY, 20, 32) is None
    late = late_of(rule(), handed(8 * DAY), DUE + 7 * DAY, 32, 32)
    assert late is not None
    assert late.seconds == DAY.total_seconds()
    assert late.due == (DUE + 7 * DAY).isoformat()
    assert "the extended deadline of 11 May 2026" in late.message


def test_an_extension_that_ends_before_the_deadline_takes_nothing_away():
    assert late_of(rule(), handed(-HOUR), DUE - DAY, 20, 32) is None


def test_instants_count_and_not_what_clocks_show():
    # 22:30 UTC is 00:30 of the next day in Berlin.
    submitted = Handed(submitted_at=datetime(2026, 5, 4, 22, 30, tzinfo=UTC))
    late = late_of(rule(), submitted, None, 20, 32)
    assert late is not None
    assert late.seconds == 31 * 60


def test_the_hour_that_summer_time_repeats_is_an_hour():
    berlin = ZoneInfo("Europe/Berlin")
    due = datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=0)
    again = datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=1)
    late = late_of(rule(due=due), Handed(submitted_at=again), None, 20, 32)
    assert late is not None
    assert late.seconds == 3600


def test_a_known_time_decides_against_the_platforms_mark():
    assert late_of(rule(), handed(-HOUR, late=True), None, 20, 32) is None


def test_a_mark_without_a_time_is_for_a_person_to_decide():
    late = late_of(rule(), Handed(late=True), None, 20, 32)
    assert late is not None
    assert late.unknown
    assert late.deducted == 0
    assert late.submitted_at is None
    assert "a person decides" in late.message


def test_without_mark_and_time_nothing_is_late():
    assert late_of(rule(), Handed(), None, 20, 32) is None


@given(deadlines, delays, delays, st.floats(0, 40))
def test_who_is_later_never_loses_less(deadline, one, other, score):
    first, second = sorted([one, other])
    assert deducted(deadline, first, score) <= deducted(deadline, second, score)


@given(deadlines, delays, st.floats(0, 40), st.floats(0, 40))
def test_the_deduction_lies_between_nothing_and_the_score(deadline, after, score, points):
    assert 0 <= deducted(deadline, after, score, points) <= score


@given(deadlines, delays, st.floats(0, 40), st.floats(0, 40))
def test_who_earned_more_is_never_left_with_less(deadline, after, one, other):
    low, high = sorted([one, other])
    left = [score - deducted(deadline, after, score) for score in (low, high)]
    assert left[0] <= left[1] + 1e-6
