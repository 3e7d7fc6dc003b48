"""Expected values: exact facts, published figures, and scores measured on the reference.

They stand in `reference/expected/<assignment>.json`, written by `tensormark calibrate`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graders.errors import ExpectationError
from graders.tolerance import LEAST, Range, dominates, range_of
from graders.training.request import Cap

# How labels are given to fit; students differ in it.
Labels = Literal["integer", "one_hot"]


class Base(BaseModel):
    """Base of the file's parts: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class ScoreRecord(Base):
    """One training of the reference."""

    seed: int
    labels: Labels = "integer"
    train: float = Field(description="running accuracy of the last epoch, 0..1")
    test: float = Field(description="accuracy on the whole test set, 0..1")
    others: dict[str, float] = Field(
        default_factory=dict, description="accuracy on further test sets by their names, 0..1"
    )

    def on(self, test_set: str) -> float | None:
        """Return the accuracy on a test set; None where it wasn't measured."""
        return self.test if test_set == "test" else self.others.get(test_set)


class Measured(Base):
    """All trainings of one experiment on one data set with one batch size."""

    experiment: str
    data: str = Field(description="fingerprint of the data set")
    batch_size: int
    cap: Cap | None = Field(default=None, description="bounds of `--training capped`")
    device: str = "cpu"
    scores: list[ScoreRecord]
    seconds: float = Field(default=0.0, description="mean time of one training")
    environment: dict[str, str] = Field(default_factory=dict)

    def accuracies(self, test_set: str = "test") -> list[float]:
        """Return the accuracies on a test set, in the order of the trainings."""
        found = [score.on(test_set) for score in self.scores]
        return [accuracy for accuracy in found if accuracy is not None]

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """What distinguishes it from others: all but its scores."""
        cap = self.cap.model_dump_json() if self.cap else ""
        return (self.data, cap, self.device, self.experiment, self.batch_size)


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
            raise ExpectationError.missing(path, assignment) from error
        except ValidationError as error:
            raise ExpectationError.damaged(path, error.errors()[0]["msg"]) from error
        except (OSError, UnicodeDecodeError) as error:
            raise ExpectationError.damaged(path, str(error)) from error

    def to_text(self) -> str:
        """Write the file: facts for people to read, and one line for all scores of a kind."""
        head = json.dumps(self.model_dump(mode="json", exclude={"measured"}), indent=1)
        rows = [measured.model_dump_json(exclude_defaults=True) for measured in self.measured]
        return head.removesuffix("\n}") + ',\n "measured": [\n  ' + ",\n  ".join(rows) + "\n ]\n}\n"

    def under(self, cap: Cap | None, device: str = "cpu") -> Self:
        """Leave only scores that were measured under these bounds of a training, on this device."""
        kept = [m for m in self.measured if m.cap == cap and m.device == device]
        return self.model_copy(update={"measured": kept})

    def __getitem__(self, key: str) -> Any:
        """Return an exact fact, such as expected["small.parameters"]."""
        try:
            return self.facts[key]
        except KeyError as error:
            raise ExpectationError.unknown(key, expected_path(self.assignment)) from error

    def range(
        self, experiment: str, data: str, batch_size: int | None, test_set: str = "test"
    ) -> Range | None:
        """Return where a right solution's accuracy lies, or None if it was never measured.

        Between two batch sizes that were measured, the lower limit is that of the larger and the
        upper limit that of the smaller: smaller batches make more steps and reach more, which
        the scores themselves must show. Outside of them a range is good for passing only.

        Args:
            experiment: its name in the reference.
            data: fingerprint of the data set.
            batch_size: the student's; None where it is unknown.
            test_set: on which it is scored.

        """
        around = self._around(Asked(experiment, batch_size, test_set), data)
        return _bounded([around], lambda scores: scores[0]) if around else None

    def difference(self, better: AskedLike, worse: AskedLike, data: str) -> Range | None:
        """Return where the difference of two right trainings' accuracies lies.

        Every training of the reference has a seed of its own, so the i-th of the one and the i-th
        of the other are as independent as a student's two.

        Args:
            better: the training that should win.
            worse: the other one.
            data: fingerprint of the data set.

        """
        one, other = (self._around(Asked(*asked), data) for asked in (better, worse))
        if one is None or other is None:
            return None
        # What the larger batches of the first and the smaller of the second reach is the least
        # that can be asked.
        pairs = [one, _Around(other.above, other.below, other.outside)]
        return _bounded(pairs, lambda s: [a - b for a, b in zip(s[0], s[1], strict=False)])

    def batch_sizes(self, experiment: str, data: str, test_set: str = "test") -> list[int]:
        """List the batch sizes for which there are scores enough."""
        found = [m for m in self.measured if m.experiment == experiment and m.data == data]
        return sorted(m.batch_size for m in found if len(m.accuracies(test_set)) >= LEAST)

    def accuracies(self, asked: Asked, data: str) -> list[float]:
        """Return the accuracies of one experiment; none where it wasn't measured."""
        for m in self.measured:
            if (m.experiment, m.data, m.batch_size) == (asked.experiment, data, asked.batch_size):
                return m.accuracies(asked.test_set)
        return []

    def _around(self, asked: Asked, data: str) -> _Around | None:
        """Find scores that right solutions with such batches reach, and that they don't pass."""
        batch_size = asked.batch_size
        sizes = self.batch_sizes(asked.experiment, data, asked.test_set)
        if not sizes:
            return None

        def of(size: int) -> list[float]:
            return self.accuracies(asked._replace(batch_size=size), data)

        if batch_size is None or not sizes[0] <= batch_size <= sizes[-1]:
            near = sizes[0] if batch_size is not None and batch_size < sizes[0] else sizes[-1]
            return _Around(of(near), of(near), True)
        below = of(min(size for size in sizes if size >= batch_size))
        above = of(max(size for size in sizes if size <= batch_size))
        return _Around(below, above, not dominates(above, below))


class Asked(NamedTuple):
    """Which score of the reference is asked for."""

    experiment: str
    batch_size: int | None  # the student's; None where it is unknown
    test_set: str = "test"


# What Asked is made of; the test set is `test` where it isn't named.
AskedLike = tuple[str, int | None] | tuple[str, int | None, str] | Asked


class _Around(NamedTuple):
    """Scores with the next larger and with the next smaller batches that were measured."""

    below: list[float]
    above: list[float]
    outside: bool  # the student's batches don't lie between the two, or the order isn't clear


def _bounded(
    parts: Sequence[_Around], combine: Callable[[list[list[float]]], list[float]]
) -> Range | None:
    """Take the lower limit from what is reached at least, the upper from what is reached at most.

    Args:
        parts: the scores that are combined.
        combine: makes one score of one of each part, for all of them at once.

    """
    low = range_of(combine([part.below for part in parts]))
    high = range_of(combine([part.above for part in parts]))
    if low is None or high is None:
        return None
    return replace(low, high=high.high, outside=any(part.outside for part in parts))


def expected_path(assignment: str) -> Path:
    """Where an assignment's expected values stand."""
    return Path(str(resources.files("reference"))) / "expected" / f"{assignment}.json"
