"""An operation in a functional network is described as the layer that computes the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graders.describe.networks import describe_layers
from graders.training.graph import build, describe_graph
from graders.training.operations import stand_in
from graders.training.stock import Inexpressible
from tests.builders.trainings import HOT, X, describe, name_of

pytestmark = [
    pytest.mark.training,
    pytest.mark.usefixtures("keras_watched"),
    # TensorFlow's arrays don't know NumPy 2 yet.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

Step = Callable[[Any], Any]


def network(step: Step, *, shape: tuple[int, ...] = (6,), dtype: str = "float32") -> Any:
    """A network that takes one step between its input and its dense layer."""
    import keras

    inputs = keras.Input(shape, dtype=dtype)
    model = keras.Model(inputs, keras.layers.Dense(3)(step(inputs)))
    model.compile("sgd", "mse")
    return model


def steps() -> dict[str, tuple[Step, Step]]:
    """Operations, and the layer by which others write the same."""
    import keras
    from keras import activations, layers, ops

    names = "relu relu6 leaky_relu elu selu silu gelu sigmoid hard_sigmoid log_sigmoid softmax"
    names += " log_softmax softplus softsign tanh exponential"
    found: dict[str, tuple[Step, Step]] = {
        name: (getattr(activations, name), layers.Activation(name)) for name in names.split()
    }
    same = "relu relu6 leaky_relu elu selu silu sigmoid hard_sigmoid log_sigmoid softmax"
    same += " log_softmax softplus softsign tanh"
    found |= {
        f"ops.{name}": (getattr(keras.ops, name), layers.Activation(name)) for name in same.split()
    }
    return found | {
        "x / 255": (lambda x: x / 255.0, layers.Rescaling(1 / 255)),
        "divide": (lambda x: ops.divide(x, 255), layers.Rescaling(1 / 255)),
        "x * 2": (lambda x: x * 2, layers.Rescaling(2)),
        "2 * x": (lambda x: 2 * x, layers.Rescaling(2)),
        "x - 0.5": (lambda x: x - 0.5, layers.Rescaling(1, -0.5)),
        "1 - x": (lambda x: 1 - x, layers.Rescaling(-1, 1)),
        "x + 1": (lambda x: x + 1, layers.Rescaling(1, 1)),
        "reshape": (
            lambda x: ops.reshape(ops.reshape(x, (-1, 2, 3)), (-1, 6)),
            lambda x: layers.Reshape((6,))(layers.Reshape((2, 3))(x)),
        ),
        "expand": (
            lambda x: ops.squeeze(ops.expand_dims(x, -1), -1),
            lambda x: layers.Reshape((6,))(layers.Reshape((6, 1))(x)),
        ),
    }


def test_an_operation_and_its_layer_are_one_training() -> None:
    for name, (operation, layer) in steps().items():
        assert name_of(network(operation), X, HOT) == name_of(network(layer), X, HOT), name


def test_what_is_built_computes_what_the_operation_did() -> None:
    for name, (operation, _) in steps().items():
        model = network(operation)
        graph = describe_graph(model)
        made = build(graph.network([[None] * len(layer.weights) for layer in graph.layers]), 1000)
        made.model.set_weights(model.get_weights())
        wanted, found = (np.asarray(one(X)) for one in (model, made.model))
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6, err_msg=name)


def test_operations_that_no_layer_stands_for_are_inexpressible() -> None:
    import keras
    from keras import activations, layers, ops

    class ReLU(keras.Operation):  # type: ignore[misc]  # keras is untyped
        def call(self, x: Any) -> Any:
            return x * 7

        def compute_output_spec(self, x: Any) -> Any:
            return keras.KerasTensor(x.shape, x.dtype)

    cases: dict[str, Any] = {
        "bound": network(lambda x: activations.relu(x, max_value=1)),
        "slope": network(lambda x: activations.leaky_relu(x, 0.1)),
        "axis": network(lambda x: activations.softmax(x, axis=1)),
        "approximate": network(ops.gelu),
        "1 / x": network(lambda x: 1 / x),
        "x / 0": network(lambda x: x / 0),
        "array": network(lambda x: x * np.arange(6, dtype="float32")),
        "two tensors": network(lambda x: x + ops.square(x)),
        "batch": network(lambda x: ops.reshape(x, (-1, 3))),
        "expand batch": network(lambda x: ops.squeeze(ops.expand_dims(x, 0), 0)),
        "mean": network(lambda x: ops.mean(x, axis=-1, keepdims=True)),
        "whole numbers": network(lambda x: ops.cast(activations.relu(x), "float32"), dtype="int32"),
        "doubles": network(activations.relu, dtype="float64"),
        "mask": network(lambda x: ops.sum(activations.relu(layers.Masking()(x)), 1), shape=(2, 3)),
        "own": network(ReLU()),
    }
    for name, model in cases.items():
        try:
            describe_graph(model)
        except Inexpressible as reason:
            assert len(str(reason)) > 10, name  # noqa: PT017 - it says which
        else:
            pytest.fail(f"{name} was described")


def test_a_mask_is_no_matter_of_an_operation() -> None:
    import keras

    inputs = keras.Input((2, 3))
    tensor = keras.activations.relu(keras.layers.Masking()(inputs))
    history = tensor._keras_history
    with pytest.raises(Inexpressible, match="plain"):
        stand_in(history.operation, history.operation._inbound_nodes[0])


def test_describing_leaves_the_numbers_in_the_names_of_layers() -> None:
    import keras

    before, _, after = (
        keras.layers.Activation("relu").name,
        describe(network(keras.activations.relu), X, HOT),
        keras.layers.Activation("relu").name,
    )
    first, second = (
        int(f"0{name.removeprefix('activation').strip('_')}") for name in (before, after)
    )
    assert second == first + 1


def test_an_activation_is_recorded_as_its_layer() -> None:
    import keras

    def model(last: Step, middle: Step) -> Any:
        inputs = keras.Input((6,))
        x = middle(keras.layers.Dense(4)(inputs))
        return keras.Model(inputs, last(keras.layers.Dense(3)(x)))

    usual = model(keras.layers.Activation("softmax"), keras.layers.Activation("relu"))
    wanted = describe_layers(usual)
    assert describe_layers(model(keras.activations.softmax, keras.activations.relu)) == wanted
    assert describe_layers(model(keras.ops.softmax, keras.ops.nn.relu)) == wanted


def test_other_operations_of_keras_are_not_the_students_own() -> None:
    import keras

    model = network(lambda x: keras.ops.reshape(keras.ops.multiply(x, 2), (-1, 6)))
    layers, chain = describe_layers(model)
    assert [layer.type for layer in layers] == ["InputLayer", "Multiply", "Reshape", "Dense"]
    assert chain


def test_a_students_class_by_the_name_of_an_activation_is_own() -> None:
    import keras

    def of(kind: str, base: Any) -> Any:
        like = lambda self, x: keras.KerasTensor(x.shape, x.dtype)  # noqa: E731 - it is a method
        called = {"call": lambda self, x: x, "compute_output_spec": like}
        return type(kind, (base,), called)()

    for kind in ("ReLU", "Relu", "Sigmoid"):
        for base in (keras.layers.Layer, keras.Operation):
            layers, _ = describe_layers(network(of(kind, base)))
            assert layers[1].type == f"own {kind}"
