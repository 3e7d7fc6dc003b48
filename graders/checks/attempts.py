"""The networks that a student built and trained, one by one, in order, whatever their names."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graders.checks.layers import (
    FORM,
    SCALING,
    Part,
    is_convolutional,
    is_random,
    parts_of,
    short_name,
)
from graders.describe.measure import score_name
from graders.recording import RecordingFolder
from graders.recording.schema import (
    CallRecord,
    CompileRecord,
    DataRecord,
    NetworkRecord,
    Origin,
    PairRecord,
    TrainingRecord,
)

# Items in a batch where fit is told nothing else.
USUAL_BATCH = 32
ACCURACIES = ("accuracy", "acc", "sparse_categorical_accuracy", "categorical_accuracy")


@dataclass(frozen=True)
class Step:
    """One call of fit, and the calls of evaluate and predict that came before the next."""

    training: TrainingRecord
    calls: tuple[CallRecord, ...] = ()


@dataclass(frozen=True)
class Attempt:
    """A network with one of its trainings, or a network that was never trained."""

    network: NetworkRecord
    training: TrainingRecord | None
    calls: tuple[CallRecord, ...] = ()
    exercise: str | None = None  # of the cell it stands in; a hint, never a proof
    predicted: NDArray[Any] | None = None  # by the grader, for each test item
    # Calls of fit that this one went on with, the first first, as in a loop of fit(epochs=1).
    before: tuple[Step, ...] = ()
    cut_before: bool = False  # an epoch before may have been cut short (see `cut_short`)

    @property
    def chain(self) -> tuple[Step, ...]:
        """The calls of fit that make up this training, the last last; empty if there was none."""
        return (*self.before, Step(self.training, self.calls)) if self.training else ()

    @property
    def looped(self) -> int:
        """Epochs of earlier calls of fit that belong to the same training."""
        before = self.training.epochs_before if self.training else 0
        return min(before, sum(step.training.epochs for step in self.before))

    @property
    def foreign_epochs(self) -> int:
        """Epochs that the weights had seen in another training before this one."""
        return max(self.training.epochs_before - self.looped, 0) if self.training else 0

    @property
    def own_epochs(self) -> int:
        """Epochs of this training alone, earlier calls of fit in the same loop included."""
        return self.epochs - self.foreign_epochs

    @cached_property
    def parts(self) -> list[Part]:
        """The layers that compute something."""
        return parts_of(self.network.layers)

    @property
    def augmented(self) -> bool:
        """Whether the images were transformed anew in each batch, as far as can be told.

        By an image generator, or by random layers inside the network.
        """
        flowed = self.training is not None and self.training.data.form == "flow"
        return flowed or any(is_random(part) for part in self.parts)

    @property
    def images_seen(self) -> int | None:
        """Images in all steps of this training, repeated ones counted anew; None if unknown.

        Without a known size of the batches, Keras' own is assumed: who writes a generator of one's
        own says it nowhere.
        """
        if not self.chain:
            return None
        total = 0
        for step in self.chain:
            training = step.training
            x, size = training.data.x, training.batch_size or USUAL_BATCH
            if training.steps is not None:
                seen = training.steps * size
                if training.steps_per_epoch is None and x is not None and x.shape:
                    seen = min(seen, training.epochs * x.shape[0])
            elif x is not None and x.shape:
                seen = training.epochs * x.shape[0]
            else:
                return None
            total += seen
        return total

    @property
    def convolutional(self) -> bool:
        """Whether any layer convolves."""
        return is_convolutional(self.parts)

    @property
    def compiled(self) -> CompileRecord | None:
        """How the network was compiled when it was trained, or last."""
        return self.network.compiled

    @property
    def trained(self) -> bool:
        """Whether a training of any epoch came to its end, or was left out on the grader's wish."""
        if self.training is None or self.skipped:
            return self.skipped
        return self.training.status == "ok" and self.training.epochs > 0

    @property
    def failed(self) -> bool:
        """Whether fit() ended in an error."""
        return self.training is not None and self.training.status == "error"

    @property
    def claimed(self) -> bool:
        """Whether the student's process alone says that, and how, a training took place."""
        training = self.training
        return (
            training is not None
            and training.status == "ok"
            and training.trained == "here"
            and training.measured_by != "grader"
        )

    @property
    def brought_along(self) -> bool:
        """Whether a training began with weights that were not trained in this submission."""
        return self.training is not None and self.training.start == "given"

    @property
    def skipped(self) -> bool:
        """Whether the grader left the training out (`--training none`)."""
        return self.training is not None and self.training.status == "skipped"

    @property
    def epochs(self) -> int:
        """Epochs that the weights have seen, earlier calls of fit on them included."""
        return self.training.epochs + self.training.epochs_before if self.training else 0

    @property
    def x(self) -> DataRecord | None:
        """The inputs of the training."""
        return self.training.data.x if self.training else None

    @property
    def scrambled(self) -> bool:
        """Whether the training images were reshaped so that each holds pixels of many images."""
        return is_scrambled(self.x.origin if self.x else None)

    @property
    def tested_scrambled(self) -> bool:
        """Whether images for validation, in fit or in evaluate afterwards, were reshaped so."""
        return any(is_scrambled(pair.x.origin) for pair in self._tests if pair and pair.x)

    @property
    def items(self) -> int | None:
        """Training items that were used, a validation split taken off; None if unknown."""
        if self.training is None or self.x is None or not self.x.shape:
            return None
        return round(self.x.shape[0] * (1.0 - self.training.validation_split))

    @property
    def batch_size(self) -> int | None:
        """Items in one step."""
        return self.training.batch_size if self.training else None

    @property
    def cut_short(self) -> bool | None:
        """Whether an epoch was less than a pass through all items; None if unknown.

        The last batch, which may be smaller, may be left out: `len(x) // batch_size` steps are a
        whole pass.
        """
        steps = self.training.steps_per_epoch if self.training else None
        if steps is None:
            return False
        if self.items is None or not self.batch_size:
            return None
        return steps < self.items // self.batch_size

    @property
    def seen(self) -> int:
        """Items in all steps of all epochs together, where the steps of an epoch were given."""
        steps = self.training.steps_per_epoch if self.training else None
        return self.epochs * (steps or 0) * (self.batch_size or 0)

    @property
    def rescaled(self) -> float | None:
        """Factor by which the network's first layers multiply the pixels; None if unknown."""
        factor = 1.0
        for layer in self.network.layers:
            if layer.type == "Rescaling" and isinstance(layer.config.get("scale"), int | float):
                factor *= float(layer.config["scale"])
            elif layer.type in SCALING:
                return None
            elif layer.type not in FORM:
                break
        return factor

    @property
    def test_accuracy(self) -> float | None:
        """Accuracy on the whole test set after this training, 0..1; None if it wasn't measured.

        Only what the grader has measured itself. Histories, scores of evaluate() and measurements
        of the student's own process are claims, which anyone can write down.
        """
        return self.accuracy_on("test")

    def accuracy_on(self, test_set: str) -> float | None:
        """Accuracy on a test set of the assignment after this training, as `test_accuracy`."""
        if self.training is None or self.skipped or self.training.measured_by != "grader":
            return None
        return self.training.measured.get(score_name(test_set))

    @property
    def other_accuracies(self) -> dict[str, float]:
        """Accuracies on further test sets of the assignment by their names, as `test_accuracy`."""
        measured = self.training.measured if self.training is not None else {}
        names = [score.removesuffix(score_name("")) for score in measured]
        found = {name: self.accuracy_on(name) for name in names if name != "test"}
        return {name: accuracy for name, accuracy in found.items() if accuracy is not None}

    def accuracies_on(self, test_set: str) -> list[float | None]:
        """Accuracy at each attempt, the first and those with fresh seeds; None: it failed."""
        first, name = self.accuracy_on(test_set), score_name(test_set)
        if self.training is None or first is None:
            return [first]
        return [first, *((again or {}).get(name) for again in self.training.repeats)]

    @property
    def train_accuracy(self) -> float | None:
        """Running accuracy of the last epoch, as Keras prints it, 0..1."""
        return last(self.training.history, "") if self.training and not self.skipped else None

    @property
    def tested(self) -> bool:
        """Whether the test set was used for validation, in fit or in evaluate afterwards."""
        if self.training is None:
            return False
        return any(uses_test_set(pair) for pair in self._tests)

    @property
    def tested_unrecognised(self) -> bool:
        """Whether the test set is told by its labels alone, while the training set isn't.

        Then its images were prepared in another way. Where both are told so (standardised pixels,
        for instance), nothing speaks against them.
        """
        used = [pair.x for pair in self._tests if pair and pair.x and uses_test_set(pair)]
        seen = self.x.origin if self.x else None
        by_labels = [x.origin is not None and x.origin.by == "labels" for x in used]
        return seen is not None and seen.by == "values" and bool(used) and all(by_labels)

    @property
    def _tests(self) -> list[PairRecord | None]:
        """What was given for validation in fit, or to evaluate afterwards."""
        evaluated = [call.data for call in self.calls if call.kind == "evaluate"]
        return [self.training.validation if self.training else None, *evaluated]

    @property
    def name(self) -> str:
        """The network in a few words."""
        return short_name(self.network.layers)

    @property
    def setting(self) -> str:
        """Network and optimizer in a few words, such as '784-10-10-10, SGD 0.01'."""
        if self.compiled is None:
            return self.name
        rate = self.compiled.learning_rate
        return f"{self.name}, {self.compiled.optimizer}" + (f" {rate:.4g}" if rate else "")

    @property
    def title(self) -> str:
        """Network, optimizer and training in a few words."""
        words = [self.setting]
        if self.training is not None:
            if self.items is not None:
                words.append(f"{self.items:,} items")
            words.append(f"{self.epochs} epoch{'' if self.epochs == 1 else 's'}")
            if self.batch_size:
                words.append(f"batches of {self.batch_size}")
        else:
            steps = self.network.custom_steps
            words.append(f"{steps:,} steps of its own" if steps else "never trained")
        return ", ".join(words)

    @property
    def where(self) -> str:
        """The cell, counted from 1 as a person counts."""
        cell = self.training.cell if self.training else self.network.cell
        return place(cell)


