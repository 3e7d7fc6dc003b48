"""What an operator yields: one edit at one place of a cell, with its name in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar, cast

import libcst as cst

from graders.audit.cells import Cells

Tree = TypeVar("Tree", bound=cst.CSTNode)
Node = TypeVar("Node", bound=cst.CSTNode)


@dataclass(frozen=True)
class Edit:
    """A mistake at one place: one node of the tree gives way to another, or to nothing."""

    name: str  # such as "units-10-to-12"
    node: cst.CSTNode
    by: cst.CSTNode | cst.RemovalSentinel

    def on(self, module: cst.Module) -> cst.Module:
        """Make the mistake in the cell that the node stands in."""
        return replaced(module, {self.node: self.by})


def replaced(tree: Tree, new: Mapping[Node, cst.CSTNode | cst.RemovalSentinel]) -> Tree:
    """Put other nodes in the place of some nodes of a tree, all at once.

    Afterwards no node of the tree is the same object as before, so a second call would find none.
    """
    return cast(Tree, tree.visit(_Replacing(dict(new.items()))))


class _Replacing(cst.CSTTransformer):
    def __init__(self, new: Mapping[cst.CSTNode, cst.CSTNode | cst.RemovalSentinel]) -> None:
        super().__init__()
        self._new = new

    def on_leave(  # type: ignore[override] # a replacement may be of any kind
        self, original_node: cst.CSTNode, updated_node: cst.CSTNode
    ) -> cst.CSTNode | cst.RemovalSentinel:
        return self._new.get(original_node, updated_node)


# Looks at one node of a cell, and yields the mistakes that can be made there.
Operator = Callable[[cst.CSTNode], Iterator[Edit]]


@dataclass(frozen=True)
class Change:
    """A mistake that concerns several places, such as an exercise that is left out."""

    name: str
    cells: Cells


# Looks at a whole solution and one exercise of it, and yields the mistakes that can be made there.
WholeOperator = Callable[[Cells, str], Iterator[Change]]
