"""Ranges from order statistics: the stated chances, counted out and drawn."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest

from graders.expectations import Expectations
from graders.tolerance import (
    AIM,
    ATTEMPTS,
    LEAST,
    Range,
    chance_of_false_fail,
    dominates,
    range_of,
    rank_for,
)
from tests.builders.ranges import measured

# -- the stated chance ----------------------------------------------------------------------


def counted(scores: int, rank: int, attempts: int) -> Fraction:
    """Share of all equally likely placements in which every attempt lies below the cutoff."""
    total = scores + attempts
    fails = placements = 0
    for taken in itertools.combinations(range(total), attempts):
        placements += 1
        of_reference = [place for place in range(total) if place not in taken]
        fails += max(taken) < of_reference[rank - 1]
    return Fraction(fails, placements)


@pytest.mark.parametrize("attempts", [1, 2, 3])
@pytest.mark.parametrize("scores", [1, 2, 5, 9])
def test_the_chance_is_that_of_counting_every_placement(scores, attempts):
    for rank in range(1, scores + 1):
        found = chance_of_false_fail(scores, rank, attempts)
        assert found == pytest.approx(float(counted(scores, rank, attempts)), rel=1e-12)


def test_with_19_scores_and_three_attempts_the_chance_is_the_one_that_is_published():
    stated = Fraction(1, 20) * Fraction(2, 21) * Fraction(3, 22)
    assert chance_of_false_fail(19) == pytest.approx(float(stated), rel=1e-12)
    assert f"{chance_of_false_fail(19):.3%}" == "0.065%"


@pytest.mark.parametrize("scores", [1, 19, 59, 1000])
def test_one_attempt_falls_below_the_smallest_once_in_n_plus_1(scores):
    assert chance_of_false_fail(scores, attempts=1) == pytest.approx(1 / (scores + 1), rel=1e-12)


def test_right_solutions_have_three_attempts_and_ranges_19_scores_at_least():
    assert (ATTEMPTS, LEAST) == (3, 19)


# -- the rank -------------------------------------------------------------------------------


def test_of_19_scores_the_cutoff_is_the_smallest():
    assert rank_for(19) == 1


def test_the_rank_never_falls_as_scores_are_added_and_grows_in_the_end():
    ranks = [rank_for(count) for count in range(1, 300)]
    assert ranks == sorted(ranks)
    assert ranks[-1] > 5


def test_a_rank_above_the_first_keeps_the_aim_and_the_next_one_would_not():
    for count in range(1, 300):
        rank = rank_for(count)
        assert rank == 1 or chance_of_false_fail(count, rank) <= AIM
        assert rank == count or chance_of_false_fail(count, rank + 1) > AIM


# -- ranges ---------------------------------------------------------------------------------


def test_fewer_than_19_scores_make_no_range():
    assert range_of([0.8] * 18) is None
    assert range_of([0.8] * 19) is not None


def made(scores: list[float]) -> Range:
    found = range_of(scores)
    assert found is not None
    return found


def test_limits_of_19_scores_are_the_smallest_and_the_largest_with_a_margin():
    scores = [0.70 + 0.01 * place for place in range(19)]  # 0.70 to 0.88
    found = made(scores[::-1])
    assert found.low == scores[0]
    assert found.high == pytest.approx(0.88 + 0.18)
    assert found.floor == pytest.approx(0.70 - 0.18)
    assert found.scores == tuple(scores)


def test_the_cutoff_of_many_scores_lies_above_a_collapsed_training():
    scores = [0.1] + [0.80 + 0.001 * place for place in range(58)]
    assert rank_for(59) == 2
    found = made(scores)
    assert found.low == 0.80
    assert found.high == pytest.approx(0.857 + 0.057)
    assert found.floor == pytest.approx(0.80 - 0.057)
    assert found.chance == chance_of_false_fail(59, 2)


def test_equal_scores_make_one_limit_of_all_three():
    found = made([0.9] * 19)
    assert found.low == found.high == found.floor == 0.9
    assert [found.credit(score) for score in (0.89999, 0.9, 0.90001)] == [0.0, 1.0, 1.0]


def test_differences_may_be_negative():
    found = made([-0.05 + 0.01 * place for place in range(19)])  # -0.05 to 0.13
    assert found.low == -0.05
    assert found.floor == pytest.approx(-0.23)
    assert found.credit(-0.14) == pytest.approx(0.5)


def test_the_middle_is_the_median():
    assert made([0.1, *[0.8] * 18, 0.9]).middle == 0.8


# -- points between floor and cutoff --------------------------------------------------------

RISING = Range(low=0.8, high=0.9, floor=0.7, scores=(0.8,) * 19, rank=1)


@pytest.mark.parametrize("score", [0.8, 0.85, 0.95, 1.0])
def test_from_the_cutoff_on_all_points_are_given(score):
    assert RISING.credit(score) == 1


@pytest.mark.parametrize("score", [-1.0, 0.0, 0.69, 0.7])
def test_down_from_the_floor_no_points_are_given(score):
    assert RISING.credit(score) == 0


@pytest.mark.parametrize("share", [0.01, 0.25, 0.5, 0.75, 0.99])
def test_between_the_two_points_rise_linearly(share):
    assert RISING.credit(0.7 + 0.1 * share) == pytest.approx(share)


def test_just_below_the_cutoff_nearly_all_points_are_given_but_not_all():
    just_below = math.nextafter(RISING.low, 0)
    assert 1 - 1e-9 < RISING.credit(just_below) < 1


# -- dominance ------------------------------------------------------------------------------


def test_scores_dominate_that_are_higher_in_every_place_once_sorted():
    assert dominates([0.9, 0.7, 0.8], [0.6, 0.8, 0.7])
    assert not dominates([0.9, 0.7, 0.8], [0.9, 0.6, 0.85])


def test_equal_scores_dominate_each_other():
    assert dominates([0.7, 0.8], [0.8, 0.7])


def test_of_more_scores_the_first_ones_are_compared():
    assert dominates([0.7, 0.8], [0.7, 0.8, 0.9])
    assert dominates([0.7, 0.8, 0.1], [0.7, 0.8])


# -- the chances, drawn ---------------------------------------------------------------------
#
# The reference's scores are drawn, a range is made of them, and a right solution is drawn as the
# grader does: again only where the attempt before it failed.

Population = Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.float64]]

REPETITIONS = 200_000
# A test of something true fails once in a million seeds; the seeds are fixed.
LEVEL = 1e-6


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    return rng.normal(0.77, 0.01, shape)


def skewed(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Most near the top, with a long tail below."""
    return 0.9 - rng.lognormal(-3, 1, shape)


