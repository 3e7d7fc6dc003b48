"""Guess which exercise a cell belongs to from headings and comments such as `# 1f`."""

from __future__ import annotations

import re

# "1f", "1 (f)", "1.f", "Exercise 1f:", "Ex. 1 f)"; the digit and the letter must stand together.
_FULL = re.compile(r"(?<![\w.])(\d{1,2})\s{0,3}[.\-]?\s{0,3}\(?([a-z])\)?(?![\w])")
# "(f)" or "f)" at the start of a line, after a heading that gave the number.
_LETTER = re.compile(r"^\(?([a-z])[).:](?:\s|$)")
# "Exercise 2", "Problem 2:", "Task 2."; "## 3. CNN".
_SECTION = re.compile(
    r"(?:exercise|exercice|problem|task|part|partie|question|section|aufgabe|teil|übung)\s*(\d{1,2})\b(?!\s*\(?[a-z]\b)"
)
_NUMBERED_HEADING = re.compile(r"#+\s*(\d{1,2})\s*(?:[.:)]|\s)\s*(?!\(?[a-z]\)?(?:\s|$))")
# What may lead up to a label at the start of a line: "Exercise 1f", "Antwort zu 1f", "Q1f".
_LEAD = (
    r"(?:(?:exercise|exercice|ex|task|problem|question|q|aufgabe|frage|übung|answer|antwort|réponse"
    r"|solution|lösung|part|teil|partie|no|nr|to|for|zu|à)\b[.:]?\s*|q(?=\d))"
)
_LABEL = r"(\d{1,2})\s{0,3}[.\-]?\s{0,3}\(?([a-z])(?![a-z0-9])"
_STARTING = re.compile(rf"[\W_]*{_LEAD}{{0,3}}[\W_]*{_LABEL}")
# After any other word, only a colon or a bracket makes it a label: "Begründung 1f:".
_AFTER_WORD = re.compile(rf"[\W_]*[^\W\d_]+[\W_]+{_LABEL}(?=\s*[):])")
# "1b: long steps. 1c: ten classes": two labels in one line.
_SECOND = re.compile(rf"(?<=[.;!?])[ \t]{{1,3}}(?=\(?{_LABEL}\)?\s?[:)])", re.IGNORECASE)
# What a label is set off with from the words behind it, where these follow in the same line.
_SET_OFF = re.compile(r"\s*(?:[)\]:.*_|>\u2013\u2014-]|$)")
_HEADING = re.compile(r"\s*(?:#+|(?P<bold>\*\*|__))(?P<text>.*?)(?(bold)(?P=bold)|$)")
# A label stands at a line's beginning; a line as long as its author liked must not be searched.
_LINES_READ, _LINE_READ = 6, 200


def section_number(source: str, kind: str) -> str | None:
    """Return the number of a heading such as "Exercise 2" or "## 3. CNN", or None."""
    for whole in source.strip().splitlines()[:_LINES_READ]:
        line = whole[:_LINE_READ]
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


def passages(
    source: str, kind: str, known: set[str], number: str | None
) -> list[tuple[str | None, str]]:
    """Split a cell's text where a line begins with a label: several may share a cell.

    Args:
        source: the cell's text; of code, its comments.
        kind: "code" or "markdown".
        known: the assignment's exercise ids.
        number: of the section that the cell stands in, which a heading "(f)" continues.

    Returns:
        Each part with the exercise that it names: None for what stands before the first label,
        "" for what stands under the heading of another section.

    """
    parts: list[tuple[str | None, str]] = []
    lines: list[str] = []
    current: str | None = None
    for line in _SECOND.sub("\n", source).splitlines():
        first = not any(lines) and not parts
        found = _starting_label(line, kind, known, number, first=first)
        if found is None and kind == "markdown" and _HEADING.match(line[:_LINE_READ]):
            section = section_number(line, kind)
            found, number = ("", section) if section is not None else (None, number)
        if found is not None:
            parts.append((current, "\n".join(lines)))
            current, lines = found, []
            number = found[:-1] or number
        lines.append(line)
    parts.append((current, "\n".join(lines)))
    return [(exercise, text) for exercise, text in parts if text.strip()]


def names_exercise(line: str) -> bool:
    """Tell whether a line begins with what looks like a label, of whatever sheet."""
    return any(pattern.match(line[:_LINE_READ].lower()) for pattern in (_STARTING, _AFTER_WORD))


def without_bare_label(text: str) -> str:
    """Leave out a first line that holds a label and nothing else."""
    line, _, rest = text.partition("\n")
    found = _STARTING.match(line[:_LINE_READ].lower())
    return rest if found and not re.search(r"\w", line[found.end() :]) else text


def _starting_label(
    line: str, kind: str, known: set[str], number: str | None, *, first: bool
) -> str | None:
    """Return the exercise that a line begins with; one in the middle of a sentence doesn't count.

    In a heading, and in the first line of a cell, words may follow at once: "1f Training".
    """
    text = line[:_LINE_READ].lower()
    heading = _HEADING.match(text) if kind == "markdown" else None
    found = _AFTER_WORD.match(text)
    if found and f"{found[1]}{found[2]}" in known:
        return f"{found[1]}{found[2]}"
    found = _STARTING.match(text)
    if found and (heading or first or _SET_OFF.match(text, found.end())):
        label = f"{found[1]}{found[2]}"
        return label if label in known else None
    if heading is None:
        return None
    for digits, letter in _FULL.findall(heading["text"]):
        if f"{digits}{letter}" in known:
            return f"{digits}{letter}"
    letter_only = _LETTER.match(heading["text"].strip())
    label = f"{number}{letter_only[1]}" if letter_only and number else ""
    return label if label in known else None


def _readable_lines(source: str, kind: str) -> list[str]:
    lines = source.strip().splitlines()[:_LINES_READ]
    if kind == "code":
        lines = [line for line in lines if line.lstrip().startswith("#")]
    return [line[:_LINE_READ].strip().lstrip("#*_ ").strip() for line in lines]
