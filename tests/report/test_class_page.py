"""The class page: what it counts, what it shows, and what no text can make of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.report import Row, render_class
from graders.report.classroom import Classroom
from graders.report.counts import cell, hardest
from graders.report.render import digest_of
from graders.report.rows import Part, Trained
from graders.result import (
    Outcome,
    Result,
)
from tests.builders.evidence import adam_training, dense_training, long_training, skipped_training
from tests.builders.hostile import HOSTILE, make_hostile
from tests.builders.results import (
    exercise,
    graded,
    info,
    judgement,
    late,
    lost,
    missing,
    of_fashion_cnn,
    passed,
    question,
)
from tests.builders.samples import make_unusable

from .pages import PageReader


@dataclass(frozen=True)
class Alike:
    kind: str
    students: tuple[str, ...]
    share: float = 0.97
    note: str = ""


def rows_of(results, *, linked=True):
    return [
        Row.of(
            result,
            f"{result.submission.student.replace(' ', '%20')}/feedback.html" if linked else None,
        )
        for result in results
    ]


def page_of(results, *, linked=True, **more):
    return render_class(rows_of(results, linked=linked), title="The sheet", **more)


def text_of(results, **more):
    return PageReader.read(page_of(results, **more)).text


def part(**changes):
    usual = {
        "id": "1a",
        "title": "Turn images",
        "bonus": False,
        "points": 4,
        "score": 0,
        "pending": 0,
        "lost": 0,
        "attempted": True,
        "error": False,
    }
    return Part(**(usual | changes))


def table_row(html, student):
    """The cells of a student's row in the table of all students."""
    table = html[html.index('<table class="roster') :]
    row = next(row for row in re.findall(r"<tr>.*?</tr>", table, re.S) if f">{student}<" in row)
    return PageReader.read(row).text


# -- rows ------------------------------------------------------------------------------


def test_a_row_keeps_no_result(losses):
    row = Row.of(losses, None)
    assert not any(isinstance(getattr(row, name), Result) for name in Row.__slots__)
    with pytest.raises(AttributeError):
        row.__dict__  # noqa: B018


def test_points_of_exercises_add_up_to_earned_pending_and_lost(losses):
    for one in Row.of(losses, None).exercises:
        assert one.score + one.pending + one.lost == pytest.approx(one.points)


def test_texts_are_cleaned_and_bounded_once():
    hostile = make_hostile()
    hostile.submission.student = "\x1b[31malice\x00\nsmith " + "x" * 10_000
    row = Row.of(hostile, None)
    assert row.student.startswith("alice smith xxx")
    assert len(row.student) <= 120


def test_a_name_of_nothing_but_controls_can_still_be_read():
    assert Row.of(graded("\x00\x1b[2J\u202e"), None).student == "(no name)"


@given(st.text(max_size=40))
def test_a_name_is_one_line_without_controls(name):
    shown = Row.of(graded(name), None).student
    assert shown
    assert shown == " ".join(shown.split())
    assert not re.search(r"[\x00-\x1f\u202a-\u202e]", shown)


@pytest.mark.parametrize(
    ("outcome", "counts"),
    [
        (Outcome.FAILED, True),
        (Outcome.NOT_ATTEMPTED, True),
        (Outcome.BLOCKED, True),
        (Outcome.PASSED, False),
        (Outcome.UNSCORED, False),
        (Outcome.ERROR, False),
    ],
)
def test_failing_is_what_cost_points_and_is_not_open(outcome, counts):
    check = lost("1a", "It is right").model_copy(update={"outcome": outcome})
    assert bool(Row.of(graded("alice", check), None).failing) is counts


def test_missing_submissions_have_a_sentence_though_the_result_has_none():
    row = Row.of(missing("alice"), None)
    assert (row.missing, row.graded, row.broken) == (True, False, False)
    assert row.note == "Nothing was handed in."


@pytest.mark.parametrize("make", [missing, make_unusable])
def test_who_was_given_points_by_a_person_is_graded(make):
    result = make("alice")
    one = result.exercises[0]
    one.override = judgement(20)
    one.score, result.score = 20, 20
    row = Row.of(result, None)
    assert (row.graded, row.missing, row.broken) == (True, False, False)


