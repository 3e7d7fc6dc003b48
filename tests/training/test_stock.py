"""Stock objects as plain data: every setting is in the description, and comes back."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from graders.training.request import Stock
from graders.training.stock import ALLOWED, make, stock_class, take

pytestmark = [
    pytest.mark.training,
    # TensorFlow's arrays don't know NumPy 2 yet.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]
# What a class must be given, by the name of the setting.
NEEDED: dict[str, Any] = {
    **{"filters": 2, "units": 3, "kernel_size": 3, "activation": "relu", "output_shape": 3},
    **{"equation": "ab,bc->ac", "input_dim": 5, "output_dim": 3, "rate": 0.3, "stddev": 0.1},
    **{"n": 2, "dims": [1], "target_shape": [4], "size": 2, "num_heads": 2, "key_dim": 3},
    **{"axes": 1, "scale": 2.0, "factor": 0.2, "height": 4, "width": 4, "height_factor": 0.1},
    **{"width_factor": 0.1, "num_tokens": 4, "value_range": [0, 1], "learning_rate": 0.1},
    **{"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9, "boundaries": [1]},
    **{"values": [0.1, 0.2], "first_decay_steps": 5, "beta": 1.0, "pool_size": 2},
}
# Callbacks and generators don't describe themselves; their own modules do so.
_SILENT = {"callbacks", "generators"}
KINDS = [(kind, name) for kind in ALLOWED if kind not in _SILENT for name in sorted(ALLOWED[kind])]


def needed(kind: str, name: str) -> dict[str, Any]:
    """The least that a class must be given."""
    import keras

    parameters = inspect.signature(stock_class(kind, name).__init__).parameters.values()
    given = {
        p.name: NEEDED.get(p.name, 0.1)
        for p in parameters
        if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD and p.name != "self"
    }
    inner = keras.layers.LSTM(2) if name == "Bidirectional" else keras.layers.Dense(2)
    cell = keras.layers.LSTMCell(2)
    own = {"layer": inner, "cell": cell, "cells": [cell, keras.layers.GRUCell(2)]}
    own |= {"num_tokens": 4} if name == "CategoryEncoding" else {}
    own |= {"factor": 4} if name == "RandomPosterization" else {}
    return given | {k: v for k, v in own.items() if k in given or k == "num_tokens" in own}


@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_a_stock_object_comes_back_as_it_was(kind: Any, name: str) -> None:
    described = take(kind, stock_class(kind, name)(**needed(kind, name)))
    sent = Stock.model_validate_json(described.model_dump_json())
    assert take(kind, make(sent)) == described


@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_two_alike_are_described_alike(kind: Any, name: str) -> None:
    one, two = (stock_class(kind, name)(**needed(kind, name)) for _ in range(2))
    assert take(kind, one) == take(kind, two)


# What Keras leaves out of get_config(), and no attribute tells.
LOST = {("layers", "SimpleRNN", "seed"), ("layers", "SimpleRNN", "activity_regularizer")}
# They choose how something is computed, not what, or do so only together with others.
NO_MATTER = {"lora_alpha", "flash_attention", "weights", "name", "dtype", "trainable", "sparse"}


def settings() -> list[Any]:
    import keras  # noqa: F401 - the classes are looked up in it

    found = []
    for kind, name in KINDS:
        parameters = inspect.signature(stock_class(kind, name).__init__).parameters.values()
        for p in parameters:
            if p.kind is p.POSITIONAL_OR_KEYWORD and p.name not in {"self", *NO_MATTER}:
                found.append((kind, name, p))
    return found


def others(setting: inspect.Parameter, now: Any) -> list[Any]:
    """Other values that a setting may take; those that Keras refuses are left out later."""
    for part, values in {"initializer": ["ones", "zeros"], "regularizer": ["l2", "l1"]}.items():
        if part in setting.name:
            return values
    if "activation" in setting.name:
        return ["tanh", "elu"]
    if isinstance(now, bool):
        return [not now]
    if isinstance(now, int):
        return [now + 1, now - 1]
    if isinstance(now, float):
        return [now * 0.5, now + 0.25, 0.75]
    if now is None:
        return [2, True, 0.5, [1, 2]]
    return []


def test_every_setting_is_in_the_description() -> None:
    lost = set()
    for kind, name, setting in settings():
        usual = needed(kind, name)
        before = take(kind, stock_class(kind, name)(**usual))
        after = []
        for value in others(setting, usual.get(setting.name, setting.default)):
            try:
                after.append(take(kind, stock_class(kind, name)(**usual | {setting.name: value})))
            except Exception:  # noqa: BLE001 - Keras doesn't take this value
                continue
        if after and all(one == before for one in after):
            lost.add((kind, name, setting.name))
    assert lost <= LOST


@pytest.mark.parametrize(
    ("kind", "name", "setting", "value"),
    [
        ("losses", "Huber", "delta", 2.0),
        ("losses", "CosineSimilarity", "axis", 0),
        ("losses", "SparseCategoricalCrossentropy", "axis", 1),
        ("metrics", "CosineSimilarity", "axis", 0),
        ("initializers", "Identity", "gain", 2.0),
    ],
)
def test_a_setting_that_keras_does_not_tell_is_described(
    kind: Any, name: str, setting: str, value: Any
) -> None:
    cls = stock_class(kind, name)
    assert take(kind, cls(**{setting: value})) != take(kind, cls())
