from __future__ import annotations

import pytest

from graders.report.view import Page, Tally, for_audience, is_partial
from graders.result import ManualResult, Outcome

from . import parts


def test_points_always_add_up(losses):
    page = Page.of(losses, "student")
    for tally in (page.sheet, page.bonus):
        assert tally.earned + tally.pending + tally.lost == tally.points


def test_what_the_grader_could_not_check_is_pending(losses):
    exercise = next(exercise for exercise in losses.exercises if exercise.id == "3a")
    assert Tally.of(exercise) == Tally(points=3, earned=0, pending=3, lost=0)


def test_an_error_is_never_lost_even_where_its_points_were_not_counted_as_pending(losses):
    exercise = next(exercise for exercise in losses.exercises if exercise.id == "3a")
    assert Tally.of(exercise.model_copy(update={"pending": 0})).pending == 3


def test_a_question_without_pending_points_is_lost_where_it_was_not_answered():
    manual = ManualResult(points=1, score=0, question="Why?", answer=None)
    tally = Tally.of(parts.exercise("1a", "1", "x", manual=manual))
    assert tally == Tally(points=1, earned=0, pending=0, lost=1)


def test_thirds_that_add_up_to_all_points_lose_none():
    thirds = [parts.passed("1a", "x", 1 / 3) for _ in range(3)]
    exercise = parts.exercise("1a", "1", "x", *thirds).model_copy(update={"points": 1 + 1e-16})
    assert Tally.of(exercise).lost == 0


def test_repeated_evidence_goes_to_the_check_that_lost_points(losses):
    page = Page.of(losses, "student")
    view = next(view for view in page.exercises if view.exercise.id == "1f")
    by_outcome = {check.check.outcome: len(check.exhibits) for check in view.checks}
    assert by_outcome == {Outcome.PASSED: 0, Outcome.FAILED: 2}


def test_exercises_keep_the_order_of_the_sheet_and_unknown_sections_come_last(losses):
    stray = parts.exercise("9z", "9", "Not on the sheet", parts.passed("9z", "x"))
    result = losses.model_copy(update={"exercises": [stray, *losses.exercises]})
    page = Page.of(result, "student")
    assert page.exercises[-1].exercise.id == "9z"


def test_a_view_leaves_the_result_as_it_was(losses):
    before = losses.model_dump_json()
    for_audience(losses, "student")
    assert losses.model_dump_json() == before


@pytest.mark.parametrize(
    ("changes", "partial"),
    [
        ({"score": 0.01}, True),
        ({"score": 0.99}, True),
        ({"score": 0}, False),
        ({"score": 1}, False),
        ({"score": 0.5, "follows_from": "1c"}, False),
        ({"score": 0.5, "outcome": Outcome.PASSED}, False),
    ],
    ids=str,
)
def test_only_a_failed_check_with_some_of_its_points_is_partial(changes, partial):
    assert is_partial(parts.lost("1f", "x").model_copy(update=changes)) is partial
