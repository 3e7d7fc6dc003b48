"""Turn the bytes of a notebook or of a script into cells."""

from __future__ import annotations

import json
import re
import warnings
from typing import Any

from graders.errors import SubmissionError
from graders.recording.schema import Cell
from graders.submission.labels import exercise_label, section_number
from graders.submission.limits import SIZE_LIMIT_MB
from graders.submission.script import split_script

_CONFLICT = re.compile(rb"^(<{7} |={7}\r?$|>{7} )", re.MULTILINE)
_CONFLICT_START = re.compile(rb"^<{7} ", re.MULTILINE)
_PYTHON = {"", "python", "python2", "python3", "ipython", "ipython3"}


def read_cells(name: str, content: bytes, exercises: set[str] | None = None) -> list[Cell]:
    """Read the cells of a submission.

    Args:
        name: the file's name; its ending tells a notebook from a script.
        content: the file's bytes.
        exercises: known exercise ids; labels outside them are ignored.

    Raises:
        SubmissionError: the file is not usable; the message says why and what to do.

    """
    text = _text(name, content)
    is_script = name.lower().endswith(".py")
    raw = _script_cells(text) if is_script else _notebook_cells(name, text)
    if not any(cell.kind == "code" and cell.source.strip() for cell in raw):
        raise SubmissionError.no_code(name)
    return _labelled(raw, exercises)


def _text(name: str, content: bytes) -> str:
    if not content.strip():
        raise SubmissionError.empty(name)
    megabytes = len(content) / 1e6
    if megabytes > SIZE_LIMIT_MB:
        raise SubmissionError.too_large(name, megabytes, SIZE_LIMIT_MB)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SubmissionError.not_utf8(name, error.start) from error
    if not text.strip():
        raise SubmissionError.empty(name)
    conflict = _CONFLICT_START.search(content)
    if conflict and len(_CONFLICT.findall(content)) > 1:
        line = content.count(b"\n", 0, conflict.start()) + 1
        raise SubmissionError.merge_conflict(name, line)
    if "\x00" in text:
        raise SubmissionError.not_utf8(name, text.index("\x00"))
    return text


def _script_cells(text: str) -> list[Cell]:
    return [
        Cell(index=index, kind=kind, source=source)
        for index, (kind, source) in enumerate(split_script(text))
    ]


def _notebook_cells(name: str, text: str) -> list[Cell]:
    document = _notebook(name, text)
    metadata = document.get("metadata", {})
    language = _language(metadata)
    if language not in _PYTHON:
        raise SubmissionError.other_language(name, language)
    cells = []
    for index, cell in enumerate(document.get("cells", [])):
        kind = "code" if cell.get("cell_type") == "code" else "markdown"
        label, role = _own_label(cell)
        cells.append(
            Cell(
                index=index,
                kind=kind,
                source=_joined(cell.get("source", "")),
                exercise=label,
                role=role,
            )
        )
    return cells


def _notebook(name: str, text: str) -> dict[str, Any]:
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        raise SubmissionError.not_json(name, error.lineno, error.msg) from error
    except RecursionError as error:
        raise SubmissionError.not_notebook(name, "its JSON is nested too deeply") from error
    if not isinstance(raw, dict):
        raise SubmissionError.not_notebook(name, "its JSON is not an object")
    if "cells" not in raw and "worksheets" not in raw:
        raise SubmissionError.not_notebook(name, "it has no cells")
    import nbformat

    try:
        with warnings.catch_warnings():
            # nbformat warns of missing cell ids and mends them; students can't be blamed for it.
            warnings.simplefilter("ignore")
            notebook = nbformat.reads(json.dumps(raw), as_version=4)
    except Exception as error:
        # nbformat raises a dozen types on malformed notebooks, KeyError and TypeError among them.
        raise SubmissionError.not_notebook(name, _first_line(error)) from error
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise SubmissionError.not_notebook(name, "its list of cells is damaged")
    return dict(notebook)


def _language(metadata: Any) -> str:
    if not isinstance(metadata, dict):
        return ""
    for part, key in (("language_info", "name"), ("kernelspec", "language")):
        section = metadata.get(part)
        if isinstance(section, dict) and isinstance(section.get(key), str):
            return str(section[key]).strip().lower()
    kernel = metadata.get("kernelspec")
    kernel_name = kernel.get("name") if isinstance(kernel, dict) else None
    if not isinstance(kernel_name, str):
        return ""
    family = kernel_name.lower().split("-")[0]
    return {"julia": "julia", "ir": "R", "javascript": "javascript"}.get(family, "")


def _own_label(cell: dict[str, Any]) -> tuple[str | None, str | None]:
    """Read the exercise and the role that the starter notebook wrote into a cell's metadata."""
    metadata = cell.get("metadata")
    mark = metadata.get("tensormark") if isinstance(metadata, dict) else None
    if not isinstance(mark, dict):
        return None, None
    exercise = mark.get("exercise")
    role = mark.get("kind")
    return (
        exercise.strip().lower() if isinstance(exercise, str) else None,
        role if isinstance(role, str) and role in {"code", "text", "task"} else None,
    )


def _labelled(cells: list[Cell], exercises: set[str] | None) -> list[Cell]:
    """Fill in exercise labels: metadata first, else the cell's own heading, else the last one.

    A label read from prose is a hint only: matching never rests on it alone.
    """
    known = exercises or set()
    labelled: list[Cell] = []
    current: str | None = None
    number: str | None = None
    for cell in cells:
        own = cell.exercise if cell.exercise in known else None
        heading = section_number(cell.source, cell.kind)
        if own is None and heading is not None and heading != number:
            number, current = heading, None
        found = own or exercise_label(cell.source, cell.kind, known, number)
        if found is not None:
            current, number = found, found[:-1]
        labelled.append(cell.model_copy(update={"exercise": current}))
    return labelled


def _joined(source: Any) -> str:
    text = "".join(str(part) for part in source) if isinstance(source, list) else str(source)
    # JSON can escape half of a surrogate pair, which no file can hold.
    return text.encode("utf-8", "replace").decode("utf-8")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:160]
