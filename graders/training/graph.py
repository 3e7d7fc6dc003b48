"""A network as a graph of stock layers: described on the student's side, built on the trusted one.

The walk starts at the outputs, so Sequential, functional and nested forms of one network give the
same description, whatever their names and in whichever order their layers were made.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FunctionType, NoneType
from typing import Any

from graders.describe.networks import count_parameters
from graders.errors import TrainingError
from graders.training.operations import stand_in
from graders.training.request import Argument, Call, Input, Layer, Network, Reference, Stock
from graders.training.stock import Inexpressible, Refused, make, take

# A walk goes a few frames deeper with each layer; a course's deepest networks have hundreds.
_FRAMES = 20_000
# They look values up: what they cost is what they put out.
_LOOK_UPS = frozenset({"Embedding"})
_UNKNOWN_SIZE = 100
# What a student's class may define that only says how a stock network is built.
_BUILDING = {"__init__", "__doc__", "__module__", "__qualname__", "__dict__", "__weakref__"}
_BUILDING |= {"__annotations__", "__annotate__", "__annotate_func__", "__annotations_cache__"}
_BUILDING |= {"__firstlineno__", "__static_attributes__", "__type_params__"}
_HELPERS = frozenset({FunctionType, staticmethod, bool, int, float, str, tuple, NoneType})


@dataclass
class Graph:
    """A described network, with the Keras layers in the order of the description."""

    inputs: list[Input]
    layers: list[Any]
    calls: list[Call]
    outputs: list[Reference]
    stocks: list[Stock]

    def network(self, weights: list[list[Any]]) -> Network:
        """Put the description together; `weights` says for each layer where its weights start."""
        layers = [
            Layer(stock=stock, trainable=bool(layer.trainable), weights=start)
            for layer, stock, start in zip(self.layers, self.stocks, weights, strict=True)
        ]
        return Network(inputs=self.inputs, layers=layers, calls=self.calls, outputs=self.outputs)


def describe_graph(model: Any) -> Graph:
    """Describe a built Sequential or functional keras.Model.

    Raises:
        Inexpressible: it is a class of the student's own, or holds something that isn't stock.

    """
    graph = _functional(model, "the network")
    walk = _Walk()
    inputs = {id(tensor): Reference(input=k) for k, tensor in enumerate(graph.inputs)}
    scope = _Scope(inputs)
    with _deep_recursion():
        outputs = [walk.reference(tensor, scope) for tensor in graph.outputs]
    trained = {id(variable) for layer in walk.layers for variable in layer.trainable_variables}
    if trained != {id(variable) for variable in model.trainable_variables}:
        raise Inexpressible("the network is frozen in another way than its layers")
    return Graph(
        inputs=[_input(tensor) for tensor in graph.inputs],
        layers=walk.layers,
        calls=walk.calls,
        outputs=outputs,
        stocks=[_stock(layer) for layer in walk.layers],
    )


@dataclass
class Built:
    """A network that was built from its description."""

    model: Any
    layers: list[Any]  # in the order of the description
    operations: float  # multiplications of one item's forward pass, roughly


def build(network: Network, parameters: int) -> Built:
    """Build a keras.Model from its description, with fresh weights.

    Args:
        network: the description.
        parameters: how many the network may have.

    Raises:
        Refused: a layer is not on the allow-list, or the layers don't fit each other.
        TrainingError: it has more parameters than it may.

    """
    import keras

    with _counted_weights(parameters) as counter:
        try:
            inputs = [keras.Input(tuple(i.shape), dtype=i.dtype) for i in network.inputs]
            layers = [make(layer.stock) for layer in network.layers]
            results: list[list[Any]] = []
            operations = 0.0
            for call in network.calls:
                given = [_argument(a, inputs, results) for a in call.args]
                named = {key: _argument(a, inputs, results) for key, a in call.kwargs.items()}
                output = keras.tree.flatten(layers[call.layer](*given, **named))
                tensors = [t for t in keras.tree.flatten([given, named]) if hasattr(t, "shape")]
                operations += _operations(layers[call.layer], tensors, output)
                results.append(output)
            for layer, described in zip(layers, network.layers, strict=True):
                layer.trainable = described.trainable
            outputs = [_tensor(reference, inputs, results) for reference in network.outputs]
            model = keras.Model(single(inputs), single(outputs))
        except (Refused, MemoryError):
            raise
        except Exception as error:
            if counter.over:
                raise TrainingError.too_many_parameters(counter.count, parameters) from error
            # Keras and its backends raise anything where layers don't fit.
            raise Refused(f"the layers don't make a network: {str(error)[:300]}") from error
    return Built(model, layers, operations)


@dataclass
class _Counter:
    """Parameters that were asked for."""

    limit: int
    count: int = 0

    @property
    def over(self) -> bool:
        return self.count > self.limit


@contextmanager
def _counted_weights(limit: int) -> Iterator[_Counter]:
    """Count weights before they are made, so that a hostile request can't fill the memory."""
    import keras

    counter = _Counter(limit)
    original = keras.layers.Layer.add_weight

    def add_weight(layer: Any, shape: Any = None, *args: Any, **kwargs: Any) -> Any:
        sizes = [shape] if isinstance(shape, int) else list(shape or ())
        counter.count += math.prod(int(size) for size in sizes)
        if counter.over:
            raise ValueError("the network has too many parameters")
        return original(layer, shape, *args, **kwargs)

    keras.layers.Layer.add_weight = add_weight
    try:
        yield counter
    finally:
        keras.layers.Layer.add_weight = original


