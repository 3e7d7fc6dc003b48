"""An experiment of a sheet: which network is trained how, and what was published about it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reference.datasets import DataSet


@dataclass(frozen=True)
class Published:
    """Accuracies that the course published, 0..1."""

    train: float
    test: float


@dataclass(frozen=True)
class Experiment:
    """One training of the reference solution."""

    name: str
    exercise: str
    network: str
    optimizer: str = "SGD"
    learning_rate: float = 0.01
    items: int | None = None  # the first so many training items; None: all
    epochs: int = 3
    published: Published | None = None


@dataclass(frozen=True)
class Score:
    """What one training reached."""

    seed: int
    train: float  # running accuracy of the last epoch, as Keras prints it, 0..1
    test: float  # accuracy on the whole test set after the last epoch, 0..1
    seconds: float


def train(
    experiment: Experiment,
    networks: Mapping[str, Callable[[], Any]],
    data: DataSet,
    *,
    seed: int,
    batch_size: int,
) -> Score:
    """Train a reference network once and score it on the test set.

    Pixels are scaled to 0..1 and shaped as the network's input asks.
    """
    import keras

    keras.utils.set_random_seed(seed)
    network = networks[experiment.network]()
    shape = tuple(network.input_shape[1:])
    (x_train, y_train), (x_test, y_test) = data.load()
    x_train, y_train = x_train[: experiment.items], y_train[: experiment.items]
    optimizer = getattr(keras.optimizers, experiment.optimizer)(
        learning_rate=experiment.learning_rate
    )
    network.compile(
        optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    started = time.monotonic()
    history = network.fit(
        (x_train / 255.0).reshape(-1, *shape),
        y_train,
        batch_size=batch_size,
        epochs=experiment.epochs,
        validation_data=((x_test / 255.0).reshape(-1, *shape), y_test),
        verbose=0,
    ).history
    return Score(
        seed=seed,
        train=float(history["accuracy"][-1]),
        test=float(history["val_accuracy"][-1]),
        seconds=time.monotonic() - started,
    )
