"""Requests that an honest runner wouldn't send: refused in a sentence, and soon."""

from __future__ import annotations

import copy
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from graders.errors import TrainingError
from graders.training.exchange import read_array, write_array
from graders.training.graph import build
from graders.training.request import Array, Request, Stock
from graders.training.session import _validated
from graders.training.state import describe_array
from graders.training.stock import Refused, make
from graders.training.work import _compile
from tests.builders.trainings import X, asked, chain, digest, stock, stock_layer

pytestmark = [
    pytest.mark.training,
    # Keras warns of what is odd about a layer; TensorFlow's arrays don't know NumPy 2 yet.
    pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning"),
]

Change = Callable[[dict[str, Any]], object]
PARAMETERS = 1_000_000


def carried(request: Any) -> None:
    """What the trusted side does with a request before it looks at any array."""
    valid = _validated(request, Request)
    model = build(valid.network, PARAMETERS).model
    _compile(model, valid.compiled, 1)


@contextmanager
def frugally(seconds: float = 10.0, megabytes: float = 1000.0) -> Iterator[None]:
    """Assert that something takes neither long nor much memory, and imports nothing odd."""
    before, modules, started = peak(), set(sys.modules), time.monotonic()
    yield
    assert time.monotonic() - started < seconds
    assert peak() - before < megabytes
    assert not {name for name in set(sys.modules) - modules if name.startswith(("antigravity",))}


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def refused(request: Any) -> str:
    with frugally(), pytest.raises((Refused, TrainingError)) as caught:
        carried(request)
    return str(caught.value)


def test_an_honest_request_is_carried_out() -> None:
    carried(asked())


def with_layer(class_name: str) -> dict[str, Any]:
    return asked(lambda r: r["network"]["layers"].__setitem__(0, stock_layer(class_name)))


def with_config(config: dict[str, Any]) -> dict[str, Any]:
    return asked(lambda r: r["network"]["layers"][0]["stock"]["config"].update(config))


@pytest.mark.parametrize(
    "name",
    [
        *("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "StringLookup"),
        *("InputLayer", "Layer", "Wrapper", "Hashing", "TextVectorization", "Pipeline"),
        *("keras.layers.Dense", "os.system", "__import__", "__class__", "layers", "", "A" * 100),
        *("Dense\n", "Dénse", "get", "deserialize", "serialize", "Sequential", "Model"),
    ],
)
def test_layers_beside_the_list_are_refused(name: str) -> None:
    refused(with_layer(name))


SERIALIZED = {
    "module": "antigravity",
    "class_name": "Dense",
    "registered_name": None,
    "config": {"units": 5},
}


@pytest.mark.parametrize(
    "value",
    [
        SERIALIZED,
        {"class_name": "function", "module": "builtins", "config": "exec"},
        {"class_name": "__lambda__", "config": {"value": "gASV"}},
        {"class_name": "Zeros", "config": {}},
        {"kind": "modules", "name": "os", "config": {}},
        {"kind": "initializers", "name": "Zeros", "config": {}, "module": "os"},
    ],
)
@pytest.mark.parametrize("key", ["kernel_initializer", "activation", "name", "dtype", "anything"])
def test_keras_own_way_to_name_objects_is_refused(key: str, value: Any) -> None:
    refused(with_config({key: value}))
    refused(with_config({key: [value]}))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("kernel_initializer", v) for v in ("zeros", "os.system", "custom>Own")),
        *(("activation", v) for v in ("my_relu", "keras.activations.relu", "__class__", "get")),
        *(("kernel_regularizer", v) for v in ("l2", "custom")),
        *(("kernel_constraint", v) for v in ("non_neg", "custom")),
        *(("units", v) for v in (-1, 0, 2.5, "5", None, [5], True and -(2**31), 10**30)),
        *(("unknown", v) for v in (1, "x", None)),
        *(("__class__", v) for v in (1, "x")),
        ("self", 1),
    ],
)
def test_settings_that_the_layer_does_not_take_are_refused(key: str, value: Any) -> None:
    refused(with_config({key: value}))


