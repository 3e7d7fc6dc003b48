"""A solution as cells: read it, and write it as a student's script or notebook."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import libcst as cst

from graders.assignment import Assignment
from graders.audit.syntax import Node, walk
from graders.errors import AuditError, SubmissionError
from graders.submission import read_cells

_MARKER = re.compile(r"\A# %%[ ]*")


@dataclass(frozen=True)
class Cell:
    """A cell of a solution: code, with its marker line, or the text of a Markdown cell."""

    source: str
    exercise: str | None = None  # as the grader reads it from the label
    is_code: bool = True

    @cached_property
    def module(self) -> cst.Module:
        """The syntax tree of a code cell."""
        return cst.parse_module(self.source)

    @cached_property
    def nodes(self) -> tuple[cst.CSTNode, ...]:
        """All nodes of the tree, in the order of the source; listing them anew takes a while."""
        return tuple(walk(self.module))

    def find(self, kind: type[Node]) -> Iterator[Node]:
        """All nodes of a kind, in the order of the source."""
        return (node for node in self.nodes if isinstance(node, kind))

    def with_module(self, module: cst.Module) -> Cell:
        """Put another syntax tree in place of the cell's own."""
        return replace(self, source=module.code)


Cells = tuple[Cell, ...]


def read_solution(path: Path, assignment: Assignment) -> Cells:
    """Read a solution with the labels that the grader finds in it.

    Raises:
        AuditError: it can't be read, or a cell is not Python.

    """
    exercises = {exercise.id for exercise in assignment.exercises}
    try:
        read = read_cells(path.name, path.read_bytes(), exercises)
    except FileNotFoundError as error:
        raise AuditError.no_solution(path.name) from error
    except SubmissionError as error:
        raise AuditError.invalid(path.name, str(error)) from error
    cells = tuple(Cell(cell.source, cell.exercise, cell.kind == "code") for cell in read)
    for cell in cells:
        if cell.is_code:
            try:
                cst.parse_module(cell.source)
            except cst.ParserSyntaxError as error:
                raise AuditError.invalid(path.name, f"line {error.raw_line} of a cell") from error
    return cells


def exercise_cells(cells: Cells, exercise: str) -> list[int]:
    """Positions of an exercise's code cells."""
    return [i for i, cell in enumerate(cells) if cell.is_code and cell.exercise == exercise]


def as_script(cells: Sequence[Cell]) -> str:
    """Write cells as a script with `# %%` marks."""
    return "\n\n".join(_script_cell(cell) for cell in cells) + "\n"


def as_notebook(cells: Sequence[Cell]) -> str:
    """Write cells as a notebook; what stood in a mark becomes a comment."""
    import nbformat

    v4 = nbformat.v4
    notebook = v4.new_notebook()
    for number, cell in enumerate(cells):
        new = v4.new_code_cell if cell.is_code else v4.new_markdown_cell
        # A random id would make two equal notebooks differ, and with it the seed of a run.
        notebook.cells.append(new(_MARKER.sub("# ", cell.source).strip(), id=f"cell-{number}"))
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def without_labels(cells: Cells) -> str:
    """Write the code alone, as a script without any mark or comment on exercises."""
    code = [cell.source for cell in cells if cell.is_code]
    return "\n\n".join(re.sub(r"\A# %%[^\n]*\n", "", source).strip() for source in code) + "\n"


def unified_diff(before: Cells, after: Cells) -> str:
    """Show how one solution differs from another, three lines of context around each change."""
    lines = difflib.unified_diff(
        as_script(before).splitlines(),
        as_script(after).splitlines(),
        "reference solution",
        "as handed in",
        lineterm="",
    )
    return "\n".join(lines)


def _script_cell(cell: Cell) -> str:
    source = cell.source.strip("\n")
    if cell.is_code:
        return source
    return "\n".join(["# %% [markdown]", *(f"# {line}".rstrip() for line in source.splitlines())])
