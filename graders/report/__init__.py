"""Turn a result into something to read: a page, Markdown, a class page, terminal output."""

from graders.report.render import render_class, render_html, render_markdown
from graders.report.rows import Row
from graders.report.summary import print_summary
from graders.report.terminal import print_result
from graders.report.text import clean
from graders.report.view import Audience

__all__ = [
    "Audience",
    "Row",
    "clean",
    "print_result",
    "print_summary",
    "render_class",
    "render_html",
    "render_markdown",
]
