"""Mistakes with data: pixels not scaled, images not flattened, kernels swapped, borders cut."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from graders.audit.cells import Cell, Cells, exercise_cells
from graders.audit.edits import Change, Edit, replaced
from graders.audit.syntax import (
    argument,
    assigned_name,
    called,
    code_of,
    expression,
    find,
    integer,
    receiver,
    substitute,
    text,
    with_argument,
)


def scaling_removed(node: cst.CSTNode) -> Iterator[Edit]:
    """One array is not scaled, the other one is."""
    if _divides(node):
        yield Edit("scaling-removed", node, cst.ensure_type(node, cst.BinaryOperation).left)


def scaled_wrong(node: cst.CSTNode) -> Iterator[Edit]:
    """Divided by a number that is too small, or scaled to -1..1."""
    if isinstance(node, cst.BinaryOperation) and _divides(node):
        name = f"divided-by-{code_of(node.right).rstrip('0').rstrip('.')}"
        yield Edit(f"{name}-to-100", node, node.with_changes(right=cst.Integer("100")))
        yield Edit("scaled-around-0", node, expression(f"{code_of(node)} * 2 - 1"))


def never_scaled(cells: Cells, exercise: str) -> Iterator[Change]:
    """No array is scaled at all, or each of them twice."""
    found = [(i, n) for i in exercise_cells(cells, exercise) for n in _divisions(cells[i])]
    if len(found) > 1:
        index = found[0][0]
        module = cells[index].module
        divisions = _divisions(cells[index])
        bare = replaced(module, {one: one.left for one in divisions})
        doubled = {one: expression(f"{code_of(one)} / {code_of(one.right)}") for one in divisions}
        for name, changed in (("never-scaled", bare), ("scaled-twice", replaced(module, doubled))):
            cell = cells[index].with_module(changed)
            yield Change(name, (*cells[:index], cell, *cells[index + 1 :]))


def flattened_by_a_layer(cells: Cells, exercise: str) -> Iterator[Change]:
    """The arrays stay images, and each network flattens them itself."""
    shapes: dict[str, str] = {}  # size of a vector to the name of an array of images
    changed = list(cells)
    for index in exercise_cells(cells, exercise):
        module = cells[index].module
        bare: dict[cst.CSTNode, cst.CSTNode] = {}
        for call in cells[index].find(cst.Call):
            size = integer(call.args[-1].value) if len(call.args) == 2 else None
            if called(call) == "reshape" and receiver(call) and size is not None:
                shapes[str(size)] = receiver(call)
                bare[call] = cst.Name(receiver(call))
        changed[index] = cells[index].with_module(replaced(module, bare))
    if not shapes:
        return
    for index, cell in enumerate(changed):
        if cell.is_code:
            flattening = _Flattening(shapes)
            changed[index] = cell.with_module(cell.module.visit(flattening))
    yield Change("flattened-by-a-layer", tuple(changed))


def correlation(node: cst.CSTNode) -> Iterator[Edit]:
    """A correlation, which doesn't turn the kernel, in place of a convolution."""
    if isinstance(node, cst.Call) and called(node) == "convolve":
        by = node.with_changes(func=expression(substitute(node, "correlate")))
        yield Edit("correlation", node, by)


def border(node: cst.CSTNode) -> Iterator[Edit]:
    """A border of zeros in place of a repeated one."""
    if isinstance(node, cst.Call) and text(argument(node, "mode")) == "nearest":
        yield Edit("zero-border", node, with_argument(node, "mode", '"constant"'))


def array_number(node: cst.CSTNode) -> Iterator[Edit]:
    """A wrong number at the beginning of a typed array."""
    if isinstance(node, cst.Call) and called(node) == "array" and node.args:
        number = next(find(node, cst.Integer), None)
        if number is not None:
            yield Edit("array-number", number, cst.Integer(str(int(number.value) + 1)))


def operands_swapped(cells: Cells, exercise: str) -> Iterator[Change]:
    """Calls that differ in one operand take each other's: the kernels, or the images, swapped."""
    for index in exercise_cells(cells, exercise):
        module = cells[index].module
        calls = [
            assign
            for assign in cells[index].find(cst.Assign)
            if called(assign.value) == "convolve" and assigned_name(assign)
        ]
        for position in (0, 1):
            names = list(dict.fromkeys(_operand(one, position) for one in calls))
            if len(names) != 2:
                continue
            other = {names[0]: names[1], names[1]: names[0]}
            swapped: dict[cst.CSTNode, cst.CSTNode] = {}
            for one in calls:
                call = cst.ensure_type(one.value, cst.Call)
                by = with_argument(call, "", other[_operand(one, position)], position)
                swapped[call] = by
                alone = cells[index].with_module(replaced(module, {call: by}))
                name = f"{_operand(one, position)}-to-{other[_operand(one, position)]}"
                yield Change(
                    f"{name}-in-{assigned_name(one)}",
                    (*cells[:index], alone, *cells[index + 1 :]),
                )
            all_swapped = cells[index].with_module(replaced(module, swapped))
            yield Change(
                f"{names[0]}-and-{names[1]}-swapped",
                (*cells[:index], all_swapped, *cells[index + 1 :]),
            )


class _Flattening(cst.CSTTransformer):
    """Let networks on vectors take images, and flatten them."""

    def __init__(self, shapes: dict[str, str]) -> None:
        super().__init__()
        self._shapes = shapes  # size of a vector to the name of an array of images

    def leave_List(  # noqa: N802 - named by libcst
        self, original_node: cst.List, updated_node: cst.List
    ) -> cst.List:
        elements: list[cst.BaseElement] = []
        for element in updated_node.elements:
            images = self._images_of(element.value)
            if images is None:
                elements.append(element)
                continue
            call = cst.ensure_type(element.value, cst.Call)
            shaped = call.with_changes(args=[cst.Arg(expression(f"{images}.shape[1:]"))])
            elements.append(element.with_changes(value=shaped))
            elements.append(element.with_changes(value=expression("keras.layers.Flatten()")))
        return updated_node.with_changes(elements=elements)

    def _images_of(self, value: cst.BaseExpression) -> str | None:
        if called(value) != "Input" or not isinstance(value, cst.Call) or len(value.args) != 1:
            return None
        size = code_of(value.args[0].value).strip("(), ")
        return self._shapes.get(size)


def _divides(node: cst.CSTNode) -> bool:
    return (
        isinstance(node, cst.BinaryOperation)
        and isinstance(node.operator, cst.Divide)
        and isinstance(node.right, cst.Integer | cst.Float)
    )


def _divisions(cell: Cell) -> list[cst.BinaryOperation]:
    return [node for node in cell.find(cst.BinaryOperation) if _divides(node)]


def _operand(assign: cst.Assign, position: int) -> str:
    value = argument(cst.ensure_type(assign.value, cst.Call), "", position)
    return code_of(value) if value is not None else ""


OPERATORS = (scaling_removed, scaled_wrong, correlation, border, array_number)
WHOLE = (never_scaled, flattened_by_a_layer, operands_swapped)
