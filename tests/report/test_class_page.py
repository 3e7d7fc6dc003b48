from __future__ import annotations

import re

from graders.report import render_class
from graders.report.roster import Roster, Trainings

from . import parts, samples
from .pages import PageReader


def links(results):
    return {
        result.submission.student: f"{result.submission.student.replace(' ', '%20')}/feedback.html"
        for result in results
    }


def test_the_page_is_well_formed_and_loads_nothing(classroom):
    page = PageReader.read(render_class(classroom, links=links(classroom)))
    assert page.problems == []
    assert {"script", "link", "img"}.isdisjoint(page.tags)


def test_students_are_sorted_with_numbers_in_their_order(classroom):
    html = render_class(classroom, links={})
    students = re.findall(r'<th scope="row"><bdi>(.*?)</bdi>', html)
    assert students[:4] == ["alice.smith", "bianca.rossi", "carl.unlucky", "dora"]
    assert students[4:] == [f"team {i}" for i in range(1, 11)]


def test_every_student_links_to_their_feedback(classroom):
    page = PageReader.read(render_class(classroom, links=links(classroom)))
    pages = [href for href in page.values("href") if "#" not in href]
    assert "./team%2010/feedback.html" in pages
    assert len(set(pages)) == len(classroom)


def test_broken_submissions_stand_at_the_top_with_their_sentence(classroom):
    text = PageReader.read(render_class(classroom, links={})).text
    assert text.index("merge-conflict marker") < text.index("Scores")
    assert text.index("signal 9") < text.index("Scores")


def test_a_broken_submission_is_no_zero(classroom):
    roster = Roster.of(classroom, {})
    assert sum(bar.count for bar in roster.bars) == len(classroom) - 2
    assert roster.bars[0].count == 0


def test_score_pending_and_outcomes_are_in_the_row(classroom):
    text = PageReader.read(render_class(classroom, links={})).text
    assert "alice.smith 14.9 6 ✓ 4 passed ◐ 1 in part ✗ 6 failed ○ 1 not attempted" in text


def test_scores_above_all_points_join_the_last_bar(classroom):
    assert Roster.of(classroom, {}).bars[-1].count == 4


def test_a_student_cannot_become_a_script_or_another_site():
    hostile = samples.make_hostile()
    url = {hostile.submission.student: "javascript:alert(1)"}
    page = PageReader.read(render_class([hostile], links=url))
    anchor = "#exercise-1a"
    assert set(page.values("href")) == {
        "./javascript:alert(1)",
        f"./javascript:alert(1){anchor}",
    }
    assert "script" not in page.tags


def test_an_empty_class_is_a_page_too():
    assert "No submissions" in PageReader.read(render_class([], links={})).text


def test_trainings_that_are_not_verified_are_counted_by_student(classroom):
    html = render_class(classroom, links={})
    rows = {row.result.submission.student: row.unverified for row in Roster.of(classroom, {}).rows}
    assert "Unverified trainings" in html
    assert rows["alice.smith"] == 3
    assert rows["bianca.rossi"] == 0


def test_the_column_is_left_out_where_all_trainings_are_verified(full_marks):
    html = render_class([full_marks], links={})
    assert "Unverified" not in html
    assert html.count("<td") == 4


def test_one_line_says_what_was_asked_for_and_what_is_distinct(classroom):
    text = PageReader.read(render_class(classroom, links={})).text
    line = "42 trainings asked for, 16 of them distinct; 18 not verified"
    assert text.index(line) < text.index("alice.smith 14.9")


def test_equal_fingerprints_are_one_training_and_each_without_one_is_its_own():
    same = parts.dense_training(0)
    trainings = Trainings.of([same, same, parts.adam_training(1), *[parts.long_training(2)] * 2])
    assert trainings == Trainings(asked=5, distinct=4, unverified=2, skipped=0)


def test_skipped_trainings_are_asked_for_and_neither_distinct_nor_unverified(full_marks):
    full_marks.trainings = [parts.skipped_training(0)]
    html = render_class([full_marks], links={})
    assert "1 training asked for; 1 not trained" in PageReader.read(html).text
    assert "Unverified" not in html


def test_a_class_without_trainings_says_nothing_of_them():
    html = render_class([samples.make_unusable()], links={})
    assert "asked for" not in html


def test_what_a_person_should_look_at_is_counted_and_leads_to_its_exercises(classroom):
    page = PageReader.read(render_class(classroom, links=links(classroom)))
    rows = {row.result.submission.student: row for row in Roster.of(classroom, {}).rows}
    assert rows["alice.smith"].flags == 2
    assert [id_ for id_, _ in rows["alice.smith"].look_at] == ["3b", "4b"]
    assert rows["bianca.rossi"].flags == 0
    assert "2 checks: 3b , 4b" in page.text
    assert "./team%203/feedback.html#exercise-4b" in page.values("href")


def test_who_has_something_to_look_at_is_named_above_the_table(classroom):
    text = PageReader.read(render_class(classroom, links={})).text
    named = "it took no points: alice.smith (3b, 4b), team 2 (3b, 4b), team 3 (3b, 4b)"
    assert text.index(named) < text.index("alice.smith 14.9")


def test_an_exercise_with_two_flags_is_named_once():
    checks = [parts.passed("1f", "x", flag="High."), parts.lost("1f", "y", flag="Low.")]
    flagged = parts.result("alice", [parts.exercise("1f", "1", "Train it", *checks)])
    text = PageReader.read(render_class([flagged], links={})).text
    assert "2 checks: 1f" in text
    assert "alice (1f)." in text


def test_a_class_with_nothing_to_look_at_has_no_column_for_it(full_marks):
    assert "o look at" not in render_class([full_marks], links={})