def attempts_of(recording: RecordingFolder) -> list[Attempt]:
    """List all attempts of a recording, in the order in which they were made."""
    data = recording.data
    by_id = {network.id: network for network in data.networks}
    calls: dict[int | None, list[CallRecord]] = defaultdict(list)
    for call in data.calls:
        calls[call.after_training].append(call)
    found: list[tuple[int, Attempt]] = []
    trained: set[int] = set()
    for training in data.trainings:
        network = by_id.get(training.network)
        if network is None:
            continue
        trained.add(network.id)
        before = _before(training, data.trainings, by_id)
        attempt = Attempt(
            network,
            training,
            tuple(calls[training.id]),
            _exercise(recording, training.cell),
            _predicted(recording, training),
            tuple(Step(one, tuple(calls[one.id])) for one in before),
        )
        found.append((training.cell if training.cell is not None else 10**6, attempt))
    for network in data.networks:
        if network.id not in trained and network.layers:
            position = network.cell if network.cell is not None else 10**6
            found.append((position, Attempt(network, None, (), _exercise(recording, network.cell))))
    found.sort(key=lambda pair: pair[0])
    attempts = [attempt for _, attempt in found]
    # Which came first is a claim, and weights can be handed from network to network; but what the
    # grader's own training went on with was another of its own.
    doubtful = [attempt for attempt in attempts if attempt.cut_short is not False]
    own = any(one.training is not None and one.training.trained == "trusted" for one in doubtful)
    return [replace(a, cut_before=_may_go_on(a, bool(doubtful), own)) for a in attempts]


