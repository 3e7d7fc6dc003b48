"""A check that is left open tells the student why, in every form of the feedback."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from graders.report import print_result, render_html, render_markdown
from graders.result import Outcome, Result
from tests.builders.results import check, exercise, of_fashion_cnn

from .pages import PageReader


def left_open(**changes: object) -> Result:
    usual = {
        "outcome": Outcome.UNSCORED,
        "points": 2,
        "message": "Calibrate first: the reference has no range for batches of 500.",
        "hint": "Nothing is lost. To have it scored, run tensormark calibrate.",
    }
    return of_fashion_cnn("alice", exercise("1f", "Train", check("1f", **(usual | changes))))


def as_page(result: Result) -> str:
    return PageReader.read(render_html(result)).text


def as_printed(result: Result) -> str:
    console = Console(file=io.StringIO(), width=200)
    print_result(result, console)
    return console.file.getvalue()


@pytest.mark.parametrize("shown", [as_page, render_markdown, as_printed])
def test_the_student_reads_why_and_what_to_do(shown):
    text = shown(left_open())
    assert "left open" in text
    assert "Calibrate first: the reference has no range for batches of 500." in text
    assert "Nothing is lost. To have it scored, run tensormark calibrate." in text
    assert "2 pending" in text or "2 points pending" in text


@pytest.mark.parametrize("shown", [as_page, render_markdown, as_printed])
def test_a_hidden_check_that_is_left_open_keeps_its_details(shown):
    assert "Calibrate" not in shown(left_open(hidden=True))


@pytest.mark.parametrize("shown", [as_page, render_markdown, as_printed])
def test_what_the_grader_failed_on_is_not_shown_to_students(shown):
    assert "Calibrate" not in shown(left_open(outcome=Outcome.ERROR))
