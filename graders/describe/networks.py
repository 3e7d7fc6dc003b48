"""Describe a Keras network as plain data: layers, shapes, parameters, compile settings.

Both the runner (for a student's networks) and the reference (for the expected ones) call this,
so that the two sides of every comparison come from the same code. Names of layers and variables
are left out. Keras objects come in as `Any`: this module needs no TensorFlow to be imported.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import Any

from graders.describe.operations import (
    ACTIVATION_CLASSES,
    activation_of,
    keras_operations,
    operation_name,
)
from graders.recording.schema import CompileRecord, LayerRecord, Shape

# Settings that don't change what a layer computes once it is trained, or only name it.
_LEFT_OUT = {"name", "dtype", "trainable", "batch_shape", "batch_input_shape", "build_config"}
_TEXT_LIMIT = 200


def describe_layers(model: Any, order: list[Any] | None = None) -> tuple[list[LayerRecord], bool]:
    """List a model's layers from input to output, nested models unfolded.

    Args:
        model: a keras.Model, built or not.
        order: the layers of a subclassed model as it calls them; without it the order of its
            attributes is taken, and a chain is assumed.

    Returns:
        The layers, a shared one each time that it is called, and whether they form a chain.

    """
    records: list[LayerRecord] = []
    if order is None:
        _append(model, records, first_inputs=[])
    else:
        for position, layer in enumerate(order):
            records.append(_layer(layer, [position - 1] if position else []))
    chain = all(
        record.inputs == ([position - 1] if position else [])
        for position, record in enumerate(records)
    )
    return records, chain


def describe_compile(model: Any) -> CompileRecord | None:
    """Read the optimizer, the loss and the metrics of a compiled model; None if it isn't."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not getattr(model, "compiled", False):
        return None
    config = plain(_quietly(optimizer.get_config)) or {}
    loss, loss_config = _loss(model)
    return CompileRecord(
        optimizer=type(optimizer).__name__,
        optimizer_config={k: v for k, v in config.items() if k != "name"},
        learning_rate=_learning_rate(optimizer),
        loss=loss,
        loss_config=loss_config,
        metrics=_metrics(model),
    )


def kind_of(model: Any) -> str:
    """Tell Sequential, Functional and subclassed models apart."""
    names = {base.__name__ for base in type(model).__mro__}
    if "Sequential" in names:
        return "Sequential"
    return "Functional" if "Functional" in names else "Subclass"


def count_parameters(model: Any) -> tuple[int, int]:
    """All parameters and the trainable ones; (0, 0) before the model is built."""
    total = sum(_size(weight) for weight in getattr(model, "weights", []))
    trainable = sum(_size(weight) for weight in getattr(model, "trainable_weights", []))
    return total, trainable


def snake_case(name: str) -> str:
    """Turn a class name into Keras' function name: MeanSquaredError to mean_squared_error."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def plain(value: Any, depth: int = 0) -> Any:
    """Reduce a configuration value to JSON: short texts, finite numbers, lists and dicts."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return value[:_TEXT_LIMIT]
    if depth > 4:
        return None
    if isinstance(value, dict):
        if "class_name" in value and "config" in value:
            return _serialized(value, depth)
        return {str(k)[:_TEXT_LIMIT]: plain(v, depth + 1) for k, v in list(value.items())[:60]}
    if isinstance(value, list | tuple):
        return [plain(item, depth + 1) for item in list(value)[:60]]
    for convert in (int, float):
        if type(value).__module__ == "numpy":
            try:
                return plain(convert(value), depth + 1)
            except (TypeError, ValueError):
                continue
    return str(getattr(value, "name", type(value).__name__))[:_TEXT_LIMIT]


def _serialized(value: dict[str, Any], depth: int) -> Any:
    """Shorten Keras' serialized objects: an activation to its name, others to name and config."""
    inner = value["config"]
    if isinstance(inner, str):
        return inner[:_TEXT_LIMIT]
    name = snake_case(str(value["class_name"]))
    config = plain(inner, depth + 1) if isinstance(inner, dict) else {}
    config = {k: v for k, v in (config or {}).items() if k not in _LEFT_OUT and v is not None}
    return {"class": name, **config} if config else name


def _append(model: Any, records: list[LayerRecord], first_inputs: list[int]) -> list[int]:
    """Append a model's layers and return the positions that hold its outputs."""
    position_of: dict[int, list[int]] = {}
    last = first_inputs
    for operation, node in _calls(model):
        sources = _sources(node, position_of)
        inputs = last if sources is None else (sources or first_inputs)
        if _is_model(operation):
            last = _append(operation, records, inputs)
        elif type(operation).__name__ == "InputLayer":
            if records:  # the input of a nested model stands for what feeds it
                last = first_inputs
            else:
                records.append(_layer(operation, []))
                last = [len(records) - 1]
        else:
            records.append(_layer(operation, inputs))
            last = [len(records) - 1]
        position_of[id(node)] = last
    return last