def test_a_persons_score_for_the_exercise_settles_what_the_grader_could_not_check():
    check = lost("1a", "It is right").model_copy(update={"outcome": Outcome.ERROR})
    result = graded("alice", check)
    one = result.exercises[0]
    one.override = judgement(1)
    one.score, one.pending = 1, 0
    row = Row.of(result, None)
    assert (row.pending, row.failed_checks) == (0, [])


def test_equal_fingerprints_are_one_training_and_each_without_one_is_its_own():
    same = dense_training(0)
    trained = Trained.of([same, same, adam_training(1), *[long_training(2)] * 2])
    assert (trained.asked, trained.distinct, trained.unverified, trained.skipped) == (5, 4, 2, 0)


def test_the_trainings_of_a_class_are_distinct_over_all_students():
    alone = Trained.of([dense_training(0), long_training(1)])
    both = Trained.total([alone, alone])
    assert (both.asked, both.distinct) == (4, 3)


def test_reused_trainings_count_as_time_saved():
    trained = Trained.of([dense_training(0), adam_training(1)])
    assert (trained.reused, trained.seconds, trained.saved) == (1, 6.4, 21.0)


# -- the page --------------------------------------------------------------------------


def test_the_page_is_well_formed_and_loads_nothing(classroom):
    page = PageReader.read(page_of(classroom))
    assert page.problems == []
    assert {"link", "img", "iframe", "form"}.isdisjoint(page.tags)
    assert page.values("src") == []


def test_only_its_own_script_may_run(classroom):
    html = page_of(classroom)
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.S)
    policy = PageReader.read(html).values("content")[2]
    assert f"script-src '{digest_of(script)}';" in policy
    assert "default-src 'none'" in policy
    assert policy.count("unsafe-inline") == 1


def test_the_script_is_the_same_whatever_the_class(classroom):
    hostile, other = page_of([make_hostile()]), page_of(classroom)
    scripts = [re.search(r"<script>(.*?)</script>", html, re.S)[1] for html in (hostile, other)]
    assert scripts[0] == scripts[1]


def test_students_are_sorted_with_numbers_in_their_order(classroom):
    html = page_of(classroom, linked=False)
    students = re.findall(r'<th scope="row"><bdi>(.*?)</bdi>', html)
    in_order = ["alice.smith", "bianca.rossi", "carl.unlucky", "dora"]
    in_order += [f"team {i}" for i in range(1, 11)]
    assert students == in_order * 2  # in the map and in the table


def test_every_student_links_to_their_feedback(classroom):
    page = PageReader.read(page_of(classroom))
    pages = [href for href in page.values("href") if "#" not in href]
    assert "./team%2010/feedback.html" in pages
    assert len(set(pages)) == len(classroom)


def test_broken_submissions_stand_above_the_scores_with_their_sentence(classroom):
    text = text_of(classroom)
    assert text.index("merge-conflict marker") < text.index("Scores")
    assert text.index("signal 9") < text.index("Scores")


def test_what_to_do_is_said_where_the_grader_failed(classroom):
    assert "Grade it again" in text_of(classroom)


def test_checks_that_the_grader_failed_on_are_named_with_their_exercise():
    check = lost("1a", "It is right").model_copy(update={"outcome": Outcome.ERROR})
    html = page_of([graded("alice", check)])
    assert "The grader failed on some checks of alice ( 1a )" in PageReader.read(html).text
    assert "./alice/feedback.html#exercise-1a" in html


def test_students_without_a_submission_are_named(full_marks):
    text = text_of([full_marks, missing("zoe")])
    assert "1 student on the roster handed nothing in zoe" in text
    assert "1 submission of 2 students" in text


def test_a_broken_or_missing_submission_is_no_zero(classroom):
    room = Classroom.of(rows_of([*classroom, missing("zoe")]))
    assert sum(bar.count for bar in room.bars) == len(classroom) - 2
    assert room.bars[0].count == 0


