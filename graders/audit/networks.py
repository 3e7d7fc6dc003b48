"""Mistakes in a network: its units, filters, kernels, strides, activations, and layers."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from graders.audit.edits import Edit, replaced
from graders.audit.syntax import (
    argument,
    called,
    code_of,
    integer,
    layer_calls,
    layer_list,
    substitute,
    text,
    with_argument,
    with_element_after,
    without_element,
)

_OTHER_ACTIVATION = {"relu": "tanh", "softmax": "sigmoid", "tanh": "relu", "sigmoid": "tanh"}
# Layers that have weights, and the position of their sizes.
_WEIGHTED = {"Dense", "Conv1D", "Conv2D", "LSTM", "GRU", "SimpleRNN", "Embedding"}
_RECURRENT = {"LSTM", "GRU", "SimpleRNN"}


def units(node: cst.CSTNode) -> Iterator[Edit]:
    """Two units too many."""
    if isinstance(node, cst.Call) and called(node) in {"Dense", *_RECURRENT}:
        yield from _larger(node, "units")


def filters(node: cst.CSTNode) -> Iterator[Edit]:
    """Two filters too many."""
    if isinstance(node, cst.Call) and called(node) in {"Conv1D", "Conv2D"}:
        yield from _larger(node, "filters")


def kernel_size(node: cst.CSTNode) -> Iterator[Edit]:
    """A kernel of another size."""
    if isinstance(node, cst.Call) and called(node) in {"Conv1D", "Conv2D"}:
        size = _side(argument(node, "kernel_size", 1))
        if size is not None:
            other = 5 if size == 3 else 3
            by = with_argument(node, "kernel_size", str(other), 1)
            yield Edit(f"kernel-{size}-to-{other}", node, by)


def strides(node: cst.CSTNode) -> Iterator[Edit]:
    """A stride where there is to be none, or none where there is to be one."""
    if isinstance(node, cst.Call) and called(node) in {"Conv1D", "Conv2D"}:
        stride = argument(node, "strides", 2)
        if stride is None:
            yield Edit("stride-1-to-2", node, with_argument(node, "strides", "2"))
        else:
            name = f"stride-{_side(stride)}-to-1"
            yield Edit(name, node, with_argument(node, "strides", None, 2))


def padding(node: cst.CSTNode) -> Iterator[Edit]:
    """The other padding."""
    if isinstance(node, cst.Call) and called(node) in {"Conv1D", "Conv2D"}:
        if text(argument(node, "padding")) == "same":
            yield Edit("padding-to-valid", node, with_argument(node, "padding", None))
        else:
            yield Edit("padding-to-same", node, with_argument(node, "padding", '"same"'))


def bias(node: cst.CSTNode) -> Iterator[Edit]:
    """No bias."""
    if isinstance(node, cst.Call) and called(node) in {"Dense", "Conv1D", "Conv2D"}:
        yield Edit("bias-removed", node, with_argument(node, "use_bias", "False"))


def activation_removed(node: cst.CSTNode) -> Iterator[Edit]:
    """No activation."""
    given = _activation(node)
    if isinstance(node, cst.Call) and given is not None:
        yield Edit(f"{given}-removed", node, with_argument(node, "activation", None, _place(node)))


def activation_changed(node: cst.CSTNode) -> Iterator[Edit]:
    """Another activation."""
    given = _activation(node)
    if isinstance(node, cst.Call) and given in _OTHER_ACTIVATION:
        other = _OTHER_ACTIVATION[given]
        by = with_argument(node, "activation", f'"{other}"', _place(node))
        yield Edit(f"{given}-to-{other}", node, by)


def pool_size(node: cst.CSTNode) -> Iterator[Edit]:
    """A pooling of another size."""
    if isinstance(node, cst.Call) and called(node).startswith("MaxPool"):
        size = _side(argument(node, "pool_size", 0))
        if size is not None:
            by = with_argument(node, "pool_size", str(size + 1), 0)
            yield Edit(f"pool-{size}-to-{size + 1}", node, by)


def pool_averages(node: cst.CSTNode) -> Iterator[Edit]:
    """An average in place of a maximum."""
    if isinstance(node, cst.Call) and called(node) == "MaxPooling2D":
        other = cst.parse_expression(substitute(node, "AveragePooling2D"))
        yield Edit("pool-averages", node, node.with_changes(func=other))


def pool_removed(node: cst.CSTNode) -> Iterator[Edit]:
    """No pooling."""
    layers = layer_list(node)
    for layer in layer_calls(layers) if layers else []:
        if layers is not None and "Pooling" in called(layer):
            yield Edit("pool-removed", layers, without_element(layers, layer))


def layer_removed(node: cst.CSTNode) -> Iterator[Edit]:
    """A layer too few; never the last one, which makes the output."""
    layers = layer_list(node)
    weighted = [one for one in layer_calls(layers) if called(one) in _WEIGHTED] if layers else []
    for layer in weighted[:-1]:
        if layers is not None:
            name = f"{called(layer).lower()}-removed"
            yield Edit(name, layers, without_element(layers, layer))


def dropout_added(node: cst.CSTNode) -> Iterator[Edit]:
    """A dropout that nobody asked for, behind the first layer."""
    layers = layer_list(node)
    weighted = [one for one in layer_calls(layers) if called(one) in _WEIGHTED] if layers else []
    if layers is not None and len(weighted) > 1:
        code = f"{substitute(weighted[0], 'Dropout')}(0.5)"
        yield Edit("dropout-added", layers, with_element_after(layers, weighted[0], code))


def filters_swapped(node: cst.CSTNode) -> Iterator[Edit]:
    """The filters of two convolutions in the other order."""
    layers = layer_list(node)
    found = [one for one in layer_calls(layers) if called(one) == "Conv2D"] if layers else []
    if layers is None or len(found) < 2:
        return
    one, other = argument(found[0], "filters", 0), argument(found[1], "filters", 0)
    if one is not None and other is not None and code_of(one) != code_of(other):
        first = with_argument(found[0], "filters", code_of(other), 0)
        second = with_argument(found[1], "filters", code_of(one), 0)
        by = replaced(layers, {found[0]: first, found[1]: second})
        yield Edit("filters-swapped", layers, by)


def _larger(call: cst.Call, name: str) -> Iterator[Edit]:
    size = integer(argument(call, name, 0))
    if size is not None:
        by = with_argument(call, name, str(size + 2), 0)
        yield Edit(f"{name}-{size}-to-{size + 2}", call, by)


def _activation(node: cst.CSTNode) -> str | None:
    if isinstance(node, cst.Call) and called(node) in _WEIGHTED - _RECURRENT:
        return text(argument(node, "activation", _place(node)))
    return None


def _place(call: cst.Call) -> int | None:
    return 1 if called(call) == "Dense" else None


def _side(value: cst.BaseExpression | None) -> int | None:
    """Side of a square: 3 of `3` and of `(3, 3)`."""
    if isinstance(value, cst.Tuple) and value.elements:
        value = value.elements[0].value
    return integer(value)


OPERATORS = (
    units,
    filters,
    kernel_size,
    strides,
    padding,
    bias,
    activation_removed,
    activation_changed,
    pool_size,
    pool_averages,
    pool_removed,
    layer_removed,
    dropout_added,
    filters_swapped,
)
