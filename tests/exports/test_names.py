from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.exports.matching import Rows
from graders.exports.names import file_part, same_names


@pytest.mark.parametrize("other", ["Rossi, Maria", "maria rossi", "María Róssi", "MARIA  ROSSI"])
def test_names_are_the_same_in_any_order_case_and_accent(other):
    assert same_names("Maria Rossi") & same_names(other)


def test_a_name_squeezed_by_canvas_is_found():
    assert same_names("rossimaria") & same_names("Rossi, Maria")


@given(st.text())
def test_a_part_of_a_file_name_leads_nowhere(name):
    part = file_part(name, "x")
    assert part
    assert not part.startswith(".")
    assert not set(part) & set("/\\:\0\n")


def rows(*people: tuple[dict[str, str], str]) -> Rows:
    made = Rows()
    for number, (ids, name) in enumerate(people):
        made.add(number, ids, name)
    return made


def test_an_id_goes_before_a_name():
    table = rows(({"canvas": "1"}, "Maria Rossi"), ({"canvas": "2"}, "Luca Bianchi"))
    assert table.find({"canvas": "2"}, "Maria Rossi") == {1}


def test_one_of_several_ids_is_enough():
    table = rows(({"canvas": "1", "sid": ""}, ""), ({"canvas": "2", "sid": "S2"}, ""))
    assert table.find({"canvas": "1", "sid": "S9"}, "x") == {0}


def test_ids_that_point_to_different_people_are_a_dispute():
    table = rows(({"moodle": "1", "email": "a@x"}, ""), ({"moodle": "2", "email": "b@x"}, ""))
    assert table.find({"moodle": "1", "email": "b@x"}, "x") == {0, 1}


def test_an_id_that_is_not_in_the_table_is_no_reason_to_go_by_name():
    table = rows(({"canvas": "1"}, "Maria Rossi"))
    assert table.find({"canvas": "9"}, "Maria Rossi") == set()


def test_a_name_or_an_id_that_two_rows_bear_is_a_dispute():
    table = rows(({"sid": "1"}, "Maria Rossi"), ({"sid": "1"}, "Rossi, Maria"))
    assert table.find({}, "Maria Rossi") == {0, 1}
    assert table.find({"sid": "1"}, "x") == {0, 1}


def test_nobody_is_found_by_an_empty_name():
    assert rows(({}, ""), ({}, "??")).find({}, "") == set()


def test_a_row_is_given_to_one_student():
    table = rows(({}, "Maria Rossi"))
    assert table.take(0)
    assert not table.take(0)
