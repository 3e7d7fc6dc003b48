"""Mistakes in experiments: sweeps, images that are made, files, plots."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from graders.audit.cells import Cells, exercise_cells
from graders.audit.edits import Change, Edit, replaced
from graders.audit.syntax import (
    argument,
    assigned_name,
    called,
    code_of,
    expression,
    find,
    receiver,
    text,
    with_argument,
)

# So many values make a sweep.
_SWEEP = 3
_OTHER_SCORE = {"accuracy": "loss", "loss": "accuracy"}
_LABELS = {"legend": "legend", "xlabel": "x-label", "ylabel": "y-label"}


def sweep_shortened(node: cst.CSTNode) -> Iterator[Edit]:
    """A sweep that leaves out its last value."""
    if not isinstance(node, cst.Assign) or not isinstance(node.value, cst.List):
        return
    elements = node.value.elements
    if len(elements) >= _SWEEP and all(_is_number(e.value) for e in elements):
        fewer = node.value.with_changes(elements=elements[:-1])
        yield Edit(f"{assigned_name(node)}-without-last", node, node.with_changes(value=fewer))


def generator_setting(node: cst.CSTNode) -> Iterator[Edit]:
    """An image generator with a setting that is left out, or three times as strong."""
    if not isinstance(node, cst.Call) or called(node) != "ImageDataGenerator":
        return
    for arg in node.args:
        if arg.keyword is None:
            continue
        name = arg.keyword.value
        yield Edit(f"{name}-removed", node, with_argument(node, name, None))
        if _is_number(arg.value):
            by = with_argument(node, name, f"3 * {code_of(arg.value)}")
            yield Edit(f"{name}-times-3", node, by)


def source_halved(node: cst.CSTNode) -> Iterator[Edit]:
    """An image generator that flows over fewer items than asked for."""
    if isinstance(node, cst.Call) and called(node) == "flow":
        x, y = argument(node, "x", 0), argument(node, "y", 1)
        if x is not None and y is not None:
            by = with_argument(node, "x", f"{code_of(x)}[::2]", 0)
            yield Edit("flow-halved", node, with_argument(by, "y", f"{code_of(y)}[::2]", 1))


def steps_asked_for(node: cst.CSTNode) -> Iterator[Edit]:
    """Steps of an image generator in one epoch, which ends after one round."""
    if not isinstance(node, cst.Call) or called(node) != "fit":
        return
    given = argument(node, "x", 0)
    if given is not None and called(given) == "flow":
        by = with_argument(node, "steps_per_epoch", "4000")
        yield Edit("steps-in-one-epoch", node, with_argument(by, "epochs", "1"))


def other_score(node: cst.CSTNode) -> Iterator[Edit]:
    """A plot that shows the other score."""
    if not isinstance(node, cst.Call) or called(node) != "plot":
        return
    for string in find(node, cst.SimpleString):
        other = _OTHER_SCORE.get(text(string) or "")
        if other is not None:
            by = replaced(node, {string: cst.SimpleString(f'"{other}"')})
            yield Edit(f"{text(string)}-to-{other}", node, by)


def label_missing(node: cst.CSTNode) -> Iterator[Edit]:
    """A plot without its legend, or without a label on an axis."""
    if isinstance(node, cst.Expr) and called(node.value) in _LABELS:
        gone = node.with_changes(value=expression("None"))
        yield Edit(f"{_LABELS[called(node.value)]}-removed", node, gone)


def weights_alone(node: cst.CSTNode) -> Iterator[Edit]:
    """A network that is saved without its optimizer."""
    if isinstance(node, cst.Call) and called(node) == "save" and receiver(node) not in {"np", ""}:
        by = with_argument(node, "include_optimizer", "False")
        yield Edit("optimizer-not-saved", node, by)


def not_rebuilt(cells: Cells, exercise: str) -> Iterator[Change]:
    """One network for a whole sweep, which is only compiled again."""
    for index in exercise_cells(cells, exercise):
        module = cells[index].module
        for loop in cells[index].find(cst.For):
            first = loop.body.body[0] if isinstance(loop.body, cst.IndentedBlock) else None
            if first is None or not _builds(first):
                continue
            rest = loop.body.with_changes(body=loop.body.body[1:])
            both = cst.FlattenSentinel([first, loop.with_changes(body=rest)])
            changed = cells[index].with_module(module.visit(_Replaced(loop, both)))
            yield Change("not-rebuilt", (*cells[:index], changed, *cells[index + 1 :]))


def not_loaded(cells: Cells, exercise: str) -> Iterator[Change]:
    """No network is loaded: the one in memory goes on in its place."""
    saved = [
        receiver(call)
        for cell in cells
        if cell.is_code
        for call in cell.find(cst.Call)
        if called(call) == "save" and receiver(call) not in {"np", ""}
    ]
    for index in exercise_cells(cells, exercise) if saved else []:
        module = cells[index].module
        for call in cells[index].find(cst.Call):
            if called(call) == "load_model":
                changed = cells[index].with_module(replaced(module, {call: cst.Name(saved[0])}))
                yield Change("not-loaded", (*cells[:index], changed, *cells[index + 1 :]))


class _Replaced(cst.CSTTransformer):
    """Puts several statements in the place of one."""

    def __init__(self, loop: cst.For, by: cst.FlattenSentinel[cst.BaseStatement]) -> None:
        super().__init__()
        self._loop = loop
        self._by = by

    def leave_For(  # noqa: N802 - libcst calls it so
        self, original_node: cst.For, updated_node: cst.For
    ) -> cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement]:
        return self._by if original_node is self._loop else updated_node


def _builds(statement: cst.CSTNode) -> bool:
    """Tell a line that makes a network: by a call that no other line of it compiles or fits."""
    assigns = list(find(statement, cst.Assign))
    return (
        isinstance(statement, cst.SimpleStatementLine)
        and len(assigns) == 1
        and isinstance(assigns[0].value, cst.Call)
        and isinstance(assigns[0].value.func, cst.Name)
    )


def _is_number(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Integer | cst.Float)


OPERATORS = (
    sweep_shortened,
    generator_setting,
    source_halved,
    steps_asked_for,
    other_score,
    label_missing,
    weights_alone,
)
WHOLE = (not_rebuilt, not_loaded)
