"""Code that students wrote on their own, and ways to disguise a copy of it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from random import Random

from graders.recording.schema import Cell
from graders.similar import Fingerprint, fingerprint

VERBS = ("reshape", "mean", "astype", "repeat", "clip", "argsort", "cumsum", "take", "dot", "round")
OPERATORS = ("+", "-", "*", "/", "//", "%", "**", "@", "<", ">=")


def cells_of(*sources: str) -> list[Cell]:
    """Make code cells with these sources."""
    return [Cell(index=index, kind="code", source=source) for index, source in enumerate(sources)]


def written(seed: int, cells: int = 12, lines: int = 8) -> list[str]:
    """Write the code cells of a student who thinks for herself, the same for the same seed."""
    rng = Random(seed)
    return ["\n".join(_line(rng) for _ in range(lines)) for _ in range(cells)]


def _line(rng: Random) -> str:
    left, right = rng.sample(("first", "second", "third", "fourth"), 2)
    number = rng.randrange(1000)
    operator = rng.choice(OPERATORS)
    called = f"{left}.{rng.choice(VERBS)}({number}, {right})"
    return rng.choice(
        (
            f"{right} = {called} {operator} {rng.randrange(50)}",
            f"for {left} in range({number}): {right} = {called}",
            f"{left} = np.{rng.choice(VERBS)}({right}[{number}:], axis={rng.randrange(3)})",
            f"{left} = {right} {operator} ({called} {rng.choice(OPERATORS)} {left}[{number}])",
        )
    )


def taken(sources: Sequence[str], file: str = "") -> Fingerprint:
    """Take the fingerprint of code cells."""
    return fingerprint(cells_of(*sources), file=file)


def honest(count: int, first: int = 0) -> dict[str, Fingerprint]:
    """Make a class in which everybody wrote their own."""
    return {f"name:{number:04}": taken(written(number)) for number in range(first, first + count)}


class _Disguise(ast.NodeTransformer):
    """Give other names, and reach Keras by way of TensorFlow."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id == "keras":
            return ast.parse("tf.keras", mode="eval").body
        return ast.Name(self.names.get(node.id, node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(self.names[node.arg])

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self.names[node.name]
        return self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> ast.stmt:
        tensorflow = ast.parse("import tensorflow as tf").body[0]
        return tensorflow if node.names[0].name == "keras" else node


def disguised(sources: Sequence[str], seed: int = 0) -> list[str]:
    """Make a copy with other names, another layout, comments, and the cells in another order."""
    trees = [ast.parse(source) for source in sources]
    disguise = _Disguise({name: f"x{k}" for k, name in enumerate(sorted(_names(trees)))})
    copies = [ast.unparse(disguise.visit(tree)).replace("\n", "  # mine\n\n") for tree in trees]
    Random(seed).shuffle(copies)
    return copies


def _names(trees: Sequence[ast.Module]) -> set[str]:
    """What a student has named."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    stored = {x.id for x in nodes if isinstance(x, ast.Name) and isinstance(x.ctx, ast.Store)}
    functions = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    return stored | functions | {node.arg for node in nodes if isinstance(node, ast.arg)}
