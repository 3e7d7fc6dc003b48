from __future__ import annotations

from typing import Any

import pytest

from graders.checks import answer, is_number, mentioned, readings
from graders.checks.values import mentions, text_answer

from .builders import Run


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


# -- text answers ---------------------------------------------------------------------------

PROMPT = "**1b, in words.** Why?"
OPEN = "*Your answer here.*"
STARTER = {PROMPT, OPEN, "# your code here"}


def starter_cell(text: str) -> Run:
    run = Run()
    run.cell(f"{PROMPT}\n\n{text}", kind="markdown", exercise="1b", role="text")
    return run


def words(run: Run) -> str | None:
    return text_answer(run.folder(), "1b", STARTER)


def test_the_prompts_of_the_starter_are_not_the_students_words():
    assert words(starter_cell("Because of the gradients.")) == "Because of the gradients."


def test_an_untouched_text_cell_holds_no_answer():
    assert words(starter_cell(OPEN)) is None


def test_an_answer_of_several_paragraphs_is_kept_whole():
    assert words(starter_cell("First.\n\nSecond.")) == "First.\n\nSecond."


def test_a_task_is_not_an_answer():
    run = Run()
    run.cell("### 1b Scale the pixels, please", kind="markdown", exercise="1b", role="task")
    assert words(run) is None


def test_without_the_starter_a_markdown_cell_of_the_exercise_is_the_answer():
    run = Run()
    run.cell("1b) Because of the gradients.", kind="markdown", exercise="1b")
    run.cell("another exercise", kind="markdown", exercise="1c")
    assert words(run) == "1b) Because of the gradients."


def test_an_answer_in_a_cell_below_an_untouched_text_cell_is_found():
    run = starter_cell(OPEN)
    run.cell("Because of the gradients.", kind="markdown", exercise="1b")
    assert words(run) == "Because of the gradients."


def test_sentences_in_the_comments_of_a_script_are_an_answer():
    run = Run()
    run.cell(
        "# 1b\nx = x / 255\n# Because otherwise the steps are too large.", exercise="1b", role=None
    )
    assert words(run) == "Because otherwise the steps are too large."


def test_short_remarks_in_code_are_no_answer():
    run = Run()
    run.cell("x = x / 255  # scale\n# scale the pixels", exercise="1b")
    assert words(run) is None


def test_comments_of_the_starter_are_no_answer():
    run = Run()
    run.cell("# put your own code in place of this\nx = 1", exercise="1b")
    given_lines = STARTER | {"# put your own code in place of this"}
    assert text_answer(run.folder(), "1b", given_lines) is None


@pytest.mark.parametrize("quotes", ['"""', "'''"])
def test_a_text_block_in_a_script_is_an_answer(quotes):
    run = Run()
    run.cell(f"{quotes}\nBecause of the gradients.\n{quotes}", exercise="1b")
    assert words(run) == "Because of the gradients."


def test_a_text_block_below_its_label_is_an_answer():
    run = Run()
    run.cell('# 1b\n"""\nBecause of the gradients.\n"""', exercise="1b")
    assert words(run) == "Because of the gradients."


def test_the_words_of_another_exercise_are_not_taken():
    run = Run()
    run.cell("# Because otherwise the steps are too large.", exercise="1c")
    assert words(run) is None


@pytest.mark.parametrize("count", [10, 8070, 55_050, 23_851_784])
def test_a_count_that_is_off_by_one_is_another_number(count):
    assert is_number(count, count)
    assert not is_number(count + 1, count)
    assert not is_number(f"{count - 1:,}", count)
