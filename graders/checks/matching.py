"""Find which of a student's networks answers which exercise.

Names tell nothing: most students call every network `model`. So each training is compared with
each experiment that the sheet asks for, and the assignment of trainings to experiments that
needs the fewest differences in total is taken (Kuhn's Hungarian method, in scipy).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from graders.checks.attempts import Attempt
from graders.checks.layers import Comparison, Difference, Part, compare, describe_difference
from graders.recording.schema import CompileRecord, TrainingRecord

_IMPOSSIBLE = 1e6
# An experiment stays without an attempt rather than take one that differs more than this.
_UNMATCHED = 9.0
# A bonus experiment takes no attempt away from a required one; it gets what is left over.
_UNMATCHED_BONUS = 5.0
_COSTS = {
    "optimizer": 2.0,
    "learning_rate": 2.0,
    "items": 3.0,
    "fresh": 1.0,
    "epochs": 0.5,
    "loss": 0.5,
    "labels": 0.5,
    "metrics": 0.2,
    "validation": 0.1,
    "scaling": 0.1,
    "vectorised": 0.1,
}
_UNTRAINED = 1.6
_LAYERS_LIMIT = 6.0
_OTHER_EXERCISE = 0.3
_OWN_EXERCISE = -0.8
_ORDER = 0.05
# A rate means little beside another optimizer, and momentum makes no other method of SGD.
_RATE_OF_ANOTHER_OPTIMIZER = 0.5
_MOMENTUM = 0.6
# Of several equal trainings the luckiest counts, because the sheet invites to repeat them.
_ACCURACY = 0.3

LOSS_FOR_INTEGERS = "sparse_categorical_crossentropy"
LOSS_FOR_ONE_HOT = "categorical_crossentropy"


@dataclass(frozen=True)
class Aspect:
    """One respect in which a training is not the wanted one."""

    name: str
    expected: str
    found: str
    key: str  # equal keys mean: the same mistake


@dataclass(frozen=True)
class Wanted:
    """An experiment that the sheet asks for.

    None means that the sheet leaves it open. `based_on` is the experiment that this one varies:
    what a student got wrong there and carries on counts there, not here.
    """

    name: str
    exercise: str
    networks: tuple[str, ...] = ()  # names in the expected file; empty: any of the family
    family: Literal["dense", "convolutional"] = "dense"
    optimizer: str | None = None
    learning_rate: float | None = None
    items: tuple[int, ...] = ()  # accepted numbers of training items; empty: all of them
    epochs: int | None = None
    fresh: bool = False
    bonus: bool = False
    owners: dict[str, str] = field(default_factory=dict)  # aspect to the exercise that asks for it
    free: tuple[str, ...] = ()  # aspects in which carrying on one's own earlier choice is right
    based_on: Wanted | None = None

    def but(self, name: str, exercise: str, **changes: Any) -> Wanted:
        """Vary this experiment; what isn't named stays as it is."""
        return replace(self, name=name, exercise=exercise, based_on=self, **changes)


@dataclass(frozen=True)
class Match:
    """An experiment, the attempt that answers it, and the differences between the two."""

    wanted: Wanted
    attempt: Attempt | None
    comparison: Comparison | None = None  # None where any network of the family will do
    aspects: tuple[Aspect, ...] = ()
    parent: Match | None = None
    earlier: tuple[Match, ...] = ()

    @property
    def layer_differences(self) -> list[Difference]:
        """How the network differs from the expected one."""
        return self.comparison.differences if self.comparison else []

    def aspect(self, name: str) -> Aspect | None:
        """Return the difference in one respect, or None if there is none."""
        return next((aspect for aspect in self.aspects if aspect.name == name), None)

    def owner(self, name: str) -> str:
        """Return the exercise in which a mistake made here costs its points.

        An experiment that varies another answers for its own mistakes, unless it names an owner
        of its own for them.
        """
        owner = self.wanted.owners.get(name)
        earlier = self.wanted.based_on
        if owner is None or (earlier is not None and earlier.owners.get(name) == owner):
            return self.wanted.exercise
        return owner

    def sources(self, name: str) -> tuple[str, ...]:
        """Return the exercises in which the same mistake was made before, the first one first.

        A mistake that a student carries on was made once. An earlier experiment that is missing
        shows no mistakes, and so can't have cost the points for this one.
        """
        mine = self.aspect(name)
        if mine is None:
            return ()
        found = [m.owner(name) for m in self.earlier if _same(m.aspect(name), mine)]
        return tuple(dict.fromkeys(found))

    def inherited_from(self, name: str) -> str | None:
        """Return the exercise where the same mistake was made first, or None."""
        return next(iter(self.sources(name)), None)

    def is_own_choice(self, name: str) -> bool:
        """Tell whether a respect that the sheet leaves free is as in the first experiment."""
        first = self
        while first.parent is not None:
            first = first.parent
        mine = self.aspect(name)
        return (
            name in self.wanted.free
            and mine is not None
            and first is not self
            and _same(first.aspect(name), mine)
        )

    def layers_inherited_from(self) -> str | None:
        """Return the exercise where all differences between the networks were made, or None."""
        if not self.layer_differences or self.own_layer_differences() or self.parent is None:
            return None
        return self.parent.layers_inherited_from() or self.parent.owner("layers")

    def own_layer_differences(self) -> list[Difference]:
        """Return the differences between the networks that the earlier one doesn't show."""
        if self.parent is None or self.parent.attempt is None or self.attempt is None:
            return self.layer_differences
        if self.parent.attempt.parts == self.attempt.parts:
            return []
        before = {difference.key for difference in self.parent.layer_differences}
        return [d for d in self.layer_differences if d.key not in before]


