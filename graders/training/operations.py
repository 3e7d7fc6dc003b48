"""Stock layers that compute what Keras' operations do: `relu(x)`, `x / 255`, `reshape(x, ...)`.

A request knows layers only. An operation is described as the layer by which others write the same,
so that both are one training.
"""

from __future__ import annotations

import math
from typing import Any

from graders.describe.networks import stock_layers
from graders.describe.operations import activation_of, operation_name
from graders.training.stock import Inexpressible

_SHAPES = frozenset({"ops.numpy.Reshape", "ops.numpy.ExpandDims", "ops.numpy.Squeeze"})
# Scale and offset of the layer Rescaling, for `tensor op number` and for `number op tensor`.
_ARITHMETIC: dict[str, Any] = {
    "ops.numpy.Add": (lambda c: (1.0, c), lambda c: (1.0, c)),
    "ops.numpy.Subtract": (lambda c: (1.0, -c), lambda c: (-1.0, c)),
    "ops.numpy.Multiply": (lambda c: (c, 0.0), lambda c: (c, 0.0)),
    # The product with the inverse differs from the quotient by a rounding error of float32.
    "ops.numpy.Divide": (lambda c: (1 / c, 0.0), None),
    "ops.numpy.TrueDivide": (lambda c: (1 / c, 0.0), None),
}


def stand_in(operation: Any, node: Any) -> tuple[Any, Any]:
    """Find the layer that computes what an operation does at one place of a graph.

    Args:
        operation: what is no layer.
        node: its call in the graph.

    Returns:
        A stock layer without weights, and the one tensor that it is called with.

    Raises:
        Inexpressible: no stock layer computes the same.

    """
    layers = stock_layers()
    name = type(operation).__name__
    place = operation_name(operation)
    args, outputs = node.arguments.args, node.outputs
    tensors = [value for value in args if hasattr(value, "_keras_history")]
    if place is None or node.arguments.kwargs or len(tensors) != 1 or len(outputs) != 1:
        raise Inexpressible(f"the operation {name} is no layer of Keras")
    (given,), (output,) = tensors, outputs
    # A layer computes in float32 and hands a mask on; an operation does neither by itself.
    if {str(given.dtype), str(output.dtype)} != {"float32"} or _is_special(given):
        raise Inexpressible(f"the operation {name} doesn't compute on plain float32 numbers")
    activation = activation_of(operation)
    # A name given here keeps the numbers in the names of the student's layers as they were.
    if activation is not None and len(args) == 1:
        return layers["Activation"](activation, name="operation"), given
    if place in _SHAPES and len(args) == 1 and _keeps_items(given.shape, output.shape):
        return layers["Reshape"](tuple(output.shape[1:]), name="operation"), given
    if place in _ARITHMETIC and len(args) == 2:
        scale, offset = _factors(place, args, given)
        return layers["Rescaling"](scale, offset, name="operation"), given
    raise Inexpressible(f"no layer of Keras computes what the operation {name} does")


def _factors(place: str, args: Any, given: Any) -> tuple[float, float]:
    """Return scale and offset of the layer that computes with a number as the operation does."""
    first, second = _ARITHMETIC[place]
    number, rule = (args[1], first) if args[0] is given else (args[0], second)
    if type(number) in {int, float} and rule is not None:
        try:
            scale, offset = rule(float(number))
        except (ZeroDivisionError, OverflowError):
            scale = offset = math.nan
        if math.isfinite(scale) and math.isfinite(offset):
            return scale, offset
    raise Inexpressible("the network computes with something else than a number")


def _keeps_items(before: Any, after: Any) -> bool:
    """Tell whether a change of shape leaves each item's values together and in their order."""
    items = [tuple(shape[1:]) for shape in (before, after)]
    return (
        len(before) > 1
        and len(after) > 1
        and before[0] is None
        and after[0] is None
        and all(isinstance(size, int) for item in items for size in item)
        and math.prod(items[0]) == math.prod(items[1])
    )


def _is_special(tensor: Any) -> bool:
    sparse = getattr(tensor, "sparse", False) or getattr(tensor, "ragged", False)
    return bool(sparse) or getattr(tensor, "_keras_mask", None) is not None
