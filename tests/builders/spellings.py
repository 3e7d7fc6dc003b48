"""Random networks of stock layers, and the many ways to write each of them down."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

# A layer as its class name and its settings; a network as a list of them.
Plan = list[tuple[str, dict[str, Any]]]
FORMS = ("list", "add", "by data", "functional", "nested", "nested by data", "nested functional")
FORMS += ("operations", "own class", "own functional class")
_ACTIVATIONS = ("linear", "relu", "softmax", "tanh")
_WORDS = st.text("abcdefghij_0123456789", max_size=8)

_dense = st.fixed_dictionaries(
    {"units": st.integers(2, 6), "activation": st.sampled_from(_ACTIVATIONS)},
    optional={
        "use_bias": st.booleans(),
        "kernel_initializer": st.sampled_from(["he_normal", "glorot_uniform", "zeros"]),
        "kernel_regularizer": st.sampled_from([None, "l2"]),
    },
).map(lambda c: ("Dense", c))
_any_shape = st.one_of(
    st.sampled_from([0.1, 0.5]).map(lambda rate: ("Dropout", {"rate": rate})),
    st.sampled_from([0.9, 0.99]).map(lambda m: ("BatchNormalization", {"momentum": m})),
    st.sampled_from(_ACTIVATIONS).map(lambda a: ("Activation", {"activation": a})),
    st.just(("LayerNormalization", {})),
)
_conv = st.fixed_dictionaries(
    {
        "filters": st.integers(1, 4),
        "kernel_size": st.sampled_from([1, 2, 3]),
        "padding": st.just("same"),
        "activation": st.sampled_from(["relu", "linear"]),
    }
).map(lambda c: ("Conv2D", c))
_pool = st.sampled_from(["MaxPooling2D", "AveragePooling2D"]).map(
    lambda n: (n, {"pool_size": 2, "padding": "same"})
)
_flat = st.sampled_from([("Flatten", {}), ("GlobalAveragePooling2D", {})])
_tail = st.lists(st.one_of(_dense, _any_shape), min_size=1, max_size=4)

vector_plans = st.tuples(_tail, _dense).map(lambda p: [*p[0], p[1]])
image_plans = st.tuples(
    st.lists(st.one_of(_conv, _pool, _any_shape), min_size=1, max_size=4), _flat, _dense
).map(lambda p: [*p[0], p[1], p[2]])


@st.composite
def written(draw: st.DrawFn, plan: Plan, shape: tuple[int, ...]) -> Callable[[], Any]:
    """Decide on a form, names and spellings of a plan; what is returned builds the network."""
    form = draw(st.sampled_from(FORMS))
    numbers = itertools.count()
    layers = [draw(_layer(name, config, numbers)) for name, config in plan]
    cut = draw(st.integers(1, max(len(layers) - 1, 1)))
    own, inputs = draw(_names("model", numbers)), draw(_names("in", numbers))
    return lambda: _build(form, [make() for make in layers], shape, cut=cut, own=own, named=inputs)


def _build(
    form: str,
    layers: list[Any],
    shape: tuple[int, ...],
    *,
    cut: int,
    own: dict[str, str],
    named: dict[str, str],
) -> Any:
    import keras

    if form == "list":
        return keras.Sequential([keras.Input(shape), *layers], **own)
    if form == "add":
        model = keras.Sequential(**own)
        for layer in [keras.Input(shape), *layers]:
            model.add(layer)
        return model
    if form == "by data":
        return keras.Sequential(layers, **own)
    if form == "own class":
        return _own_sequential()([keras.Input(shape), *layers], **own)
    if form == "nested":
        inner = keras.Sequential([keras.Input(shape), *layers[:cut]])
        return keras.Sequential([inner, *layers[cut:]], **own)
    if form == "nested by data":
        return keras.Sequential([keras.Sequential(layers[:cut]), *layers[cut:]], **own)
    inputs = keras.Input(shape, **named)
    if form == "nested functional":
        start = keras.Input(shape)
        x = keras.Model(start, _applied(layers[:cut], start))(inputs)
        return keras.Model(inputs, _applied(layers[cut:], x), **own)
    if form == "operations":
        layers = [_operation(layer) for layer in layers]
    kind = _own_functional() if form == "own functional class" else keras.Model
    return kind(inputs, _applied(layers, inputs), **own)


def _operation(layer: Any) -> Any:
    """Return the function of Keras that an Activation layer calls; any other layer as it is."""
    import keras

    name = layer.get_config()["activation"] if type(layer) is keras.layers.Activation else "linear"
    return layer if name == "linear" else getattr(keras.activations, name.removesuffix("_v2"))


def _own_sequential() -> Any:
    import keras

    class Own(keras.Sequential):  # type: ignore[misc]  # keras is untyped
        """A network that a student gave a class of its own."""

        hidden = 10

        def __init__(self, layers: Any, **kwargs: Any) -> None:
            super().__init__(layers, **kwargs)
            self.count = len(layers)

        def say(self) -> str:
            return f"{self.count} layers"

    return Own


def _own_functional() -> Any:
    import keras

    class Own(keras.Model):  # type: ignore[misc]  # keras is untyped
        def __init__(self, inputs: Any, outputs: Any, **kwargs: Any) -> None:
            super().__init__(inputs, outputs, **kwargs)

    return Own


@st.composite
def _layer(
    draw: st.DrawFn, name: str, config: dict[str, Any], numbers: Iterator[int]
) -> Callable[[], Any]:
    import keras

    settings = {key: draw(_setting(key, value)) for key, value in config.items()} | draw(
        _names("layer", numbers)
    )
    return lambda: getattr(keras.layers, name)(**settings)


def _setting(key: str, value: Any) -> st.SearchStrategy[Any]:
    import keras
    import tensorflow as tf

    if key == "activation":
        ways = [value, getattr(keras.activations, value)]
        ways += [getattr(tf.nn, value)] if value in {"relu", "softmax"} else []
        ways += [None] if value == "linear" else []
        return st.sampled_from(ways)
    if key == "kernel_initializer":
        name = {"he_normal": "HeNormal", "glorot_uniform": "GlorotUniform"}.get(value, "Zeros")
        return st.sampled_from([value, name, getattr(keras.initializers, name)])
    if key == "kernel_regularizer" and value is not None:
        return st.sampled_from([value, "L2", keras.regularizers.L2(), keras.regularizers.L2(0.01)])
    if key in {"kernel_size", "pool_size"}:
        return st.sampled_from([value, (value, value), [value, value]])
    return st.just(value)


def _names(prefix: str, numbers: Iterator[int]) -> st.SearchStrategy[dict[str, str]]:
    """Draw no name, or one that no other object of the network has."""
    counted = _WORDS.map(lambda word: {"name": f"{prefix}_{word}_{next(numbers)}"})
    return st.one_of(st.just({}), counted)


def _applied(layers: list[Any], x: Any) -> Any:
    for layer in layers:
        x = layer(x)
    return x


def optimizers(kind: str) -> list[Any]:
    """Spellings of one optimizer: makers, since an instance serves one network only."""
    import keras

    made = keras.optimizers
    ways: dict[str, list[Any]] = {
        "sgd": [
            lambda: "sgd",
            lambda: "SGD",
            made.SGD,
            lambda: made.SGD(0.01),
            lambda: made.SGD(learning_rate=0.01, momentum=0.0, name="own"),
        ],
        "adam": [lambda: "adam", lambda: "Adam", made.Adam, lambda: made.Adam(1e-3, beta_1=0.9)],
        "momentum": [
            lambda: made.SGD(0.1, 0.9),
            lambda: made.SGD(momentum=0.9, learning_rate=0.1),
        ],
    }
    return ways[kind]


def losses(kind: str) -> list[Any]:
    """Spellings of one loss."""
    import keras

    made = keras.losses
    ways: dict[str, list[Any]] = {
        "mse": [
            "mse",
            "MSE",
            "mean_squared_error",
            made.mean_squared_error,
            made.MeanSquaredError(),
            made.MeanSquaredError(name="own"),
            ["mse"],
        ],
        "mae": ["mae", made.mean_absolute_error, made.MeanAbsoluteError()],
    }
    return ways[kind]


def metrics(kind: str) -> list[Any]:
    """Spellings of the same metrics."""
    import keras

    made = keras.metrics
    ways: dict[str, list[Any]] = {
        "none": [None],
        "accuracy": [["accuracy"], ["acc"], ["ACC"], [["accuracy"]]],
        "mae": [
            ["mae"],
            ["mean_absolute_error"],
            [made.MeanAbsoluteError()],
            [made.MeanAbsoluteError(name="own")],
            [made.mean_absolute_error],
        ],
    }
    return ways[kind]
