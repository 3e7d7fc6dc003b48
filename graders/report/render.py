"""Render the templates: a feedback page, the same as Markdown, and a class page."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from graders.report import curves, grids, markdown, plots, strips, text, view, words
from graders.report.classroom import AGAIN, Classroom, Similar
from graders.report.rows import Row
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


def render_class(
    rows: Iterable[Row],
    *,
    title: str = "No submissions",
    similar: Sequence[Similar] = (),
    notes: Sequence[str] = (),
) -> str:
    """Make the index page of a class, for staff: one file of HTML that needs no network.

    Its one script sorts and filters what stands there already; the page's policy names that script
    by its digest and lets no other run.

    Args:
        rows: one for each student, in any order; the page sorts them by name.
        title: the assignment's.
        similar: near-identical submissions, the most alike first.
        notes: sentences for the top of the page, such as what could not be graded again.

    """
    room = Classroom.of(rows, title=title, similar=similar, notes=notes)
    script = files("templates").joinpath("class.js").read_text(encoding="utf-8")
    template = _html().get_template("class.html.j2")
    return template.render(room=room, script=script, digest=digest_of(script))


def digest_of(script: str) -> str:
    """Name a script as a Content-Security-Policy does."""
    return f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}"


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
        "plot_panels": plots.panels,
        "plot_sentence": plots.sentence,
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
        "AGAIN": AGAIN,
        "FLAG": words.FLAG,
        "NOT_VERIFIED": words.NOT_VERIFIED,
        "READ": words.READ,
        "SET": words.SET,
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
