"""Where a right solution's score lies, told from scores of the reference alone.

Accuracies of small networks are skewed and sometimes collapse, so no distribution is assumed: the
limits are order statistics. What is assumed is exchangeability: a right submission's trainings,
each with a seed of its own, are more of the same draws as the reference's.

Sources:
    S. S. Wilks, "Determination of Sample Sizes for Setting Tolerance Limits", Annals of
    Mathematical Statistics 12(1), 1941, pages 91-96: order statistics as tolerance limits, and why
    59 draws are enough to say with 95% confidence that 95% lie above the smallest of them.
    V. Vovk, A. Gammerman, G. Shafer, "Algorithmic Learning in a Random World", Springer 2005,
    chapter 2 (conformal prediction): what exchangeability alone says of draws to come.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

# How often a right solution may be trained: once, and again where that wasn't enough.
ATTEMPTS = 3
# The fewest scores that a range is made of: one attempt on a right solution then falls below
# the smallest at most once in twenty times.
LEAST = 19
# A chance of a false fail that needs no improvement. Where more scores were measured than it
# takes, the cutoff moves up, and one collapsed training of the reference does no harm any more.
AIM = 1 / 5000


def chance_of_false_fail(scores: int, rank: int = 1, attempts: int = ATTEMPTS) -> float:
    """Bound the chance that all attempts on a right solution fall below a cutoff.

    The cutoff is the `rank`-th smallest of n scores. All m attempts lie below it only if they are
    among the m + rank - 1 smallest of all n + m draws, and of exchangeable draws any m are equally
    likely to be the attempts:

        C(m + rank - 1, m) / C(n + m, m)

    With rank 1 and one attempt that is 1 / (n + 1); with n = 19 and three attempts
    1/20 * 2/21 * 3/22 = 0.065%. Scores that are equal make it smaller.

    Args:
        scores: how many the reference has, n.
        rank: which of them is the cutoff, 1 for the smallest.
        attempts: m.

    """
    return math.comb(attempts + rank - 1, attempts) / math.comb(scores + attempts, attempts)


def rank_for(scores: int) -> int:
    """Return the highest rank whose chance of a false fail is no more than AIM, at least 1."""
    rank = 1
    while rank < scores and chance_of_false_fail(scores, rank + 1) <= AIM:
        rank += 1
    return rank


@dataclass(frozen=True)
class Range:
    """Where the score of a right solution lies: an accuracy, 0..1, or a difference of two."""

    low: float  # the cutoff: from here on all points are given
    high: float  # beyond it, a person looks; no points are taken
    floor: float  # from here down no points are given; between it and `low` they rise linearly
    scores: tuple[float, ...]  # ascending
    rank: int  # the cutoff is the so manieth smallest of the scores
    # Measured under other circumstances, under which right solutions do worse: whoever reaches it
    # is right, of whoever doesn't nothing is known.
    outside: bool = False

    @property
    def middle(self) -> float:
        """The median of the scores."""
        return median(self.scores)

    @property
    def chance(self) -> float:
        """Bound of the chance that a right solution fails, all attempts together."""
        return chance_of_false_fail(len(self.scores), self.rank)

    def credit(self, score: float) -> float:
        """Return the share of the points that a score earns, 0..1."""
        if score >= self.low:
            return 1.0
        if score <= self.floor:
            return 0.0
        return (score - self.floor) / (self.low - self.floor)


def range_of(scores: Sequence[float]) -> Range | None:
    """Make a range of a reference's scores; None where they are too few.

    Floor and upper limit lie outside the scores by as much as these reach from the cutoff to the
    largest: the only measure of distance that the scores themselves bring along.
    """
    if len(scores) < LEAST:
        return None
    ordered = sorted(scores)
    rank = rank_for(len(ordered))
    low, largest = ordered[rank - 1], ordered[-1]
    width = largest - low
    return Range(
        low=low,
        high=largest + width,
        floor=low - width,
        scores=tuple(ordered),
        rank=rank,
    )


def dominates(better: Sequence[float], worse: Sequence[float]) -> bool:
    """Tell whether scores are at least as high as others in every order statistic.

    Of the longer sequence as many are compared as the shorter has, the first ones.
    """
    count = min(len(better), len(worse))
    pairs = zip(sorted(better[:count]), sorted(worse[:count]), strict=True)
    return all(one >= other for one, other in pairs)
