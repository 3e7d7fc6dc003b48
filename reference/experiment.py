"""An experiment of a sheet: which network is trained how, and what was published about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graders.training.request import Cap, fingerprint
from graders.training.state import canonical_array
from graders.training.trainer import setting_for
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
    cap: Cap | None = None,
) -> Score:
    """Train a reference network once and score it on the test set, as submissions are trained.

    Pixels are scaled to 0..1 and shaped as the network's input asks.

    Args:
        experiment: what to train.
        networks: builds each network of the sheet.
        data: what to train on.
        seed: of weights and shuffling.
        batch_size: items in a step.
        cap: bounds of `--training capped`.

    """
    import keras

    from graders.describe.arrays import DataWatcher
    from graders.describe.origin import KnownData
    from graders.training.describe import request_of, watch_weights
    from graders.training.work import Work, carry_out

    keras.backend.clear_session()
    stop = watch_weights()
    try:
        network, arguments = _call(experiment, networks, data, batch_size)
        described = request_of(network, arguments)
    finally:
        stop()
    setting = setting_for("cpu", cap, [])
    finished = carry_out(
        Work(
            request=described.request,
            setting=setting,
            fingerprint=fingerprint(described.request, setting),
            seed=seed,
            arrays={key: canonical_array(array) for key, array in described.arrays.items()},
            data=DataWatcher([KnownData.of(data.name, data.load())]),
        )
    )
    entry = finished.entry
    return Score(
        seed=seed,
        train=float(entry.logs[-1]["accuracy"] or 0.0),
        test=float(entry.measured["test_accuracy"] or 0.0),
        seconds=entry.seconds,
    )


def _call(
    experiment: Experiment,
    networks: Mapping[str, Callable[[], Any]],
    data: DataSet,
    batch_size: int,
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
    network.compile(
        optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    arguments = {
        "x": (x_train / 255.0).reshape(-1, *shape),
        "y": y_train,
        "batch_size": batch_size,
        "epochs": experiment.epochs,
        "validation_data": ((x_test / 255.0).reshape(-1, *shape), y_test),
    }
    return network, arguments
