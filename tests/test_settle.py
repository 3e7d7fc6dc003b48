from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.assignment import Deadline
from graders.result import ExerciseResult, Handed, Outcome, Result
from graders.settle import Judged, Standing, answer_digest, notes_of, settle
from tests.builders.results import SHA, check, exercise, info, question, result

DUE = datetime(2026, 5, 4, 22, 0, tzinfo=UTC)
ANSWER = "Because the steps\nwould be too long."
FAILED = Outcome.FAILED
LATE_BY_TEN_PERCENT = Standing(deadline=Deadline(due=DUE, deduct_percent=10))


def make(submitted_at: datetime | None = None, status: str = "complete") -> Result:
    """A sheet of 10 points and 2 of bonus: 3 earned; 1 to be read in 1a and in 1c; 2 left open."""
    return result(
        exercise("1a", "First", check("1a", points=3), manual=question("Why?", ANSWER)),
        exercise("1b", "Second", check("1b", FAILED, 4), check("1b", Outcome.ERROR, 2)),
        exercise("1c", "Third", check("1c", FAILED), manual=question("How?"), bonus=True),
        status=status,
        submission=info("", "alice", handed=Handed(submitted_at=submitted_at)),
    )


def make_unchecked(status: str) -> Result:
    bare = [
        e.model_copy(
            update={
                "checks": [],
                "manual": None,
                "score": 0.0,
                "pending": e.points if status == "error" else 0.0,
            }
        )
        for e in make().exercises
    ]
    pending = 12.0 if status == "error" else 0.0
    update = {"exercises": bare, "score": 0.0, "pending": pending}
    return make(status=status).model_copy(update=update)


def read(score: float | None = 0.5, exercise: str = "1a", answer: str | None = ANSWER, **fields):
    return Judged(
        exercise=exercise,
        kind="manual",
        score=score,
        comment="Half of it.",
        by="Tutor A",
        at="2026-05-06T09:00:00+00:00",
        answer_sha256=answer_digest(answer),
        **fields,
    )


def given_for_all(score: float | None, exercise: str = "1b", sha256: str = SHA) -> Judged:
    return Judged(
        exercise=exercise,
        kind="override",
        score=score,
        comment="Seen in person.",
        by="Tutor A",
        at="2026-05-06T09:00:00+00:00",
        submission_sha256=sha256,
    )


def settled(*judgements: Judged, result: Result | None = None, **standing) -> Result:
    return settle(result or make(), Standing(judgements=judgements, **standing))


def part(result: Result, exercise_id: str) -> ExerciseResult:
    return next(e for e in result.exercises if e.id == exercise_id)


scores = st.none() | st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 6)
judgements = st.builds(
    Judged,
    exercise=st.sampled_from(["1a", "1b", "1c", "9z"]),
    kind=st.sampled_from(["manual", "override"]),
    score=scores,
    comment=st.text(max_size=5),
    at=st.just("2026-05-06T09:00:00+00:00"),
    answer_sha256=st.sampled_from([answer_digest(ANSWER), answer_digest(None), ""]),
    submission_sha256=st.sampled_from([SHA, "", "cd" * 32]),
)
standings = st.builds(
    Standing,
    judgements=st.lists(judgements, max_size=6),
    deadline=st.none()
    | st.builds(
        Deadline,
        due=st.just(DUE),
        deduct_percent=st.floats(0, 100),
        of=st.sampled_from(["earned", "points"]),
        closes_after_hours=st.none() | st.floats(1, 100),
    ),
    extension=st.none() | st.just(DUE + timedelta(days=2)),
)
results = st.one_of(
    st.builds(make, st.none() | st.datetimes(timezones=st.just(UTC))),
    st.sampled_from(["error", "unusable", "missing"]).map(make_unchecked),
)


@given(results)
def test_with_nothing_to_apply_a_result_stays_as_it_is(result):
    assert settle(result, Standing()) == result


@given(results, standings)
def test_settling_twice_is_settling_once(result, standing):
    once = settle(result, standing)
    assert settle(once, standing) == once


@given(results, standings)
def test_the_result_that_is_settled_stays_as_it_was(result, standing):
    before = result.model_copy(deep=True)
    settle(result, standing)
    assert result == before


@given(results, standings)
def test_score_and_pending_stay_within_the_points(result, standing):
    after = settle(result, standing)
    assert 0 <= after.score <= after.points + after.bonus_points
    for one in after.exercises:
        assert 0 <= one.score <= one.points
        assert 0 <= one.pending <= one.points - one.score + 1e-6


@given(results, standings)
def test_the_exercises_less_the_deduction_are_the_score(result, standing):
    after = settle(result, standing)
    deducted = after.late.deducted if after.late else 0.0
    earned = math.fsum(one.score for one in after.exercises)
    assert after.score == pytest.approx(earned - deducted, abs=1e-6)
    assert after.pending == pytest.approx(math.fsum(one.pending for one in after.exercises))


@given(results, standings)
def test_withdrawing_everything_restores_what_the_checks_said(result, standing):
    taken_back = [replace(judged, score=None) for judged in standing.judgements]
    after = settle(settle(result, standing), Standing([*standing.judgements, *taken_back]))
    assert after == result


@given(results, standings)
def test_a_settled_result_survives_its_file(result, standing):
    after = settle(result, standing)
    assert Result.model_validate_json(after.model_dump_json()) == after


