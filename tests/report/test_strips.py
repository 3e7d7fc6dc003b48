from __future__ import annotations

import math
from itertools import pairwise

import pytest

from graders.report.strips import strip
from graders.report.words import score_in_short, score_sentence
from tests.builders.evidence import accuracy, difference
from tests.builders.hostile import STRANGE


def places(drawn):
    return [
        *drawn.dots,
        *((mark.x, mark.y) for mark in drawn.marks),
        *((tick.at, drawn.axis) for tick in [*drawn.ticks, drawn.cutoff]),
        *((x, drawn.top) for x in drawn.part or ()),
    ]


# -- the drawing ----------------------------------------------------------------------------


def test_a_score_lies_to_the_right_of_a_smaller_one():
    drawn = strip(accuracy(0.7413, 0.9))
    floor, cutoff = drawn.part
    low, high = drawn.marks
    assert floor < low.x < cutoff == drawn.cutoff.at < high.x
    assert min(x for x, _ in drawn.dots) == pytest.approx(cutoff)
    assert max(x for x, _ in drawn.dots) < high.x


def test_every_attempt_has_its_number_in_the_order_of_the_attempts():
    drawn = strip(accuracy(0.77, 0.74, 0.75))
    assert [mark.label for mark in drawn.marks] == ["1", "2", "3"]
    assert [mark.name for mark in drawn.marks][1] == "attempt 2: 0.740"


def test_attempts_that_would_touch_stand_beneath_each_other():
    drawn = strip(accuracy(0.75, 0.75, 0.7501))
    heights = [mark.y for mark in drawn.marks]
    assert heights == sorted(set(heights))
    assert min(b - a for a, b in pairwise(heights)) >= 2 * drawn.mark


def test_attempts_that_are_apart_share_a_line():
    assert len({mark.y for mark in strip(accuracy(0.70, 0.74, 0.78)).marks}) == 1


def test_equal_scores_of_the_reference_are_seen_each():
    drawn = strip(accuracy(0.7, reference=[0.77] * 5))
    assert len(set(drawn.dots)) == 5


@pytest.mark.parametrize("count", [1, 20, 200])
def test_a_stack_of_equal_scores_stays_above_the_attempts(count):
    drawn = strip(accuracy(0.77, reference=[0.77] * count))
    assert len(drawn.dots) == count
    assert all(drawn.top <= y - drawn.dot for _, y in drawn.dots)
    assert all(y + drawn.dot <= drawn.marks[0].y - drawn.mark for _, y in drawn.dots)


def test_the_same_score_gives_the_same_drawing():
    assert strip(accuracy(0.7413)) == strip(accuracy(0.7413))


@pytest.mark.parametrize(
    "changes",
    [
        {"observed": [0.0, 1.0]},
        {"observed": []},
        {"observed": STRANGE},
        {"reference": []},
        {"reference": [0.7605] * 200, "floor": 0.7605},
        {"reference": [math.nan, 1e300, 0.5]},
        {"floor": -1e300, "high": math.inf},
        {"floor": math.nan},
        {"floor": 0.9},
        {"cutoff": 0.0, "floor": -0.4, "reference": [], "observed": [0.0]},
        {"cutoff": 1.0, "floor": 1.0, "reference": [1.0], "observed": [1.0]},
        {"cutoff": -1.0, "floor": -1.0, "reference": [], "observed": [-1.0]},
    ],
    ids=str,
)
def test_whatever_the_figures_all_is_drawn_inside_the_frame(changes):
    drawn = strip(accuracy(0.7413, **changes))
    for x, y in places(drawn):
        assert drawn.left - 1e-6 <= x <= drawn.width - drawn.left + 1e-6
        assert 0 <= y <= drawn.height
    assert 1 <= len(drawn.ticks) <= 6


@pytest.mark.parametrize("cutoff", [math.nan, math.inf, 7.0])
def test_without_a_cutoff_nothing_is_drawn(cutoff):
    assert strip(accuracy(0.7413, cutoff=cutoff)) is None


def test_where_the_reference_scores_all_the_same_there_is_no_part_of_the_points():
    assert strip(accuracy(0.7, cutoff=0.77, floor=0.77, reference=[0.77])).part is None


def test_an_axis_of_accuracies_begins_at_none_and_ends_at_all():
    labels = [float(tick.label) for tick in strip(accuracy(0.0, 1.0, floor=-0.5)).ticks]
    assert (labels[0], labels[-1]) == (0, 1)


def test_an_axis_of_differences_has_signs():
    assert [tick.label for tick in strip(difference(0.03)).ticks] == [
        "-0.02",
        "0.00",
        "+0.02",
    ]


