"""Where a training starts from: fresh weights don't count, all others do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graders.training import describe as describing
from graders.training.stock import Inexpressible
from tests.builders.trainings import HOT, X, Y, describe, name_of

pytestmark = [
    pytest.mark.training,
    pytest.mark.usefixtures("keras_watched"),
    # TensorFlow's arrays don't know NumPy 2 yet.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def network(*, name: str | None = None, functional: bool = False) -> Any:
    import keras

    parts = [keras.layers.Dense(4, activation="relu"), keras.layers.Dense(3)]
    if not functional:
        return keras.Sequential([keras.Input((6,)), *parts], name=name)
    inputs = keras.Input((6,))
    return keras.Model(inputs, parts[1](parts[0](inputs)))


def compiled(model: Any = None, optimizer: Any = "adam") -> Any:
    model = network() if model is None else model
    model.compile(optimizer, "mse")
    return model


def fitted(model: Any = None, epochs: int = 1) -> Any:
    import keras

    keras.utils.set_random_seed(5)
    model = compiled(model) if model is None or not model.compiled else model
    model.fit(X, HOT, epochs=epochs, shuffle=False, verbose=0)
    return model


def test_fresh_weights_are_not_told_apart() -> None:
    start = describe(compiled(), X, HOT).request.start
    assert start == []


def test_weights_that_were_set_count_by_their_content() -> None:
    usual = name_of(compiled(), X, HOT)
    names = []
    for value in (0.5, 0.5, 0.25):
        model = compiled()
        model.layers[0].set_weights([np.full((6, 4), value), np.zeros(4)])
        names.append(name_of(model, X, HOT))
    assert names[0] == names[1]
    assert len({usual, *names}) == 3


def test_weights_that_were_set_to_what_they_were_are_fresh() -> None:
    model = compiled()
    model.set_weights(model.get_weights())
    assert name_of(model, X, HOT) == name_of(compiled(), X, HOT)


def test_weights_that_predict_or_evaluate_made_are_fresh() -> None:
    import keras

    def by_data() -> Any:
        return compiled(keras.Sequential([keras.layers.Dense(4, "relu"), keras.layers.Dense(3)]))

    predicted, evaluated, called = by_data(), by_data(), by_data()
    predicted.predict(X[:2], verbose=0)
    evaluated.evaluate(X, HOT, verbose=0)
    called(X[:2])
    for model in (predicted, evaluated, called):
        assert name_of(model, X, HOT) == name_of(compiled(), X, HOT)


def test_weights_of_predict_that_were_changed_are_not_fresh() -> None:
    import keras

    model = compiled(keras.Sequential([keras.layers.Dense(3)]))
    model.predict(X[:2], verbose=0)
    model.set_weights([weight + 1 for weight in model.get_weights()])
    assert len(describe(model, X, HOT).request.start) == 2


def test_a_layer_of_the_students_own_makes_its_weights_as_ever() -> None:
    import keras
    import tensorflow as tf

    class Own(keras.layers.Layer):  # type: ignore[misc]  # keras is untyped
        def build(self, shape: Any) -> None:
            self.scale = self.add_weight(shape=(shape[-1],), initializer=tf.ones)
            self.large = self.add_weight(shape=(), initializer=large, dtype="int64")
            self.built = True

        def call(self, x: Any) -> Any:
            return x * self.scale

    def large(shape: Any, dtype: Any) -> Any:
        return tf.fill(shape, tf.constant(2**40, dtype))

    model = keras.Sequential([Own()])
    assert np.array_equal(model.predict(X[:2], verbose=0), X[:2])


def test_weights_of_another_fresh_network_are_fresh() -> None:
    one, two = network(), compiled()
    two.set_weights(one.get_weights())
    assert name_of(two, X, HOT) == name_of(compiled(), X, HOT)


def test_a_network_that_was_saved_before_it_was_trained_is_fresh(tmp_path: Path) -> None:
    import keras

    network().save(tmp_path / "start.keras")
    loaded = keras.models.load_model(tmp_path / "start.keras")
    assert name_of(compiled(loaded), X, HOT) == name_of(compiled(), X, HOT)


def test_weights_by_another_initializer_are_given() -> None:
    import keras

    def dense(initializer: str) -> Any:
        return keras.Sequential(
            [keras.Input((6,)), keras.layers.Dense(3, kernel_initializer=initializer)]
        )

    model = compiled(dense("he_normal"))
    model.set_weights(dense("glorot_uniform").get_weights())
    assert len(describe(model, X, HOT).request.start) == 1


def test_trained_weights_of_another_network_are_given() -> None:
    trained, model = fitted(network()), compiled()
    model.set_weights(trained.get_weights())
    assert len(describe(model, X, HOT).request.start) == 4


def test_values_that_no_network_drew_in_this_run_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = network(), compiled()
    monkeypatch.setattr(describing, "_drawn", {})
    two.set_weights(one.get_weights())
    # Biases are zeros, as they were.
    assert len(describe(two, X, HOT).request.start) == 2


def test_only_so_many_drawn_values_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(describing, "_drawn", {})
    monkeypatch.setattr(describing, "_DRAWN", 3)
    networks = [network() for _ in range(3)]
    assert len(describing._drawn) == 3
    assert describe(compiled(networks[0]), X, HOT).request.start == []


def test_a_frozen_layer_makes_another_training() -> None:
    model = network()
    model.layers[0].trainable = False
    assert name_of(compiled(model), X, HOT) != name_of(compiled(), X, HOT)


def test_a_network_frozen_as_a_whole_makes_another_training() -> None:
    import keras

    def named(*, frozen: bool) -> str:
        inner = network()
        inner.trainable = not frozen
        outer = keras.Sequential([keras.Input((6,)), inner, keras.layers.Dense(3)])
        return name_of(compiled(outer), X, HOT)

    assert named(frozen=True) != named(frozen=False)


def test_a_single_frozen_variable_makes_another_training_or_none() -> None:
    model = network()
    model.layers[0].kernel.trainable = False
    try:
        named = name_of(compiled(model), X, HOT)
    except Inexpressible:
        return
    assert named != name_of(compiled(), X, HOT)


def test_a_frozen_network_whose_layers_were_unfrozen_trains_nothing() -> None:
    model = network()
    model.trainable = False
    model.layers[0].trainable = model.layers[1].trainable = True
    try:
        named = name_of(compiled(model), X, HOT)
    except Inexpressible:
        return
    assert named != name_of(compiled(), X, HOT)


def test_a_network_that_was_compiled_again_begins_with_a_fresh_optimizer() -> None:
    request = describe(compiled(fitted()), X, HOT).request
    assert request.compiled.state is None
    assert len(request.start) == 4


def test_another_learning_rate_makes_another_training() -> None:
    import keras

    model = fitted()
    before = name_of(model, X, HOT)
    model.optimizer.learning_rate = 0.5
    changed = name_of(model, X, HOT)
    model.compile(keras.optimizers.Adam(0.5), "mse")
    assert len({before, changed, name_of(model, X, HOT)}) == 3


def test_a_loop_of_single_epochs_chains_on_the_state_before() -> None:
    model, names = compiled(), []
    for _ in range(3):
        names.append(name_of(model, X, HOT))
        fitted(model)
    state = describe(model, X, HOT).request.compiled.state
    assert len(set(names)) == 3
    assert state is not None
    assert state.iterations == 3 * 4
    assert len(state.slots) == 8


def test_the_optimizers_state_is_part_of_the_fingerprint() -> None:
    model = fitted()
    before = name_of(model, X, HOT)
    slot = model.optimizer._momentums[0]
    slot.assign(slot + 0.5)
    assert name_of(model, X, HOT) != before


def test_two_that_were_trained_alike_continue_as_one() -> None:
    one, two = fitted(network()), fitted(network(name="other", functional=True))
    two.set_weights(one.get_weights())
    for own, other in zip(two.optimizer.variables, one.optimizer.variables, strict=True):
        own.assign(other)
    assert name_of(one, X, HOT) == name_of(two, X, HOT)


def test_a_loaded_network_continues_as_the_one_that_was_saved(tmp_path: Path) -> None:
    import keras

    model = fitted()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert name_of(loaded, X, HOT) == name_of(model, X, HOT)


def test_loaded_weights_are_not_fresh(tmp_path: Path) -> None:
    saved, model = network(), network()
    saved.set_weights([weight + 1 for weight in saved.get_weights()])
    saved.save_weights(tmp_path / "model.weights.h5")
    model.load_weights(tmp_path / "model.weights.h5")
    compiled(model)
    assert len(describe(model, X, HOT).request.start) == 4


def test_transferred_layers_keep_their_weights_and_new_ones_are_fresh() -> None:
    import keras

    base = fitted().layers[0]
    base.trainable = False
    model = compiled(keras.Sequential([keras.Input((6,)), base, keras.layers.Dense(2)]))
    request = describe(model, X, HOT[:, :2]).request
    assert [[w is not None for w in layer.weights] for layer in request.network.layers] == [
        [True, True],
        [False, False],
    ]
    assert [layer.trainable for layer in request.network.layers] == [False, True]


def own_relu() -> Any:
    def relu(x: Any) -> Any:
        return x * 7

    return relu


def test_a_students_function_by_the_name_of_an_activation_is_not_keras_own() -> None:
    import keras

    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3, activation=own_relu())])
    with pytest.raises(Inexpressible, match="own"):
        describe(compiled(model), X, HOT)


def inexpressible() -> dict[str, Any]:
    """Calls of fit that a request can't hold."""
    import keras
    import tensorflow as tf

    class Own(keras.layers.Layer):  # type: ignore[misc]  # keras is untyped
        def call(self, x: Any) -> Any:
            return x

    class Subclass(keras.Model):  # type: ignore[misc]  # keras is untyped
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(3)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    class Calls(keras.Sequential):  # type: ignore[misc]  # keras is untyped
        def call(self, x: Any, **_: Any) -> Any:
            return 2 * x

    class Steps(keras.Model):  # type: ignore[misc]  # keras is untyped
        def train_step(self, data: Any) -> Any:
            return {}

    class Property(keras.Sequential):  # type: ignore[misc]  # keras is untyped
        @property
        def trainable_variables(self) -> Any:
            return []

    class Getter(keras.Sequential):  # type: ignore[misc]  # keras is untyped
        def __getattribute__(self, name: str) -> Any:
            return super().__getattribute__(name)

    class Mixin:
        def evaluate(self, *_: Any) -> float:
            return 1.0

    class Mixed(Mixin, keras.Sequential):  # type: ignore[misc]  # keras is untyped
        pass

    class Behind(keras.Sequential, Mixin):  # type: ignore[misc]  # keras is untyped
        pass

    class Meta(type):
        pass

    class Made(keras.Sequential, metaclass=Meta):  # type: ignore[misc]  # keras is untyped
        pass

    def own(kind: Any) -> Any:
        return compiled(kind([keras.Input((6,)), keras.layers.Dense(3)]))

    start = keras.Input((6,))
    steps = Steps(start, keras.layers.Dense(3)(start))
    inner = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3)])
    inner.call = lambda x, **_: x

    class Stop(keras.callbacks.Callback):  # type: ignore[misc]  # keras is untyped
        pass

    def mse(true: Any, predicted: Any) -> Any:
        return true - predicted

    def batches() -> Any:
        yield X, HOT

    def of(*layers: Any) -> Any:
        return compiled(keras.Sequential([keras.Input((6,)), *layers]))

    own_step = compiled()
    own_step.train_step = lambda data: {}
    own_loss, own_metric = network(), network()
    own_loss.compile("sgd", mse)
    own_metric.compile("sgd", "mse", metrics=[mse])
    no_loss = network()
    no_loss.compile("sgd")
    half = keras.layers.Dense(3, dtype="float64")
    return {
        "own layer": (of(Own(), keras.layers.Dense(3)), (X, HOT), {}),
        "Lambda": (of(keras.layers.Lambda(lambda x: 2 * x), keras.layers.Dense(3)), (X, HOT), {}),
        "subclass": (compiled(Subclass()), (X, HOT), {}),
        "own call": (own(Calls), (X, HOT), {}),
        "own train step": (compiled(steps), (X, HOT), {}),
        "own property": (own(Property), (X, HOT), {}),
        "own look-up": (own(Getter), (X, HOT), {}),
        "mixin": (own(Mixed), (X, HOT), {}),
        "mixin behind": (own(Behind), (X, HOT), {}),
        "metaclass": (own(Made), (X, HOT), {}),
        "call of a part": (of(inner), (X, X), {}),
        "own callback": (compiled(), (X, HOT), {"callbacks": [Stop()]}),
        "own step": (own_step, (X, HOT), {}),
        "own loss": (own_loss, (X, HOT), {}),
        "own metric": (own_metric, (X, HOT), {}),
        "no loss": (no_loss, (X, HOT), {}),
        "not compiled": (network(), (X, HOT), {}),
        "generator": (compiled(), (batches(),), {}),
        "tf.data": (
            compiled(),
            (tf.data.Dataset.from_tensor_slices((X, HOT)).batch(9),),
            {},
        ),
        "precision": (of(half), (X, HOT), {}),
        "checkpoints": (
            compiled(),
            (X, HOT),
            {"callbacks": [keras.callbacks.ModelCheckpoint("x.keras")]},
        ),
        "other lengths": (compiled(), (X, HOT[:-1]), {}),
        "texts": (compiled(), (X.astype("str"), HOT), {}),
        "large numbers": (compiled(), (X.astype("int64") + 2**30, HOT), {}),
        "infinite rates": (
            compiled(),
            (X, HOT),
            {"callbacks": [keras.callbacks.LearningRateScheduler(lambda _: float("inf"))]},
        ),
    }


def test_what_is_not_plain_data_is_not_asked_for() -> None:
    for name, (model, arguments, settings) in inexpressible().items():
        try:
            describe(model, *arguments, **settings)
        except Inexpressible as reason:
            assert len(str(reason)) > 10, name  # noqa: PT017 - it says which
        else:
            pytest.fail(f"{name} was described")


def test_labels_one_hot_or_not_are_told_by_the_loss_alone() -> None:
    sparse = compiled()
    sparse.compile("sgd", "sparse_categorical_crossentropy")
    assert name_of(sparse, X, Y) != name_of(compiled(optimizer="sgd"), X, HOT)
