"""Further attempts of single trainings: which are wanted, and what a second run says of them.

A submission is run again, with fresh seeds for these trainings alone. Its code may do something
else the second time, by chance or on purpose; so an attempt counts only where it is the same
training in everything but its seed.
"""

from __future__ import annotations

from collections.abc import Sequence

from graders.recording.schema import Scores
from graders.result import Result, ScoreEvidence
from graders.training.entry import Measured, Trained
from graders.training.session import Draws

Found = Trained | Measured


def wanted_again(result: Result) -> frozenset[int]:
    """List the requests whose trainings a check wants to have repeated; none of a broken run."""
    if result.execution.status != "complete":
        return frozenset()
    scores = [e for check in result.checks for e in check.evidence if isinstance(e, ScoreEvidence)]
    return frozenset(request for score in scores for request in score.again)


def with_origins(found: Sequence[Found], wanted: frozenset[int]) -> frozenset[int]:
    """Add what a wanted training goes on from: a fresh seed has to be fresh from the start."""
    numbers = set(wanted)
    for one in found:
        if one.request in wanted and isinstance(one, Trained) and one.start != "fresh":
            numbers |= {other.request for other in found if other.request < one.request}
    return frozenset(numbers)


def own_seed_matters(found: Sequence[Found], wanted: frozenset[int]) -> bool:
    """Tell whether one of them was trained in the student's own process."""
    return any(isinstance(one, Measured) and one.request in wanted for one in found)


def with_attempt(found: Sequence[Found], again: Sequence[Found], draws: Draws) -> list[Found]:
    """Add the accuracies of an attempt to what is known of a submission's trainings."""
    others = {one.request: one for one in again}
    return [
        one.model_copy(update={"repeats": _at(one, others.get(one.request), draws.attempt)})
        if one.request in draws.anew
        else one
        for one in found
    ]


def _at(one: Found, other: Found | None, attempt: int) -> list[Scores | None]:
    """Put an attempt in its place; those before it were not wanted of this training."""
    before = [*one.repeats, *[None] * attempt][: attempt - 1]
    return [*before, _scores(other) if other is not None and _same(one, other) else None]


def _scores(one: Found) -> Scores:
    return one.entry.measured if isinstance(one, Trained) else one.found.measured


def _same(one: Found, other: Found) -> bool:
    if isinstance(one, Measured) or isinstance(other, Measured):
        return (
            isinstance(one, Measured)
            and isinstance(other, Measured)
            and one.found.network == other.found.network
        )
    first, second = one.entry, other.entry
    return (
        first.network == second.network
        and first.batch_size == second.batch_size
        and first.validation_split == second.validation_split
        and (first.data.form, first.data.augmentation)
        == (second.data.form, second.data.augmentation)
        and (one.epochs, one.epochs_before, one.start, one.steps_per_epoch)
        == (other.epochs, other.epochs_before, other.start, other.steps_per_epoch)
        and _origin(one) == _origin(other)
    )


def _origin(one: Trained) -> tuple[object, ...]:
    """What an array is made of, but for its order: who shuffles with a seed of his own differs."""
    x, y = one.entry.data.x, one.entry.data.y
    known = x.origin.model_copy(update={"order": ""}) if x is not None and x.origin else None
    return (x and x.shape, x and x.minimum, x and x.maximum, known, y and y.agreement)
