from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime

import pytest

from graders.assignment import list_assignments, load_assignment
from graders.errors import AssignmentError
from graders.grading import verify_points
from tests.builders.results import check

TOML = """
schema_version = 1
id = "sheet"
title = "A sheet"

[[section]]
id = "1"
title = "Part 1"

[[exercise]]
id = "1a"
section = "1"
title = "First"
points = 2

[[exercise]]
id = "1b"
section = "1"
title = "Second"
points = 3
[exercise.manual]
points = 1
question = "Why?"
rubric = ["1 point: a reason."]

[[exercise]]
id = "1c"
section = "1"
title = "Third"
points = 4
bonus = true
"""


@pytest.fixture
def make(tmp_path):
    def write(text: str = TOML):
        (tmp_path / "assignment.toml").write_text(text, encoding="utf-8")
        return load_assignment(tmp_path)

    return write


def invalid(make, text: str) -> str:
    with pytest.raises(AssignmentError) as caught:
        make(text)
    return str(caught.value)


def test_a_folder_is_read(make, tmp_path):
    assignment = make()
    assert [exercise.id for exercise in assignment.exercises] == ["1a", "1b", "1c"]
    assert assignment.folder == tmp_path


def test_bonus_points_are_counted_apart(make):
    assignment = make()
    assert (assignment.points, assignment.bonus_points) == (5, 4)


def test_the_points_of_checks_are_what_the_manual_part_leaves(make):
    assignment = make()
    assert [exercise.automatic_points for exercise in assignment.exercises] == [2, 2, 4]


def test_an_exercise_is_found_by_its_id(make):
    assignment = make()
    found = assignment.exercise("1b")
    assert found is not None
    assert found.title == "Second"
    assert assignment.exercise("9z") is None


def test_an_installed_assignment_is_found_by_its_name():
    assert "fashion_cnn" in list_assignments()
    assert load_assignment("fashion_cnn").id == "fashion_cnn"


@pytest.mark.parametrize("name", ["nothing", "", "../fashion_cnn", "elsewhere/fashion_cnn", "."])
def test_an_unknown_assignment_is_answered_with_the_known_ones(name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AssignmentError, match="fashion_cnn"):
        load_assignment(name)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("schema_version = 1", "schema_version = 2", "schema_version"),
        ('title = "A sheet"', "", "title"),
        ('title = "A sheet"', 'title = "A sheet"\ngrade = "A"', "grade"),
        ("points = 2", "points = 0", "points"),
        ("points = 2", "points = -1", "points"),
        ("points = 2", "points = nan", "points"),
        ("points = 2", 'points = "two"', "points"),
        ('id = "1b"', 'id = "1a"', "exercise 1a is declared twice"),
        ('section = "1"', 'section = "7"', "unknown section '7'"),
        ("points = 3", "points = 0.5", "more points than the exercise"),
        ('rubric = ["1 point: a reason."]', "rubric = []", "rubric"),
        ('question = "Why?"', "", "question"),
        ("bonus = true", 'bonus = true\ntime_limit = "x"', "time_limit"),
        ('title = "A sheet"', 'title = "A sheet"\ntime_limit = 0', "time_limit"),
    ],
)
def test_what_is_wrong_with_an_assignment_is_named(make, old, new, words):
    message = invalid(make, TOML.replace(old, new, 1))
    assert "assignment.toml is not a valid assignment" in message
    assert words in message


def test_an_assignment_without_exercises_is_none(make):
    assert "exercise" in invalid(make, TOML.split("[[exercise]]", maxsplit=1)[0])


@pytest.mark.parametrize("text", ["a = = 1", "[[section]\n", "\x00"])
def test_a_file_that_is_not_toml_says_so(make, text):
    assert "it is not TOML" in invalid(make, text)


def test_a_file_in_another_encoding_says_so(tmp_path):
    (tmp_path / "assignment.toml").write_bytes(b'title = "\xe4"')
    with pytest.raises(AssignmentError, match="it is not TOML"):
        load_assignment(tmp_path)


# -- the starter ----------------------------------------------------------------------------


