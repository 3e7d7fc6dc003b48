from __future__ import annotations

import json
from typing import Any

import pytest

from graders import expectations
from graders.errors import ExpectationError
from graders.expectations import Expectations, Measured
from graders.tolerance import LEAST, range_of
from graders.training.request import Cap
from tests.builders import ranges

CAP = Cap(epochs=3, samples=10_000)


def spread(low: float, count: int = LEAST, step: float = 0.001) -> list[float]:
    """Scores from `low` upwards, in equal steps, in no order of theirs."""
    scores = [low + step * place for place in range(count)]
    return scores[::2] + scores[1::2]


def measured(
    tests: list[float], experiment: str = "small", batch_size: int = 64, **changes: Any
) -> Measured:
    return ranges.measured(experiment, tests, batch_size, **({"data": "real"} | changes))


def sheet(*groups: Measured) -> Expectations:
    return Expectations(assignment="sheet", facts={"small.parameters": 8070}, measured=list(groups))


# Smaller batches make more steps, and reach more.
SMALL = [measured(spread(low), batch_size=b) for b, low in ((128, 0.70), (64, 0.75), (32, 0.80))]
WIDE = [
    measured(spread(low, step=0.002), "wide", b) for b, low in ((128, 0.75), (64, 0.81), (32, 0.87))
]


# -- facts ----------------------------------------------------------------------------------


def test_a_fact_is_found_by_its_name():
    assert sheet()["small.parameters"] == 8070


def test_an_unknown_fact_names_itself_and_the_file():
    with pytest.raises(ExpectationError, match=r"sheet\.json holds nothing under 'x'"):
        sheet()["x"]


def test_the_exact_answers_of_fashion_cnn_are_those_of_the_sheet():
    expected = Expectations.load("fashion_cnn")
    assert expected["sgd.learning_rate"] == 0.01
    assert [expected[f"{name}.parameters"] for name in ("small", "wide", "cnn", "strided")] == [
        8070,
        55_050,
        3330,
        4210,
    ]


def test_the_convolutions_of_fashion_cnn_are_those_worked_out_by_hand():
    # (K * I)[r, c] is the sum of K[i, j] I[r - i, c - j]. Image A is 1 in column 2 alone, so in
    # column 1 the kernel's column j = -1 counts: -1 - 2 - 1; in column 3 its column j = 1, which
    # is 1 + 2 + 1. Ky on image B is the same from top to bottom. Along an edge nothing changes.
    expected = Expectations.load("fashion_cnn")
    assert expected["KxIA"] == [[0, -4, 0, 4, 0]] * 5
    assert expected["KyIB"] == [[value] * 5 for value in (0, -4, 0, 4, 0)]
    assert expected["KyIA"] == expected["KxIB"] == [[0] * 5] * 5


# -- the file -------------------------------------------------------------------------------


def test_a_missing_file_says_how_to_make_it():
    with pytest.raises(
        ExpectationError, match=r"is missing\. Make it: tensormark calibrate nothing"
    ):
        Expectations.load("nothing")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"assignment": "x", "extra": 1}',
        '{"assignment": "x", "measured": [{"experiment": "small"}]}',
    ],
)
def test_a_damaged_file_says_so_and_what_to_do(monkeypatch, tmp_path, content):
    path = tmp_path / "x.json"
    path.write_text(content, encoding="utf-8")
    monkeypatch.setattr(expectations, "expected_path", lambda _: path)
    with pytest.raises(ExpectationError, match=r"x\.json is damaged: .*version control"):
        Expectations.load("x")


@pytest.mark.parametrize("kind", ["a folder", "not UTF-8"])
def test_a_file_that_cannot_be_read_says_so_and_what_to_do(monkeypatch, tmp_path, kind):
    path = tmp_path / "sheet.json"
    path.mkdir() if kind == "a folder" else path.write_bytes(b'{"assignment": "\xff"}')
    monkeypatch.setattr(expectations, "expected_path", lambda _: path)
    with pytest.raises(ExpectationError, match=r"sheet\.json is damaged: .* version control"):
        Expectations.load("sheet")


@pytest.mark.parametrize("groups", [[], SMALL[:1], SMALL + WIDE])
def test_what_is_written_reads_back_the_same(groups):
    before = sheet(*groups, measured(spread(0.5), cap=CAP, device="gpu"))
    assert Expectations.model_validate_json(before.to_text()) == before


def test_without_any_scores_the_file_reads_back_the_same():
    assert Expectations.model_validate_json(sheet().to_text()) == sheet()


