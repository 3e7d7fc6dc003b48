"""Describe a call of `fit` as a request: what runs on the student's side before anything is asked.

Whatever can't be said as plain data raises `Inexpressible`, with a reason for the student's
feedback; the training then takes place where it was called.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from graders.describe.arrays import is_flow
from graders.training.arguments import fit_of, flat
from graders.training.generators import describe_flow
from graders.training.graph import Graph, describe_graph
from graders.training.request import (
    Array,
    Compiled,
    Data,
    Flow,
    Metric,
    OptimizerState,
    Request,
)
from graders.training.state import as_numpy, describe_array, slots_of
from graders.training.stock import Inexpressible, take, take_loss, take_metric

# Where a variable remembers the value that its initializer gave it.
_FRESH = "_tensormark_fresh"
# Where it remembers that initializer, if it is one of Keras' own.
_INITIALIZER = "_tensormark_initializer"
# Values that were drawn in this run, the oldest first: the initializer with the shape, the digest.
_drawn: dict[tuple[str, str], None] = {}
_DRAWN = 20_000

Describe = Callable[[NDArray[Any]], Array]


@dataclass
class Described:
    """A request, and what is needed to send it and to take its answer in."""

    request: Request
    layers: list[Any]
    names: list[str]
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)


def watch_weights() -> Callable[[], None]:
    """Note the value of each new weight, to tell fresh weights from others later.

    Returns:
        A function that ends it.

    """
    import keras

    adds, initializes = keras.layers.Layer.add_weight, keras.Variable._deferred_initialize

    def add_weight(layer: Any, *args: Any, **kwargs: Any) -> Any:
        variable = _made(adds, layer, args, kwargs)
        given = kwargs.get("initializer", args[1] if len(args) > 1 else None)
        setattr(variable, _INITIALIZER, _named(given))
        if getattr(variable, "_value", None) is not None:
            remember_fresh(variable)
        return variable

    def _deferred_initialize(variable: Any) -> None:
        initializes(variable)
        if hasattr(variable, _INITIALIZER):
            remember_fresh(variable)

    def stop() -> None:
        keras.layers.Layer.add_weight = adds
        keras.Variable._deferred_initialize = initializes

    keras.layers.Layer.add_weight = add_weight
    keras.Variable._deferred_initialize = _deferred_initialize
    return stop


def remember_fresh(variable: Any) -> None:
    """Note a new variable's value, to tell later whether anything has changed it.

    A value that can't be read yet is not noted: its variable is taken for one that was given.
    """
    try:
        with _outside_of_traces():
            value = as_numpy(variable)
        noted = describe_array(value)
    except Exception:  # noqa: BLE001 - it is no number, or not there: a student's layer may go on
        return
    if value.shape == tuple(variable.shape):
        setattr(variable, _FRESH, noted.digest)
        _drawn[_drawing(variable, noted)] = None
        if len(_drawn) > _DRAWN:
            del _drawn[next(iter(_drawn))]


def _made(original: Any, layer: Any, args: Any, kwargs: Any) -> Any:
    """Make a weight; while TensorFlow traces, outside of the trace, or it would have no value yet.

    A Sequential without an Input is built so in predict() and evaluate().
    """
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None and tensorflow.inside_function():
        try:
            with tensorflow.init_scope():
                return original(layer, *args, **kwargs)
        except Exception:  # noqa: BLE001, S110 - it is made below as it would be without us
            pass
    return original(layer, *args, **kwargs)


def _outside_of_traces() -> AbstractContextManager[Any]:
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow.init_scope() if tensorflow else nullcontext()


def _named(initializer: Any) -> str:
    """Name a stock initializer with its settings; the empty text is any other."""
    import keras

    try:
        stock = take("initializers", keras.initializers.get(initializer or "glorot_uniform"))
    except Exception:  # noqa: BLE001 - a student's own initializer may break in any way
        return ""
    return stock.model_dump_json()


def _drawing(variable: Any, value: Array) -> tuple[str, str]:
    """Say by which initializer a variable of this shape would have come by this value."""
    drawing = f"{getattr(variable, _INITIALIZER, '')} {value.shape}"
    return drawing, value.digest


def request_of(
    model: Any, arguments: Mapping[str, Any], describe: Describe = describe_array
) -> Described:
    """Describe a call of `model.fit(**arguments)`.

    Args:
        model: a compiled keras.Model; an unbuilt Sequential is built as fit would build it.
        arguments: every argument of fit by name, defaults filled in.
        describe: names an array by its content; the runner's remembers those it has seen.

    Raises:
        Inexpressible: it can't be said as plain data.

    """
    book = _Book(describe)
    _check_model(model)
    flow = None
    if is_flow(arguments.get("x")):
        arguments, flow = _unfolded(arguments)
    inputs = _inputs(model, arguments.get("x"))
    data = book.data(model, inputs, arguments.get("y"), arguments.get("sample_weight"))
    if flow is not None:
        data = data.model_copy(update={"flow": flow})
    _build(model, inputs, arguments)
    graph = describe_graph(model)
    weights = [[book.weight(variable) for variable in layer.weights] for layer in graph.layers]
    names = [str(name) for name in model.get_metrics_result()]
    try:
        validation = book.validation(model, arguments.get("validation_data"))
        request = Request(
            network=graph.network(weights),
            compiled=_compiled(model, graph, book),
            data=data,
            validation=validation,
            fit=fit_of(model, arguments, names, data.items, validation),
        )
    except ValidationError as error:
        raise reason_of(error) from error
    return Described(request, graph.layers, names, book.arrays)


def _unfolded(arguments: Mapping[str, Any]) -> tuple[Mapping[str, Any], Flow]:
    """Put the arrays that an image generator draws from in its place."""
    try:
        found = describe_flow(arguments["x"])
    except ValidationError as error:
        raise reason_of(error) from error
    if arguments.get("y") is not None or arguments.get("validation_split"):
        raise Inexpressible("a generator is given with what only arrays can have")
    own = {"x": found.x, "y": found.y, "batch_size": found.batch_size}
    return {**arguments, **own}, found.flow


def reason_of(error: ValidationError) -> Inexpressible:
    """Say why a description is no valid request."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"] if isinstance(part, str))
    return Inexpressible(f"{where or 'the call'}: {first['msg']}")


