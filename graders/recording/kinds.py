"""The lists of a recording: how much of each is read, and what one of its items must be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from graders.recording.bounds import LIMITS, Bound, Budget, ExcessError, bounded
from graders.recording.schema import (
    ArrayRecord,
    AugmentationRecord,
    CallRecord,
    Cell,
    CellOutcome,
    DataSetRecord,
    EnvironmentRecord,
    FigureRecord,
    FileRecord,
    Model,
    NetworkRecord,
    TrainingRecord,
)

_CELLS = 2000
_DATA_SETS = 20
_AUGMENTATIONS = 60
CELL_CHARACTERS = 100_000
_ANY_SPLIT = 1e6


@dataclass(frozen=True)
class Kind:
    """One list of a recording."""

    name: str  # of the field
    words: tuple[str, str]  # for one of its items, and for several
    model: type[Model]
    most: int
    bound: Bound
    number: str = ""  # the field that tells items apart


KINDS = (
    Kind("cells", ("cell", "cells"), Cell, _CELLS, Bound(10, CELL_CHARACTERS), "index"),
    Kind(
        "outcomes",
        ("outcome of a cell", "outcomes of cells"),
        CellOutcome,
        _CELLS,
        Bound(10, 50_000),
        "index",
    ),
    Kind(
        "networks",
        ("network", "networks"),
        NetworkRecord,
        LIMITS.networks,
        Bound(100_000),
        "id",
    ),
    Kind(
        "trainings",
        ("training", "trainings"),
        TrainingRecord,
        LIMITS.trainings,
        Bound(100_000, characters=LIMITS.text_characters, length=5000),
        "id",
    ),
    Kind(
        "calls",
        ("call of evaluate or predict", "calls of evaluate or predict"),
        CallRecord,
        LIMITS.calls,
        Bound(2000),
    ),
    Kind("figures", ("figure", "figures"), FigureRecord, LIMITS.figures, Bound(100_000)),
    Kind("files", ("file", "files"), FileRecord, LIMITS.files, Bound(30), "id"),
    Kind(
        "augmentations",
        ("source of transformed images", "sources of transformed images"),
        AugmentationRecord,
        _AUGMENTATIONS,
        Bound(500),
    ),
    Kind("data_sets", ("data set", "data sets"), DataSetRecord, _DATA_SETS, Bound(10)),
)
ARRAYS = Kind("arrays", ("array", "arrays"), ArrayRecord, LIMITS.arrays, Bound(200))
ENVIRONMENT = Kind("environment", ("", ""), EnvironmentRecord, 1, Bound(100))


@dataclass
class Seen:
    """Validates the items of one kind, and counts those that aren't what they must be."""

    kind: Kind
    damaged: int = 0
    large: int = 0
    budget: Budget = field(default_factory=Budget)

    def item(self, raw: Any) -> Model | None:
        """Return a valid item; None where it isn't one."""
        try:
            one = self.kind.model.model_validate(bounded(raw, self.kind.bound, self.budget))
        except ExcessError:
            self.large += 1
            return None
        except ValidationError:
            self.damaged += 1
            return None
        if isinstance(one, TrainingRecord) and not _is_possible(one):
            self.damaged += 1
            return None
        return one


def _is_possible(training: TrainingRecord) -> bool:
    """Tell whether a call of fit can have had these figures."""
    if training.status == "error":
        # Keras refused it for them, perhaps.
        return abs(training.validation_split) < _ANY_SPLIT
    return (
        (training.batch_size is None or training.batch_size > 0)
        and training.epochs >= 0
        and training.epochs_before >= 0
        and 0.0 <= training.validation_split <= 1.0
    )