@pytest.mark.parametrize(
    "config",
    [
        {"dtype": "float64"},
        {"name": "a name"},
        {"trainable": False},
        {"bias_initializer": stock("initializers", "Constant", value=[1.0, 2.0, 3.0, 4.0, 5.0])},
    ],
    ids=lambda config: next(iter(config)),
)
def test_settings_that_a_description_never_has_are_refused(config: dict[str, Any]) -> None:
    refused(with_config(config))


def test_weights_cannot_come_in_as_settings() -> None:
    with pytest.raises(Refused):
        make(
            Stock(
                kind="layers",
                name="Embedding",
                config={"input_dim": 2, "output_dim": 2, "weights": [[[1.0, 2.0], [3.0, 4.0]]]},
            )
        )


NESTED: list[Any] = [[]]
for _ in range(5000):
    NESTED = [NESTED]

CHANGES: dict[str, Change] = {
    "call of no layer": lambda r: r["network"]["calls"][0].update(layer=9),
    "call of itself": lambda r: r["network"]["calls"][0].update(args=[{"call": 0}]),
    "call of a later one": lambda r: r["network"]["calls"][0].update(args=[{"call": 1}]),
    "input that isn't there": lambda r: r["network"]["calls"][0].update(args=[{"input": 5}]),
    "output that isn't there": lambda r: r["network"]["outputs"][0].update(output=3),
    "negative call": lambda r: r["network"]["outputs"][0].update(call=-1),
    "both at once": lambda r: r["network"]["outputs"][0].update(input=0),
    "neither": lambda r: r["network"].update(outputs=[{}]),
    "no outputs": lambda r: r["network"].update(outputs=[]),
    "argument that is an object": lambda r: r["network"]["calls"][0].update(
        args=[stock("layers", "Dense", units=3)]
    ),
    "unknown keyword": lambda r: r["network"]["calls"][0].update(kwargs={"nonsense": 1}),
    "keyword self": lambda r: r["network"]["calls"][0].update(kwargs={"self": 1}),
    "no arguments": lambda r: r["network"]["calls"][0].update(args=[]),
    "text as argument": lambda r: r["network"]["calls"][0].update(args=["x"]),
    "another kind as a layer": lambda r: r["network"]["layers"][0].update(
        stock=stock("optimizers", "SGD")
    ),
    "inputs without end": lambda r: r["network"].update(inputs=[{"shape": [4]}] * 1000),
    "a free shape": lambda r: r["network"]["inputs"][0].update(shape=[None]),
    "a huge shape": lambda r: r["network"]["inputs"][0].update(shape=[10**7] * 8),
    "a negative shape": lambda r: r["network"]["inputs"][0].update(shape=[-4]),
    "a dtype": lambda r: r["network"]["inputs"][0].update(dtype="string"),
    "no digest": lambda r: r["data"]["x"][0].update(digest="../../etc/passwd"),
    "a negative array": lambda r: r["data"]["x"][0].update(shape=[-1, 4]),
    "an endless array": lambda r: r["data"]["x"][0].update(shape=[10] * 100),
    "other lengths": lambda r: r["data"]["x"][0].update(shape=[11, 4]),
    "no data": lambda r: r["data"].update(x=[], y=[]),
    "epochs": lambda r: r["fit"].update(epochs=10**9),
    "negative epochs": lambda r: r["fit"].update(epochs=-1),
    "batch of nothing": lambda r: r["fit"].update(batch_size=0),
    "split of all": lambda r: r["fit"].update(validation_split=1.0),
    "NaN": lambda r: r["fit"].update(validation_split=float("nan")),
    "infinity": lambda r: r["compiled"]["optimizer"]["config"].update(learning_rate=float("inf")),
    "a huge number": lambda r: r["compiled"]["optimizer"]["config"].update(learning_rate=10**400),
    "a rate by name": lambda r: r["compiled"]["optimizer"]["config"].update(learning_rate="fast"),
    "an unknown optimizer": lambda r: r["compiled"]["optimizer"].update(name="LossScaleOptimizer"),
    "a loss by name": lambda r: r["compiled"].update(losses=["mse"]),
    "an unknown loss": lambda r: r["compiled"]["losses"][0].update(name="CTC"),
    "too few losses": lambda r: r["compiled"].update(losses=[]),
    "too many losses": lambda r: r["compiled"].update(losses=[None, None]),
    "slots without end": lambda r: r["compiled"].update(
        state={"iterations": 1, "slots": r["data"]["x"] * 7000}
    ),
    "an unknown field": lambda r: r.update(pickle="gASV"),
    "deep nesting": lambda r: r["network"]["layers"][0]["stock"]["config"].update(a=NESTED),
    "nesting": lambda r: r["network"]["layers"][0]["stock"]["config"].update(
        a=json.loads("[" * 100 + "]" * 100)
    ),
    "a long text": lambda r: r["network"]["layers"][0]["stock"]["config"].update(a="x" * 10**6),
    "thousands of layers": lambda r: r["network"].update(layers=r["network"]["layers"] * 2000),
    "a surrogate": lambda r: r["network"]["layers"][0]["stock"]["config"].update({"\ud800": 1}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_request_with_this_is_refused(what: str) -> None:
    refused(asked(CHANGES[what]))


def test_objects_that_are_no_layers_are_refused_in_a_layers_place() -> None:
    loss = {"stock": stock("losses", "Hinge"), "weights": []}
    refused(asked(lambda r: r["network"]["layers"].append(loss)))


@pytest.mark.parametrize(
    "request_",
    [
        asked(lambda r: r["compiled"].update(losses=[stock("metrics", "MeanSquaredError")])),
        asked(lambda r: r["compiled"].update(losses=[stock("layers", "Add")])),
        asked(lambda r: r["compiled"].update(metrics=[[stock("losses", "Hinge")]])),
    ],
    ids=["metric as loss", "layer as loss", "loss as metric"],
)
def test_objects_of_one_kind_are_refused_in_the_place_of_another(request_: Any) -> None:
    refused(request_)


def test_a_request_of_much_junk_costs_little() -> None:
    request = with_config({"a": [{}] * 50_000})
    assert len(json.dumps(request)) < 300_000
    with frugally(seconds=2, megabytes=300), pytest.raises(Refused):
        _validated(request, Request)


def large(*layers: dict[str, Any]) -> dict[str, Any]:
    return asked(lambda r: r.update(network=chain(*layers)))


def test_a_stack_of_large_layers_is_stopped_early() -> None:
    stack = [stock_layer("Dense", units=400) for _ in range(1000)]
    assert "1,000,000 parameters" in refused(large(*stack))


# Each in a fork of its own process, or the memory would be this one's.
_BUILD = """
import os, resource, sys, json
resource.setrlimit(resource.RLIMIT_AS, (12 << 30, 12 << 30))
import graders.recording
from graders.errors import TrainingError
from graders.training.graph import build
from graders.training.request import Request
from graders.training.stock import Refused
import keras
def say(name, content):
    request = Request.model_validate(content)
    keras.layers.Dense(1)(keras.Input((1,)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        build(request.network, 1_000_000)
    except (Refused, TrainingError) as error:
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(json.dumps([name, type(error).__name__, (after - before) // 1024]), flush=True)
for name, content in json.load(sys.stdin).items():
    child = os.fork()
    if not child:
        try:
            say(name, content)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
"""
TOO_LARGE = {
    "two Dense": [stock_layer("Dense", units=10**7)] * 2,
    "one Dense": [stock_layer("Dense", units=10**8)],
    "Embedding": [stock_layer("Embedding", weights=1, input_dim=10**8, output_dim=4)],
}


@pytest.fixture(scope="module")
def said_of_large() -> dict[str, tuple[str, int]]:
    """The error that each network ended with, and the megabytes that this took."""
    import subprocess

    ended = subprocess.run(
        [sys.executable, "-c", _BUILD],
        input=json.dumps({name: large(*layers) for name, layers in TOO_LARGE.items()}),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"},
    )
    said = [json.loads(line) for line in ended.stdout.splitlines()]
    return {name: (kind, megabytes) for name, kind, megabytes in said}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_network_that_is_too_large_is_refused_before_it_fills_the_memory(
    said_of_large: dict[str, tuple[str, int]], name: str
) -> None:
    kind, megabytes = said_of_large.get(name, ("died", 0))
    assert kind == "TrainingError"
    assert megabytes < 1000


# Random damage to a valid request.

JUNK = st.sampled_from(
    [
        *(None, True, 0, -1, 7, 0.5, -2.5, 2**31, 1e308, "", "x", "relu", "os.system", [], {}),
        *([0], [[1, 2]], ["relu"], {"call": 0}, {"input": 0}, {"class_name": "Dense"}),
        stock("layers", "Dropout", rate=0.5),
        stock("initializers", "Zeros"),
        stock("losses", "Hinge"),
        stock("optimizers", "Adam"),
        stock("metrics", "AUC"),
    ]
)


def rich() -> dict[str, Any]:
    """A request in which many parts of the format are used."""
    zeros = stock("initializers", "Zeros")

    def change(request: dict[str, Any]) -> None:
        request["network"] = chain(
            stock_layer("Reshape", weights=0, target_shape=[2, 2]),
            stock_layer("LSTM", weights=3, units=3, kernel_initializer=zeros),
            stock_layer("Dropout", weights=0, rate=0.5),
            stock_layer("BatchNormalization", weights=4),
            stock_layer(
                "Dense", units=3, kernel_regularizer=stock("regularizers", "L2"), activation="relu"
            ),
        )
        request["compiled"]["metrics"] = [["accuracy", stock("metrics", "AUC")]]
        request["compiled"]["loss_weights"] = [0.5]
        decay = {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5}
        request["compiled"]["optimizer"]["config"]["learning_rate"] = stock(
            "schedules", "ExponentialDecay", **decay
        )
        stop = stock("callbacks", "EarlyStopping", monitor="#0", patience=2)
        request["fit"] |= {"callbacks": [stop], "class_weight": [[0, 1.0]]}

    return asked(change)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node)
    found = [path] if path else []
    for key, value in inner:
        if isinstance(value, dict | list):
            found += places(value, (*path, key))
        else:
            found.append((*path, key))
    return found


PLACES = places(rich())


@given(damage=st.lists(st.tuples(st.sampled_from(PLACES), JUNK), min_size=1, max_size=2))
@settings(
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
def test_damage_is_refused_or_does_no_harm(damage: list[tuple[tuple[Any, ...], Any]]) -> None:
    request = rich()
    for path, junk in damage:
        node: Any = request
        try:
            for key in path[:-1]:
                node = node[key]
            node[path[-1]] = copy.deepcopy(junk)
        except (KeyError, IndexError, TypeError):
            continue
    try:
        carried(request)
    except (Refused, TrainingError) as error:
        assert str(error)  # noqa: PT017 - every other error fails the test


# Arrays.


def test_an_array_is_read_as_what_it_was_announced(tmp_path: Path) -> None:
    path = write_array(tmp_path, X, "x")
    np.testing.assert_array_equal(read_array(path, describe_array(X)), X)


def longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def shorter(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-4])


def other(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize(
    "replaced", [longer, shorter, other, link, fifo, folder, device, Path.unlink]
)
def test_a_file_that_is_not_what_was_announced_is_refused(
    tmp_path: Path, replaced: Callable[[Path], None]
) -> None:
    path = write_array(tmp_path, X, "x")
    replaced(path)
    with frugally(seconds=1), pytest.raises(Refused):
        read_array(path, describe_array(X))


@pytest.mark.parametrize("shape", [[2**31], [2**20, 2**10]])
def test_an_announced_size_is_not_taken_at_its_word(tmp_path: Path, shape: list[int]) -> None:
    path = write_array(tmp_path, X, "x")
    with frugally(seconds=1), pytest.raises(Refused):
        read_array(path, Array(digest=digest("x"), shape=shape))


@pytest.mark.parametrize("shape", [[2**31] * 2, [2**31] * 8])
def test_an_announced_size_beyond_all_memory_is_refused(tmp_path: Path, shape: list[int]) -> None:
    path = write_array(tmp_path, X, "x")
    with pytest.raises(Refused):
        read_array(path, Array(digest=digest("x"), shape=shape))


@pytest.mark.parametrize("shape", [[0], [0, 5], [5, 0], [0, 0]])
def test_an_array_without_items_is_refused(tmp_path: Path, shape: list[int]) -> None:
    (tmp_path / "x").touch()
    with pytest.raises(Refused):
        read_array(tmp_path / "x", Array(digest=digest("x"), shape=shape))


def test_one_content_has_one_size() -> None:
    same = [{"digest": digest("x"), "shape": [10]}]
    with pytest.raises(ValueError, match="size"):
        Request.model_validate_json(json.dumps(asked(lambda r: r["data"].update(y=same))))
