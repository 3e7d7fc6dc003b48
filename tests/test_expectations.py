from __future__ import annotations

import pytest

from graders import expectations
from graders.errors import ExpectationError
from graders.expectations import Expectations, Measured, ScoreRecord, summarize


def measured(
    *tests: float, experiment: str = "small", data: str = "real", batch_size: int = 64
) -> Measured:
    scores = [ScoreRecord(seed=seed, train=test, test=test) for seed, test in enumerate(tests)]
    return Measured(experiment=experiment, data=data, batch_size=batch_size, scores=scores)


SHEET = Expectations(
    assignment="sheet",
    facts={"small.parameters": 8070},
    measured=[
        measured(0.70, 0.72, batch_size=128),
        measured(0.80, 0.82, batch_size=32),
        measured(0.76, 0.78, batch_size=64),
        measured(0.50, 0.52, batch_size=64, data="look-alike"),
        measured(0.90, 0.92, batch_size=64, experiment="cnn"),
    ],
)


def used(batch_size: int | None, data: str = "real", experiment: str = "small") -> int | None:
    found = SHEET.range(experiment, data, batch_size)
    return found.batch_size if found else None


# -- facts ----------------------------------------------------------------------------------


def test_a_fact_is_found_by_its_name():
    assert SHEET["small.parameters"] == 8070


def test_an_unknown_fact_names_itself_and_the_file():
    with pytest.raises(ExpectationError, match=r"sheet\.json holds nothing under 'x'"):
        SHEET["x"]


def test_a_missing_file_says_how_to_make_it():
    with pytest.raises(ExpectationError, match="tensormark reference nothing --save"):
        Expectations.load("nothing")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"assignment": "x", "extra": 1}'])
def test_a_damaged_file_says_so(monkeypatch, tmp_path, content):
    path = tmp_path / "x.json"
    path.write_text(content, encoding="utf-8")
    monkeypatch.setattr(expectations, "expected_path", lambda _: path)
    with pytest.raises(ExpectationError, match="is damaged"):
        Expectations.load("x")


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


# -- ranges ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "found"), [(16, 32), (32, 32), (33, 64), (64, 64), (100, 64 * 2), (128, 128)]
)
def test_the_next_larger_measured_batch_size_bounds_from_below(asked, found):
    assert used(asked) == found


def test_beyond_the_largest_measured_batch_size_there_is_no_range():
    assert used(129) is None


def test_an_unknown_batch_size_counts_as_the_largest_measured():
    assert used(None) == 128


def test_ranges_of_other_data_do_not_count():
    assert used(64, data="look-alike") == 64
    assert used(65, data="look-alike") is None
    assert used(64, data="never measured") is None


def test_ranges_of_other_experiments_do_not_count():
    found = SHEET.range("cnn", "real", 64)
    assert found is not None
    assert found.mean == pytest.approx(0.91)
    assert used(64, experiment="unknown") is None


@pytest.mark.parametrize(("asked", "found"), [(1, 32), (32, 32), (60, 64), (512, 128), (None, 64)])
def test_for_orientation_the_nearest_batch_size_is_taken(asked, found):
    nearest = SHEET.nearest_range("small", "real", asked)
    assert nearest is not None
    assert nearest.batch_size == found


def test_without_any_measurement_there_is_nothing_near():
    assert SHEET.nearest_range("small", "never measured", 64) is None


# -- mean and spread ------------------------------------------------------------------------


def test_mean_and_spread_are_those_of_a_sample():
    # Mean of 0.7, 0.8, 0.9: 0.8. Squared distances 0.01 + 0 + 0.01 over n - 1 = 2: 0.01.
    found = summarize(measured(0.7, 0.8, 0.9))
    assert found.mean == pytest.approx(0.8)
    assert found.spread == pytest.approx(0.1)
    assert found.seeds == 3


def test_the_range_reaches_four_standard_deviations_and_a_leeway():
    # 0.8 -+ (4 * 0.01 + 0.01), with a spread of 0.01.
    found = summarize(measured(0.79, 0.80, 0.81))
    assert (found.low, found.high) == (pytest.approx(0.75), pytest.approx(0.85))


def test_the_range_stays_between_0_and_1():
    found = summarize(measured(0.1, 0.9))
    assert (found.low, found.high) == (0, 1)


def test_one_score_has_no_spread_and_the_leeway_alone():
    found = summarize(measured(0.8))
    assert found.spread == 0
    assert (found.low, found.high) == (pytest.approx(0.79), pytest.approx(0.81))


def test_every_measured_score_lies_within_its_own_range():
    for one in Expectations.load("fashion_cnn").measured:
        found = summarize(one)
        assert all(found.low < score.test < found.high for score in one.scores)
