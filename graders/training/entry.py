"""What the trusted trainer finds out about a training: facts that checks can rely on."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter, ValidationError

from graders.errors import RunError
from graders.files import write_whole
from graders.recording.schema import (
    CompileRecord,
    LayerRecord,
    Model,
    PairRecord,
    Repeats,
    Scores,
    TrainingStart,
)
from graders.training.request import Digest, Setting
from graders.training.state import State

ENTRY, STATE, PREDICTIONS = "entry.json", "state.npz", "predictions.npy"
NETWORK = "network.json"
TRAININGS = "trainings.json"


# Of one training; a mutable default is copied by pydantic.
REPEATS: Repeats = Field(
    default_factory=list,
    description="what further attempts with fresh seeds were measured at; None: one that failed",
)


class NetworkFacts(Model):
    """The network that was trained, or measured."""

    layers: list[LayerRecord]
    chain: bool
    parameters: int
    trainable: int
    compiled: CompileRecord | None = Field(
        default=None, description="None where it was measured only: that needs no optimizer"
    )


class Entry(Model):
    """One training, whoever asked for it; `entry.json` of the store."""

    schema_version: Literal[1] = 1
    fingerprint: Digest
    setting: Setting
    network: NetworkFacts
    data: PairRecord
    validation: PairRecord | None = None
    validation_split: float = 0.0
    batch_size: int
    names: list[str] = Field(description="the metrics in Keras' order, loss first")
    first_epoch: int = 0
    logs: list[Scores] = Field(description="what each epoch reported, by metric")
    stopped: bool = Field(default=False, description="a callback ended the training early")
    capped: bool = False
    weights: list[Digest] = Field(description="content of the weights afterwards")
    slots: list[Digest] = Field(description="content of the optimizer's slots afterwards")
    measured: Scores = Field(
        default_factory=dict,
        description="test_accuracy, and that of other test sets by their names, 0..1, by us",
    )
    steps: int | None = Field(
        default=None, description="steps of the optimizer in this training; None in older entries"
    )
    operations: float = Field(description="multiplications of one pass, times items, times epochs")
    seconds: float

    @property
    def epochs(self) -> int:
        """Epochs that were trained."""
        return len(self.logs)

    @property
    def history(self) -> dict[str, list[float | None]]:
        """The logs by metric, as Keras' History has them."""
        names = dict.fromkeys(name for log in self.logs for name in log)
        return {name: [log[name] for log in self.logs if name in log] for name in names}


@dataclass
class Finished:
    """A training with everything that it left behind."""

    entry: Entry
    state: bytes
    predictions: NDArray[np.uint8] | None = None

    def to_files(self) -> dict[str, bytes]:
        """Write the files of a store entry."""
        files = {ENTRY: self.entry.model_dump_json().encode(), STATE: self.state}
        if self.predictions is not None:
            files[PREDICTIONS] = _npy(self.predictions)
        return files

    @classmethod
    def from_files(cls, files: dict[str, bytes]) -> Finished:
        """Read the files of a store entry; they were verified by their checksums."""
        predictions = files.get(PREDICTIONS)
        return cls(
            entry=Entry.model_validate_json(files[ENTRY]),
            state=files[STATE],
            predictions=None if predictions is None else _array(predictions),
        )

    def array(self, digest: str) -> NDArray[np.float32] | None:
        """Return the weight or slot with this content."""
        held = [*self.entry.weights, *self.entry.slots]
        if digest not in held:
            return None
        state = State.from_bytes(self.state)
        found: NDArray[np.float32] = [*state.weights, *state.slots][held.index(digest)]
        return found


class Trained(Model):
    """A training as one submission had it: an entry, and what belongs to the submission."""

    request: int = Field(description="number of the request in its submission, from 0")
    cell: int | None
    model: int | None = Field(description="the runner's number of the Keras object")
    entry: Entry
    reused: bool
    start: TrainingStart
    given: str = Field(default="", description="names the weights that were brought along")
    epochs: int = Field(description="as asked for, or as many as there were before it stopped")
    epochs_before: int = 0
    steps_per_epoch: int | None = Field(default=None, description="as it was asked for")
    steps: int | None = Field(default=None, description="likewise, of all epochs together")
    predictions: str | None = Field(default=None, description="file beside this one, uint8")
    repeats: Repeats = REPEATS


class MeasuredNetwork(Model):
    """What we found of a network that was trained in the student's process."""

    network: NetworkFacts
    measured: Scores = Field(description="test_accuracy and the like, 0..1, by us")
    operations: float = Field(description="multiplications of one pass, times test items")


@dataclass
class Finding:
    """A measured network, and the class that it gave to each test item, shape (items,)."""

    network: MeasuredNetwork
    predictions: NDArray[np.uint8]

    def to_files(self) -> dict[str, bytes]:
        """Write what the trainer's process sends."""
        return {
            NETWORK: self.network.model_dump_json().encode(),
            PREDICTIONS: _npy(self.predictions),
        }

    @classmethod
    def from_files(cls, files: dict[str, bytes]) -> Finding:
        """Read what `to_files` wrote."""
        network = MeasuredNetwork.model_validate_json(files[NETWORK])
        return cls(network, _array(files[PREDICTIONS]))


class Measured(Model):
    """A network that one submission trained by itself and had measured."""

    request: int = Field(description="number of the request in its submission, from 0")
    cell: int | None
    model: int | None = Field(description="the runner's number of the Keras object")
    found: MeasuredNetwork
    predictions: str = Field(description="file beside this one, uint8")
    repeats: Repeats = REPEATS


_TRAININGS = TypeAdapter(list[Trained | Measured])


def save_trained(trained: Sequence[Trained | Measured], folder: Path) -> None:
    """Write what the grading process found out for a submission, whole or not at all."""
    write_whole(folder / TRAININGS, _TRAININGS.dump_json(list(trained)))


def load_trained(folder: Path) -> list[Trained | Measured]:
    """Read what `save_trained` wrote; nothing where there was none.

    Raises:
        RunError: the file is damaged.

    """
    try:
        return _TRAININGS.validate_json((folder / TRAININGS).read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, ValidationError) as error:
        raise RunError.damaged(folder / TRAININGS) from error


def _npy(array: NDArray[np.uint8]) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, allow_pickle=False)
    return stream.getvalue()


def _array(content: bytes) -> NDArray[np.uint8]:
    found: NDArray[np.uint8] = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    return found
