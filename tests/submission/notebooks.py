"""Real notebook files, made with nbformat, and some that nbformat would refuse to make."""

from __future__ import annotations

import json
from typing import Any

import nbformat
from nbformat import v3, v4


def notebook(*cells: Any, minor: int = 5, metadata: dict[str, Any] | None = None) -> bytes:
    """Write a notebook of nbformat 4; cell ids only where the minor version has them."""
    made = v4.new_notebook(cells=list(cells), metadata=metadata or {})
    made.nbformat_minor = minor
    if minor < 5:
        for cell in made.cells:
            cell.pop("id", None)
    return nbformat.writes(made).encode()


def old_notebook(*cells: Any) -> bytes:
    """Write a notebook of nbformat 3, with one worksheet."""
    made = v3.new_notebook(worksheets=[v3.new_worksheet(cells=list(cells))])
    return v3.writes_json(made).encode()


def code(source: str, **metadata: Any) -> Any:
    return v4.new_code_cell(source, metadata=metadata)


def text(source: str, **metadata: Any) -> Any:
    return v4.new_markdown_cell(source, metadata=metadata)


def starter(exercise: str, kind: str) -> dict[str, Any]:
    """Metadata as the starter notebook writes it."""
    return {"tensormark": {"exercise": exercise, "kind": kind}}


def raw(**content: Any) -> bytes:
    """Write JSON that nbformat has no say in."""
    return json.dumps(content).encode()


def with_kernel(**metadata: Any) -> bytes:
    return notebook(code("1 + 1"), metadata=metadata)