def test_all_scores_of_a_kind_stand_in_one_line():
    """So that a diff shows which kind was measured, and a merge takes whole kinds."""
    lines = sheet(*SMALL).to_text().splitlines()
    rows = [line for line in lines if '"scores"' in line]
    assert [json.loads(row.strip().rstrip(","))["batch_size"] for row in rows] == [128, 64, 32]


def test_facts_are_written_for_people_one_a_line():
    assert '  "small.parameters": 8070' in sheet(*SMALL).to_text().splitlines()


# -- ranges ---------------------------------------------------------------------------------


def test_a_range_is_made_of_the_scores_with_the_same_batch_size():
    found = sheet(*SMALL).range("small", "real", 64)
    assert found == range_of(spread(0.75))
    assert found is not None
    assert not found.outside


def test_fewer_than_19_scores_make_no_range():
    assert sheet(measured(spread(0.7, 18))).range("small", "real", 64) is None
    assert sheet(measured(spread(0.7, 19))).range("small", "real", 64) is not None


def test_batch_sizes_with_too_few_scores_do_not_count():
    expected = sheet(*SMALL, measured(spread(0.6, 18), batch_size=256))
    assert expected.batch_sizes("small", "real") == [32, 64, 128]


@pytest.mark.parametrize(("data", "experiment"), [("other", "small"), ("real", "cnn")])
def test_scores_of_other_data_and_of_other_experiments_do_not_count(data, experiment):
    assert sheet(*SMALL).range(experiment, data, 64) is None


@pytest.mark.parametrize(("asked", "below", "above"), [(33, 0.75, 0.80), (100, 0.70, 0.75)])
def test_between_two_batch_sizes_the_larger_bounds_from_below_and_the_smaller_from_above(
    asked, below, above
):
    found = sheet(*SMALL).range("small", "real", asked)
    assert found is not None
    lower, upper = range_of(spread(below)), range_of(spread(above))
    assert lower is not None
    assert upper is not None
    assert (found.low, found.floor, found.high) == (lower.low, lower.floor, upper.high)
    assert found.chance == lower.chance
    assert not found.outside


def test_where_smaller_batches_do_not_reach_more_a_range_between_is_good_for_passing_only():
    falling = [measured(spread(low), batch_size=b) for b, low in ((128, 0.75), (64, 0.70))]
    found = sheet(*falling).range("small", "real", 100)
    assert found is not None
    assert found.outside


def test_one_collapse_with_the_smaller_batches_leaves_the_order_open():
    collapsed = [0.1, *spread(0.75)[1:]]
    expected = sheet(measured(spread(0.70), batch_size=128), measured(collapsed, batch_size=64))
    between, same = (expected.range("small", "real", size) for size in (100, 64))
    assert between is not None
    assert same is not None
    assert (between.outside, same.outside) == (True, False)


@pytest.mark.parametrize(("asked", "nearest"), [(1, 0.80), (31, 0.80), (129, 0.70), (4096, 0.70)])
def test_beyond_all_batch_sizes_the_nearest_is_good_for_passing_only(asked, nearest):
    found = sheet(*SMALL).range("small", "real", asked)
    assert found is not None
    assert found.low == nearest
    assert found.outside


def test_an_unknown_batch_size_may_have_been_any():
    found = sheet(*SMALL).range("small", "real", None)
    assert found is not None
    assert found.outside


def test_a_kind_that_stands_twice_in_the_file_does_not_count_twice():
    """A merge by hand may leave it so; the same seeds twice would be no more scores."""
    twice = sheet(measured(spread(0.7)), measured(spread(0.7)))
    assert twice.range("small", "real", 64) == range_of(spread(0.7))
    few = sheet(measured(spread(0.7, 10)), measured(spread(0.7, 10)))
    assert few.range("small", "real", 64) is None


# -- differences ----------------------------------------------------------------------------


def test_a_difference_is_made_of_one_training_each_in_the_order_of_the_seeds():
    wide = measured([0.90 + 0.001 * seed for seed in range(19)], "wide")
    small = measured([0.80 - 0.002 * seed for seed in range(19)])
    found = sheet(wide, small).difference(("wide", 64), ("small", 64), "real")
    assert found is not None
    assert found.scores == pytest.approx([0.1 + 0.003 * seed for seed in range(19)])
    assert found.low == pytest.approx(0.1)


def test_a_difference_may_be_negative():
    found = sheet(*SMALL, *WIDE).difference(("small", 64), ("wide", 64), "real")
    assert found is not None
    assert found.scores[-1] < 0


