"""Trusted training: requests as JSON, facts of what was trained, and a fake trainer."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graders.describe.arrays import DataWatcher
from graders.errors import TrainingError
from graders.recording.schema import CompileRecord, LayerRecord, PairRecord
from graders.training.describe import Described, request_of
from graders.training.entry import (
    Entry,
    Finding,
    Finished,
    Measured,
    MeasuredNetwork,
    NetworkFacts,
    Trained,
)
from graders.training.limits import Limits
from graders.training.measuring import Measuring
from graders.training.request import Request, Setting, fingerprint, seed_of
from graders.training.state import State, canonical_array
from graders.training.work import Bounds, Work, carry_out

SETTING = Setting(versions={"keras": "3.15.1", "tensorflow": "2.21.0"})
_RANDOM = np.random.default_rng(11)
# 120 items of 6 features, and 3 classes that can be told from them.
X: NDArray[np.float32] = _RANDOM.normal(size=(120, 6)).astype(np.float32)
Y: NDArray[np.int64] = np.argmax(X[:, :3], axis=1)
HOT: NDArray[np.float32] = np.eye(3, dtype=np.float32)[Y]
IMAGES: NDArray[np.float32] = _RANDOM.normal(size=(40, 8, 8, 1)).astype(np.float32)


def describe(model: Any, *args: Any, **kwargs: Any) -> Described:
    """Describe `model.fit(*args, **kwargs)`, as the runner does."""
    import keras

    bound = inspect.signature(keras.Model.fit).bind(model, *args, **kwargs)
    bound.apply_defaults()
    arguments = {key: value for key, value in bound.arguments.items() if key != "self"}
    return request_of(model, arguments)


def name_of(model: Any, *args: Any, **kwargs: Any) -> str:
    """Name `model.fit(*args, **kwargs)`."""
    return fingerprint(describe(model, *args, **kwargs).request, SETTING)


def arrays_of(described: Described) -> dict[str, NDArray[np.float32]]:
    """Read the arrays of a request as the trainer does."""
    return {key: canonical_array(value).reshape(-1) for key, value in described.arrays.items()}


def train(
    described: Described, *, setting: Setting = SETTING, bounds: Bounds | None = None, **more: Any
) -> Finished:
    """Carry a request out in this process, by way of its JSON."""
    request = Request.model_validate_json(described.request.model_dump_json())
    name = fingerprint(request, setting)
    work = Work(
        request=request,
        setting=setting,
        fingerprint=name,
        seed=seed_of(name),
        arrays=arrays_of(described),
        bounds=bounds or Bounds(),
        **({"data": DataWatcher([])} | more),
    )
    return carry_out(work)


def digest(of: object) -> str:
    """Make the digest of any text."""
    return hashlib.sha256(str(of).encode()).hexdigest()


def asked(changes: Callable[[dict[str, Any]], object] | None = None) -> dict[str, Any]:
    """Make a valid request for a small network, as parsed JSON."""
    request: dict[str, Any] = {
        "network": {
            "inputs": [{"shape": [4]}],
            "layers": [
                stock_layer("Dense", units=5, activation="relu"),
                stock_layer("Dense", units=3, activation="softmax"),
            ],
            "calls": [
                {"layer": 0, "args": [{"input": 0}]},
                {"layer": 1, "args": [{"call": 0}]},
            ],
            "outputs": [{"call": 1}],
        },
        "compiled": {
            "optimizer": stock("optimizers", "SGD", learning_rate=0.1),
            "losses": [stock("losses", "SparseCategoricalCrossentropy")],
            "metrics": [["accuracy"]],
        },
        "data": {
            "x": [{"digest": digest("x"), "shape": [10, 4]}],
            "y": [{"digest": digest("y"), "shape": [10]}],
        },
        "fit": {"epochs": 2, "batch_size": 5},
    }
    if changes is not None:
        changes(request)
    return request


def stock(kind: str, name: str, **config: Any) -> dict[str, Any]:
    """Make a stock object, as JSON."""
    return {"kind": kind, "name": name, "config": config}


def stock_layer(name: str, weights: int = 2, **config: Any) -> dict[str, Any]:
    """Make a layer with so many fresh weights, as JSON."""
    return {"stock": stock("layers", name, **config), "weights": [None] * weights}


def chain(*layers: dict[str, Any], shape: Sequence[int | None] = (4,)) -> dict[str, Any]:
    """Make a network of layers one after the other, as JSON."""
    calls: list[dict[str, Any]] = [{"layer": 0, "args": [{"input": 0}]}]
    calls += [{"layer": k, "args": [{"call": k - 1}]} for k in range(1, len(layers))]
    return {
        "inputs": [{"shape": list(shape)}],
        "layers": list(layers),
        "calls": calls,
        "outputs": [{"call": len(layers) - 1}],
    }


def weight(name: object) -> str:
    """Make the digest of a weight."""
    return digest(f"weight {name}")


def given_weights(request: dict[str, Any], *names: object) -> None:
    """Have the weights of `asked()` start from these contents; None is fresh."""
    shapes = [[4, 5], [5], [5, 3], [3]]
    weights = [
        None if name is None else {"digest": weight(name), "shape": shape}
        for name, shape in zip(names, shapes, strict=True)
    ]
    request["network"]["layers"][0]["weights"] = weights[:2]
    request["network"]["layers"][1]["weights"] = weights[2:]


def entry(name: str = "0" * 64, **changes: Any) -> Entry:
    """Make what the store keeps of a training."""
    settings: dict[str, Any] = {
        "fingerprint": name,
        "setting": SETTING,
        "network": facts(),
        "data": PairRecord(),
        "batch_size": 5,
        "names": ["loss", "accuracy"],
        "logs": [{"accuracy": 0.5, "loss": 1.0}, {"accuracy": 0.75, "loss": 0.5}],
        "weights": [digest(f"{name} {k}") for k in range(4)],
        "slots": [],
        "operations": 1000.0,
        "seconds": 1.5,
    }
    return Entry(**(settings | changes))


def facts(units: int = 3) -> NetworkFacts:
    """Make facts on a network of one layer."""
    return NetworkFacts(
        layers=[LayerRecord(type="Dense", config={"units": units}, parameters=5 * units)],
        chain=True,
        parameters=5 * units,
        trainable=5 * units,
        compiled=CompileRecord(optimizer="SGD", learning_rate=0.1),
    )


def trained(request: int = 0, **changes: Any) -> Trained:
    """Make a training that a submission had."""
    settings: dict[str, Any] = {
        "request": request,
        "cell": 3,
        "model": 1,
        "entry": entry(),
        "reused": False,
        "start": "fresh",
        "epochs": 2,
    }
    return Trained(**(settings | changes))


def asked_to_measure(**form: Any) -> dict[str, Any]:
    """Make a valid request to measure the small network, as parsed JSON."""
    request = asked()
    given_weights(request, "a", "b", "c", "d")
    usual = {"data_set": "drawn", "scale": 0.5, "offset": 0, "shape": [4]}
    return {"network": request["network"], "form": usual | form}


def finding(accuracy: float | None = 0.5, *, units: int = 3, operations: float = 100.0) -> Finding:
    """Make what was found of a network that was measured."""
    network = facts(units).model_copy(update={"compiled": None})
    measured = {"test_accuracy": accuracy}
    found = MeasuredNetwork(network=network, measured=measured, operations=operations)
    return Finding(found, np.array([1, 2, 0], np.uint8))


def measured(request: int = 0, accuracy: float | None = 0.5, units: int = 3) -> Measured:
    """Make a network that a submission had measured."""
    return Measured(
        request=request,
        cell=3,
        model=1,
        found=finding(accuracy, units=units).network,
        predictions=f"predictions-{request}.npy",
    )


def finished(of: Entry | None = None, **changes: Any) -> Finished:
    """Make a finished training with a small state."""
    state = State([np.zeros(2, np.float32)], [], 1, 0.1).to_bytes()
    return Finished(**({"entry": of or entry(), "state": state} | changes))


@dataclass
class FakeTrainer:
    """Answers as Trainer does, without training anything."""

    limits: Limits = field(default_factory=Limits)
    known: dict[str, Finished] = field(default_factory=dict)
    results: Callable[[str, Request], Finished] = lambda name, _: finished(entry(name))
    error: Exception | None = None
    warnings: list[str] = field(default_factory=list)
    asked_for: list[tuple[str, float]] = field(default_factory=list)
    setting: Setting = SETTING
    operations: float = 100.0  # of each measurement

    def name(self, request: Request, repetition: int = 0, draw: int = 0) -> str:
        return fingerprint(request, self.setting, repetition, draw)

    def find(self, name: str) -> Finished | None:
        return self.known.get(name)

    def train(
        self,
        name: str,
        request: Request,
        folder: Path,
        operations: float,
        progress: Callable[[dict[str, Any]], None],
    ) -> tuple[Finished, bool]:
        self.asked_for.append((name, operations))
        if self.error is not None:
            raise self.error
        progress({"event": "epoch", "epoch": 1, "of": request.fit.epochs})
        self.known[name] = self.results(name, request)
        return self.known[name], False

    def measure(self, asked: Measuring, folder: Path, operations: float) -> Finding:
        if self.error is not None:
            raise self.error
        if operations + self.operations > self.limits.operations:  # as measure_network has it
            raise TrainingError.too_much_work(operations + self.operations, self.limits.operations)
        return finding(operations=self.operations)

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)
