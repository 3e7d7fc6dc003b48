"""An experiment of a sheet: which network is trained how, and what was published about it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from graders.describe.measure import score_name
from graders.expectations import Labels
from graders.training.request import Cap, Setting, fingerprint, seed_of
from graders.training.state import canonical_array
from graders.training.test_sets import TestSet, add_test_sets
from reference.datasets import DataSet


@dataclass(frozen=True)
class Published:
    """Accuracies that the course published, 0..1."""

    train: float | None = None
    test: float | None = None
    # On further test sets of the assignment, by their names.
    others: Mapping[str, float] = field(default_factory=dict)

    def figures(self) -> dict[str, float]:
        """List what was published, under the names of scores."""
        known = {"train": self.train, "test": self.test, **self.others}
        return {score_name(name): figure for name, figure in known.items() if figure is not None}


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
    # Test sets of the assignment whose generators draw the training images once, as a student
    # would for this, and each batch anew while it trains.
    made_as: str = ""
    augmented_as: str = ""
    # The experiment whose trained network this one goes on with.
    after: str = ""
    # Whether each epoch ends with a look at the test set, as sheets may ask for. It costs time, and
    # changes nothing of what is learnt.
    validated: bool = True
    # Whether a check compares what it reaches with a range; a calibration leaves out the others.
    ranged: bool = True

    def same_under(self, other: Experiment, cap: Cap | None) -> bool:
        """Tell whether two experiments are one training under these bounds."""
        return self._trained(cap) == other._trained(cap)

    def _trained(self, cap: Cap | None) -> tuple[object, ...]:
        items, epochs = self.items, self.epochs
        if cap is not None and (items is None or items > cap.samples):
            items = cap.samples
        if cap is not None:
            epochs = min(epochs, cap.epochs)
        how = (self.made_as, self.augmented_as, self.after)
        return (self.network, self.optimizer, self.learning_rate, items, epochs, how)


@dataclass(frozen=True)
class Comparison:
    """Two experiments of which the sheet says, or asks whether, the first is more accurate."""

    exercise: str
    better: str
    worse: str
    # On which test sets the two are scored.
    on: tuple[str, str] = ("test", "test")

    @property
    def title(self) -> str:
        """Both in short."""
        places = ["" if name == "test" else f" ({name})" for name in self.on]
        if self.better == self.worse:
            places = [f" ({name})" for name in self.on]
        return f"{self.better}{places[0]} - {self.worse}{places[1]}"


@dataclass(frozen=True)
class Score:
    """What one training reached."""

    seed: int
    labels: Labels
    train: float  # running accuracy of the last epoch, as Keras prints it, 0..1
    test: float  # accuracy on the whole test set after the last epoch, 0..1
    seconds: float
    others: dict[str, float] = field(default_factory=dict)  # on further test sets, by name


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
    test_sets: Sequence[TestSet] = (),
    before: Sequence[Experiment] = (),
) -> Score:
    """Train a reference network once and score it on the test sets, as submissions are trained.

    Pixels are scaled to 0..1 and shaped as the network's input asks.

    Args:
        experiment: what to train.
        networks: builds each network of the sheet.
        data: what to train on.
        seed: of weights, shuffling, and images that are made.
        batch_size: items in a step.
        labels: as integers, or one-hot with the loss that belongs to them.
        setting: the circumstances, which the process has been prepared for.
        test_sets: further ones of the assignment.
        before: trainings that its network has behind it, the first one first.

    """
    import keras

    from graders.describe.arrays import DataWatcher
    from graders.training.describe import request_of, watch_weights
    from graders.training.state import State, write_state
    from graders.training.work import Work, carry_out

    keras.backend.clear_session()
    known = _known(data, test_sets)
    stop = watch_weights()
    try:
        steps = [*before, experiment]
        network = _compiled(steps[0], networks, labels)
        for one in steps:
            arguments = _call(
                one, network, data, test_sets, seed=seed, batch_size=batch_size, labels=labels
            )
            described = request_of(network, arguments)
            finished = carry_out(
                Work(
                    request=described.request,
                    setting=setting,
                    fingerprint=fingerprint(described.request, setting),
                    seed=seed,
                    arrays={k: canonical_array(array) for k, array in described.arrays.items()},
                    data=DataWatcher([known]),
                )
            )
            write_state(network, described.layers, State.from_bytes(finished.state))
    finally:
        stop()
    entry = finished.entry
    return Score(
        seed=seed,
        labels=labels,
        train=float(entry.logs[-1]["accuracy"] or 0.0),
        test=float(entry.measured["test_accuracy"] or 0.0),
        seconds=entry.seconds,
        others={one.name: float(entry.measured[score_name(one.name)] or 0.0) for one in test_sets},
    )


# Prepared for comparison once, for all trainings of a process.
_prepared: dict[tuple[str, ...], Any] = {}


def _known(data: DataSet, test_sets: Sequence[TestSet]) -> Any:
    """Prepare the comparison with a data set, and draw the test sets that are made of it."""
    from graders.describe.origin import KnownData

    key = (data.fingerprint, *(one.fingerprint(data.fingerprint) for one in test_sets))
    if key not in _prepared:
        known = KnownData.of(data.name, data.load())
        add_test_sets(known, test_sets, data.fingerprint, None)
        _prepared.clear()
        _prepared[key] = known
    return _prepared[key]


def _compiled(
    experiment: Experiment, networks: Mapping[str, Callable[[], Any]], labels: Labels
) -> Any:
    """Build and compile the network."""
    import keras

    network = networks[experiment.network]()
    optimizer = getattr(keras.optimizers, experiment.optimizer)(
        learning_rate=experiment.learning_rate
    )
    loss = "categorical_crossentropy" if labels == "one_hot" else "sparse_categorical_crossentropy"
    network.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])
    return network


def _call(
    experiment: Experiment,
    network: Any,
    data: DataSet,
    test_sets: Sequence[TestSet],
    *,
    seed: int,
    batch_size: int,
    labels: Labels,
) -> dict[str, Any]:
    """Say what the network's fit is given."""
    import keras

    from graders.training.generators import draw, make_flow

    shape = tuple(network.input_shape[1:])
    (x_train, y_train), (x_test, y_test) = data.load()
    by_name = {one.name: one for one in test_sets}
    if experiment.made_as:
        made = by_name[experiment.made_as]
        x, y = _scaled(x_train[: made.items], shape), y_train[: made.items]
        x, y = draw(made.flow, x, y, seed)
        x, y_train = x[: experiment.items], y[: experiment.items]
    else:
        x, y_train = _scaled(x_train[: experiment.items], shape), y_train[: experiment.items]
    if labels == "one_hot":
        y_train, y_test = (keras.utils.to_categorical(y) for y in (y_train, y_test))
    arguments = {
        "x": x,
        "y": y_train,
        "batch_size": batch_size,
        "epochs": experiment.epochs,
    }
    if experiment.validated:
        arguments["validation_data"] = (_scaled(x_test, shape), y_test)
    if experiment.augmented_as:
        flow = by_name[experiment.augmented_as].flow
        arguments["x"] = make_flow(flow, x, y_train, batch_size)
        arguments["y"] = arguments["batch_size"] = None
    return arguments


def _scaled(images: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    return (images / 255.0).reshape(-1, *shape)