@dataclass(frozen=True)
class Course:
    """What the data sets of a recording allow to ask: how many training items there are."""

    training_items: int | None


class Matches:
    """All experiments of a sheet, each with the attempt that answers it best."""

    def __init__(
        self,
        plan: Sequence[Wanted],
        attempts: Sequence[Attempt],
        networks: dict[str, list[Part]],
        course: Course,
    ) -> None:
        self._plan = list(plan)
        self._attempts = list(attempts)
        self._networks = networks
        self._course = course

    def __getitem__(self, name: str) -> Match:
        return self._found[name]

    def __iter__(self) -> Iterator[Match]:
        return iter(self._found.values())

    @property
    def attempts(self) -> list[Attempt]:
        """Every network and training, matched or not, in order."""
        return self._attempts

    @cached_property
    def _found(self) -> dict[str, Match]:
        chosen = self._assign()
        found: dict[str, Match] = {}
        for wanted in self._plan:
            found[wanted.name] = self.match(wanted, chosen.get(wanted.name), found)
        return found

    def match(
        self, wanted: Wanted, attempt: Attempt | None, earlier: dict[str, Match] | None = None
    ) -> Match:
        """Compare one attempt with one experiment.

        Args:
            wanted: the experiment.
            attempt: what may answer it.
            earlier: the matches of the experiments before it; default: as in the plan.

        """
        if earlier is None:
            names = [one.name for one in self._plan]
            before = names[: names.index(wanted.name)] if wanted.name in names else names
            earlier = {name: self._found[name] for name in before}
        parent = earlier.get(wanted.based_on.name) if wanted.based_on else None
        if attempt is None:
            return Match(wanted, None, parent=parent)
        return Match(
            wanted,
            attempt,
            self._compare(wanted, attempt),
            tuple(_aspects(wanted, attempt, self._course)),
            parent,
            tuple(earlier.values()),
        )

    def _compare(self, wanted: Wanted, attempt: Attempt) -> Comparison | None:
        candidates = [compare(self._networks[name], attempt.parts) for name in wanted.networks]
        return min(candidates, key=lambda c: c.cost) if candidates else None

    def _assign(self) -> dict[str, Attempt]:
        """Assign all at once; then give bonus experiments what is left over."""
        if not self._attempts or not self._plan:
            return {}
        rows, columns = len(self._attempts), len(self._plan)
        costs = np.empty((rows, columns))
        for i, attempt in enumerate(self._attempts):
            for j, wanted in enumerate(self._plan):
                out_of_order = abs(i / rows - j / columns)
                costs[i, j] = self._cost(wanted, attempt) + _ORDER * out_of_order
        limits = [_UNMATCHED_BONUS if wanted.bonus else _UNMATCHED for wanted in self._plan]
        chosen = _cheapest(costs, limits)
        open_ = [j for j in range(columns) if j not in chosen]
        left = [i for i in range(rows) if i not in chosen.values()]
        if open_ and left:
            rest = _cheapest(costs[np.ix_(left, open_)], [_UNMATCHED] * len(open_))
            chosen |= {open_[j]: left[i] for j, i in rest.items()}
        return {self._plan[j].name: self._attempts[i] for j, i in chosen.items()}

    def _cost(self, wanted: Wanted, attempt: Attempt) -> float:
        if attempt.convolutional != (wanted.family == "convolutional") or not attempt.parts:
            return _IMPOSSIBLE
        comparison = self._compare(wanted, attempt)
        cost = min(comparison.cost, _LAYERS_LIMIT) if comparison else 0.0
        if not attempt.trained:
            cost += _UNTRAINED
        aspects = {aspect.name: aspect for aspect in _aspects(wanted, attempt, self._course)}
        for name, aspect in aspects.items():
            if name == "optimizer" and aspect.found.startswith(f"{aspect.expected} "):
                cost += _MOMENTUM
            elif name == "learning_rate" and "optimizer" in aspects:
                cost += _RATE_OF_ANOTHER_OPTIMIZER
            else:
                cost += _COSTS[name]
        accuracy = attempt.test_accuracy
        if accuracy is not None and 0.0 <= accuracy <= 1.0:
            cost -= _ACCURACY * accuracy
        if attempt.exercise is not None:
            same = attempt.exercise == wanted.exercise
            cost += _OWN_EXERCISE if same else _OTHER_EXERCISE
        return cost


