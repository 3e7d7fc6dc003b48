"""Find which of a student's networks answers which exercise.

Names tell nothing: most students call every network `model`. So each training is compared with
each experiment that the sheet asks for, and the assignment of trainings to experiments that
needs the fewest differences in total is taken (Kuhn's Hungarian method, in scipy).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from graders.checks.aspects import (
    SCRAMBLED,
    Aspect,
    Course,
    Unknown,
    Wanted,
    aspects_of,
    unknowns_of,
)
from graders.checks.attempts import Attempt
from graders.checks.layers import (
    Comparison,
    Difference,
    Part,
    compare,
    cost_at_least,
    describe_difference,
    is_random,
)

_IMPOSSIBLE = 1e6
# An experiment stays without an attempt rather than take one that differs more than this.
_UNMATCHED = 9.0
# A bonus experiment takes no attempt away from a required one; it gets what is left over.
_UNMATCHED_BONUS = 5.0
_COSTS = {
    "optimizer": 2.0,
    "learning_rate": 2.0,
    "items": 3.0,
    "augmentation": 3.0,
    "fresh": 1.0,
    "start": 1.0,
    "steps": 0.5,
    "epochs": 0.5,
    "loss": 0.5,
    "labels": 0.5,
    "metrics": 0.2,
    "validation": 0.1,
    "scaling": 0.1,
    "vectorised": 0.1,
}
_UNTRAINED = 1.6
# Of two equal trainings the one that can be judged counts.
_LEFT_OPEN = 0.2
# Generators and pipelines are what images are augmented with, rather than anything else.
_UNSEEN = 1.0
_LAYERS_LIMIT = 6.0
_OTHER_EXERCISE = 0.3
_OWN_EXERCISE = -0.8
_ORDER = 0.05
# A rate means little beside another optimizer, and momentum makes no other method of SGD.
_RATE_OF_ANOTHER_OPTIMIZER = 0.5
_MOMENTUM = 0.6
# Of several equal trainings the luckiest counts, because the sheet invites to repeat them.
_ACCURACY = 0.3


@dataclass(frozen=True)
class Match:
    """An experiment, the attempt that answers it, and the differences between the two."""

    wanted: Wanted
    attempt: Attempt | None
    comparison: Comparison | None = None  # None where any network of the family will do
    aspects: tuple[Aspect, ...] = ()
    unknowns: tuple[Unknown, ...] = ()
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

    def refused_because_of(self) -> tuple[str, ...]:
        """Return the exercises whose mistakes make Keras refuse this training, the own left out.

        A loss that doesn't fit the labels, images that are no vectors, outputs that are not ten.
        """
        names = [
            name
            for name in ("loss", "vectorised")
            if (mine := self.aspect(name)) is not None and mine.key != SCRAMBLED
        ]
        if any(d.is_output and d.setting == "units" for d in self.layer_differences):
            names.append("layers")
        return self.charged_elsewhere(names)

    def charged_elsewhere(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the exercises, this one left out, that answer for mistakes in these respects."""
        return tuple(e for e in self.charged(names) if e != self.wanted.exercise)

    def charged(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the exercises that answer for mistakes in these respects.

        Those in which the same was wrong before, else the owner; "layers" stands for all layers.
        """
        found: list[str] = []
        for name in names:
            if name == "layers":
                found.append(self.layers_inherited_from() or self.owner(name))
            else:
                found += self.sources(name) or (self.owner(name),)
        return tuple(dict.fromkeys(found))

    def layers_inherited_from(self) -> str | None:
        """Return the exercise where all differences between the networks were made, or None."""
        if not self.layer_differences or self.own_layer_differences():
            return None
        source = self._same_network_before() or self.parent
        return (source.layers_inherited_from() or source.owner("layers")) if source else None

    def own_layer_differences(self) -> list[Difference]:
        """Return the differences between the networks that the earlier one doesn't show."""
        if self.parent is None or self.parent.attempt is None or self.attempt is None:
            return self.layer_differences
        if self._same_network_before() is not None:
            return []
        before = {difference.key for difference in self.parent.layer_differences}
        return [d for d in self.layer_differences if d.key not in before]

    def _same_network_before(self) -> Match | None:
        """Return the first earlier experiment with this very network, where that was wrong."""
        parts = self.attempt.parts if self.attempt is not None else []
        same = (m for m in self.earlier if m.attempt is not None and m.attempt.parts == parts)
        return next((m for m in same if m.layer_differences), None)


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

    def first_wrong(self, names: Iterable[str]) -> Match:
        """Return the match to look at for the network of several experiments, as of a sweep.

        That is the first whose layers differ, else the first that was attempted at all.
        """
        found = [self[name] for name in names]
        tried = [match for match in found if match.attempt is not None] or found
        return next((match for match in tried if match.layer_differences), tried[0])

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
            tuple(aspects_of(wanted, attempt, self._course)),
            tuple(unknowns_of(wanted, attempt)),
            parent,
            tuple(earlier.values()),
        )

    def _compare(self, wanted: Wanted, attempt: Attempt) -> Comparison | None:
        parts = _compared(wanted, attempt)
        candidates = [compare(self._networks[name], parts) for name in wanted.networks]
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
        cost = self._layers_cost(wanted, attempt)
        if not attempt.trained:
            cost += _UNTRAINED
        aspects = {aspect.name: aspect for aspect in aspects_of(wanted, attempt, self._course)}
        for name, aspect in aspects.items():
            if name == "optimizer" and aspect.found.startswith(f"{aspect.expected} "):
                cost += _MOMENTUM
            elif name == "learning_rate" and "optimizer" in aspects:
                cost += _RATE_OF_ANOTHER_OPTIMIZER
            else:
                cost += _COSTS[name]
        if attempt.trained and attempt.x is None and wanted.images != "augmented":
            cost += _UNSEEN
        open_ = attempt.claimed or attempt.brought_along
        if open_ or any(unknown.name not in aspects for unknown in unknowns_of(wanted, attempt)):
            cost += _LEFT_OPEN
        accuracy = None if attempt.brought_along else attempt.test_accuracy
        if accuracy is not None and 0.0 <= accuracy <= 1.0:
            cost -= _ACCURACY * accuracy
        if attempt.exercise is not None:
            same = attempt.exercise == wanted.exercise
            cost += _OWN_EXERCISE if same else _OTHER_EXERCISE
        return cost

    def _layers_cost(self, wanted: Wanted, attempt: Attempt) -> float:
        """Cost of the layers' differences; most of a thousand layers need no alignment for it."""
        if not wanted.networks:
            return 0.0
        expected, parts = [self._networks[n] for n in wanted.networks], _compared(wanted, attempt)
        near = [e for e in expected if cost_at_least(e, parts) < _LAYERS_LIMIT]
        return min([_LAYERS_LIMIT, *(compare(e, parts).cost for e in near)])


def describe_layers(differences: Sequence[Difference]) -> str:
    """Say in one sentence how a network differs, at most three differences long."""
    words = [describe_difference(difference) for difference in differences[:3]]
    if len(differences) > 3:
        words.append(f"{len(differences) - 3} more differences")
    return "; ".join(words)


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


def _compared(wanted: Wanted, attempt: Attempt) -> list[Part]:
    """Return the layers that are compared: where images are to be augmented, layers may do so."""
    if wanted.images != "augmented":
        return attempt.parts
    return [part for part in attempt.parts if not is_random(part)]


def _same(one: Aspect | None, other: Aspect) -> bool:
    return one is not None and one.key == other.key
