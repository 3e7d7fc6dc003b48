"""Mistakes in answers: a wrong number, a wrong comparison, an exercise missing or copied."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import libcst as cst

from graders.audit.cells import Cell, Cells, exercise_cells
from graders.audit.edits import Change, Edit
from graders.audit.syntax import assigned_name, called, code_of, expression, integer

# Methods that change the object that they are called on.
_CHANGING = {"compile", "fit", "add", "append", "load_weights", "set_weights"}


@dataclass(frozen=True)
class _Result:
    """An assignment to a result."""

    target: str  # as it is written
    name: str
    exercise: str | None

    @property
    def source(self) -> str:
        """What it is called as the source of a copy."""
        return str(self.exercise) if self.name == "answer" else self.name

    def is_like(self, own: _Result) -> bool:
        """Whether a student may take the one for the other by mistake."""
        if self.target == own.target:
            return False
        if own.name == "answer":
            return self.name == "answer"
        return self.exercise == own.exercise


@dataclass(frozen=True)
class Results:
    """The names under which checks find results: a dictionary of answers, and variables."""

    names: frozenset[str] = frozenset()

    def wrong_number(self, node: cst.CSTNode) -> Iterator[Edit]:
        """A result that is too large by one."""
        if isinstance(node, cst.Assign) and self._key(node):
            by = node.with_changes(value=expression(f"({code_of(node.value)}) + 1"))
            yield Edit(f"{self._key(node)}-plus-1", node, by)

    def none(self, node: cst.CSTNode) -> Iterator[Edit]:
        """A result that is left open."""
        if isinstance(node, cst.Assign) and self._key(node):
            by = node.with_changes(value=cst.Name("None"))
            yield Edit(f"{self._key(node)}-missing", node, by)

    def copied(self, cells: Cells, exercise: str) -> Iterator[Change]:
        """The result of another exercise, or of another part of it, in place of its own."""
        found = [
            _Result(code_of(assign.targets[0].target), self._key(assign), cell.exercise)
            for cell in cells
            if cell.is_code
            for assign in cell.find(cst.Assign)
            if self._key(assign)
        ]
        for number, own in enumerate(found):
            if own.exercise != exercise:
                continue
            others = [*found[number + 1 :], *found[:number]]
            other = next((one for one in others if one.is_like(own)), None)
            if other is not None:
                code = f"# %% {exercise}: copied\n{own.target} = {other.target}\n"
                name = f"{own.name}-copied-from-{other.source}"
                yield Change(name, (*cells, Cell(code, exercise)))

    def _key(self, assign: cst.Assign) -> str:
        """Name a result: "answer" of `answers["1d"] = ...`, or the variable; "" for no result."""
        if code_of(assign.value) == "None":
            return ""
        target = assign.targets[0].target
        if isinstance(target, cst.Subscript) and code_of(target.value) in self.names:
            return "answer"
        name = assigned_name(assign)
        return name if name in self.names else ""


def comparison(node: cst.CSTNode) -> Iterator[Edit]:
    """Compared with another number, or the wrong way round."""
    if isinstance(node, cst.Comparison) and len(node.comparisons) == 1:
        target = node.comparisons[0]
        number = integer(target.comparator)
        if number is not None:
            other = target.with_changes(comparator=cst.Integer(str(number - 1)))
            yield Edit(f"{number}-to-{number - 1}", node, node.with_changes(comparisons=[other]))
        turned = {cst.Equal: cst.NotEqual(), cst.NotEqual: cst.Equal()}.get(type(target.operator))
        if turned is not None:
            other = target.with_changes(operator=turned)
            yield Edit("comparison-turned", node, node.with_changes(comparisons=[other]))


def no_break(node: cst.CSTNode) -> Iterator[Edit]:
    """A loop that goes on where it is to stop."""
    if isinstance(node, cst.Break):
        yield Edit("break-removed", node, cst.Pass())


def argmin(node: cst.CSTNode) -> Iterator[Edit]:
    """The least likely class in place of the likeliest."""
    if isinstance(node, cst.Name) and node.value == "argmax":
        yield Edit("argmax-to-argmin", node, cst.Name("argmin"))


def left_out(cells: Cells, exercise: str) -> Iterator[Change]:
    """The exercise is left out, where no other one needs it."""
    own = exercise_cells(cells, exercise)
    if not own:
        return
    made = {name for index in own for name in _made(cells[index])}
    later = [cell for cell in cells[own[0] :] if cell.is_code and cell.exercise != exercise]
    if made.isdisjoint(_used(later)):
        empty = Cell(f"# %% {exercise}: not done\n", exercise)
        left = [empty if index == own[0] else cell for index, cell in enumerate(cells)]
        yield Change("left-out", tuple(c for i, c in enumerate(left) if i not in own[1:]))


def _made(cell: Cell) -> Iterator[str]:
    """Names that a cell gives a value to, or whose objects it changes."""
    for node in ast.walk(ast.parse(cell.source)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
    for call in cell.find(cst.Call):
        if called(call) in _CHANGING and isinstance(call.func, cst.Attribute):
            yield code_of(call.func.value)


def _used(cells: Iterable[Cell]) -> set[str]:
    """Names that cells read before they have given them a value of their own."""
    used: set[str] = set()
    own: set[str] = set()
    for statement in (line for cell in cells for line in ast.parse(cell.source).body):
        names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
        stored = {name.id for name in names if isinstance(name.ctx, ast.Store)}
        read = {name.id for name in names if isinstance(name.ctx, ast.Load)} - own
        # A loop gives its variable a value before its body reads it; an assignment reads first.
        used |= read if isinstance(statement, ast.Assign) else read - stored
        own |= stored
    return used


OPERATORS = (comparison, no_break, argmin)
WHOLE = (left_out,)
