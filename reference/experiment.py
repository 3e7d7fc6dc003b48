"""An experiment of a sheet: which network is trained how, and what was published about it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graders.expectations import Labels
from graders.training.request import Cap, Setting, fingerprint, seed_of
from graders.training.state import canonical_array
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

    def same_under(self, other: Experiment, cap: Cap | None) -> bool:
        """Tell whether two experiments are one training under these bounds."""
        return self._trained(cap) == other._trained(cap)

    def _trained(self, cap: Cap | None) -> tuple[object, ...]:
        items = self.items
        if cap is not None and (items is None or items > cap.samples):
            items = cap.samples
        return (self.network, self.optimizer, self.learning_rate, items, self.epochs)


@dataclass(frozen=True)
class Comparison:
    """Two experiments of which the sheet says, or asks whether, the first is more accurate."""

    exercise: str
    better: str
    worse: str


@dataclass(frozen=True)
class Score:
    """What one training reached."""

    seed: int
    labels: Labels
    train: float  # running accuracy of the last epoch, as Keras prints it, 0..1
    test: float  # accuracy on the whole test set after the last epoch, 0..1
    seconds: float


def seed_for(experiment: str, batch_size: int, index: int) -> int:
    """Draw the seed of a calibration's training: no two experiments share one.

    Trainings that share a seed see the items in the same order, which would make them more alike
    than a student's are.
    """
    name = f"{experiment}/{batch_size}/{index}"
    return seed_of(hashlib.sha256(name.encode()).hexdigest())


def labels_for(index: int) -> Labels:
    """Take turns between the forms of labels, because students differ in them."""
    return "one_hot" if index % 2 else "integer"


def train(
    experiment: Experiment,
    networks: Mapping[str, Callable[[], Any]],
    data: DataSet,
    *,
    seed: int,
    batch_size: int,
    labels: Labels = "integer",
    setting: Setting,
) -> Score:
    """Train a reference network once and score it on the test set, as submissions are trained.

    Pixels are scaled to 0..1 and shaped as the network's input asks.

    Args:
        experiment: what to train.
        networks: builds each network of the sheet.
        data: what to train on.
        seed: of weights and shuffling.
        batch_size: items in a step.
        labels: as integers, or one-hot with the loss that belongs to them.
        setting: the circumstances, which the process has been prepared for.

    """
    import keras

    from graders.describe.arrays import DataWatcher
    from graders.training.describe import request_of, watch_weights
    from graders.training.work import Work, carry_out

    keras.backend.clear_session()
    stop = watch_weights()
    try:
        network, arguments = _call(experiment, networks, data, batch_size, labels)
        described = request_of(network, arguments)
    finally:
        stop()
    finished = carry_out(
        Work(
            request=described.request,
            setting=setting,
            fingerprint=fingerprint(described.request, setting),
            seed=seed,
            arrays={key: canonical_array(array) for key, array in described.arrays.items()},
            data=DataWatcher([_known(data)]),
        )
    )
    entry = finished.entry
    return Score(
        seed=seed,
        labels=labels,
        train=float(entry.logs[-1]["accuracy"] or 0.0),
        test=float(entry.measured["test_accuracy"] or 0.0),
        seconds=entry.seconds,
    )


@lru_cache(maxsize=1)
def _known(data: DataSet) -> Any:
    """Prepare the comparison with a data set once for all trainings on it."""
    from graders.describe.origin import KnownData

    return KnownData.of(data.name, data.load())


def _call(
    experiment: Experiment,
    networks: Mapping[str, Callable[[], Any]],
    data: DataSet,
    batch_size: int,
    labels: Labels,
) -> tuple[Any, dict[str, Any]]:
    """Build and compile the network, and say what its fit is given."""
    import keras

    network = networks[experiment.network]()
    shape = tuple(network.input_shape[1:])
    (x_train, y_train), (x_test, y_test) = data.load()
    x_train, y_train = x_train[: experiment.items], y_train[: experiment.items]
    optimizer = getattr(keras.optimizers, experiment.optimizer)(
        learning_rate=experiment.learning_rate
    )
    loss = "sparse_categorical_crossentropy"
    if labels == "one_hot":
        loss = "categorical_crossentropy"
        y_train, y_test = (keras.utils.to_categorical(y) for y in (y_train, y_test))
    network.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])
    arguments = {
        "x": (x_train / 255.0).reshape(-1, *shape),
        "y": y_train,
        "batch_size": batch_size,
        "epochs": experiment.epochs,
        "validation_data": ((x_test / 255.0).reshape(-1, *shape), y_test),
    }
    return network, arguments