def describe_layers(differences: Sequence[Difference]) -> str:
    """Say in one sentence how a network differs, at most three differences long."""
    words = [describe_difference(difference) for difference in differences[:3]]
    if len(differences) > 3:
        words.append(f"{len(differences) - 3} more differences")
    return "; ".join(words)


def _aspects(wanted: Wanted, attempt: Attempt, course: Course) -> Iterator[Aspect]:
    """List the respects, other than the layers, in which an attempt is not the wanted one."""
    if attempt.compiled is not None:
        yield from _compile_aspects(wanted, attempt, attempt.compiled)
    elif wanted.optimizer:
        yield Aspect("optimizer", wanted.optimizer, "not compiled", "none")
    if attempt.training is not None:
        yield from _data_aspects(wanted, attempt, attempt.training, course)
        if wanted.epochs is not None and attempt.epochs != wanted.epochs:
            found = _epochs(attempt.epochs)
            yield Aspect("epochs", _epochs(wanted.epochs), found, found)
        if wanted.fresh and attempt.foreign_epochs:
            found = f"a network already trained for {_epochs(attempt.foreign_epochs)}"
            yield Aspect("fresh", "a new network", found, "continued")
        if not attempt.tested:
            yield Aspect("validation", "the test set", _validation_text(attempt), "other")


def _compile_aspects(wanted: Wanted, attempt: Attempt, compiled: CompileRecord) -> Iterator[Aspect]:
    optimizer = _optimizer_name(compiled)
    if wanted.optimizer is not None and optimizer != wanted.optimizer:
        yield Aspect("optimizer", wanted.optimizer, optimizer, optimizer)
    rate = compiled.learning_rate
    goal = wanted.learning_rate
    if goal is not None and rate is not None and abs(rate - goal) > 1e-3 * goal:
        found = f"{rate:.4g}"
        yield Aspect("learning_rate", f"{goal:g}", found, found)
    problem = _loss_problem(attempt, compiled)
    if problem:
        labels = attempt.training.data.y if attempt.training else None
        fitting = LOSS_FOR_ONE_HOT if labels and labels.one_hot else LOSS_FOR_INTEGERS
        yield Aspect("loss", fitting, problem, problem)
    if not any("acc" in metric for metric in compiled.metrics):
        found = ", ".join(compiled.metrics) or "missing"
        yield Aspect("metrics", "accuracy", found, found)


def _data_aspects(
    wanted: Wanted, attempt: Attempt, training: TrainingRecord, course: Course
) -> Iterator[Aspect]:
    yield from _item_aspects(wanted, attempt, course)
    labels = training.data.y
    if labels is not None and labels.agreement is not None and labels.agreement < 0.99:
        share = f"{labels.agreement:.0%} of the labels belong to their images"
        yield Aspect("labels", "each image with its own label", share, "labels")
    x = training.data.x
    if x is None:
        return
    problem = _scaling_of(attempt, training)
    if problem:
        yield Aspect("scaling", "pixels from 0 to 1", problem, "scaling")
    if wanted.family == "dense" and len(x.shape) != 2:
        shape = " x ".join(str(size) for size in x.shape)
        yield Aspect("vectorised", "(n, 784)", shape, "vectorised")


