"""Guess which exercise a cell belongs to from headings and comments such as `# 1f`."""

from __future__ import annotations

import re

# "1f", "1 (f)", "1.f", "Exercise 1f:", "Ex. 1 f)"; the digit and the letter must stand together.
_FULL = re.compile(r"(?<![\w.])(\d{1,2})\s*[.\-]?\s*\(?([a-z])\)?(?![\w])")
# "(f)" or "f)" at the start of a line, after a heading that gave the number.
_LETTER = re.compile(r"^\(?([a-z])[).:](?:\s|$)")
_LINES_READ = 6


def exercise_label(source: str, kind: str, known: set[str], current: str | None) -> str | None:
    """Return the exercise id that a cell names first, or None.

    Args:
        source: the cell's text.
        kind: "code" (only its comments are read) or "markdown" (its first lines are read).
        known: the assignment's exercise ids.
        current: the label of the cell before, which a bare "(f)" continues.

    """
    for line in _readable_lines(source, kind):
        for number, letter in _FULL.findall(line.lower()):
            if f"{number}{letter}" in known:
                return f"{number}{letter}"
        letter_only = _LETTER.match(line.lower())
        if letter_only and current:
            label = f"{current[:-1]}{letter_only[1]}"
            if label in known:
                return label
    return None


def _readable_lines(source: str, kind: str) -> list[str]:
    lines = source.strip().splitlines()[:_LINES_READ]
    if kind == "code":
        lines = [line for line in lines if line.lstrip().startswith("#")]
    return [line.strip().lstrip("#*_ ").strip() for line in lines]
