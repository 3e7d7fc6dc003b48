"""Equal trainings have one fingerprint, however they are written down; others have another."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from graders.training.request import Cap, Request, canonical, fingerprint, seed_of
from tests.builders import spellings
from tests.builders.trainings import HOT, IMAGES, SETTING, X, Y, describe, name_of

pytestmark = [
    pytest.mark.training,
    pytest.mark.usefixtures("keras_watched"),
    # TensorFlow's arrays don't know NumPy 2 yet.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    # A network that is drawn by chance may well end a softmax in a single channel.
    pytest.mark.filterwarnings("ignore:You are using a softmax over axis:UserWarning"),
]

modest = settings(
    derandomize=True,
    # An example takes a tenth of a second; to shrink one takes minutes.
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def dense(*units: int, **compiled: Any) -> Any:
    import keras

    layers = [keras.layers.Dense(n, activation="relu") for n in units or (4, 3)]
    model = keras.Sequential([keras.Input((6,)), *layers])
    model.compile(**({"optimizer": "sgd", "loss": "mse"} | compiled))
    return model


@given(data=st.data(), plan=spellings.vector_plans)
@modest
def test_all_spellings_of_a_network_of_vectors_are_one(
    data: st.DataObject, plan: spellings.Plan
) -> None:
    targets = np.zeros((len(X), plan[-1][1]["units"]))
    names = set()
    for _ in range(2):
        model = data.draw(spellings.written(plan, (6,)))()
        model.compile("sgd", "mse")
        names.add(name_of(model, X, targets))
    assert len(names) == 1


@given(data=st.data(), plan=spellings.image_plans)
@modest
def test_all_spellings_of_a_network_of_images_are_one(
    data: st.DataObject, plan: spellings.Plan
) -> None:
    targets = np.zeros((len(IMAGES), plan[-1][1]["units"]))
    names = set()
    for _ in range(2):
        model = data.draw(spellings.written(plan, (8, 8, 1)))()
        model.compile("sgd", "mse")
        names.add(name_of(model, IMAGES, targets))
    assert len(names) == 1


def test_a_warning_of_keras_that_is_made_an_error_costs_no_description() -> None:
    import keras

    inputs = keras.Input((8, 8, 1))
    x = keras.layers.Activation("softmax")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(x)))
    model.compile("sgd", "mse")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="You are using a softmax over axis")
        assert name_of(model, IMAGES, np.zeros((len(IMAGES), 2)))


@given(data=st.data(), plan=spellings.vector_plans)
@modest
def test_networks_that_differ_in_one_setting_or_layer_are_two(
    data: st.DataObject, plan: spellings.Plan
) -> None:
    last = ("Dense", {"units": 3, "activation": "linear"})
    first, second = [*plan, last], [*data.draw(changed(plan)), last]
    names = set()
    for one in (first, second):
        model = data.draw(spellings.written(one, (6,)))()
        model.compile("sgd", "mse")
        names.add(name_of(model, X, HOT))
    assert len(names) == 2


@st.composite
def changed(draw: st.DrawFn, plan: spellings.Plan) -> spellings.Plan:
    place = draw(st.integers(0, len(plan) - 1))
    before, (name, config), after = plan[:place], plan[place], plan[place + 1 :]
    ways = [[*before, (name, config), ("Dropout", {"rate": 0.3}), *after]]
    if name == "Dense":
        others = {"tanh": "relu"}.get(config["activation"], "tanh")
        ways += [
            [*before, (name, config | {"units": config["units"] + 1}), *after],
            [*before, (name, config | {"activation": others}), *after],
            [*before, (name, config | {"kernel_initializer": "ones"}), *after],
            [*before, (name, config | {"use_bias": not config.get("use_bias", True)}), *after],
        ]
    if name == "Dropout":
        ways.append([*before, (name, {"rate": 0.25}), *after])
    return draw(st.sampled_from(ways))


@given(data=st.data())
@modest
def test_all_spellings_of_compile_are_one(data: st.DataObject) -> None:
    kinds = {
        "optimizer": data.draw(st.sampled_from(["sgd", "adam", "momentum"])),
        "loss": data.draw(st.sampled_from(["mse", "mae"])),
        "metrics": data.draw(st.sampled_from(["none", "accuracy", "mae"])),
    }
    names = set()
    for _ in range(2):
        optimizer = data.draw(st.sampled_from(spellings.optimizers(kinds["optimizer"])))()
        loss = data.draw(st.sampled_from(spellings.losses(kinds["loss"])))
        metrics = data.draw(st.sampled_from(spellings.metrics(kinds["metrics"])))
        names.add(name_of(dense(optimizer=optimizer, loss=loss, metrics=metrics), X, HOT))
    assert len(names) == 1


def test_no_metrics_are_no_metrics() -> None:
    assert name_of(dense(metrics=[]), X, HOT) == name_of(dense(metrics=None), X, HOT)


@given(data=st.data(), whole=st.booleans())
@modest
def test_arrays_of_equal_float32_values_are_one(data: st.DataObject, whole: bool) -> None:
    values = np.arange(60).reshape(10, 6) % 7 if whole else X[:10]
    kinds = ["float32", "float64", "int8", "uint8", "int64"] if whole else ["float32", "float64"]
    names = set()
    for _ in range(2):
        x = values.astype(data.draw(st.sampled_from(kinds)))
        form = data.draw(st.sampled_from(["plain", "fortran", "sliced", "tensor", "list"]))
        names.add(name_of(dense(), in_form(x, form), HOT[:10]))
    assert len(names) == 1


def in_form(x: Any, form: str) -> Any:
    import keras

    forms = {
        "plain": lambda: x,
        "fortran": lambda: np.asfortranarray(x),
        "sliced": lambda: np.repeat(x, 2, axis=0)[::2],
        "tensor": lambda: keras.ops.convert_to_tensor(x),
        "list": lambda: [x],
    }
    return forms[form]()


@given(
    names=st.permutations(["a", "b", "c", "d", "e", "z"]),
    first=st.booleans(),
    nested=st.booleans(),
    by_name=st.booleans(),
)
@modest
def test_all_spellings_of_a_network_with_branches_are_one(
    names: list[str], first: bool, nested: bool, by_name: bool
) -> None:
    other = branches(names, first=first, nested=nested)
    targets: Any = {names[2]: HOT, names[3]: X[:, :1]} if by_name else [HOT, X[:, :1]]
    losses: Any = {names[2]: "categorical_crossentropy", names[3]: "mse"}
    other.compile("adam", losses if by_name else list(losses.values()))
    assert name_of(other, [X, 2 * X], targets) == usual_branches()


@cache
def usual_branches() -> str:
    """The name of what all of them are spellings of."""
    usual = branches(list("abcdez"))
    usual.compile("adam", ["categorical_crossentropy", "mse"])
    return name_of(usual, [X, 2 * X], [HOT, X[:, :1]])


def branches(names: list[str], *, first: bool = True, nested: bool = False) -> Any:
    """Two inputs, a shared layer, Add and Concatenate, two outputs."""
    import keras
    from keras import layers as of

    one, two = (keras.Input((6,), name=name) for name in names[:2])
    shared = of.Dense(4, activation="relu", name=names[4])
    makers = [lambda: of.Dense(4, name=names[5]), lambda: of.Dense(4)]
    # The order in which layers are made and called doesn't matter.
    made: list[Any] = [None, None]
    for k in (0, 1) if first else (1, 0):
        made[k] = makers[k]()
    left, right = made
    if nested:
        inside = keras.Input((6,))
        tower = keras.Model(inside, shared(inside))
        shared_one, shared_two = tower(one), tower(two)
    elif first:
        shared_one, shared_two = shared(one), shared(two)
    else:
        shared_two = shared(two)
        shared_one = shared(one)
    added = of.Add()([left(shared_one), right(shared_two)])
    joined = of.Concatenate()([added, one])
    outputs = [
        of.Dense(3, activation="softmax", name=names[2])(joined),
        of.Dense(1, name=names[3])(added),
    ]
    return keras.Model([one, two], outputs)


def test_inputs_by_name_are_those_by_place() -> None:
    model = branches(list("abcdez"))
    model.compile("adam", ["categorical_crossentropy", "mse"])
    targets = [HOT, X[:, :1]]
    by_name = name_of(model, {"a": X, "b": 2 * X}, targets)
    assert by_name == name_of(model, [X, 2 * X], targets)


def test_a_shared_layer_is_not_two_layers() -> None:
    import keras

    def model(*, shared: bool) -> Any:
        one = keras.layers.Dense(6)
        inputs = keras.Input((6,))
        x = one(one(inputs)) if shared else keras.layers.Dense(6)(one(inputs))
        made = keras.Model(inputs, x)
        made.compile("sgd", "mse")
        return made

    assert name_of(model(shared=True), X, X) != name_of(model(shared=False), X, X)


def test_positional_and_default_arguments_of_fit_are_one() -> None:
    names = {
        name_of(dense(), X, HOT),
        name_of(dense(), y=HOT, x=X),
        name_of(dense(), X, HOT, 32, 1),
        name_of(dense(), X, HOT, epochs=1, batch_size=None, verbose=0, callbacks=[]),
    }
    assert len(names) == 1


def test_callbacks_that_only_look_on_do_not_matter(tmp_path: Path) -> None:
    import keras

    log = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    assert name_of(dense(), X, HOT, callbacks=[log]) == name_of(dense(), X, HOT)


def test_one_hot_and_integer_labels_stay_two() -> None:
    one_hot = name_of(dense(loss="categorical_crossentropy"), X, HOT)
    integer = name_of(dense(loss="sparse_categorical_crossentropy"), X, Y)
    assert one_hot != integer


def test_the_same_integers_in_another_type_are_one() -> None:
    names = {
        name_of(dense(loss="sparse_categorical_crossentropy"), X, Y.astype(kind))
        for kind in ("int64", "uint8", "int32", "float32")
    }
    assert len(names) == 1


# Each is a call that differs from `dense().fit(X, HOT, epochs=3)` in one thing.
def fits() -> dict[str, dict[str, Any]]:
    one_value, other_order = X.copy(), X[::-1]
    one_value[7, 3] = np.nextafter(one_value[7, 3], np.inf)
    weights = np.ones(len(X))
    return {
        "nothing": {},
        "epochs": {"epochs": 4},
        "initial_epoch": {"initial_epoch": 1},
        "batch_size": {"batch_size": 16},
        "no shuffle": {"shuffle": False},
        "steps_per_epoch": {"steps_per_epoch": 2},
        "validation_split": {"validation_split": 0.25},
        "another split": {"validation_split": 0.2},
        "validation_data": {"validation_data": (X[:9], HOT[:9])},
        "other validation_data": {"validation_data": (X[:8], HOT[:8])},
        "weighted validation": {"validation_data": (X[:9], HOT[:9], weights[:9])},
        "validation_freq": {"validation_data": (X[:9], HOT[:9]), "validation_freq": 2},
        "validation epochs": {"validation_data": (X[:9], HOT[:9]), "validation_freq": [1, 3]},
        "validation_steps": {"validation_data": (X[:9], HOT[:9]), "validation_steps": 1},
        "validation_batch_size": {
            "validation_data": (X[:9], HOT[:9]),
            "validation_batch_size": 3,
        },
        "class_weight": {"class_weight": {0: 1.0, 1: 2.0, 2: 1.0}},
        "other class_weight": {"class_weight": {0: 1.0, 1: 3.0, 2: 1.0}},
        "sample_weight": {"sample_weight": weights},
        "other sample_weight": {"sample_weight": 2 * weights},
        "one value of x": {"x": one_value},
        "order of x": {"x": other_order},
        "fewer items": {"x": X[:-1], "y": HOT[:-1]},
        "targets": {"y": 1 - HOT},
    }


def test_each_setting_and_value_of_fit_makes_another_training() -> None:
    usual = {"x": X, "y": HOT, "epochs": 3}
    names = {key: name_of(dense(), **(usual | change)) for key, change in fits().items()}
    assert len(set(names.values())) == len(names), names


def callbacks() -> dict[str, list[Any]]:
    import keras

    stop, plateau = keras.callbacks.EarlyStopping, keras.callbacks.ReduceLROnPlateau
    return {
        "none": [],
        "stop": [stop("loss")],
        "validation": [stop("val_loss")],
        "metric": [stop("mae")],
        "mode": [stop("loss", mode="max")],
        "patience": [stop("loss", patience=1)],
        "min_delta": [stop("loss", min_delta=0.1)],
        "baseline": [stop("loss", baseline=0.5)],
        "restore": [stop("loss", restore_best_weights=True)],
        "start": [stop("loss", start_from_epoch=1)],
        "plateau": [plateau("loss")],
        "factor": [plateau("loss", factor=0.5)],
        "cooldown": [plateau("loss", cooldown=1)],
        "min_lr": [plateau("loss", min_lr=0.001)],
        "both": [stop("loss"), plateau("loss")],
        "both, turned": [plateau("loss"), stop("loss")],
        "rates": [keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))],
        "other rates": [keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)],
    }


def test_each_callback_and_its_settings_make_another_training() -> None:
    names = {
        key: name_of(dense(metrics=["mae"]), X, HOT, epochs=3, callbacks=given)
        for key, given in callbacks().items()
    }
    assert len(set(names.values())) == len(names), names


def test_schedules_that_give_the_same_rates_are_one() -> None:
    import keras

    def named(schedule: Any) -> str:
        callback = keras.callbacks.LearningRateScheduler(schedule)
        return name_of(dense(), X, HOT, epochs=3, callbacks=[callback])

    assert named(lambda epoch: 0.01) == named(lambda epoch, rate: rate)


def compiled() -> dict[str, dict[str, Any]]:
    import keras

    sgd, decay = keras.optimizers.SGD, keras.optimizers.schedules.ExponentialDecay
    return {
        "nothing": {},
        "rate": {"optimizer": sgd(0.02)},
        "momentum": {"optimizer": sgd(0.01, 0.9)},
        "nesterov": {"optimizer": sgd(0.01, 0.9, nesterov=True)},
        "clipnorm": {"optimizer": sgd(0.01, clipnorm=1.0)},
        "decay": {"optimizer": sgd(0.01, weight_decay=0.1)},
        "schedule": {"optimizer": sgd(decay(0.01, 10, 0.5))},
        "other schedule": {"optimizer": sgd(decay(0.01, 10, 0.6))},
        "adam": {"optimizer": "adam"},
        "epsilon": {"optimizer": keras.optimizers.Adam(epsilon=1e-5)},
        "loss": {"loss": "mae"},
        "loss setting": {"loss": keras.losses.Huber()},
        "reduction": {"loss": keras.losses.MeanSquaredError(reduction="sum")},
        "loss_weights": {"loss_weights": [0.5]},
        "metric": {"metrics": ["mae"]},
        "two metrics": {"metrics": ["mae", "accuracy"]},
        "two metrics, turned": {"metrics": ["accuracy", "mae"]},
        "accuracy": {"metrics": ["accuracy"]},
        "its own kind": {"metrics": ["categorical_accuracy"]},
        "weighted": {"weighted_metrics": ["mae"]},
    }


def test_each_setting_of_compile_makes_another_training() -> None:
    names = {key: name_of(dense(**change), X, HOT) for key, change in compiled().items()}
    assert len(set(names.values())) == len(names), names


def layers() -> dict[str, Any]:
    from keras import initializers, regularizers
    from keras import layers as of

    return {
        "nothing": of.Dense(3),
        "activation": of.Dense(3, activation="relu"),
        "no bias": of.Dense(3, use_bias=False),
        "initializer": of.Dense(3, kernel_initializer="he_normal"),
        "seed": of.Dense(3, kernel_initializer=initializers.GlorotUniform(seed=1)),
        "other seed": of.Dense(3, kernel_initializer=initializers.GlorotUniform(seed=2)),
        "constant": of.Dense(3, kernel_initializer=initializers.Constant(0.1)),
        "regularizer": of.Dense(3, kernel_regularizer="l2"),
        "strength": of.Dense(3, kernel_regularizer=regularizers.L2(0.1)),
        "constraint": of.Dense(3, kernel_constraint="non_neg"),
        "activity": of.Dense(3, activity_regularizer="l1"),
        "frozen": of.Dense(3, trainable=False),
    }


def test_each_setting_of_a_layer_makes_another_training() -> None:
    import keras

    names = {}
    for key, layer in layers().items():
        model = keras.Sequential([keras.Input((6,)), layer])
        model.compile("sgd", "mse")
        names[key] = name_of(model, X, HOT)
    assert len(set(names.values())) == len(names), names


@pytest.mark.parametrize("kind", ["Dropout", "GaussianNoise"])
def test_an_explicit_seed_of_a_layer_counts(kind: str) -> None:
    import keras

    def named(seed: int | None) -> str:
        noise = getattr(keras.layers, kind)(0.2, seed=seed)
        model = keras.Sequential([keras.Input((6,)), noise, keras.layers.Dense(3)])
        model.compile("sgd", "mse")
        return name_of(model, X, HOT)

    assert named(None) == named(None)
    assert len({named(None), named(1), named(2)}) == 3


def test_circumstances_are_part_of_the_fingerprint() -> None:
    request = describe(dense(), X, HOT).request
    changes: list[dict[str, Any]] = [
        {},
        {"versions": SETTING.versions | {"keras": "3.15.2"}},
        {"backend": "jax"},
        {"device": "gpu"},
        {"threads": 2},
        {"data": ["another data set"]},
        {"cap": Cap(epochs=1, samples=50)},
    ]
    names = {fingerprint(request, SETTING.model_copy(update=change)) for change in changes}
    assert len(names) == len(changes)


def test_repetitions_are_trainings_of_their_own() -> None:
    request = describe(dense(), X, HOT).request
    assert len({fingerprint(request, SETTING, k) for k in range(3)}) == 3


def test_what_a_cap_cuts_off_makes_no_difference() -> None:
    capped = SETTING.model_copy(update={"cap": Cap(epochs=2, samples=50)})
    five, six = (describe(dense(), X, HOT, epochs=n).request for n in (5, 6))
    assert fingerprint(five, capped) == fingerprint(six, capped)


def test_a_request_keeps_its_fingerprint_over_json() -> None:
    request = describe(dense(), X, HOT, epochs=2).request
    again = Request.model_validate_json(request.model_dump_json())
    assert fingerprint(again, SETTING) == fingerprint(request, SETTING)


def test_the_seed_comes_from_the_fingerprint() -> None:
    assert seed_of("00000010" + 56 * "a") == 16
    assert 0 <= seed_of("f" * 64) < 2**31


@given(st.dictionaries(st.text(max_size=3), st.integers(-9, 9) | st.booleans(), max_size=5))
def test_canonical_json_does_not_know_orders_or_kinds_of_numbers(content: dict[str, Any]) -> None:
    turned = dict(reversed(content.items()))
    floats = {k: v if isinstance(v, bool) else float(v) for k, v in turned.items()}
    assert canonical(content) == canonical(floats)
