"""Render the templates: a feedback page, the same as Markdown, and a class page."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from graders.report import curves, grids, markdown, strips, text, view, words
from graders.report.roster import Roster
from graders.report.view import Audience, Page
from graders.result import Result


def render_html(result: Result, *, audience: Audience = "student") -> str:
    """Make the feedback page: one file of HTML that needs no network and no script.

    Args:
        result: what grading said; a page is made from this alone.
        audience: students see no details of hidden checks and no rubrics; staff see all.

    """
    return _html().get_template("feedback.html.j2").render(page=Page.of(result, audience))


def render_markdown(result: Result, *, audience: Audience = "student") -> str:
    """Make the feedback as Markdown, for learning platforms and terminals.

    Args:
        result: what grading said.
        audience: as for `render_html`.

    """
    return _markdown().get_template("feedback.md.j2").render(page=Page.of(result, audience))


def render_class(results: list[Result], *, links: dict[str, str]) -> str:
    """Make the index page of a class, in HTML, for staff.

    Args:
        results: in any order; the page sorts them by student.
        links: student to the URL of their feedback, relative to the page and percent-encoded;
            a student without one gets no link.

    """
    return _html().get_template("class.html.j2").render(roster=Roster.of(results, links))


@cache
def _html() -> Environment:
    return make_environment(autoescape=True)


@cache
def _markdown() -> Environment:
    return make_environment(autoescape=False, finalize=markdown.escape)


def make_environment(
    *, autoescape: bool, finalize: Callable[[Any], Any] | None = None
) -> Environment:
    """Make what templates of every page are loaded with, and the filters that they know."""
    environment = Environment(
        loader=PackageLoader("templates", ""),
        autoescape=autoescape,  # noqa: S701 - Markdown is escaped by finalize instead
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "cell": text.cell_name,
        "charts": curves.charts,
        "count": text.count,
        "duration": text.duration,
        "fenced": markdown.fenced,
        "figure": text.figure,
        "kind": view.kind_of,
        "matrix": grids.as_text,
        "moment": text.moment,
        "number": text.number,
        "parameters": text.parameters,
        "partial": view.is_partial,
        "pictures": grids.pictures,
        "plain": text.plain,
        "points": text.points,
        "prose": markdown.prose,
        "score_sentence": words.score_sentence,
        "small_chart": curves.small_chart,
        "spans": text.spans,
        "strip": strips.strip,
        "summary": words.summary_of,
        "trained": view.is_trained,
    }
    environment.globals |= {
        "FLAG": words.FLAG,
        "NOT_VERIFIED": words.NOT_VERIFIED,
        "READ": words.READ,
        "STATES": words.STATES,
        "UNREAD": words.UNREAD,
        "anchor": view.anchor,
        "hint_of": words.hint_of,
        "how_trained": words.how_trained,
        "is_ungraded": words.is_ungraded,
        "message_of": words.message_of,
        "run_sentence": words.run_sentence,
        "sign_of": words.sign_of,
    }
    return environment