def test_score_pending_and_outcomes_are_in_the_row(classroom):
    row = table_row(page_of(classroom), "alice.smith")
    expected = "alice.smith 14.9 6 ✓ 4 passed ◐ 1 in part ✗ 6 failed ○ 1 not attempted"
    assert row.startswith(expected)


def test_scores_above_all_points_join_the_last_bar(classroom):
    assert Classroom.of(rows_of(classroom)).bars[-1].count == 4


def test_bars_say_how_many_scores_may_still_rise():
    answer = exercise("1a", "Why", manual=question("Why?", "So."))
    done = exercise("1a", "Why", manual=question("Why?", "So.", score=1))
    room = Classroom.of(rows_of([of_fashion_cnn("a", answer), of_fashion_cnn("b", done)]))
    assert [bar.open for bar in room.bars] == [1, *[0] * 9]


def test_a_student_cannot_become_a_script_or_another_site():
    hostile = make_hostile()
    page = PageReader.read(render_class([Row.of(hostile, "javascript:alert(1)")], title="x"))
    outside = {href for href in page.values("href") if not href.startswith("#")}
    assert {href.split("#")[0] for href in outside} == {"./javascript:alert(1)"}
    assert page.tags.count("script") == 1
    assert page.problems == []


@pytest.mark.parametrize(
    "name",
    [
        "<img src=x onerror=alert(1)>",
        "</script><script>alert(1)</script>",
        '" onmouseover="alert(1)',
        "{{ 7 * 7 }}",
        "\u202egnp.exe",
        "=HYPERLINK(1)",
        "x" * 10_000,
        "",
    ],
)
def test_a_hostile_name_is_text_and_no_more(name):
    honest = PageReader.read(page_of([graded("alice")], linked=False))
    page = PageReader.read(page_of([graded(name)], linked=False))
    assert page.problems == []
    assert page.tags == honest.tags
    assert "\u202e" not in page.text


def test_hostile_words_of_others_are_text_as_well():
    alike = Alike("code", ("<script>alert(1)</script>", "alice"), note=HOSTILE)
    page = PageReader.read(page_of([graded("alice")], similar=[alike], notes=[HOSTILE]))
    assert page.tags.count("script") == 1
    assert page.problems == []


def test_an_empty_class_is_a_page_too():
    page = PageReader.read(render_class([]))
    assert "No submissions" in page.text
    assert page.problems == []


def test_a_class_of_which_nothing_could_be_graded_is_a_page_too(unusable):
    page = PageReader.read(page_of([unusable, missing("zoe")]))
    assert page.problems == []
    assert "median" not in page.text


def test_notes_stand_at_the_top(full_marks):
    text = text_of([full_marks], notes=["2 submissions keep their former results."])
    assert text.index("keep their former results") < text.index("Scores")


# -- trainings, and what to look at ------------------------------------------------------


def test_trainings_that_are_not_verified_are_counted_by_student(classroom):
    rows = {row.student: row.trainings.unverified for row in rows_of(classroom)}
    assert "Unverified trainings" in page_of(classroom)
    assert rows["alice.smith"] == 3
    assert rows["bianca.rossi"] == 0


def test_columns_that_nobody_needs_are_left_out(full_marks):
    html = page_of([full_marks])
    heads = re.findall(r'data-key="([a-z-]*)"', html[html.index('<table class="roster') :])
    assert heads == ["student", "score", "checks", "notes"]


def test_one_line_says_what_was_asked_for_and_what_is_distinct(classroom):
    line = "42 trainings asked for, 16 of them distinct; 18 not verified"
    assert line in text_of(classroom)


def test_skipped_trainings_are_asked_for_and_neither_distinct_nor_unverified(full_marks):
    full_marks.trainings = [skipped_training(0)]
    html = page_of([full_marks])
    assert "1 training asked for; 1 not trained" in PageReader.read(html).text
    assert "Unverified" not in html


def test_a_class_without_trainings_says_nothing_of_them():
    assert "asked for" not in page_of([make_unusable()])


