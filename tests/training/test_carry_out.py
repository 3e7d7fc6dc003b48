"""Real trainings, as the trainer's process carries them out."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from graders.describe.arrays import DataWatcher
from graders.describe.origin import KnownData
from graders.errors import TrainingError
from graders.training.entry import Finished
from graders.training.request import Request, fingerprint, seed_of
from graders.training.state import State, read_state, write_state
from graders.training.stock import ALLOWED, Inexpressible, Refused
from graders.training.work import Bounds
from tests.builders.trainings import HOT, SETTING, X, Y, describe, train
from tests.tiers import with_exhaustive

pytestmark = [
    pytest.mark.training,
    pytest.mark.usefixtures("keras_watched"),
    # TensorFlow's arrays don't know NumPy 2 yet.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def network(*, outputs: int = 3, activation: str = "softmax", **compiled: Any) -> Any:
    import keras

    dense = keras.layers.Dense
    layers = [dense(5, activation="relu"), dense(outputs, activation=activation)]
    model = keras.Sequential([keras.Input((6,)), *layers])
    usual = {"optimizer": "sgd", "loss": "sparse_categorical_crossentropy"}
    model.compile(**(usual | compiled))
    return model


def trained(model: Any, *args: Any, **kwargs: Any) -> tuple[Any, Finished]:
    """Have a network trained, and bring it into the state that this left."""
    described = describe(model, *args, **kwargs)
    finished = train(described)
    write_state(model, described.layers, State.from_bytes(finished.state))
    return described, finished


def plainly(model: Any, *args: Any, seed: int, **kwargs: Any) -> Any:
    """Train as Keras does by itself, from the same seed."""
    import keras

    keras.utils.set_random_seed(seed)
    fresh = keras.models.clone_model(model)
    fresh.compile(**model.get_compile_config() | {"jit_compile": False, "steps_per_execution": 1})
    return fresh.fit(*args, verbose=0, **kwargs).history


FITS: list[dict[str, Any]] = [
    {"epochs": 2},
    {"epochs": 3, "initial_epoch": 1, "batch_size": 50},
    {"shuffle": False, "batch_size": 7},
    {"validation_split": 0.15, "batch_size": 10, "epochs": 2},
    {"validation_data": (X[:30], Y[:30]), "validation_freq": 2, "epochs": 4},
    {"class_weight": {0: 1.0, 1: 5.0, 2: 0.5}},
    {"sample_weight": np.linspace(0, 2, len(X))},
    {"steps_per_epoch": 2, "epochs": 2, "batch_size": 20},
    {"validation_data": (X[:30], Y[:30], np.linspace(0, 1, 30)), "validation_batch_size": 7},
]


@pytest.mark.parametrize("arguments", with_exhaustive(FITS, FITS[1:3] + FITS[6:7]), ids="-".join)
def test_a_training_gives_what_keras_gives_from_that_seed(arguments: dict[str, Any]) -> None:
    model = network(metrics=["accuracy"])
    described = describe(model, X, Y, **arguments)
    seed = seed_of(fingerprint(described.request, SETTING))
    entry = train(described).entry
    expected = plainly(model, X, Y, seed=seed, **arguments)
    assert set(entry.history) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(entry.history[name], values, rtol=1e-5, atol=1e-6)


def test_steps_alone_decide_on_the_size_of_the_batches() -> None:
    model = network(metrics=["accuracy"])
    described = describe(model, X, Y, steps_per_epoch=2)
    seed = seed_of(fingerprint(described.request, SETTING))
    expected = plainly(model, X, Y, seed=seed, steps_per_epoch=2)
    assert train(described).entry.history["loss"] == pytest.approx(expected["loss"], rel=1e-5)


def test_a_training_repeats_to_the_bit() -> None:
    import keras

    layers = [keras.layers.Dropout(0.3), keras.layers.Dense(3)]
    model = keras.Sequential([keras.Input((6,)), *layers])
    model.compile("adam", "mse")
    described = describe(model, X, HOT, epochs=2)
    one, two = train(described), train(described)
    assert one.entry.logs == two.entry.logs
    assert one.state == two.state


def test_a_diverged_training_is_kept_without_its_numbers() -> None:
    import keras

    model = network(activation="linear", optimizer=keras.optimizers.SGD(1e12), loss="mse")
    finished = train(describe(model, X * 1e12, HOT, epochs=2))
    kept = Finished.from_files(finished.to_files())
    assert kept.entry.logs[-1] == {"loss": None}


# Slots are read and written alike for all of them. These have none, one and two for a weight,
# some that are no weight's, and some that don't begin with zeros.
UNLIKE = {"SGD", "RMSprop", "Adam", "Nadam", "Adafactor", "Ftrl"}


@pytest.mark.parametrize(
    "name",
    with_exhaustive(sorted(ALLOWED["optimizers"]), ALLOWED["optimizers"] - UNLIKE),
)
def test_each_optimizer_goes_on_where_it_was(name: str) -> None:
    import keras

    def make() -> Any:
        settings = {"momentum": 0.9} if name == "SGD" else {}
        return getattr(keras.optimizers, name)(learning_rate=0.01, **settings)

    model = network(optimizer=make())
    _, first = trained(model, X, Y, shuffle=False)
    described, second = trained(model, X, Y, shuffle=False)
    state = described.request.compiled.state
    assert state is not None
    assert state.iterations == 4
    assert [array.digest for array in state.slots] == first.entry.slots
    assert State.from_bytes(second.state).iterations == 8


def test_an_optimizer_that_gathers_gradients_is_not_asked_for() -> None:
    import keras

    model = network(optimizer=keras.optimizers.Adam(gradient_accumulation_steps=3))
    with pytest.raises(Inexpressible, match="gathers gradients"):
        describe(model, X, Y)


@pytest.mark.parametrize(
    "settings",
    with_exhaustive(
        [
            {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 2},
            {"amsgrad": True},
            {"clipnorm": 0.5, "weight_decay": 0.01},
        ],
        [{"clipnorm": 0.5, "weight_decay": 0.01}],
    ),
    ids="-".join,
)
def test_what_an_optimizer_keeps_survives_a_pause(settings: dict[str, Any]) -> None:
    import keras

    model = network(optimizer=keras.optimizers.Adam(0.01, **settings))
    _, first = trained(model, X, Y, shuffle=False)
    request = describe(model, X, Y, shuffle=False).request
    assert request.compiled.state is not None
    assert [array.digest for array in request.compiled.state.slots] == first.entry.slots
    trained(model, X, Y, shuffle=False)


def test_two_epochs_are_one_and_one_more() -> None:
    def start() -> Any:
        model = network(optimizer="adam")
        weights = np.random.default_rng(3)
        model.set_weights([weights.normal(size=w.shape) for w in model.get_weights()])
        return model

    once, twice = start(), start()
    trained(once, X, Y, shuffle=False, epochs=2)
    trained(twice, X, Y, shuffle=False)
    trained(twice, X, Y, shuffle=False)
    for one, two in zip(once.get_weights(), twice.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)


def branches(*, turned: bool = False, nested: bool = False) -> Any:
    """Two towers that join; made in either order, or as networks inside the network."""
    import keras
    from keras import layers as of

    inputs = keras.Input((6,))
    towers: list[Any] = [None, None]
    for k in (1, 0) if turned else (0, 1):
        parts = [of.Dense(4, activation="tanh"), of.BatchNormalization(), of.Dense(k + 2)]
        if nested:
            towers[k] = keras.Sequential([keras.Input((6,)), *parts])(inputs)
        else:
            towers[k] = parts[2](parts[1](parts[0](inputs)))
    model = keras.Model(inputs, of.Dense(3)(of.Concatenate()(towers)))
    model.compile("adam", "mse")
    return model


@pytest.fixture(scope="module")
def grown(keras_watched: None) -> Finished:
    """What a training leaves of the network with two towers."""
    return train(describe(branches(), X, HOT, epochs=2))


@pytest.mark.parametrize("form", [{"turned": True}, {"nested": True}])
def test_a_state_fits_the_same_network_built_in_another_way(
    grown: Finished, form: dict[str, bool]
) -> None:
    one, other = branches(), branches(**form)
    described, finished = describe(one, X, HOT, epochs=2), grown
    write_state(one, described.layers, State.from_bytes(finished.state))
    again = describe(other, X, HOT, epochs=2)
    assert again.request == described.request
    write_state(other, again.layers, State.from_bytes(finished.state))
    np.testing.assert_array_equal(one.predict(X, verbose=0), other.predict(X, verbose=0))
    assert describe(other, X, HOT).request == describe(one, X, HOT).request


def test_a_state_of_another_network_does_not_fit() -> None:
    model, other = network(), network(outputs=4)
    state = read_state(model, describe(model, X, Y).layers)
    described = describe(other, X, Y)
    with pytest.raises(ValueError, match="shapes"):
        write_state(other, described.layers, state)


def test_the_state_is_the_one_that_the_entry_names() -> None:
    model = network(optimizer="adam")
    described, finished = trained(model, X, Y)
    read = read_state(model, described.layers)
    for digest, weight in zip(finished.entry.weights, read.weights, strict=True):
        found = finished.array(digest)
        assert found is not None
        np.testing.assert_array_equal(found, weight)
    assert finished.array("0" * 64) is None


def test_moving_statistics_come_back(grown: Finished) -> None:
    model = branches()
    layer = next(part for part in model.layers if "batch" in part.name)
    described = describe(model, X, HOT, epochs=2)
    write_state(model, described.layers, State.from_bytes(grown.state))
    assert not np.allclose(layer.moving_mean, 0)
    assert np.isfinite(model.evaluate(X, HOT, verbose=0))


def test_an_adapted_layer_keeps_what_it_has_learned() -> None:
    import keras

    layer = keras.layers.Normalization()
    layer.adapt(5 * X + 3)
    model = keras.Sequential([layer, keras.layers.Dense(3)])
    model.compile("sgd", "mse")
    described, finished = trained(model, 5 * X + 3, HOT, epochs=2)
    assert len(described.request.start) == 2
    # The inputs reach the Dense layer normalized, or the loss would be ten times as high.
    assert finished.entry.history["loss"][0] < 5
    np.testing.assert_allclose(layer(5 * X + 3).numpy().std(axis=0), 1, atol=1e-3)


def test_a_masked_sequence_is_trained() -> None:
    import keras
    from keras import layers as of

    words = np.random.default_rng(0).integers(0, 20, (60, 7))
    layers = [of.Embedding(20, 4, mask_zero=True), of.LSTM(3, return_sequences=True)]
    model = keras.Sequential([*layers, of.Bidirectional(of.GRU(2)), of.Dense(3)])
    model.compile("adam", "mse")
    described, _ = trained(model, words, HOT[:60])
    assert all(not call.kwargs for call in described.request.network.calls)


def test_a_state_passes_from_one_recurrent_layer_to_another() -> None:
    import keras
    from keras import layers as of

    one, two = keras.Input((5, 4)), keras.Input((5, 4))
    _, *state = of.LSTM(3, return_state=True)(one)
    model = keras.Model([one, two], of.Dense(2)(of.LSTM(3)(two, initial_state=state)))
    model.compile("adam", "mse")
    x = np.random.default_rng(0).normal(size=(40, 5, 4))
    _, finished = trained(model, [x, -x], x[:, 0, :2])
    assert finished.entry.epochs == 1


def test_frozen_layers_stay_as_they_were() -> None:
    model = network()
    model.layers[0].set_weights([np.full((6, 5), 0.1), np.zeros(5)])
    model.layers[0].trainable = False
    model.compile("adam", "sparse_categorical_crossentropy")
    _, finished = trained(model, X, Y, epochs=2)
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], np.full((6, 5), 0.1, "float32"))
    assert finished.entry.network.trainable == 18


def two_outputs() -> Any:
    import keras
    from keras import layers as of

    one, two = keras.Input((6,), name="one"), keras.Input((6,), name="two")
    joined = of.Concatenate()([of.Dense(4)(one), of.Dense(4)(two)])
    outputs = [
        of.Dense(3, activation="softmax", name="kind")(joined),
        of.Dense(1, name="size")(joined),
    ]
    model = keras.Model([one, two], outputs)
    model.compile(
        "adam",
        {"kind": "sparse_categorical_crossentropy", "size": "mse"},
        metrics={"kind": ["accuracy"], "size": ["mae"]},
        loss_weights={"kind": 1.0, "size": 0.1},
    )
    return model


def test_several_inputs_and_outputs_are_trained_by_name() -> None:
    described, finished = trained(two_outputs(), [X, -X], {"kind": Y, "size": X[:, :1]})
    names = dict(zip(finished.entry.names, described.names, strict=True))
    assert {names[name] for name in finished.entry.history} == {
        *("loss", "kind_loss", "size_loss", "kind_accuracy", "size_mae")
    }


def test_weights_of_losses_are_those_of_their_outputs() -> None:
    described, finished = trained(two_outputs(), [X, -X], [Y, X[:, :1]], batch_size=120)
    names = dict(zip(described.names, finished.entry.names, strict=True))
    parts = {name: finished.entry.history[names[name]][0] for name in described.names}
    assert parts["loss"] == pytest.approx(parts["kind_loss"] + 0.1 * parts["size_loss"], rel=1e-3)


def test_metrics_of_one_class_are_told_apart() -> None:
    import keras

    metric = keras.metrics.SparseTopKCategoricalAccuracy
    model = network(metrics=[metric(k=1, name="first"), metric(k=2, name="second")])
    described, finished = trained(model, X, Y)
    assert described.names == ["loss", "first", "second"]
    assert len(finished.entry.names) == 3


def test_early_stopping_ends_a_training_and_restores_the_best() -> None:
    import keras

    stop = keras.callbacks.EarlyStopping("loss", patience=1, restore_best_weights=True)
    model = network(optimizer=keras.optimizers.SGD(30.0))
    _, finished = trained(model, X, Y, epochs=20, callbacks=[stop], shuffle=False)
    losses = finished.entry.history["loss"]
    assert finished.entry.stopped
    assert 2 <= len(losses) < 20
    assert int(np.argmin(np.array(losses))) == len(losses) - 2


def test_a_plateau_lowers_the_rate_and_the_rate_stays() -> None:
    import keras

    plateau = keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=10.0)
    model = network(optimizer=keras.optimizers.SGD(0.1))
    _, finished = trained(model, X, Y, epochs=4, callbacks=[plateau])
    rates = finished.entry.history["learning_rate"]
    assert rates == pytest.approx([0.1, 0.1, 0.05, 0.025])
    assert float(model.optimizer.learning_rate) == pytest.approx(0.0125)


def test_a_schedule_sets_each_epochs_rate() -> None:
    import keras

    schedule = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / (epoch + 1))
    model = network(optimizer=keras.optimizers.SGD(0.6))
    arguments: dict[str, Any] = {"epochs": 4, "initial_epoch": 1, "callbacks": [schedule]}
    _, finished = trained(model, X, Y, **arguments)
    assert finished.entry.history["learning_rate"] == pytest.approx([0.3, 0.1, 0.025])


def known() -> DataWatcher:
    return DataWatcher([KnownData.of("drawn", ((X, Y), (1.5 * X[:50], Y[:50])))])


def test_a_classifier_of_known_data_is_measured() -> None:
    finished = train(describe(network(), X, Y), data=known())
    assert finished.predictions is not None
    assert finished.predictions.shape == (50,)
    assert finished.entry.measured["test_accuracy"] == np.mean(finished.predictions == Y[:50])


def test_a_network_with_two_outputs_is_trained_on_known_data() -> None:
    import keras

    inputs = keras.Input((6,))
    outputs = [keras.layers.Dense(3)(inputs), keras.layers.Dense(1)(inputs)]
    model = keras.Model(inputs, outputs)
    model.compile("sgd", ["mse", "mse"])
    finished = train(describe(model, X, [HOT, X[:, :1]]), data=known())
    assert finished.entry.measured == {}


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        (Bounds(parameters=52), "52 parameters"),
        (Bounds(epochs=1), "2 epochs"),
        (Bounds(operations=100), "multiplications"),
    ],
)
def test_bounds_are_kept_with_a_sentence(bounds: Bounds, said: str) -> None:
    with pytest.raises(TrainingError, match=said):
        train(describe(network(), X, Y, epochs=2), bounds=bounds)


def test_a_shared_layer_counts_at_each_of_its_places() -> None:
    import keras
    from keras import layers as of

    def operations(*, shared: bool) -> float:
        inputs = keras.Input((20, 20, 1))
        small, large = of.Conv2D(1, 3, padding="same"), of.Conv2D(1, 3, padding="same")
        parts = [small(of.Cropping2D(9)(inputs)), (small if shared else large)(inputs)]
        x = of.Add()([of.GlobalAveragePooling2D()(part) for part in parts])
        model = keras.Model(inputs, x)
        model.compile("sgd", "mse")
        return train(describe(model, np.zeros((10, 20, 20, 1)), HOT[:10, :1])).entry.operations

    assert operations(shared=True) == operations(shared=False)


def mangled(change: Any) -> Request:
    content = describe(network(), X, Y).request.model_dump()
    change(content)
    return Request.model_validate_json(json.dumps(content))


UNFIT = {
    "another number of classes": lambda r: r["network"]["layers"][1]["stock"]["config"].update(
        units=2, activation="nonsense"
    ),
    "a weight too few": lambda r: r["network"]["layers"][0]["weights"].pop(),
    "a weight too many": lambda r: r["network"]["layers"][0]["weights"].append(None),
    "inputs of another shape": lambda r: r["network"]["inputs"][0].update(shape=[5]),
    "a loss that takes no such targets": lambda r: r["compiled"]["losses"][0].update(
        name="CategoricalCrossentropy", config={"reduction": "nonsense"}
    ),
    "an optimizer's state of another network": lambda r: r["compiled"].update(
        state={"iterations": 3, "slots": [r["data"]["x"][0]]}
    ),
    "a weight of another shape": lambda r: r["network"]["layers"][0].update(
        weights=[r["data"]["x"][0], None]
    ),
    "a callback that watches nothing": lambda r: r["fit"].update(
        callbacks=[{"kind": "callbacks", "name": "EarlyStopping", "config": {"monitor": "#9"}}]
    ),
    "a metric by path": lambda r: r["compiled"].update(metrics=[["os.system"]]),
    "an unknown metric": lambda r: r["compiled"].update(metrics=[["no_metric"]]),
    "rates for fewer epochs": lambda r: r["fit"].update(
        callbacks=[{"kind": "callbacks", "name": "LearningRateScheduler", "config": {"rates": []}}]
    ),
}


@pytest.mark.parametrize("what", UNFIT)
def test_what_does_not_fit_is_refused(what: str) -> None:
    described = describe(network(), X, Y)
    with pytest.raises((Refused, ValidationError)):
        train(dataclasses.replace(described, request=mangled(UNFIT[what])))
