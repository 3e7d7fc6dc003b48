"""Text inside Markdown: escaped unless it is known to be Markdown already."""

from __future__ import annotations

import re
from typing import Any

from graders.report.text import spans

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")
# Characters that only mean something where a line begins.
_LINE_START = re.compile(r"^(\s*)([#+\-=]|\d+[.)](?=\s|$))")
_SPACE = re.compile(r"\s+")
_BACKTICKS = re.compile(r"`+")


class Verbatim(str):
    """Markdown that stays as it is. Only this module makes it."""

    __slots__ = ()


def escape(value: Any) -> Verbatim:
    """Make a value harmless on one line of Markdown; the default for everything in a template."""
    if isinstance(value, Verbatim):
        return value
    line = _SPACE.sub(" ", str(value)).translate(_ENTITIES)
    line = _SPECIAL.sub(r"\\\1", line)
    return Verbatim(_LINE_START.sub(_escape_line_start, line))


def prose(text: str) -> Verbatim:
    """Escape a sentence, with its `backticks` kept as code."""
    return Verbatim(
        "".join(f"`{span.text}`" if span.is_code else escape(span.text) for span in spans(text))
    )


def fenced(text: str) -> Verbatim:
    """Set a text as a block in which nothing is interpreted, line breaks preserved."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return Verbatim(f"{fence}text\n{text.rstrip()}\n{fence}")


def _escape_line_start(match: re.Match[str]) -> str:
    space, mark = match.groups()
    return f"{space}{mark[:-1]}\\{mark[-1]}"
