"""Guess which exercise a cell belongs to from headings and comments such as `# 1f`."""

from __future__ import annotations

import re

# "1f", "1 (f)", "1.f", "Exercise 1f:", "Ex. 1 f)"; the digit and the letter must stand together.
_FULL = re.compile(r"(?<![\w.])(\d{1,2})\s*[.\-]?\s*\(?([a-z])\)?(?![\w])")
# "(f)" or "f)" at the start of a line, after a heading that gave the number.
_LETTER = re.compile(r"^\(?([a-z])[).:](?:\s|$)")
# "Exercise 2", "Problem 2:", "Task 2."; "## 3. CNN".
_SECTION = re.compile(
    r"(?:exercise|problem|task|part|question|section|aufgabe|teil)\s*(\d{1,2})\b(?!\s*\(?[a-z]\b)"
)
_NUMBERED_HEADING = re.compile(r"#+\s*(\d{1,2})\s*(?:[.:)]|\s)\s*(?!\(?[a-z]\)?(?:\s|$))")
_LINES_READ = 6


def section_number(source: str, kind: str) -> str | None:
    """Return the number of a heading such as "Exercise 2" or "## 3. CNN", or None."""
    for line in source.strip().splitlines()[:_LINES_READ]:
        if kind == "code" and not line.lstrip().startswith("#"):
            continue
        found = _SECTION.match(line.lstrip("#*_ \t").lower())
        if found:
            return found[1]
        if kind == "markdown" and line.startswith("#"):
            numbered = _NUMBERED_HEADING.match(line)
            if numbered:
                return numbered[1]
    return None


def exercise_label(source: str, kind: str, known: set[str], number: str | None) -> str | None:
    """Return the exercise id that a cell names first, or None.

    Args:
        source: the cell's text.
        kind: "code" (only its comments are read) or "markdown" (its first lines are read).
        known: the assignment's exercise ids.
        number: of the section that the cell stands in, which a bare "(f)" continues.

    """
    for line in _readable_lines(source, kind):
        for digits, letter in _FULL.findall(line.lower()):
            if f"{digits}{letter}" in known:
                return f"{digits}{letter}"
        letter_only = _LETTER.match(line.lower())
        if letter_only and number:
            label = f"{number}{letter_only[1]}"
            if label in known:
                return label
    return None


def _readable_lines(source: str, kind: str) -> list[str]:
    lines = source.strip().splitlines()[:_LINES_READ]
    if kind == "code":
        lines = [line for line in lines if line.lstrip().startswith("#")]
    return [line.strip().lstrip("#*_ ").strip() for line in lines]