def test_of_more_trainings_of_one_only_as_many_count_as_the_other_has():
    wide, small = measured(spread(0.9, 30), "wide"), measured(spread(0.8, 19))
    found = sheet(wide, small).difference(("wide", 64), ("small", 64), "real")
    assert found is not None
    assert len(found.scores) == 19


@pytest.mark.parametrize(("of_wide", "of_small"), [(18, 30), (30, 18), (0, 30), (30, 0)])
def test_a_difference_needs_19_scores_of_each(of_wide, of_small):
    wide, small = measured(spread(0.9, of_wide), "wide"), measured(spread(0.8, of_small))
    expected = sheet(*(one for one in (wide, small) if one.scores))
    assert expected.difference(("wide", 64), ("small", 64), "real") is None


def test_between_batch_sizes_a_difference_may_be_as_small_and_as_large_as_both_allow():
    expected = sheet(*SMALL, *WIDE)
    found = expected.difference(("wide", 50), ("small", 100), "real")
    # At least what wide reaches with 64 against small with 64; at most wide with 32 against
    # small with 128.
    least = expected.difference(("wide", 64), ("small", 64), "real")
    most = expected.difference(("wide", 32), ("small", 128), "real")
    assert found is not None
    assert least is not None
    assert most is not None
    assert (found.low, found.floor, found.high) == (least.low, least.floor, most.high)
    assert not found.outside


@pytest.mark.parametrize(("one", "other"), [(256, 64), (64, 256), (None, 64), (64, None)])
def test_a_difference_of_which_one_lies_outside_is_good_for_passing_only(one, other):
    found = sheet(*SMALL, *WIDE).difference(("wide", one), ("small", other), "real")
    assert found is not None
    assert found.outside


# -- further test sets ----------------------------------------------------------------------


def on_both(tests: list[float], pretend: list[float], experiment: str = "small") -> Measured:
    """Scores on the test set and, of as many trainings as there are, on pretend images."""
    group = measured(tests, experiment)
    for score, other in zip(group.scores, pretend, strict=False):
        score.others["pretend"] = other
    return group


def test_each_test_set_has_a_range_of_its_own():
    both = sheet(on_both(spread(0.8), spread(0.6)))
    assert both.range("small", "real", 64) == range_of(spread(0.8))
    assert both.range("small", "real", 64, "pretend") == range_of(spread(0.6))


def test_a_test_set_that_was_never_measured_has_no_range():
    both = sheet(on_both(spread(0.8), spread(0.6)))
    assert both.range("small", "real", 64, "other") is None
    assert both.batch_sizes("small", "real", "other") == []


def test_scores_from_before_there_was_a_test_set_do_not_count_for_it():
    early = sheet(on_both(spread(0.8, LEAST + 5), spread(0.6, LEAST - 1)))
    assert early.range("small", "real", 64) is not None
    assert early.range("small", "real", 64, "pretend") is None
    assert early.measured[0].accuracies("pretend") == spread(0.6, LEAST - 1)


def test_one_training_is_compared_with_itself_on_another_test_set():
    both = sheet(on_both(spread(0.8), spread(0.6)))
    found = both.difference(("small", 64), ("small", 64, "pretend"), "real")
    assert found is not None
    assert found.scores == pytest.approx([0.2] * LEAST)


def test_scores_on_further_test_sets_are_written_and_read_again():
    both = sheet(on_both(spread(0.8), spread(0.6)))
    again = Expectations.model_validate_json(both.to_text())
    assert again == both
    assert "others" not in sheet(measured(spread(0.8))).to_text()


# -- circumstances --------------------------------------------------------------------------


def test_only_scores_of_the_same_cap_are_left():
    full, capped = measured(spread(0.8)), measured(spread(0.6), cap=CAP)
    expected = sheet(full, capped)
    assert expected.under(None).measured == [full]
    assert expected.under(CAP).measured == [capped]
    assert expected.under(Cap(epochs=3, samples=9_999)).measured == []


def test_only_scores_of_the_same_device_are_left():
    cpu, gpu = measured(spread(0.8)), measured(spread(0.8), device="gpu")
    expected = sheet(cpu, gpu)
    assert expected.under(None).measured == [cpu]
    assert expected.under(None, "gpu").measured == [gpu]
    assert expected.under(CAP, "gpu").measured == []


def test_facts_are_the_same_under_all_circumstances():
    assert sheet(*SMALL).under(CAP, "gpu")["small.parameters"] == 8070
