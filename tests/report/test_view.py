from __future__ import annotations

import pytest

from graders.report.view import Page, Tally, for_audience, is_partial
from graders.result import Outcome
from tests.builders.results import exercise, judgement, lost, passed, question
from tests.builders.samples import make_judged


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
    manual = question(score=0)
    tally = Tally.of(exercise("1a", "x", manual=manual))
    assert tally == Tally(points=1, earned=0, pending=0, lost=1)


def test_thirds_that_add_up_to_all_points_lose_none():
    thirds = [passed("1a", "x", 1 / 3) for _ in range(3)]
    one = exercise("1a", "x", *thirds, points=1 + 1e-16)
    assert Tally.of(one).lost == 0


def test_repeated_evidence_goes_to_the_check_that_lost_points(losses):
    page = Page.of(losses, "student")
    view = next(view for view in page.exercises if view.exercise.id == "1f")
    by_outcome = {check.check.outcome: len(check.exhibits) for check in view.checks}
    assert by_outcome == {Outcome.PASSED: 0, Outcome.FAILED: 2}


def test_exercises_keep_the_order_of_the_sheet_and_unknown_sections_come_last(losses):
    stray = exercise("9z", "Not on the sheet", passed("9z", "x"))
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
    assert is_partial(lost("1f", "x").model_copy(update=changes)) is partial


def test_the_bar_holds_all_points_of_the_sheet_with_what_lateness_takes():
    page = Page.of(make_judged(), "student")
    assert sum(amount for _, amount in page.bar) == pytest.approx(page.sheet.points)
    assert dict(page.bar)["late"] == pytest.approx(0.8)


def test_what_was_earned_less_the_deduction_is_the_score():
    page = Page.of(make_judged(), "student")
    assert page.earned - page.deducted == pytest.approx(page.result.score)


def test_an_override_leaves_nothing_pending_and_no_error_to_look_at(losses):
    override = judgement(1, "Seen in person.")
    exercise = next(exercise for exercise in losses.exercises if exercise.id == "3a")
    settled = exercise.model_copy(update={"override": override, "score": 1.0, "pending": 0.0})
    assert Tally.of(settled) == Tally(points=3, earned=1, pending=0, lost=2)
    result = losses.model_copy(update={"exercises": [settled]})
    assert Page.of(result, "staff").exercises[0].state == "partial"


def test_an_unusable_file_is_graded_once_a_person_gives_points(unusable):
    override = judgement(5, "")
    bare = unusable.exercises[0].model_copy(update={"override": override, "score": 5.0})
    given = unusable.model_copy(update={"exercises": [bare], "score": 5.0})
    assert Page.of(unusable, "student").ungraded
    assert not Page.of(given, "student").ungraded
    assert Page.of(given, "student").sheet == Tally(points=32, earned=5, pending=0, lost=27)


def test_who_has_judged_is_for_staff_alone():
    assert "Tutor A" not in for_audience(make_judged(), "student").model_dump_json()
    assert "Tutor A" in for_audience(make_judged(), "staff").model_dump_json()


def test_what_lay_beside_is_named_once_and_not_without_end(full_marks):
    info = full_marks.submission
    info.chosen = "hw.ipynb was graded; helpers.py lay beside it."
    info.brought = ["helpers.py", *(f"data_{i}.csv" for i in range(30))]
    brought = Page.of(full_marks, "student").brought
    assert brought[0] == "data_0.csv"
    assert brought[-1] == "20 more"