def test_what_a_person_should_look_at_is_counted_and_leads_to_its_exercises(classroom):
    html = page_of(classroom)
    rows = {row.student: row for row in rows_of(classroom)}
    assert rows["alice.smith"].flags == 2
    assert rows["alice.smith"].look_at == ("3b", "4b")
    assert rows["bianca.rossi"].flags == 0
    assert "2 checks: 3b , 4b" in table_row(html, "alice.smith")
    assert "./team%203/feedback.html#exercise-4b" in PageReader.read(html).values("href")


def test_an_exercise_with_two_flags_is_named_once():
    checks = [passed("1f", "x", flag="High."), lost("1f", "y", flag="Low.")]
    flagged = of_fashion_cnn("alice", exercise("1f", "Train it", *checks))
    assert "2 checks: 1f" in text_of([flagged])


def test_late_submissions_show_what_was_deducted_and_why():
    results = [graded("alice", late=late(deducted=2)), graded("bo")]
    html = page_of(results)
    row = table_row(html, "alice")
    assert "\N{MINUS SIGN}2" in row
    assert "2 h late." in row
    assert "\N{MINUS SIGN}" not in table_row(html, "bo")


def test_a_lateness_that_nobody_knows_is_a_question():
    html = page_of([graded("alice", late=late(unknown=True))])
    assert " ? " in table_row(html, "alice")


def test_why_a_file_was_chosen_is_said_to_staff():
    result = graded("alice")
    result.submission = info("", "alice", files=["b.ipynb"], chosen="It is newer.")
    assert "It is newer." in table_row(page_of([result]), "alice")


# -- the map ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"score": 4}, "100"),
        ({"score": 3.999, "lost": 0.001}, "99"),
        ({"score": 1, "lost": 3}, "25"),
        ({"lost": 4}, "0"),
        ({"lost": 4, "attempted": False}, "○"),
        ({"pending": 4}, "?"),
        ({"score": 2, "pending": 2}, "50?"),
        ({"pending": 1, "error": True}, "!"),
        ({"score": 3, "pending": 1, "error": True}, "75!"),
        ({"score": 2, "lost": 2, "bonus": True}, "+50"),
        ({"lost": 4, "bonus": True}, "·"),
        ({"points": 0}, "·"),
    ],
)
def test_every_state_of_a_square_is_told_in_signs(changes, text):
    assert cell(part(**changes)).text == text


@given(st.floats(0, 4))
def test_squares_get_no_lighter_as_more_is_lost(score):
    shades = ["s0", "s1", "s2", "s3", "s4", ""]
    here = shades.index(cell(part(score=score, lost=4 - score)).kind)
    assert here >= shades.index(cell(part(score=score / 2, lost=4 - score / 2)).kind)


def test_every_square_leads_to_its_exercise_on_the_feedback_page(losses):
    html = page_of([losses])
    table = html[html.index('<table class="map') : html.index('id="after-map"')]
    hrefs = re.findall(r'<td[^>]*><a href="(.*?)"', table)
    places = [f"./alice.smith/feedback.html#exercise-{e.id}" for e in losses.exercises]
    assert hrefs == places


def test_a_row_with_fewer_exercises_keeps_its_columns():
    both = of_fashion_cnn(
        "alice",
        exercise("1a", "One", passed("1a", "x")),
        exercise("1b", "Two", passed("1b", "y")),
    )
    one = of_fashion_cnn("bo", exercise("1b", "Two", lost("1b", "y")))
    room = Classroom.of(rows_of([both, one]))
    bo = next(row for row in room.rows if row.student == "bo")
    assert [square.text for square, _ in room.cells(bo)] == ["·", "0"]


def test_a_mean_counts_graded_work_and_leaves_pending_points_out():
    open_ = exercise("1a", "Why", manual=question("Why?", "So."))
    half = exercise("1a", "Why", lost("1a", "x", score=0.5))
    results = [of_fashion_cnn("a", open_), of_fashion_cnn("b", half), missing("c")]
    (column,) = Classroom.of(rows_of(results)).columns
    assert (column.students, column.mean, column.lost) == (2, 0.5, 1)


# -- what was hard, and why ---------------------------------------------------------------