def _item_aspects(wanted: Wanted, attempt: Attempt, course: Course) -> Iterator[Aspect]:
    x = attempt.x
    if x is None:
        return
    accepted = wanted.items or ((course.training_items,) if course.training_items else ())
    expected = " or ".join(f"{count:,} training items" for count in accepted)
    if x.origin is not None and x.origin.split != "train":
        found = f"the {x.origin.split} set"
        found = "training and test items mixed" if x.origin.split == "mixed" else found
        yield Aspect("items", expected, found, x.origin.split)
    elif accepted and x.shape[0] not in accepted:
        # A validation split is another matter, with an aspect of its own.
        found = f"{x.shape[0]:,} items"
        yield Aspect("items", expected, found, found)
    elif x.origin is not None and x.origin.by == "values" and x.origin.items < 0.95 * x.shape[0]:
        found = f"{x.shape[0]:,} items, of which {x.origin.items:,} are different"
        yield Aspect("items", expected, found, found)


def _cheapest(costs: NDArray[np.float64], limits: Sequence[float]) -> dict[int, int]:
    """Assign at most one row to each column at the least total cost.

    Args:
        costs: shape (rows, columns).
        limits: for each column the cost of leaving it without a row.

    Returns:
        Row by column, for the columns that have one.

    """
    rows, columns = costs.shape
    padded = np.vstack([costs, np.tile(np.asarray(limits), (columns, 1))])
    chosen = zip(*linear_sum_assignment(padded), strict=True)
    return {int(j): int(i) for i, j in chosen if i < rows and costs[i, j] < limits[j]}


def _same(one: Aspect | None, other: Aspect) -> bool:
    return one is not None and one.key == other.key


def _epochs(count: int) -> str:
    return f"{count} epoch{'' if count == 1 else 's'}"


def _scaling_of(attempt: Attempt, training: TrainingRecord) -> str:
    """Look at the training images, and at the test images where they were given."""
    factor = attempt.rescaled
    if factor is None:
        return ""
    x = training.data.x
    problem = _scaling_problem(x.minimum, x.maximum, factor) if x else ""
    test = training.validation.x if training.validation else None
    if not problem and test is not None and test.minimum is not None:
        problem = _scaling_problem(test.minimum, test.maximum, factor)
        return f"{problem} in the test images" if problem else ""
    return problem


def _scaling_problem(low: float | None, high: float | None, factor: float) -> str:
    """Say how inputs miss the range 0..1; an empty text if they don't."""
    if low is None or high is None:
        return "pixels that are not numbers"
    low, high = low * factor, high * factor
    found = f"pixels from {low:.3g} to {high:.3g}"
    if low < -1e-6 or high > 1 + 1e-6:
        return found
    return "" if high > 0.5 else found


def _optimizer_name(compiled: CompileRecord) -> str:
    """Name the optimizer; momentum makes another one of SGD."""
    momentum = compiled.optimizer_config.get("momentum")
    if compiled.optimizer == "SGD" and isinstance(momentum, int | float) and momentum > 0:
        return f"SGD with momentum {momentum:g}"
    return compiled.optimizer


def _loss_problem(attempt: Attempt, compiled: CompileRecord) -> str:
    """Say what is wrong with the loss; integer and one-hot labels each have their own."""
    if compiled.loss not in {LOSS_FOR_INTEGERS, LOSS_FOR_ONE_HOT}:
        return compiled.loss or "none"
    labels = attempt.training.data.y if attempt.training else None
    if labels is not None:
        fitting = LOSS_FOR_ONE_HOT if labels.one_hot else LOSS_FOR_INTEGERS
        if compiled.loss != fitting:
            kind = "one-hot" if labels.one_hot else "integer"
            return f"{compiled.loss} with {kind} labels"
    softmax = bool(attempt.parts) and attempt.parts[-1].get("activation") == "softmax"
    if compiled.loss_config.get("from_logits") is True and softmax:
        return f"{compiled.loss} with from_logits=True after a softmax"
    return ""


def _validation_text(attempt: Attempt) -> str:
    training = attempt.training
    if training is None:
        return "no training"
    if training.validation_split:
        return f"a validation split of {training.validation_split:g}"
    if training.validation is None:
        return "no validation data"
    x = training.validation.x
    if x is None:
        return "data that could not be recognised"
    if x.origin is None:
        return f"{x.shape[0]:,} items that are not the test set's"
    whole = "" if x.origin.split != "test" else "part of "
    return f"{whole}the {x.origin.split} set ({x.shape[0]:,} items)"
