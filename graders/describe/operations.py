"""Tell Keras' own operations, which stand in a functional network without being layers.

`keras.activations.relu(x)`, `keras.ops.reshape(x, ...)` and `x / 255` leave an operation in the
graph. Keras objects come in as `Any`: this module needs no TensorFlow to be imported.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

_PLACES = ("keras.src.ops.", "keras.src.activations.")
# The activation that each computes, and the settings with which it is the one that Keras has by
# that name. Those without a line here stay what they are; glu, for one, halves an axis.
_ACTIVATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "activations.activations.ReLU": (
        "relu",
        {"negative_slope": 0, "max_value": None, "threshold": 0},
    ),
    "ops.nn.Relu": ("relu", {}),
    "ops.nn.Relu6": ("relu6", {}),
    "ops.nn.LeakyRelu": ("leaky_relu", {"negative_slope": 0.2}),
    "ops.nn.Elu": ("elu", {"alpha": 1}),
    "ops.nn.Selu": ("selu", {}),
    "ops.nn.Silu": ("silu", {}),
    "ops.nn.Gelu": ("gelu", {"approximate": False}),
    "ops.nn.Sigmoid": ("sigmoid", {}),
    "ops.nn.HardSigmoid": ("hard_sigmoid", {}),
    "ops.nn.LogSigmoid": ("log_sigmoid", {}),
    "ops.nn.Softmax": ("softmax", {"axis": -1}),
    "ops.nn.LogSoftmax": ("log_softmax", {"axis": -1}),
    "ops.nn.Softplus": ("softplus", {}),
    "ops.nn.Softsign": ("softsign", {}),
    "ops.numpy.Tanh": ("tanh", {}),
    "ops.numpy.Exp": ("exponential", {}),
}
ACTIVATION_CLASSES = frozenset(name.rpartition(".")[2] for name in _ACTIVATIONS)


@cache
def keras_operations() -> dict[type, str]:
    """Return Keras' own operations and where they stand: `ops.nn.Relu`.

    As they were at the first call, which has to come before any student code.
    """
    import keras

    return {
        found: f"{name.removeprefix('keras.src.')}.{found.__name__}"
        for name, module in list(sys.modules.items())
        if name.startswith(_PLACES)
        for found in list(vars(module).values())
        if isinstance(found, type)
        and issubclass(found, keras.Operation)
        and found.__module__ == name
    }


def operation_name(thing: Any) -> str | None:
    """Return where Keras has this operation, such as `ops.nn.Relu`; None for anything else."""
    return keras_operations().get(type(thing))


def activation_of(thing: Any) -> str | None:
    """Return the activation that an operation of Keras computes, by the name that Keras gives it.

    None for what is no operation of Keras, no activation, or one with settings of its own.
    """
    activation, settings = _ACTIVATIONS.get(operation_name(thing) or "", (None, {}))
    same = all(_same(vars(thing).get(key), value) for key, value in settings.items())
    return activation if same else None


def _same(value: Any, wanted: Any) -> bool:
    """Compare settings; what a student gave may be a tensor, which has no single truth."""
    return (value is None or type(value) in {bool, int, float}) and value == wanted
