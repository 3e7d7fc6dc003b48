"""Expected values: exact facts, published figures, and ranges measured on the reference.

They stand in `reference/expected/<assignment>.json`, written by `tensormark reference --save`.
"""

from __future__ import annotations

import math
from importlib import resources
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graders.errors import ExpectationError
from graders.training.request import Cap

# The range reaches this many standard deviations below the mean; a stated chance of a false fail
# needs more trainings and comes with calibration.
SPREAD = 4.0
# Few seeds underestimate the spread, and a network may be initialised in another accepted way.
LEEWAY = 0.01


class Base(BaseModel):
    """Base of the file's parts: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class ScoreRecord(Base):
    """One training of the reference."""

    seed: int
    train: float
    test: float


class Measured(Base):
    """All trainings of one experiment on one data set with one batch size."""

    experiment: str
    data: str = Field(description="fingerprint of the data set")
    batch_size: int
    cap: Cap | None = Field(default=None, description="bounds of `--training capped`")
    scores: list[ScoreRecord]
    seconds: float = Field(default=0.0, description="mean time of one training")
    environment: dict[str, str] = Field(default_factory=dict)


class Range(Base):
    """Where a right solution's test accuracy lies."""

    low: float
    high: float
    mean: float
    spread: float
    seeds: int
    batch_size: int


class Expectations(Base):
    """Everything that an assignment's checks compare with."""

    assignment: str
    facts: dict[str, Any] = Field(default_factory=dict)
    published: dict[str, float] = Field(default_factory=dict)
    data_sets: dict[str, str] = Field(default_factory=dict, description="fingerprint to source")
    measured: list[Measured] = Field(default_factory=list)

    @classmethod
    def load(cls, assignment: str) -> Expectations:
        """Read an assignment's file from the installed `reference` package.

        Raises:
            ExpectationError: there is no such file, or it is damaged.

        """
        path = expected_path(assignment)
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise ExpectationError(
                f"{path} is missing. Make it: tensormark reference {assignment} --save"
            ) from error
        except ValidationError as error:
            raise ExpectationError(f"{path} is damaged: {error.errors()[0]['msg']}") from error

    def under(self, cap: Cap | None) -> Self:
        """Leave only ranges that were measured under these bounds of a training."""
        return self.model_copy(update={"measured": [m for m in self.measured if m.cap == cap]})

    def __getitem__(self, key: str) -> Any:
        """Return an exact fact, such as expected["small.parameters"]."""
        try:
            return self.facts[key]
        except KeyError as error:
            raise ExpectationError.unknown(key, expected_path(self.assignment)) from error

    def range(self, experiment: str, data: str, batch_size: int | None) -> Range | None:
        """Return the range of test accuracy for an experiment, or None if none was measured.

        Smaller batches make more steps and reach more, so the range of the next larger measured
        batch size is a safe lower bound; beyond the largest there is none.

        Args:
            experiment: its name in the reference.
            data: fingerprint of the data set.
            batch_size: the student's; None, where it is unknown, counts as the largest measured.

        """
        candidates = sorted(
            (m for m in self.measured if m.experiment == experiment and m.data == data),
            key=lambda m: m.batch_size,
        )
        if batch_size is None:
            return summarize(candidates[-1]) if candidates else None
        for measured in candidates:
            if batch_size <= measured.batch_size:
                return summarize(measured)
        return None

    def nearest_range(self, experiment: str, data: str, batch_size: int | None) -> Range | None:
        """Return the measured range whose batch size is nearest, for orientation only."""
        candidates = [m for m in self.measured if m.experiment == experiment and m.data == data]
        if not candidates:
            return None
        wanted = math.log(batch_size or 64)
        return summarize(min(candidates, key=lambda m: abs(math.log(m.batch_size) - wanted)))


def summarize(measured: Measured) -> Range:
    """Mean, standard deviation and range of the test accuracies of one experiment."""
    scores = [score.test for score in measured.scores]
    mean = sum(scores) / len(scores)
    variance = sum((s - mean) ** 2 for s in scores) / max(len(scores) - 1, 1)
    spread = math.sqrt(variance)
    reach = SPREAD * spread + LEEWAY
    return Range(
        low=max(min(mean - reach, min(scores) - LEEWAY), 0.0),
        high=min(max(mean + reach, max(scores) + LEEWAY), 1.0),
        mean=mean,
        spread=spread,
        seeds=len(scores),
        batch_size=measured.batch_size,
    )


def expected_path(assignment: str) -> Path:
    """Where an assignment's expected values stand."""
    return Path(str(resources.files("reference"))) / "expected" / f"{assignment}.json"