def _calls(model: Any) -> list[tuple[Any, Any]]:
    """Pairs of an operation and its node in the graph, from input to output.

    A functional model has one node for each call, so a shared layer comes several times. The
    others keep no graph that matters: their layers come as listed, without nodes.
    """
    kind = kind_of(model)
    depths = getattr(model, "_nodes_by_depth", None)
    if kind == "Functional" and depths:
        return [(n.operation, n) for depth in sorted(depths, reverse=True) for n in depths[depth]]
    layers = [(layer, None) for layer in model.layers]
    if kind == "Sequential":
        # `layers` hides the InputLayer, which carries the shape that the network expects.
        hidden = [
            (layer, None)
            for layer in getattr(model, "_layers", [])
            if type(layer).__name__ == "InputLayer"
        ]
        return hidden[:1] + layers
    return layers


def _sources(node: Any, position_of: dict[int, list[int]]) -> list[int] | None:
    """Positions of the calls that feed this one; None where Keras keeps no graph."""
    if node is None:
        return None
    positions: list[int] = []
    for parent in getattr(node, "parent_nodes", []):
        positions.extend(p for p in position_of.get(id(parent), []) if p not in positions)
    return positions or None


def _layer(layer: Any, inputs: list[int]) -> LayerRecord:
    config = plain(_quietly(layer.get_config)) if hasattr(layer, "get_config") else {}
    config = config if isinstance(config, dict) else {}
    shape = _shape(layer, config)
    total, trainable = count_parameters(layer)
    activation = activation_of(layer)
    if activation is not None:  # keras.activations.relu(x) is Activation("relu")(x)
        config = {"activation": activation}
    return LayerRecord(
        type=_type_name(layer) if activation is None else "Activation",
        config={k: v for k, v in config.items() if k not in _LEFT_OUT and v is not None},
        inputs=inputs,
        output_shape=shape,
        parameters=total,
        trainable=trainable,
    )


def _type_name(layer: Any) -> str:
    """Name a layer's class; one of the student's own that is called like one of Keras' says so."""
    name = type(layer).__name__
    if stock_layers().get(name) is type(layer) or operation_name(layer) is not None:
        return name
    return f"own {name}" if name in stock_layers() or name in ACTIVATION_CLASSES else name


@cache
def stock_layers() -> dict[str, type]:
    """Return Keras' own layers by name, as they were at the first call.

    That has to come before any student code, which may put its own in their place.
    """
    import keras

    keras_operations()
    return {name: found for name, found in vars(keras.layers).items() if isinstance(found, type)}


def _shape(layer: Any, config: dict[str, Any]) -> Shape | None:
    if type(layer).__name__ == "InputLayer":
        shape = config.get("batch_shape")
        return list(shape) if isinstance(shape, list) else None
    try:
        return [None if size is None else int(size) for size in layer.output.shape]
    except (AttributeError, ValueError, TypeError):
        return None


def _learning_rate(optimizer: Any) -> float | None:
    """The rate as it is now; for a schedule the rate that it starts with."""
    schedule = getattr(optimizer, "_learning_rate", None)
    try:
        if callable(schedule) and hasattr(schedule, "get_config"):
            return float(schedule.get_config()["initial_learning_rate"])
        return float(optimizer.learning_rate)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _loss(model: Any) -> tuple[str, dict[str, Any]]:
    loss = getattr(model, "loss", None)
    if loss is None:
        return "", {}
    if isinstance(loss, str):
        return snake_case(loss), {}
    if isinstance(loss, type):
        return snake_case(loss.__name__), {}
    if isinstance(loss, list | tuple | dict):
        inner = list(loss.values()) if isinstance(loss, dict) else list(loss)
        if len(inner) == 1 and isinstance(inner[0], str):
            return snake_case(inner[0]), {}
        return "several", {}
    config = plain(_quietly(loss.get_config)) if hasattr(loss, "get_config") else {}
    name = getattr(loss, "__name__", None) or type(loss).__name__
    config = config if isinstance(config, dict) else {}
    return snake_case(name), {k: v for k, v in config.items() if k not in _LEFT_OUT}


def _metrics(model: Any) -> list[str]:
    """Names of the metrics as the compile call gave them."""
    compiled = getattr(model, "_compile_metrics", None)
    given = getattr(compiled, "_user_metrics", None)
    names: list[str] = []
    _flatten_metrics(given, names)
    return names[:20]


def _flatten_metrics(given: Any, names: list[str]) -> None:
    if given is None:
        return
    if isinstance(given, dict):
        given = list(given.values())
    if isinstance(given, list | tuple):
        for item in given:
            _flatten_metrics(item, names)
        return
    if isinstance(given, str):
        names.append(snake_case(given)[:_TEXT_LIMIT])
        return
    name = getattr(given, "__name__", None) or type(given).__name__
    names.append(snake_case(str(name))[:_TEXT_LIMIT])


def _is_model(operation: Any) -> bool:
    return any(base.__name__ == "Trainer" for base in type(operation).__mro__)


def _size(weight: Any) -> int:
    try:
        return int(math.prod(int(size) for size in weight.shape))
    except (TypeError, ValueError):
        return 0


def _quietly(get_config: Any) -> Any:
    """Call get_config(); a student's own layer may not have written one."""
    try:
        return get_config()
    except Exception:  # noqa: BLE001 - any error of foreign code means: no configuration
        return {}