@pytest.mark.parametrize(("cutoff", "anchor"), [(0.5, "start"), (0.79, "end")])
def test_the_label_of_the_cutoff_stands_where_it_has_room(cutoff, anchor):
    drawn = strip(accuracy(0.45, cutoff=cutoff, floor=0.45))
    assert drawn.anchor == anchor


def test_who_hears_the_page_hears_what_is_drawn():
    assert strip(accuracy(0.7413, 0.7522)).description == (
        "test accuracy; 20 trainings of the reference from 0.760 to 0.792, median 0.771; "
        "all points from 0.760; attempt 1: 0.741; attempt 2: 0.752"
    )


# -- the sentences --------------------------------------------------------------------------


def test_a_sentence_says_observed_limits_and_chance():
    assert score_sentence(accuracy(0.7413, 0.7521, 0.7602)) == (
        "Observed 0.7413, then 0.7521 and 0.7602 in further attempts; "
        "all points from 0.7605 on, none up to 0.7285. "
        "A right solution fails here with a chance of at most 0.057% "
        "(20 trainings of the reference, up to 3 attempts)."
    )


def test_in_short_it_says_the_same():
    assert score_in_short(accuracy(0.7413, 0.7521)) == (
        "test accuracy 0.741, 0.752 (2 of up to 3 attempts); all points from 0.760; "
        "a right solution fails with a chance of at most 0.057%"
    )


@pytest.mark.parametrize(
    ("observed", "words"),
    [
        ([], "Nothing was observed;"),
        ([0.77], "Observed 0.770;"),
        ([0.75, 0.77], "Observed 0.750, then 0.770 in a further attempt;"),
        ([math.nan, 1e300], "Observed no number, then 1e+300 in a further attempt;"),
    ],
    ids=str,
)
def test_attempts_are_listed_as_people_do(observed, words):
    assert score_sentence(accuracy(*observed)).startswith(words)


def test_an_attempt_that_could_still_be_made_is_mentioned():
    scored = accuracy(0.7413, again=[4])
    assert "Observed 0.741, and a further attempt could still be made;" in score_sentence(scored)
    assert "(1 of up to 3 attempts, a further one could still be made)" in score_in_short(scored)
    assert "could still be made" not in score_sentence(accuracy(0.7413))


def test_a_difference_has_a_sign():
    sentence = score_sentence(difference(0.0312, -0.0121))
    assert "Observed +0.031, then -0.012 in" in sentence
    assert "all points from -0.004 on, none up to -0.033." in sentence
    assert score_in_short(difference(0.0)).startswith("Adam minus SGD +0.000 ")


def test_a_negative_score_is_a_difference_whatever_its_title():
    assert "Observed +0.031," in score_sentence(accuracy(0.031, -0.2, title="a lead"))


@pytest.mark.parametrize(
    ("observed", "cutoff", "words"),
    [
        (0.7413, 0.7605, "Observed 0.741; all points from 0.760 on"),
        (0.7604, 0.7605, "Observed 0.7604; all points from 0.7605 on"),
        (0.76049, 0.7605, "Observed 0.76049; all points from 0.76050 on"),
        (0.77, 0.7700000000000001, "Observed 0.770; all points from 0.770 on"),
    ],
)
def test_a_score_below_the_cutoff_never_reads_like_it(observed, cutoff, words):
    assert score_sentence(accuracy(observed, cutoff=cutoff)).startswith(words)


@pytest.mark.parametrize(
    ("floor", "words"),
    [
        (0.7285, "on, none up to 0.729."),
        (0.7605, "on, none below."),
        (-0.3, "on, part of them below."),
        (math.nan, "on, part of them below."),
    ],
)
def test_below_the_cutoff_it_says_what_is_left(floor, words):
    assert words in score_sentence(accuracy(0.7, floor=floor))


@pytest.mark.parametrize(
    ("chance", "words"),
    [
        (1 / 1540, "at most 0.065% ("),
        (0.0005601, "at most 0.057% ("),
        (0.0005, "at most 0.05% ("),
        (0.05, "at most 5% ("),
        (0.999, "at most 100% ("),
        (1e-12, "at most 0.001% ("),
    ],
)
def test_a_chance_is_rounded_up_so_that_it_stays_a_bound(chance, words):
    assert words in score_sentence(accuracy(0.7, chance=chance))


@pytest.mark.parametrize("chance", [0, -1, 7, math.nan])
def test_a_chance_that_is_none_is_not_mentioned(chance):
    scored = accuracy(0.7, chance=chance)
    assert "chance" not in score_sentence(scored) + score_in_short(scored)
