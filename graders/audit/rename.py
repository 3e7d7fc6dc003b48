"""Rename what a solution calls its variables; what checks read by name keeps its name."""

from __future__ import annotations

import ast

import libcst as cst

from graders.audit.cells import Cells
from graders.audit.syntax import assigned_name, called


def renamed(cells: Cells, kept: frozenset[str]) -> Cells:
    """Give every variable and every import another name, the same one everywhere."""
    names = _names(cells) - kept
    new = {name: f"{name[0]}_{number}" for number, name in enumerate(sorted(names), start=1)}
    return _apply(cells, new)


def one_name(cells: Cells) -> Cells:
    """Call all networks `model`, and all histories `history`."""
    new: dict[str, str] = {}
    for cell in cells:
        if not cell.is_code:
            continue
        for assign in cell.find(cst.Assign):
            shared = {"Sequential": "model", "Model": "model", "fit": "history"}
            if called(assign.value) in shared and assigned_name(assign):
                new[assigned_name(assign)] = shared[called(assign.value)]
    return _apply(cells, new)


def _names(cells: Cells) -> set[str]:
    """All names that a solution gives, those of its imports included."""
    found = set()
    for cell in cells:
        if cell.is_code:
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    found.add(node.id)
                elif isinstance(node, ast.arg):
                    found.add(node.arg)
                elif isinstance(node, ast.FunctionDef):
                    found.add(node.name)
                elif isinstance(node, ast.alias) and "." not in (node.asname or node.name):
                    found.add(node.asname or node.name)
    return found


def _apply(cells: Cells, new: dict[str, str]) -> Cells:
    return tuple(
        cell.with_module(cell.module.visit(_Renaming(new))) if cell.is_code else cell
        for cell in cells
    )


class _Renaming(cst.CSTTransformer):
    """Renames variables; attributes and names of arguments are no variables."""

    def __init__(self, new: dict[str, str]) -> None:
        super().__init__()
        self._new = new

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:  # noqa: N802
        return updated_node.with_changes(
            value=self._new.get(original_node.value, original_node.value)
        )

    def leave_Attribute(  # noqa: N802
        self, original_node: cst.Attribute, updated_node: cst.Attribute
    ) -> cst.Attribute:
        return updated_node.with_changes(attr=original_node.attr)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:  # noqa: N802
        return updated_node.with_changes(keyword=original_node.keyword)

    def leave_ImportFrom(  # noqa: N802
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.ImportFrom:
        return updated_node.with_changes(module=original_node.module)

    def leave_ImportAlias(  # noqa: N802
        self, original_node: cst.ImportAlias, updated_node: cst.ImportAlias
    ) -> cst.ImportAlias:
        given = original_node.evaluated_alias or original_node.evaluated_name
        if given not in self._new:
            return original_node
        asname = cst.AsName(
            name=cst.Name(self._new[given]),
            whitespace_before_as=cst.SimpleWhitespace(" "),
            whitespace_after_as=cst.SimpleWhitespace(" "),
        )
        return original_node.with_changes(asname=asname)