def test_the_hardest_exercise_comes_first_and_easy_ones_and_bonus_do_not():
    def one(id_, score, *, bonus=False):
        check = lost(id_, "x", score=score)
        return exercise(id_, id_, check, bonus=bonus)

    exercises = [one("1a", 0.5), one("1b", 0.2), one("1c", 0.95), one("4a", 0.1, bonus=True)]
    room = Classroom.of(rows_of([of_fashion_cnn("alice", *exercises)]))
    assert [column.id for column in hardest(room.columns, 6)] == ["1b", "1a"]


@pytest.mark.parametrize(
    ("manual", "sentence"),
    [
        (
            question("Why?", "So.", score=1),
            "Nothing: in every exercise the class has earned nine tenths",
        ),
        (question("Why?", "So."), "Nothing can be said before a person has given the points"),
    ],
)
def test_a_class_without_hard_exercises_says_why(manual, sentence):
    only = exercise("1a", "Why", manual=manual)
    assert sentence in text_of([of_fashion_cnn("alice", only)])


def test_reasons_are_checks_by_the_number_of_students_who_lost_points():
    rare, often = lost("1a", "Rare"), lost("1a", "Often")
    often.id = "often"
    results = [graded("a", often, rare), graded("b", often), graded("c", passed("1a", "x"))]
    found = Classroom.of(rows_of(results)).reasons
    assert [(one.title, len(one.rows)) for one in found] == [("Often", 2), ("Rare", 1)]
    assert found[0].share == pytest.approx(2 / 3)


def test_a_check_that_kept_its_points_is_no_reason_but_is_said():
    kept = lost("1a", "It is right", score=1, follows_from="1a")
    found = Classroom.of(rows_of([graded("a", lost("1a", "x")), graded("b", kept)])).reasons
    assert [(len(one.rows), one.kept) for one in found] == [(1, 1)]


def test_a_bonus_that_was_not_earned_is_no_reason():
    bonus = exercise("4a", "More", lost("4a", "x"), bonus=True)
    assert Classroom.of(rows_of([of_fashion_cnn("a", bonus)])).reasons == []


def test_a_reason_leads_to_the_exercise_of_each_student():
    html = page_of([graded("alice", lost("1a", "It is right"))])
    listed = html[html.index('id="reasons"') :]
    assert '<a href="./alice/feedback.html#exercise-1a"><bdi>alice</bdi></a>' in listed


def test_a_reason_of_a_very_large_class_names_some_and_counts_the_rest():
    results = [graded(f"team {i}", lost("1a", "It is right")) for i in range(305)]
    text = text_of(results, linked=False)
    assert "305 students" in text
    assert "And 5 more: the map has them all" in text


# -- near-identical submissions -------------------------------------------------------------


def test_near_identical_submissions_are_a_hint_with_links_by_key_or_name():
    first = graded("alice")
    first.submission.key = "canvas:4711"
    alike = Alike("code", ("canvas:4711", "bo"), note="All of 1a is the same.")
    html = page_of([first, graded("bo")], similar=[alike])
    listed = html[html.index('id="alike"') : html.index('id="students"')]
    assert re.findall(r'<a href="(.*?)"><bdi>(.*?)</bdi>', listed) == [
        ("./alice/feedback.html", "alice"),
        ("./bo/feedback.html", "bo"),
    ]
    text = PageReader.read(html).text
    assert "it takes no points" in text
    assert "the code, 97 % in common: All of 1a is the same." in text


def test_two_students_of_one_name_are_told_apart_by_their_keys():
    first, second = graded("alice"), graded("alice")
    first.submission.key, second.submission.key = "canvas:1", "canvas:2"
    rows = [Row.of(first, "alice/feedback.html"), Row.of(second, "alice-2/feedback.html")]
    (alike,) = Classroom.of(rows, similar=[Alike("code", ("canvas:1", "canvas:2"))]).alike
    assert [link for _, link in alike.students] == [
        "./alice/feedback.html",
        "./alice-2/feedback.html",
    ]


def test_a_class_without_near_identical_submissions_says_nothing_of_them(full_marks):
    assert "ear-identical" not in text_of([full_marks])
