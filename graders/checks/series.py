"""What a training scored by epoch, and in the end, as far as its student's process knows it.

Histories and scores of evaluate() are claims; for a plot they are what is to be drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from graders.checks.attempts import ACCURACIES, Attempt, Step, uses_test_set
from graders.recording.schema import CallRecord, DataRecord, TrainingRecord

Metric = Literal["accuracy", "loss"]
Split = Literal["train", "test"]
# A value for each epoch, or for each training; None where it was no number.
Series = tuple[float | None, ...]


def series_of(attempt: Attempt, metric: Metric, on: Split) -> list[Series]:
    """List the series by epoch that a curve of this training may show.

    Args:
        attempt: the training; calls of fit that went on with each other are one.
        metric: accuracies are shares, 0..1.
        on: the data that it was trained on, or the test set.

    Returns:
        The History's, and what evaluate() said after each epoch of a loop; each with as many
        values as epochs. Empty where the training kept neither.

    """
    found = (_history(attempt, metric, on), _evaluated(attempt, metric, on))
    return list(dict.fromkeys(series for series in found if series))


def finals_of(attempts: Sequence[Attempt], metric: Metric, on: Split) -> list[Series]:
    """List the series of final values that a curve over several trainings may show.

    Args:
        attempts: the trainings, in the order of the values.
        metric: as for `series_of`.
        on: as for `series_of`.

    Returns:
        The last values of the Histories; what evaluate() said after the trainings; what the grader
        measured on the test set. Where a training lacks one, another takes its place. Empty
        where one has none at all.

    """
    sources: tuple[Callable[[Attempt], float | None], ...] = (
        lambda attempt: _last(_history(attempt, metric, on)),
        lambda attempt: _evaluated_last(attempt, metric, on),
        lambda attempt: attempt.test_accuracy if (metric, on) == ("accuracy", "test") else None,
    )
    values = [[source(attempt) for source in sources] for attempt in attempts]
    if not values or any(all(v is None for v in of_one) for of_one in values):
        return []
    found = []
    for rank in range(len(sources)):
        if any(of_one[rank] is not None for of_one in values):
            found.append(tuple(_first([of_one[rank], *of_one]) for of_one in values))
    return list(dict.fromkeys(found))


def _history(attempt: Attempt, metric: Metric, on: Split) -> Series:
    """Join the Histories of a training's calls of fit; empty where one lacks the metric."""
    parts = [_history_of(step.training, metric, on) for step in attempt.chain]
    return tuple(v for part in parts for v in part) if all(parts) else ()


def _history_of(training: TrainingRecord, metric: Metric, on: Split) -> list[float | None]:
    if on == "test" and not uses_test_set(training.validation):
        return []
    prefix = "val_" if on == "test" else ""
    return next((s for n in _names(metric) if (s := training.history.get(prefix + n))), [])


def _evaluated(attempt: Attempt, metric: Metric, on: Split) -> Series:
    """Take what evaluate() said after each epoch; empty where it wasn't asked after each.

    In a loop of fit(epochs=1), or in a callback.
    """
    found: list[float | None] = []
    for step in attempt.chain:
        asked = [_score(call, metric) for call in step.calls if _is_during(call, step, on)]
        if len(asked) != step.training.epochs:
            asked = [_score_after(step, metric, on)] if step.training.epochs == 1 else [None]
        found += asked
    return tuple(found) if all(score is not None for score in found) else ()


def _evaluated_last(attempt: Attempt, metric: Metric, on: Split) -> float | None:
    return _score_after(attempt.chain[-1], metric, on) if attempt.chain else None


def _score_after(step: Step, metric: Metric, on: Split) -> float | None:
    """Take the last score of evaluate() on these data before the next call of fit."""
    for call in reversed(step.calls):
        if call.kind == "evaluate" and _is_on(call, step.training, on):
            return _score(call, metric)
    return None


def _score(call: CallRecord, metric: Metric) -> float | None:
    return next((s for n in _names(metric) if (s := call.scores.get(n)) is not None), None)


def _is_during(call: CallRecord, step: Step, on: Split) -> bool:
    return call.during and call.kind == "evaluate" and _is_on(call, step.training, on)


def _is_on(call: CallRecord, training: TrainingRecord, on: Split) -> bool:
    if on == "test":
        return uses_test_set(call.data)
    x, trained = call.data.x, training.data.x
    return x is not None and trained is not None and _same(x, trained)


def _same(one: DataRecord, other: DataRecord) -> bool:
    """Tell whether two arrays are the same, or the same items in another dress."""
    if one.digest == other.digest:
        return True
    a, b = one.origin, other.origin
    if a is None or b is None or one.shape[:1] != other.shape[:1]:
        return False
    return (a.data_set, a.split, a.order, a.items) == (b.data_set, b.split, b.order, b.items)


def _names(metric: Metric) -> tuple[str, ...]:
    return ACCURACIES if metric == "accuracy" else ("loss",)


def _last(series: Series) -> float | None:
    return series[-1] if series else None


def _first(values: Sequence[float | None]) -> float | None:
    return next((value for value in values if value is not None), None)
