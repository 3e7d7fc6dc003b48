"""Small questions to a syntax tree, which operators and variants ask alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import libcst as cst
from libcst import matchers as m

Node = TypeVar("Node", bound=cst.CSTNode)


def walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """All nodes below one, itself first, in the order of the source."""
    yield node
    for child in node.children:
        yield from walk(child)


def find(node: cst.CSTNode, kind: type[Node]) -> Iterator[Node]:
    """All nodes of a kind, in the order of the source."""
    return (found for found in walk(node) if isinstance(found, kind))


def code_of(node: cst.CSTNode) -> str:
    """Write a node as code."""
    return cst.Module([]).code_for_node(node)


def expression(code: str) -> cst.BaseExpression:
    """Parse an expression."""
    return cst.parse_expression(code)


def called(node: cst.CSTNode) -> str:
    """Name of what is called, without what stands before its last point; "" for no call.

    `layers.Dense(10)` calls Dense, and `model.fit(x, y)` calls fit.
    """
    if not isinstance(node, cst.Call):
        return ""
    if isinstance(node.func, cst.Attribute):
        return node.func.attr.value
    return node.func.value if isinstance(node.func, cst.Name) else ""


def receiver(call: cst.Call) -> str:
    """Name of the variable that a method is called on; "" where it is none."""
    if m.matches(call.func, m.Attribute(value=m.Name())):
        return cst.ensure_type(cst.ensure_type(call.func, cst.Attribute).value, cst.Name).value
    return ""


def argument(call: cst.Call, name: str, position: int | None = None) -> cst.BaseExpression | None:
    """Value of an argument, given by its name or by its position; None where it is not given."""
    for index, arg in enumerate(call.args):
        if arg.keyword is not None and arg.keyword.value == name:
            return arg.value
        if arg.keyword is None and index == position:
            return arg.value
    return None


def with_argument(
    call: cst.Call, name: str, value: str | None, position: int | None = None
) -> cst.Call:
    """Give a call another value of an argument, or take the argument away with None."""
    args: list[cst.Arg] = []
    done = False
    for index, arg in enumerate(call.args):
        here = arg.keyword.value == name if arg.keyword is not None else index == position
        done = done or here
        if not here:
            args.append(arg)
        elif value is not None:
            args.append(arg.with_changes(value=expression(value)))
    if not done and value is not None:
        args.append(_keyword(name, value))
    middle = [
        arg if isinstance(arg.comma, cst.Comma) else arg.with_changes(comma=_COMMA)
        for arg in args[:-1]
    ]
    last = args[-1:]
    if done and value is None and last and last[0] is not call.args[-1]:
        # It stood in the middle, and its comma with it.
        last = [last[0].with_changes(comma=cst.MaybeSentinel.DEFAULT)]
    args = [*middle, *last]
    return call.with_changes(args=args)


def integer(node: cst.CSTNode | None) -> int | None:
    """Value of an integer that stands in the source; None for anything else."""
    return int(node.value.replace("_", "")) if isinstance(node, cst.Integer) else None


def text(node: cst.CSTNode | None) -> str | None:
    """Value of a text that stands in the source; None for anything else."""
    value = node.evaluated_value if isinstance(node, cst.SimpleString) else None
    return value if isinstance(value, str) else None


def assigned_name(node: cst.CSTNode) -> str:
    """Name that an assignment such as `x = ...` gives a value to; "" for anything else."""
    if isinstance(node, cst.Assign) and len(node.targets) == 1:
        target = node.targets[0].target
        return target.value if isinstance(target, cst.Name) else ""
    return ""


def layer_list(call: cst.CSTNode) -> cst.List | None:
    """Return the list of layers that Sequential is given; None where the call is another."""
    if isinstance(call, cst.Call) and called(call) == "Sequential" and call.args:
        value = call.args[0].value
        return value if isinstance(value, cst.List) else None
    return None


def layer_calls(layers: cst.List) -> list[cst.Call]:
    """Return the layers of a list that are calls, such as `layers.Dense(10)`."""
    return [e.value for e in layers.elements if isinstance(e.value, cst.Call)]


def without_element(layers: cst.List, layer: cst.CSTNode) -> cst.List:
    """Take one layer out of a list."""
    return layers.with_changes(elements=[e for e in layers.elements if e.value is not layer])


def with_element_after(layers: cst.List, layer: cst.CSTNode, code: str) -> cst.List:
    """Put one more layer behind another."""
    elements: list[cst.BaseElement] = []
    for element in layers.elements:
        elements.append(element)
        if element.value is layer:
            elements.append(element.with_changes(value=expression(code)))
    return layers.with_changes(elements=elements)


def substitute(call: cst.Call, name: str) -> str:
    """Write the function of a call with another last name: layers.Dense gives layers.Dropout."""
    if isinstance(call.func, cst.Attribute):
        return f"{code_of(call.func.value)}.{name}"
    return name


_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


def _keyword(name: str, value: str) -> cst.Arg:
    bare = cst.SimpleWhitespace("")
    equal = cst.AssignEqual(whitespace_before=bare, whitespace_after=bare)
    return cst.Arg(expression(value), keyword=cst.Name(name), equal=equal)
