from __future__ import annotations

import re

from graders.report import render_class
from graders.report.roster import Roster

from . import samples
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
    assert "./team%2010/feedback.html" in page.values("href")
    assert len(set(page.values("href"))) == len(classroom)


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
    assert "alice.smith 14.9 6 ✓ 4 passed ✗ 7 failed ○ 1 not attempted" in text


def test_scores_above_all_points_join_the_last_bar(classroom):
    assert Roster.of(classroom, {}).bars[-1].count == 4


def test_a_student_cannot_become_a_script_or_another_site():
    hostile = samples.make_hostile()
    url = {hostile.submission.student: "javascript:alert(1)"}
    page = PageReader.read(render_class([hostile], links=url))
    assert page.values("href") == ["./javascript:alert(1)"]
    assert "script" not in page.tags


def test_an_empty_class_is_a_page_too():
    assert "No submissions" in PageReader.read(render_class([], links={})).text