def data_of(model: Any, x: Any, y: Any, describe: Describe = describe_array) -> Data:
    """Describe inputs and targets as they are handed to a network.

    Raises:
        Inexpressible: they are no arrays of numbers.

    """
    return _Book(describe).data(model, _inputs(model, x), y, None)


@dataclass
class _Book:
    """Names arrays by content, and keeps those of this call at hand."""

    describe: Describe
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)

    def array(self, value: NDArray[Any]) -> Array:
        """Describe one array."""
        described = self.describe(value)
        self.arrays[described.digest] = value
        return described

    def weight(self, variable: Any) -> Array | None:
        """Describe where a weight starts; None where it is as its initializer drew it."""
        value = as_numpy(variable)
        described = self.describe(value)
        if getattr(variable, _FRESH, None) == described.digest:
            return None
        # As fresh as its own first value is that of another variable of the same kind: two networks
        # that are to start alike, or one that was saved and loaded before it was trained. Nothing
        # comes in by that, since the trainer draws a fresh weight itself.
        if getattr(variable, _INITIALIZER, "") and _drawing(variable, described) in _drawn:
            return None
        self.arrays[described.digest] = value
        return described

    def data(self, model: Any, inputs: list[NDArray[Any]], y: Any, weights: Any) -> Data:
        """Describe inputs, targets and weights of the items."""
        targets = _several(y, "the targets", _output_names(model))
        if any(len(array) != len(inputs[0]) for array in [*inputs, *targets]):
            raise Inexpressible("inputs and targets have different numbers of items")
        return Data(
            x=[self.array(array) for array in inputs],
            y=[self.array(array) for array in targets],
            weights=[
                self.array(array)
                for array in _several(weights, "the sample weights", _output_names(model))
            ]
            if weights is not None
            else [],
        )

    def validation(self, model: Any, given: Any) -> Data | None:
        """Describe fit's validation_data."""
        if given is None:
            return None
        if not isinstance(given, list | tuple) or len(given) not in {2, 3}:
            raise Inexpressible("the validation data are no pair of arrays")
        weights = given[2] if len(given) == 3 else None
        return self.data(model, _inputs(model, given[0]), given[1], weights)


def _check_model(model: Any) -> None:
    if not getattr(model, "compiled", False) or model.optimizer is None:
        raise Inexpressible("the network is not compiled")
    own = sorted({"train_step", "test_step", "compute_loss", "call", "fit"} & set(vars(model)))
    if own:
        raise Inexpressible(f"{own[0]} of the network is the student's own")


