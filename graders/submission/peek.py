"""Look into a notebook or a script, to tell the work from copies, helpers and handouts.

Nothing here decides what is run: a file that can't be read so is one of which nothing is known.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from graders.submission.choose import is_notebook, is_script
from graders.submission.labels import exercise_label, section_number

_IMPORT = re.compile(r"[ \t]{0,40}(?:import|from)[ \t]{1,8}([^#\n]{1,300})")
_WORD = re.compile(r"\w{1,100}")
_CELLS, _LINES = 5_000, 50_000
# Where the sheet's exercises aren't known: what looks like one.
_ANY = frozenset(f"{number}{letter}" for number in range(1, 13) for letter in "abcdefghijklm")


@dataclass(frozen=True)
class Peek:
    """What a file holds, as far as it tells the work from what lies beside it."""

    # Each cell's kind and text, without what a run adds; of a script, its whole text.
    cells: tuple[tuple[str, str], ...]
    # Exercises that our starter notebook wrote into cells.
    marks: frozenset[str] = frozenset()
    # Words of its import statements, names of modules among them.
    imports: frozenset[str] = frozenset()

    @property
    def empty(self) -> bool:
        """Whether it holds no code at all."""
        return not any(kind == "code" and text for kind, text in self.cells)

    def exercises(self, known: frozenset[str] = frozenset()) -> int:
        """Count the exercises that it names, in cells' marks, headings and comments."""
        ids = set(known or _ANY)
        found = set(self.marks & ids)
        number: str | None = None
        for kind, text in self.cells:
            number = section_number(text, kind) or number
            label = exercise_label(text, kind, ids, number)
            if label is not None:
                found.add(label)
                number = label[:-1]
        return len(found)


def peek(name: str, content: bytes) -> Peek | None:
    """Look into a file; None where it is no notebook or script, or can't be read as one."""
    try:
        text = content.decode("utf-8-sig")
        if is_script(name):
            return _script(text)
        return _notebook(json.loads(text)) if is_notebook(name) else None
    except (ValueError, RecursionError, MemoryError):
        return None


def _script(text: str) -> Peek:
    lines = text.splitlines()[:_LINES]
    whole = text.strip()
    # Each comment may name an exercise, so each is read as a cell of its own.
    comments = tuple(("code", line) for line in lines if line.lstrip().startswith("#"))
    cells = (("code", whole), *comments) if whole else ()
    return Peek(cells, imports=_imports(lines))


def _notebook(document: Any) -> Peek | None:
    cells = _raw_cells(document)
    if cells is None:
        return None
    read: list[tuple[str, str]] = []
    marks: set[str] = set()
    for cell in cells[:_CELLS]:
        if not isinstance(cell, dict):
            return None
        kind = "code" if cell.get("cell_type") == "code" else "markdown"
        text = _text(cell.get("source", cell.get("input", ""))).strip()
        if text:
            read.append((kind, text))
        mark = _mark(cell.get("metadata"))
        if mark:
            marks.add(mark)
    lines = [line for kind, text in read if kind == "code" for line in text.splitlines()]
    return Peek(tuple(read), frozenset(marks), _imports(lines[:_LINES]))


def _raw_cells(document: Any) -> list[Any] | None:
    if not isinstance(document, dict):
        return None
    cells = document.get("cells")
    if cells is None:  # nbformat 3
        sheets = document.get("worksheets")
        first = sheets[0] if isinstance(sheets, list) and sheets else None
        cells = first.get("cells") if isinstance(first, dict) else None
    return cells if isinstance(cells, list) else None


def _text(source: Any) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def _mark(metadata: Any) -> str:
    own = metadata.get("tensormark") if isinstance(metadata, dict) else None
    exercise = own.get("exercise") if isinstance(own, dict) else None
    return exercise.strip().lower() if isinstance(exercise, str) else ""


def _imports(lines: list[str]) -> frozenset[str]:
    found = (_IMPORT.match(line) for line in lines)
    return frozenset(word for one in found if one for word in _WORD.findall(one[1]))
