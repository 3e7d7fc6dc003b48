"""What trainings of the reference have reached, from which ranges are made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graders.expectations import Measured, ScoreRecord


def measured(
    experiment: str, tests: Sequence[float], batch_size: int = 64, **changes: Any
) -> Measured:
    """Make the test accuracies of an experiment, one for each seed."""
    scores = [ScoreRecord(seed=seed, train=test, test=test) for seed, test in enumerate(tests)]
    usual = {"data": "known", "batch_size": batch_size, "scores": scores}
    return Measured(experiment=experiment, **(usual | changes))
