"""Find what students wrote in words, for a person to read: in text cells, comments, text blocks."""

from __future__ import annotations

import ast
import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Literal

from graders.checks.values import answer
from graders.recording import RecordingFolder
from graders.recording.schema import Cell
from graders.submission.labels import names_exercise, passages, without_bare_label

_LONG_COMMENT_WORDS = 5
# With fewer words, what holds a label alone is a heading, and so is a line that is set as one.
_ANSWER_WORDS, _HEADING_WORDS = 3, 10
# What a calculation lacks.
_WORD = re.compile(r"[^\W\d_]{2,}")
_SOURCE_READ, _ALL_SOURCES_READ, _PARSED = 100_000, 2_000_000, 50_000

# Where an answer stands: in the cell that the starter made for it, in text, in code.
_Place = Literal["starter", "text", "code"]


def text_answers(cells: Iterable[Cell], known: set[str], given: set[str]) -> dict[str, str]:
    """Collect what a student wrote in words, by exercise.

    A cell that the starter made for text is the answer; text elsewhere counts where there is
    none, and comments where there is no text either. What stands below a label belongs to it, up
    to the next label, in the same cell or not.

    Args:
        cells: of the submission, in order.
        known: the assignment's exercise ids.
        given: lines of the starter notebook, which aren't the student's.

    """
    found: dict[_Place, dict[str, list[str]]] = {
        place: defaultdict(list) for place in ("starter", "text", "code")
    }
    current: str | None = None
    for cell in _shortened(cells):
        if cell.role in {"text", "task"}:
            current = cell.exercise
            if cell.kind == "markdown" and cell.role == "text" and current is not None:
                found["starter"][current].append(_own_lines(cell.source, given))
            continue
        if cell.kind == "markdown":
            source, kept = _own_lines(cell.source, given), found["text"]
            current = cell.exercise if current is None else current
        else:
            source, kept = "\n".join(_comments(cell.source, given)), found["code"]
            current = cell.exercise if cell.role == "code" or current is None else current
        for label, words in passages(source, cell.kind, known, current and current[:-1]):
            current = current if label is None else label
            if current and _is_answer(words, cell.kind, labelled=label is not None):
                kept[current].append(without_bare_label(words).strip())
    joined = {
        exercise: next(
            filter(None, ("\n\n".join(filter(None, found[p][exercise])) for p in found)), ""
        )
        for exercise in known
    }
    return {exercise: words for exercise, words in joined.items() if words}


def text_value(recording: RecordingFolder, exercise: str) -> str | None:
    """Return words that were stored as numbers are, such as answers["1b"]; None without any."""
    found = answer(recording, exercise)
    if not isinstance(found, str) or len(_WORD.findall(found[:_SOURCE_READ])) < _ANSWER_WORDS:
        return None
    return found[:_SOURCE_READ].strip()


def _is_answer(words: str, kind: str, *, labelled: bool) -> bool:
    lines = words.strip().splitlines()
    heading = kind == "markdown" and len(lines) == 1 and lines[0].lstrip().startswith("#")
    return len(words.split()) >= (_HEADING_WORDS if heading else _ANSWER_WORDS if labelled else 1)


def _shortened(cells: Iterable[Cell]) -> Iterator[Cell]:
    """Cut cells of absurd length: a class must not wait for one student's megabytes."""
    left = _ALL_SOURCES_READ
    for cell in cells:
        source = cell.source[: min(left, _SOURCE_READ)]
        left -= len(source)
        yield cell.model_copy(update={"source": source})


def _own_lines(text: str, given: set[str]) -> str:
    lines = [line for line in text.splitlines() if line.strip() not in given]
    return "\n".join(lines).strip()


def _comments(source: str, given: set[str]) -> Iterator[str]:
    """Sentences that a student wrote as comments or as a text block, and labels above them.

    Short remarks are left out.
    """
    for line in source.splitlines():
        stripped = line.strip()
        if not stripped.startswith("#") or stripped in given:
            continue
        text = stripped.lstrip("#").strip()
        if len(text.split()) >= _LONG_COMMENT_WORDS or names_exercise(text):
            yield text
    yield from _text_blocks(source)


def _text_blocks(source: str) -> list[str]:
    """Texts that stand as statements of their own or are printed: answers in a script."""
    # The parser takes a hundred times the text's memory; nobody writes an answer so.
    if len(source) > _PARSED:
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd escapes are no matter of ours
            statements = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [text.strip() for statement in statements if (text := _said(statement)).strip()]


def _said(statement: ast.stmt) -> str:
    """Return the text that a statement is, or that it prints below a label."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value
    match value:
        case ast.Call(func=ast.Name(id="print"), args=[ast.Constant(value=str(text))]):
            return text if names_exercise(text.strip()) else ""
    return ""
