"""What checks may know: the recording, the expected values and the data sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graders.assignment import Assignment
from graders.checks.aspects import Course, Wanted
from graders.checks.attempts import Attempt, attempts_of
from graders.checks.layers import Part, parts_of
from graders.checks.matching import Matches
from graders.expectations import Expectations
from graders.recording import RecordingFolder
from graders.recording.schema import LayerRecord
from graders.training.request import Cap
from reference.datasets import LOOKALIKE, DataSet


@dataclass
class CheckContext:
    """Everything that one submission's checks work with."""

    assignment: Assignment
    recording: RecordingFolder
    expected: Expectations
    data: list[DataSet]
    cap: Cap | None = None
    device: str = "cpu"

    @cached_property
    def attempts(self) -> list[Attempt]:
        """Every network and training of the submission, in order."""
        return attempts_of(self.recording)

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the data that the submission was run on."""
        return self.data[0].fingerprint if self.data else ""

    @cached_property
    def item_size(self) -> int | None:
        """How many numbers an image of the data has; None without data."""
        return int(self.data[0].load()[0][0][0].size) if self.data else None

    def calibrate_command(self, batch_size: int | None = None) -> str:
        """Say what makes the ranges that were wanted here.

        Args:
            batch_size: one that isn't measured usually; None: the usual ones.

        """
        words = [f"tensormark calibrate {self.assignment.id}"]
        if any(data.source == LOOKALIKE for data in self.data):
            words.append("--data builtin")
        if self.cap is not None:
            words.append("--training capped")
        if self.device != "cpu":
            words.append(f"--device {self.device}")
        if batch_size is not None:
            words.append(f"--batch-size {batch_size}")
        return " ".join(words)

    def match(self, plan: Sequence[Wanted]) -> Matches:
        """Find the attempt that answers each experiment of a sheet."""
        names = {name for wanted in plan for name in wanted.networks}
        networks = {name: self.network(name) for name in names}
        items = len(self.data[0].load()[0][1]) if self.data else None
        return Matches(plan, self.attempts, networks, Course(items))

    def network(self, name: str) -> list[Part]:
        """Return the expected layers of one of the reference's networks."""
        layers = [LayerRecord.model_validate(layer) for layer in self.expected[f"{name}.layers"]]
        return parts_of(layers)

    def test_labels(self) -> NDArray[Any]:
        """Return the true labels of the test set, shape (items,)."""
        return np.asarray(self.data[0].load()[1][1]).reshape(-1)
