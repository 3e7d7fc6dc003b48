from __future__ import annotations

from typing import Any

import pytest

from graders.checks import answer, is_number, mentioned, readings
from graders.checks.values import mentions
from tests.builders.recordings import Run


def given(**values: Any) -> Run:
    run = Run()
    run.recording.values.update(values)
    return run


# -- numbers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        8070,
        8070.0,
        "8070",
        "8,070",
        "8.070",
        "8 070",
        "8'070",
        "8_070",
        "8\u00a0070",
        "8\u202f070",
        " 8070 ",
        "8070.",
        "8070.0",
        "+8070",
        "8.07e3",
        "8070 parameters",
        "8,070 trainable parameters (biases included)",
        "Total: 8,070",
        "about 8070!",
        "784*10+10 + 10*10+10 + 10*10+10 = 8070",
        "params=8,070",
        "(8070)",
        "8070 = trainable parameters",
        "8070 == model.count_params()",
        "8,070 (8070)",
        "1d: 8070",
        "with two Conv2D: 8070",
        "8\u2009070",
        "8\u2019070",
        "≈ 8070",
    ],
)
def test_every_way_to_write_8070_is_read(written):
    assert is_number(written, 8070)


@pytest.mark.parametrize(
    "written",
    [
        0.01,
        0.009999999776482582,
        0.0099999998,
        "0.01",
        ".01",
        "0,01",
        "1e-2",
        "1E-02",
        "0.010",
        "0.01.",
        "lr = 0.01",
        "SGD uses 0.01 by default",
        "learning_rate=0.01",
        "lr = 1e-2 = 0.01",
        "≈ 0.01",
        "0.01f",
    ],
)
def test_every_way_to_write_a_hundredth_is_read(written):
    assert is_number(written, 0.01)


@pytest.mark.parametrize(
    "written",
    [8069, 8071, 807, 80700, -8070, "8071", "8,007", "80,70,1", "eight", "", 0],
)
def test_another_number_is_not_8070(written):
    assert not is_number(written, 8070)


@pytest.mark.parametrize("written", [0.1, 0.001, 0.0101, "0.1", "1", "0,001", "1e2"])
def test_another_rate_is_not_a_hundredth(written):
    assert not is_number(written, 0.01)


@pytest.mark.parametrize(
    "value", [True, False, None, float("nan"), float("inf"), [], [8070], {"a": 1}, "", "none"]
)
def test_what_is_no_number_has_no_reading(value):
    assert readings(value) == []


def test_true_is_not_the_number_one():
    assert not is_number(True, 1)


def test_the_tolerance_is_relative():
    assert is_number(0.010001, 0.01, tolerance=1e-3)
    assert not is_number(0.01002, 0.01, tolerance=1e-3)


@pytest.mark.parametrize(
    "written",
    [
        "8060 or 8070",
        "8070 (7850 + 110 + 110)",
        "8070 = 7850 + 110 + 110",
        "8060 8070 8080",
        "8060, 8070",
        "8060,8070,8080",
        "8060\n8070",
        "8060-8070",
        "8070 parameters in 3 layers",
    ],
)
def test_of_several_numbers_none_decides_and_each_is_mentioned(written):
    """Else a text with all numbers from 8000 to 8100 would hold the right answer."""
    assert readings(written) == []
    assert mentions(written, 8070)


@pytest.mark.parametrize("written", ["8050=8060=8070=8080", "8070 parameters (bias=10)"])
def test_behind_equals_signs_the_last_number_decides(written):
    """The result stands at the end of a calculation; before it stand its parts."""
    assert not is_number(written, 8070)
    assert mentions(written, 8070)


@pytest.mark.parametrize("written", ["784*10+10 + 10*10+10", "8000-8100", "1e-2 or 1e-3"])
def test_a_number_that_is_not_written_is_not_mentioned(written):
    """A calculation without its result is no answer; nobody adds it up here."""
    assert readings(written) == []
    assert not mentions(written, 8070)


@pytest.mark.parametrize("written", [8060, "8060", "-8070", "8071", "", None, True, [8070]])
def test_one_wrong_number_mentions_no_other(written):
    assert not mentions(written, 8070)


def test_digits_of_a_name_count_where_there_is_no_number():
    assert readings("item3") == [3]
    assert readings("10k") == [10]


def test_all_numbers_are_mentioned_in_all_their_readings():
    assert {8070.0, 8.07, 10.0} <= set(mentioned("8.070 with bias=10"))


def test_a_comma_before_three_digits_separates_thousands():
    assert readings("8,070")[0] == 8070


def test_a_comma_before_two_digits_is_a_decimal_point():
    assert readings("0,01")[0] == 0.01


@pytest.mark.parametrize("written", ["9" * 5000, "1e999999", "," * 5000, "1" + " " * 5000 + "x"])
def test_absurd_texts_are_read_or_left_but_never_a_crash(written):
    assert not is_number(written, 8070)
    assert not mentions(written, 8070)


def test_an_integer_beyond_every_float_is_another_number():
    assert not is_number(10**400, 8070)


# -- where answers stand --------------------------------------------------------------------


def test_the_answer_stands_under_its_key():
    assert answer(given(answers={"1d": 8070, "1h": 55050}).folder(), "1d") == 8070


@pytest.mark.parametrize("key", ["1d", "1D", "(1d)", "1.d", "1 d", " 1d ", "1_d", "ex1d", "Ex. 1d"])
def test_keys_may_be_spelt_in_other_ways(key):
    assert answer(given(answers={key: 8070}).folder(), "1d") == 8070


@pytest.mark.parametrize("key", ["1dd", "d", "11d", "1e", ""])
def test_another_key_is_another_answer(key):
    assert answer(given(answers={key: 8070}).folder(), "1d") is None


def test_the_dict_may_have_another_name():
    assert answer(given(solutions={"1d": 8070}).folder(), "1d") == 8070


def test_the_dict_called_answers_comes_first():
    found = answer(given(aside={"1d": 1}, answers={"1d": 8070}).folder(), "1d")
    assert found == 8070


def test_an_open_place_in_answers_leaves_room_for_another_dict():
    assert answer(given(answers={"1d": None}, mine={"1d": 8070}).folder(), "1d") == 8070


@pytest.mark.parametrize("name", ["answer_1d", "answers_1d", "ans1d", "Answer1D"])
def test_a_variable_of_its_own_will_do(name):
    assert answer(given(**{name: 8070}).folder(), "1d") == 8070


@pytest.mark.parametrize("value", [None, "", "  ", "...", "?"])
def test_a_place_left_open_is_no_answer(value):
    assert answer(given(answers={"1d": value}, answer_1d=value).folder(), "1d") is None


@pytest.mark.parametrize("value", [0, False, "0", "none"])
def test_a_wrong_answer_is_an_answer(value):
    assert answer(given(answers={"1d": value}).folder(), "1d") == value


@pytest.mark.parametrize("value", [3, "text", [1, 2], None])
def test_a_name_reused_for_something_else_is_no_dict_of_answers(value):
    assert answer(given(answers=value).folder(), "1d") is None


@pytest.mark.parametrize("count", [10, 8070, 55_050, 23_851_784])
def test_a_count_that_is_off_by_one_is_another_number(count):
    assert is_number(count, count)
    assert not is_number(count + 1, count)
    assert not is_number(f"{count - 1:,}", count)