def bounded(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    return rng.beta(30, 4, shape)


def collapsing(share: float) -> Population:
    """Now and then a network learns nothing at all."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        lot = rng.random(shape)
        return np.where(lot < share, 0.1 + 0.01 * lot, normal(rng, shape))

    return draw


def tied(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Of a few values, such as a small test set gives; some networks reach 0.1 exactly."""
    return np.where(rng.random(shape) < 0.1, 0.1, np.round(normal(rng, shape), 2))


def ahead(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """The difference of two trainings, of which the worse may collapse."""
    return normal(rng, shape) + 0.05 - collapsing(0.1)(rng, shape)


CONTINUOUS = {
    "normal": normal,
    "skewed": skewed,
    "bounded": bounded,
    "collapsing_3": collapsing(0.03),
    "collapsing_10": collapsing(0.10),
    "difference": ahead,
}
ALL = CONTINUOUS | {"tied": tied}
SIZES = (19, 20, 59)

in_all = pytest.mark.parametrize("name", ALL)
in_continuous = pytest.mark.parametrize("name", CONTINUOUS)
with_sizes = pytest.mark.parametrize("size", SIZES)


@dataclass(frozen=True)
class Drawn:
    """Many references of one population and size, each reduced to what its range is made of."""

    low: NDArray[np.float64]  # cutoffs
    next: NDArray[np.float64]  # the score above each cutoff
    high: NDArray[np.float64]  # upper limits
    first: NDArray[np.float64]  # whole scores of the first few


@cache
def drawn(name: str, size: int) -> Drawn:
    rng = np.random.default_rng([size, *name.encode()])
    scores = ALL[name](rng, (REPETITIONS, size))
    first = scores[:50].copy()
    rank = rank_for(size)
    scores.partition((rank - 1, rank, size - 1), axis=1)
    low, largest = scores[:, rank - 1], scores[:, -1]
    return Drawn(low.copy(), scores[:, rank].copy(), largest + (largest - low), first)


def false_fails(
    draw: Population, low: NDArray[np.float64], attempts: int = ATTEMPTS, seed: int = 1
) -> int:
    """Count solutions of which no attempt reaches its cutoff."""
    rng = np.random.default_rng(seed)
    for _ in range(attempts):
        low = low[draw(rng, low.shape) < low]
    return len(low)


@in_all
@with_sizes
def test_limits_that_are_drawn_here_are_those_of_a_range(name, size):
    references = drawn(name, size)
    ranges = [made(list(row)) for row in references.first]
    assert [one.low for one in ranges] == references.low[:50].tolist()
    assert [one.high for one in ranges] == references.high[:50].tolist()


@in_all
@with_sizes
def test_a_right_solution_fails_no_more_often_than_is_stated(name, size):
    fails = false_fails(ALL[name], drawn(name, size).low)
    stated = made([0.5] * size).chance
    assert binomtest(fails, REPETITIONS, stated, "greater").pvalue > LEVEL


@in_continuous
@with_sizes
@pytest.mark.parametrize("attempts", [1, ATTEMPTS])
def test_without_ties_a_right_solution_fails_just_as_often_as_is_stated(name, size, attempts):
    """Neither more nor less: so the test above would notice a cutoff that is too high."""
    fails = false_fails(CONTINUOUS[name], drawn(name, size).low, attempts, seed=2)
    exact = chance_of_false_fail(size, rank_for(size), attempts)
    assert binomtest(fails, REPETITIONS, exact).pvalue > LEVEL


@with_sizes
def test_a_cutoff_one_place_too_high_would_be_noticed(size):
    fails = false_fails(normal, drawn("normal", size).next)
    stated = chance_of_false_fail(size, rank_for(size))
    assert binomtest(fails, REPETITIONS, stated, "greater").pvalue < LEVEL


@pytest.mark.parametrize("name", ["normal", "bounded"])
@with_sizes
def test_a_solution_that_is_wrong_by_several_widths_fails_nearly_always(name, size):
    references = drawn(name, size)
    width = float(np.median(references.high - references.low)) / 2

    def wrong(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        return ALL[name](rng, shape) - 3 * width

    fails = false_fails(wrong, references.low)
    assert fails > 0.999 * REPETITIONS


@in_all
@with_sizes
def test_a_right_solution_is_rarely_flagged_whichever_attempt_counts(name, size):
    references, rng = drawn(name, size), np.random.default_rng(3)
    low, high = references.low, references.high
    flagged = 0
    for _ in range(ATTEMPTS):
        reached = ALL[name](rng, low.shape)
        flagged += int((reached > high).sum())
        low, high = low[reached < low], high[reached < low]
    assert binomtest(flagged, REPETITIONS, 1 / (size + 1), "greater").pvalue > LEVEL


def test_what_is_too_good_by_several_widths_is_flagged_nearly_always():
    references = drawn("normal", 19)
    width = float(np.median(references.high - references.low)) / 2
    forged = normal(np.random.default_rng(4), references.high.shape) + 4 * width
    assert (forged > references.high).mean() > 0.99


def test_differences_are_drawn_as_the_expectations_make_them():
    """The i-th of the one minus the i-th of the other, as a right solution's two trainings."""
    rng = np.random.default_rng(7)
    repetitions = 400
    one = normal(rng, (repetitions, 19)) + 0.05
    other = collapsing(0.1)(rng, (repetitions, 19))
    found = [
        Expectations(
            assignment="sheet",
            measured=[
                measured(name, scores.tolist(), data="real")
                for name, scores in (("wide", a), ("small", b))
            ],
        ).difference(("wide", 64), ("small", 64), "real")
        for a, b in zip(one, other, strict=True)
    ]
    low = np.array([each.low for each in found if each is not None])
    assert len(low) == repetitions
    fresh = normal(rng, (repetitions,)) + 0.05 - collapsing(0.1)(rng, (repetitions,))
    fails = int((fresh < low).sum())
    assert binomtest(fails, repetitions, 1 / 20).pvalue > LEVEL