def _may_go_on(attempt: Attempt, doubtful: bool, own: bool) -> bool:
    """Tell whether a training may have gone on with one whose epochs were, or may be, cut short.

    Args:
        attempt: the training.
        doubtful: whether there is one at all.
        own: whether the grader has carried one out.

    """
    training = attempt.training
    if training is None or training.epochs_before == 0:
        return False
    return own if training.verified else doubtful


def _before(
    training: TrainingRecord, trainings: list[TrainingRecord], networks: dict[int, NetworkRecord]
) -> list[TrainingRecord]:
    """List the calls just before that went on with equal data and settings, the first first."""
    found: list[TrainingRecord] = []
    left = training.epochs_before
    for before in reversed([t for t in trainings if t.id < training.id]):
        if before.model != training.model or left <= 0:
            continue
        x, earlier = training.data.x, before.data.x
        same_data = x is not None and earlier is not None and x.digest == earlier.digest
        one, other = networks.get(training.network), networks.get(before.network)
        if not same_data or one is None or other is None or one.compiled != other.compiled:
            break
        if before.epochs > 0:
            found.append(before)
        left -= before.epochs
    return found[::-1]


def _predicted(recording: RecordingFolder, training: TrainingRecord) -> NDArray[Any] | None:
    """Return the grader's own predictions; what the student's process predicted is a claim."""
    return recording.predictions(training) if training.measured_by == "grader" else None


def uses_test_set(pair: PairRecord | None) -> bool:
    """Tell whether inputs are the whole test set of a served data set, with its own labels."""
    if pair is None or pair.x is None or pair.x.origin is None:
        return False
    origin = pair.x.origin
    own_labels = pair.y is None or pair.y.agreement is None or pair.y.agreement > 0.99
    return origin.split == "test" and own_labels and origin.items == count_of(pair.x) > 0


def is_scrambled(origin: Origin | None) -> bool:
    """Tell whether images were reshaped so that each holds pixels of many images."""
    return origin is not None and origin.layout == "scrambled"


def is_served(origin: Origin | None) -> bool:
    """Tell images of the data set itself; labels alone may be those of images made of them."""
    return origin is not None and origin.by == "values"


def count_of(x: DataRecord) -> int:
    """How many items an array holds; one without any axis holds none."""
    return x.shape[0] if x.shape else 0


def last(history: dict[str, list[float | None]], prefix: str) -> float | None:
    """Last value of the accuracy in a history, by whichever of its names; None if absent."""
    for name in ACCURACIES:
        series = history.get(prefix + name)
        if series:
            return series[-1]
    return None


def place(cell: int | None) -> str:
    """Name a cell as a person counts."""
    return f"cell {cell + 1}" if cell is not None else ""


def true_labels_of(classes: NDArray[Any], wanted: int) -> NDArray[np.int64]:
    """Positions at which a class was predicted, ascending, shape (found,)."""
    return np.flatnonzero(np.asarray(classes) == wanted)


def _exercise(recording: RecordingFolder, cell: int | None) -> str | None:
    found = recording.cell(cell)
    return found.exercise if found else None
