from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.exports.cells import cell, decimal, identifier, parse_decimal


@given(st.text())
def test_no_text_is_a_formula_and_none_has_a_second_line(text):
    made = cell(text)
    assert not made.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r"))  # noqa: RUF001
    assert len(made.splitlines()) <= 1


@given(st.text())
def test_no_identifier_can_call_anything(text):
    made = identifier(text)
    starts = made.startswith(("=", "+", "-", "@"))
    assert not (starts and set(made) & set("()|!'\" ;,"))


@pytest.mark.parametrize("text", ["4711", "s-12_3", "maria@example.org", "+49123", "10.5"])
def test_an_id_as_platforms_make_it_stays_as_it_is(text):
    assert identifier(text) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(4.5, "4.5"), (3.0, "3"), (0.618034, "0.62"), (-0.001, "0"), (1234567.25, "1234567.25")],
)
def test_a_number_has_a_point_and_at_most_two_decimals(value, text):
    assert decimal(value) == text


@given(st.floats(0, 1e6))
def test_a_number_is_read_as_it_was_written(value):
    assert parse_decimal(decimal(value)) == pytest.approx(value, abs=0.005001)


@pytest.mark.parametrize(("text", "value"), [("32,00", 32.0), ("1,234.50", 1234.5), ("x", None)])
def test_numbers_of_other_languages_are_read(text, value):
    assert parse_decimal(text) == value