def _operations(layer: Any, inputs: list[Any], outputs: list[Any]) -> float:
    """Weights times the places where they are used; for what has none, the values put out."""
    parameters, _ = count_parameters(layer)
    if not parameters or type(layer).__name__ in _LOOK_UPS:
        return sum(_volume(tensor, slice(1, None)) for tensor in outputs)
    return parameters * max(_volume(tensor, slice(1, -1)) for tensor in [*inputs, *outputs])


def _volume(tensor: Any, part: slice) -> float:
    return math.prod(float(size or _UNKNOWN_SIZE) for size in tensor.shape[part])


@dataclass
class _Scope:
    """References of the tensors of one model's graph; a nested model has a scope of its own."""

    known: dict[int, Reference]


@dataclass
class _Walk:
    """Numbers layers and calls as it comes upon them."""

    layers: list[Any] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    _numbers: dict[Any, int] = field(default_factory=dict)
    _done: dict[tuple[int, int], int] = field(default_factory=dict)
    _inner: dict[tuple[int, int], _Scope] = field(default_factory=dict)
    _scopes: list[_Scope] = field(default_factory=list)

    def reference(self, tensor: Any, scope: _Scope) -> Reference:
        known = scope.known.get(id(tensor))
        if known is not None:
            return known
        history = getattr(tensor, "_keras_history", None)
        if history is None:
            raise Inexpressible("a tensor of the network has no layer")
        operation, node = history.operation, history.operation._inbound_nodes[history.node_index]
        if hasattr(operation, "fit"):
            found = self._nested(operation, node, history.tensor_index, scope)
        else:
            call = self._call(operation, node, scope)
            found = Reference(call=call, output=history.tensor_index)
        scope.known[id(tensor)] = found
        return found

    def _nested(self, model: Any, node: Any, output: int, scope: _Scope) -> Reference:
        graph = _functional(model, "a network inside the network")
        key = (id(scope), id(node))
        if key not in self._inner:
            given = [self.reference(tensor, scope) for tensor in node.input_tensors]
            if len(given) != len(graph.inputs):
                raise Inexpressible("a network inside the network takes its inputs in its own way")
            inputs = zip(graph.inputs, given, strict=True)
            self._inner[key] = _Scope({id(tensor): ref for tensor, ref in inputs})
            self._scopes.append(self._inner[key])  # or its id could be given out again
        return self.reference(graph.outputs[output], self._inner[key])

    def _call(self, layer: Any, node: Any, scope: _Scope) -> int:
        key = (id(scope), id(node))
        if key in self._done:
            return self._done[key]
        number: Any = id(layer)
        kwargs: dict[str, Argument] = {}
        if hasattr(layer, "trainable_variables"):
            args = [self._argument(value, scope) for value in node.arguments.args]
            kwargs = {
                name: self._argument(value, scope)
                for name, value in node.arguments.kwargs.items()
                # fit and evaluate set `training` for every layer, whatever the graph says.
                if name != "training" and value is not None and not _is_automatic(name, value, node)
            }
        else:  # an operation, such as keras.activations.relu
            layer, given = stand_in(layer, node)
            args = [self.reference(given, scope)]
            number = (number, str(layer.get_config()))
        if number not in self._numbers:
            self._numbers[number] = len(self.layers)
            self.layers.append(layer)
        self.calls.append(Call(layer=self._numbers[number], args=args, kwargs=kwargs))
        self._done[key] = len(self.calls) - 1
        return self._done[key]

    def _argument(self, value: Any, scope: _Scope) -> Argument:
        if hasattr(value, "_keras_history"):
            return self.reference(value, scope)
        if isinstance(value, list | tuple):
            return [self._argument(item, scope) for item in value]
        if value is None or isinstance(value, bool | int | float | str):
            return value
        raise Inexpressible(f"a layer is called with {type(value).__name__}, which is not data")