def test_the_lines_of_the_starter_are_known_without_their_spaces(make, tmp_path):
    assignment = make()
    cells = [{"source": ["  # your code here\n", "\n", "x = None"]}, {"source": "Why?"}, {}]
    (tmp_path / "starter.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert assignment.starter_lines == {"# your code here", "x = None", "Why?"}


def test_an_assignment_without_a_starter_has_no_lines(make):
    assert make().starter_lines == set()


def test_a_damaged_starter_is_the_assignments_fault(make, tmp_path):
    assignment = make()
    (tmp_path / "starter.ipynb").write_text("{", encoding="utf-8")
    with pytest.raises(AssignmentError, match="starter"):
        _ = assignment.starter_lines


# -- points ---------------------------------------------------------------------------------


def test_checks_and_manual_parts_must_add_up(make):
    verify_points(
        make(),
        [
            check("1a", points=1),
            check("1a", points=1),
            check("1b", points=2),
            check("1c", points=4),
        ],
    )


def test_tenths_of_points_add_up(make):
    tenths = [check("1a", points=0.1) for _ in range(20)]
    verify_points(make(), [*tenths, check("1b", points=2), check("1c", points=4)])


@pytest.mark.parametrize(
    ("checks", "exercise"),
    [
        ([check("1a", points=2), check("1b", points=3), check("1c", points=4)], "1b"),
        ([check("1a", points=2), check("1b", points=2)], "1c"),
        ([check("1a", points=1), check("1b", points=2), check("1c", points=4)], "1a"),
        ([], "1a"),
    ],
)
def test_points_that_do_not_add_up_name_the_exercise(make, checks, exercise):
    with pytest.raises(AssignmentError, match=f"Exercise {exercise} declares"):
        verify_points(make(), checks)


def test_a_check_of_an_unknown_exercise_is_named(make):
    with pytest.raises(AssignmentError, match="unknown exercise 9z"):
        verify_points(make(), [check("9z", points=1)])


def test_the_address_of_an_installed_assignment_is_its_name():
    assert load_assignment("fashion_cnn").address == "fashion_cnn"


def test_an_assignment_of_ones_own_is_found_by_its_folder(tmp_path):
    copy = tmp_path / "fashion_cnn"
    shutil.copytree(load_assignment("fashion_cnn").folder, copy)
    assert load_assignment(load_assignment(copy).address).folder == copy


def test_an_assignment_bounds_its_trainings():
    limits = load_assignment("fashion_cnn").training
    assert (limits.cap.epochs, limits.cap.samples) == (3, 10_000)


DEADLINE = """
[deadline]
due = 2026-05-04T23:59:00+02:00
deduct_percent = 10
"""


def test_without_a_deadline_nothing_is_ever_late(make):
    assert make().deadline is None


def test_a_deadline_is_read_with_its_offset_and_its_rule(make):
    deadline = make(TOML + DEADLINE + "grace_minutes = 15\nof = 'earned'\n").deadline
    assert deadline is not None
    assert deadline.due == datetime(2026, 5, 4, 21, 59, tzinfo=UTC)
    assert (deadline.grace_minutes, deadline.deduct_percent, deadline.of) == (15, 10, "earned")
    assert (deadline.period_hours, deadline.at_most_percent) == (24, 100)
    assert deadline.closes_after_hours is None


@pytest.mark.parametrize(
    "due", ["2026-05-04T23:59:00", "2026-05-04", "23:59:00", "20260504", "true", "[]"]
)
def test_a_deadline_that_could_be_any_time_zones_is_refused(make, due):
    message = invalid(make, f"{TOML}[deadline]\ndue = {due}\n")
    assert "deadline.due" in message
    assert "2026-05-04T23:59:00+02:00" in message


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("deduct_percent = 101", "deadline.deduct_percent"),
        ("deduct_percent = -1", "deadline.deduct_percent"),
        ("deduct_percent = nan", "deadline.deduct_percent"),
        ("grace_minutes = inf", "deadline.grace_minutes"),
        ("grace_minutes = -5", "deadline.grace_minutes"),
        ("period_hours = 0", "deadline.period_hours"),
        ("period_hours = 1e300", "deadline.period_hours"),
        ("at_most_percent = 200", "deadline.at_most_percent"),
        ("closes_after_hours = 0", "deadline.closes_after_hours"),
        ('of = "all"', "deadline.of"),
        ("gracious = 1", "deadline.gracious"),
        ("grace_minutes = 90\ncloses_after_hours = 1", "closes_after_hours ends before"),
    ],
)
def test_a_broken_rule_is_named(make, line, words):
    text = f"{TOML}[deadline]\ndue = 2026-05-04T23:59:00Z\n{line}\n"
    assert words in invalid(make, text)


def test_a_deadline_at_the_end_of_the_calendar_is_refused(make):
    text = f"{TOML}[deadline]\ndue = 9999-12-31T23:59:00-12:00\n"
    assert "the year 9999" in invalid(make, text)


# -- further test sets ----------------------------------------------------------------------

TEST_SETS = (
    TOML.replace('title = "A sheet"', 'title = "A sheet"\ndata_sets = ["drawn"]', 1)
    + """
[[test_set]]
name = "pretend"
data_set = "drawn"
items = 1_000
[test_set.generator]
rotation_range = 20
zoom_range = [0.9, 1.1]
"""
)


def test_without_further_test_sets_there_are_none(make):
    assert make().test_sets == []


def test_a_further_test_set_is_read_with_its_generator(make):
    (one,) = make(TEST_SETS).test_sets
    assert (one.name, one.data_set, one.split, one.items) == ("pretend", "drawn", "train", 1000)
    assert one.generator == {"rotation_range": 20, "zoom_range": [0.9, 1.1]}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "pretend"', 'name = "test"', "the name of the test set test is taken"),
        ('name = "pretend"', 'name = "../x"', "name"),
        ('data_set = "drawn"', 'data_set = "other"', "made of other, which is not in data_sets"),
        ("items = 1_000", "items = 0", "items"),
        ("items = 1_000", "items = 1_000\nimages = 5", "images"),
        ("[test_set.generator]", "[test_set.layers]", "generator"),
    ],
)
def test_a_test_set_that_can_not_be_drawn_is_refused(make, old, new, words):
    assert words in invalid(make, TEST_SETS.replace(old, new))


def test_two_test_sets_of_one_name_are_refused(make):
    first = TEST_SETS[TEST_SETS.index("[[test_set]]") :]
    assert "the name of the test set pretend is taken" in invalid(make, TEST_SETS + first)


def test_the_images_of_fashion_training_are_drawn_as_its_sheet_asks():
    (one,) = load_assignment("fashion_training").test_sets
    assert (one.name, one.split, one.items) == ("pretend", "train", 10_000)
    assert one.generator["fill_mode"] == "constant"
