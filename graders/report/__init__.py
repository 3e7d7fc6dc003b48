"""Turn a result into something to read: a page, Markdown, a class page, terminal output."""

from graders.report.render import render_class, render_html, render_markdown
from graders.report.terminal import print_result
from graders.report.text import clean
from graders.report.view import Audience

__all__ = [
    "Audience",
    "clean",
    "print_result",
    "render_class",
    "render_html",
    "render_markdown",
]