def _build(model: Any, inputs: list[NDArray[Any]], arguments: Mapping[str, Any]) -> None:
    """Build network, metrics and optimizer as fit does, from the shapes of the first two items.

    What is wrong with the shapes comes up again in fit itself, in Keras' own words. A warning is no
    reason to describe nothing, even where the program around makes errors of them.
    """
    batch = [array[:2] for array in inputs]
    weights = arguments.get("sample_weight")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model._symbolic_build(
                data_batch=(
                    batch[0] if len(batch) == 1 else batch,
                    _first_items(arguments.get("y")),
                    _first_items(weights) if weights is not None else None,
                )
            )
    except Exception as error:
        raise Inexpressible(f"Keras can't build it ({str(error)[:100]})") from error


def _compiled(model: Any, graph: Graph, book: _Book) -> Compiled:
    outputs = len(graph.outputs)
    names = _output_names(model)
    loss, metrics = model._compile_loss, model._compile_metrics
    if loss is None:
        raise Inexpressible("the network has no loss")
    given_losses = _by_output(loss._user_loss, names, repeat=True)
    given_weights = loss._user_loss_weights
    if isinstance(given_weights, int | float):
        given_weights = [given_weights] * outputs
    return Compiled(
        optimizer=take("optimizers", model.optimizer),
        state=_optimizer_state(model, graph.layers, book),
        losses=[None if given is None else take_loss(given) for given in given_losses],
        loss_weights=None
        if given_weights is None
        else [None if w is None else float(w) for w in _by_output(given_weights, names)],
        metrics=_metrics(metrics and metrics._user_metrics, names),
        weighted_metrics=_metrics(metrics and metrics._user_weighted_metrics, names),
    )


def _optimizer_state(model: Any, layers: list[Any], book: _Book) -> OptimizerState | None:
    optimizer = model.optimizer
    iterations = int(optimizer.iterations)
    slots = slots_of(optimizer, layers)
    if not iterations:
        return None
    return OptimizerState(iterations=iterations, slots=[book.array(as_numpy(s)) for s in slots])


def _metrics(given: Any, names: list[str]) -> list[list[Metric]]:
    if given is None:
        return []
    if len(names) == 1:
        if isinstance(given, dict):
            given = list(given.values())
        rows = [flat(given)]
    else:
        rows = [flat(row) for row in _by_output(given, names)]
    described = [[take_metric(metric) for metric in row] for row in rows]
    return described if any(described) else []


def _inputs(model: Any, x: Any) -> list[NDArray[Any]]:
    struct = getattr(model, "_inputs_struct", None)
    if isinstance(struct, dict):
        names = sorted(struct)
    else:
        names = [tensor.name for tensor in getattr(model, "inputs", None) or []]
    return _several(x, "the inputs", names)


def _several(given: Any, what: str, names: list[str]) -> list[NDArray[Any]]:
    """Bring one array, a list of arrays, or a dictionary of them into the network's order."""
    if isinstance(given, dict):
        if set(given) != set(names):
            raise Inexpressible(f"{what} don't have the names of the network")
        given = [given[name] for name in names]
    values = list(given) if isinstance(given, list | tuple) else [given]
    return [_numeric(value, what) for value in values]


def _numeric(value: Any, what: str) -> NDArray[Any]:
    """Take what Keras itself trains on as arrays: NumPy, tensors, tables."""
    if isinstance(value, np.ndarray):
        array = value
    elif hasattr(value, "__array__") and hasattr(value, "shape"):
        array = np.asarray(value)
    else:
        raise Inexpressible(f"{what} come from {_origin(value)}, not from arrays")
    if array.dtype.kind not in "biuf" or not array.ndim or not array.size:
        raise Inexpressible(f"{what} are no arrays of numbers")
    return array


def _origin(value: Any) -> str:
    if hasattr(value, "as_numpy_iterator"):
        return "a tf.data pipeline"
    if hasattr(value, "__next__") or hasattr(value, "__getitem__"):
        return "a generator or sequence"
    return type(value).__name__


def _first_items(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _first_items(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_first_items(item) for item in value]
    return np.asarray(value)[:2]


def _output_names(model: Any) -> list[str]:
    return list(getattr(model, "output_names", None) or ["output"])


def _by_output(given: Any, names: list[str], *, repeat: bool = False) -> list[Any]:
    """Bring what compile() takes for several outputs into their order."""
    if isinstance(given, dict):
        if len(names) == 1 and len(given) == 1:
            return list(given.values())
        if not set(given) <= set(names):
            raise Inexpressible("compile() names outputs that the network doesn't have")
        return [given.get(name) for name in names]
    if isinstance(given, list | tuple):
        if len(given) != len(names):
            raise Inexpressible("compile() was given another number of outputs")
        return list(given)
    if repeat or len(names) == 1:
        return [given] * len(names)
    raise Inexpressible("compile() leaves open which output is meant")