def _functional(model: Any, what: str) -> Any:
    """Return the graph of a stock model; a Sequential keeps one for itself."""
    import keras

    if "call" in vars(model):
        raise Inexpressible(f"call of {what} is the student's own")
    if _only_builds(type(model), keras.Sequential):
        graph = model._functional
        if graph is None:
            raise Inexpressible(f"{what} doesn't know the shape of its inputs yet")
        return graph
    functional = sys.modules["keras.src.models.functional"].Functional
    if not _only_builds(type(model), functional):
        raise Inexpressible(f"{what} is a class of the student's own ({type(model).__name__})")
    return model


def _only_builds(kind: type, stock: type) -> bool:
    """Tell whether a class is a stock one, or a student's that only says how to build one.

    Such a class may have an `__init__`, and methods and values by names that Keras doesn't use.
    """
    own = len(kind.__mro__) - len(stock.__mro__)
    if own < 0 or kind.__mro__[own:] != stock.__mro__:
        return False
    return all(
        type(cls) is type
        and all(
            name in _BUILDING
            or (not name.startswith("_") and not hasattr(stock, name) and type(value) in _HELPERS)
            for name, value in vars(cls).items()
        )
        for cls in kind.__mro__[:own]
    )


def _input(tensor: Any) -> Input:
    shape = [None if size is None else int(size) for size in tensor.shape[1:]]
    try:
        return Input.model_validate({"shape": shape, "dtype": str(tensor.dtype)})
    except ValueError as error:
        raise Inexpressible(f"an input of {tensor.dtype} and the shape {shape}") from error


def _stock(layer: Any) -> Stock:
    stock = take("layers", layer)
    parts = list(layer._flatten_layers())
    flags = [part.trainable for part in parts]
    flags += [variable.trainable for part in parts for variable in part._trainable_variables]
    if any(flag != layer.trainable for flag in flags):
        raise Inexpressible(f"only a part of the layer {stock.name} is frozen")
    return stock


def _is_automatic(name: str, value: Any, node: Any) -> bool:
    """Tell a mask that Keras passes on by itself from one that the student gave."""
    if name != "mask" and not name.endswith("_mask"):
        return False
    given = [getattr(t, "_keras_mask", None) for t in node.input_tensors]
    return any(value is mask for mask in given if mask is not None) or (
        isinstance(value, list | tuple)
        and all(v is None or any(v is mask for mask in given) for v in value)
    )


def _argument(value: Any, inputs: list[Any], results: list[list[Any]]) -> Any:
    if isinstance(value, Reference):
        return _tensor(value, inputs, results)
    if isinstance(value, list):
        return [_argument(item, inputs, results) for item in value]
    if isinstance(value, Stock):
        raise Refused("a layer can't be called with an object")
    return value


def _tensor(reference: Reference, inputs: list[Any], results: list[list[Any]]) -> Any:
    if reference.input is not None:
        return inputs[reference.input]
    assert reference.call is not None, "validated with the network"
    return results[reference.call][reference.output]


def single(values: list[Any]) -> Any:
    """Unpack a list of one: Keras takes one input, output or target without a list around it."""
    return values[0] if len(values) == 1 else values


@contextmanager
def _deep_recursion() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