def test_a_persons_score_counts_with_the_checks():
    after = settled(read(0.5))
    assert part(after, "1a").score == 3.5
    assert part(after, "1a").pending == 0
    assert (after.score, after.pending) == (3.5, 3)


def test_the_judgement_is_kept_beside_the_score():
    manual = part(settled(read(0.5)), "1a").manual
    assert manual is not None
    assert manual.score == 0.5
    assert manual.judgement is not None
    assert (manual.judgement.by, manual.judgement.comment) == ("Tutor A", "Half of it.")


def test_a_missing_answer_can_be_read_as_well():
    after = settled(read(0, "1c", answer=None))
    assert part(after, "1c").pending == 0


def test_the_last_of_a_kind_counts():
    assert settled(read(0.25), read(1)).score == 4
    assert settled(given_for_all(6), read(1), given_for_all(2)).score == 6


def test_a_withdrawn_score_leaves_the_part_to_be_read():
    after = settled(read(0.5), read(None))
    assert after == make()


@pytest.mark.parametrize(("entered", "counts"), [(7.0, 1.0), (-1.0, 0.0)])
def test_a_score_out_of_bounds_is_brought_into_them(entered, counts):
    manual = part(settled(read(entered)), "1a").manual
    assert manual is not None
    assert manual.score == counts


def test_a_score_that_is_no_number_does_not_count_and_is_said():
    assert settled(read(math.nan)) == make()
    assert "no number" in notes_of(make(), Standing([read(math.nan)]))[0]


def test_a_score_for_another_answer_does_not_count_and_is_said():
    standing = Standing([read(1, answer="Something else.")])
    assert settle(make(), standing) == make()
    assert notes_of(make(), standing) == [
        "1a: the score of 1 by Tutor A for the answer doesn't count: the answer is another one "
        "now; read it, and score it again."
    ]


def test_white_space_makes_no_other_answer():
    assert answer_digest("a  b\r\n") == answer_digest(" a b")
    assert answer_digest("a b") != answer_digest("ab")
    assert answer_digest(None) == answer_digest(" \n")


def test_half_characters_have_a_fingerprint_too():
    assert len(answer_digest("\ud800")) == 64


def test_an_override_stands_in_place_of_checks_and_question():
    after = settled(given_for_all(2.5, "1a"), read(1))
    assert part(after, "1a").score == 2.5
    assert part(after, "1a").pending == 0
    assert part(after, "1a").override is not None
    manual = part(after, "1a").manual
    assert manual is not None
    assert manual.score == 1


def test_an_override_settles_what_was_left_open():
    after = settled(given_for_all(6))
    assert (after.score, after.pending) == (9, 2)


def test_an_override_for_another_submission_does_not_count_and_is_said():
    standing = Standing([given_for_all(6, sha256="cd" * 32)])
    assert settle(make(), standing) == make()
    assert "another file is graded now" in notes_of(make(), standing)[0]


@pytest.mark.parametrize(("status", "pending"), [("error", 6), ("unusable", 0), ("missing", 0)])
def test_a_person_can_give_points_where_nothing_was_checked(status, pending):
    after = settled(given_for_all(5), result=make_unchecked(status))
    assert after.score == 5
    assert after.pending == pending


def test_a_score_for_a_question_that_is_gone_is_said():
    standing = Standing([read(1)])
    unchecked = make_unchecked("unusable")
    assert settle(unchecked, standing) == unchecked
    assert "no question" in notes_of(unchecked, standing)[0]


def test_a_score_for_an_exercise_that_is_gone_is_said():
    assert "no such exercise" in notes_of(make(), Standing([read(1, "9z")]))[0]


def test_what_counts_and_what_is_withdrawn_is_not_spoken_of():
    standing = Standing([read(1), given_for_all(None, sha256="other")])
    assert notes_of(make(), standing) == []


def test_a_note_stays_on_one_line_whatever_names_are():
    hostile = replace(read(1, "1a\n\x1b[31m" + "x" * 10_000), by="A\nB")
    (note,) = notes_of(make(), Standing([hostile]))
    assert note.isprintable()
    assert len(note) < 400


def test_lateness_is_taken_off_the_sum():
    after = settle(make(DUE + timedelta(hours=1)), LATE_BY_TEN_PERCENT)
    assert after.late is not None
    assert after.late.deducted == pytest.approx(1.0)
    assert after.score == pytest.approx(2.0)


def test_what_a_person_gives_later_is_subject_to_lateness_too():
    standing = replace(LATE_BY_TEN_PERCENT, judgements=[given_for_all(6), read(1)])
    after = settle(make(DUE + timedelta(hours=1)), standing)
    assert after.score == pytest.approx(9.0)


def test_an_extension_given_later_takes_the_deduction_back():
    late = settle(make(DUE + timedelta(hours=1)), LATE_BY_TEN_PERCENT)
    extended = replace(LATE_BY_TEN_PERCENT, extension=DUE + timedelta(days=1))
    assert settle(late, extended) == make(DUE + timedelta(hours=1))


def test_who_handed_in_nothing_is_not_late():
    missing = make_unchecked("missing")
    missing.submission.handed = Handed(late=True)
    assert settle(missing, LATE_BY_TEN_PERCENT).late is None


def test_a_lateness_that_nobody_knows_is_for_the_staff_to_settle():
    result = make()
    result.submission.handed = Handed(late=True)
    assert settle(result, LATE_BY_TEN_PERCENT).score == 3
    (note,) = notes_of(result, LATE_BY_TEN_PERCENT)
    assert "column submitted_at of the roster" in note
