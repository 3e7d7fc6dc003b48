"""What the folder of fashion_cnn must hold beyond that of any assignment."""

from __future__ import annotations

import re

import nbformat
import pytest

from graders.assignment import load_assignment
from graders.samples import load_samples

ASSIGNMENT = load_assignment("fashion_cnn")
FOLDER = ASSIGNMENT.folder

# The points of the sheet: (automatic, manual).
POINTS = {
    "1a": (1, 0),
    "1b": (1, 1),
    "1c": (2, 1),
    "1d": (1, 0),
    "1e": (1, 0),
    "1f": (2, 0),
    "1g": (2, 0),
    "1h": (3, 0),
    "1i": (1, 1),
    "1j": (2, 1),
    "2a": (4, 0),
    "2b": (0, 1),
    "3a": (3, 0),
    "3b": (2, 1),
    "3c": (1, 0),
    "4a": (2, 1),
    "4b": (1, 1),
}
# Texts that would give an answer away.
ANSWERS = ["8070", "8,070", "55050", "55,050", "3330", "3,330", "4210", "4,210"]


def code_of_the_starter() -> str:
    cells = nbformat.read(FOLDER / "starter.ipynb", as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "code")


def test_the_exercises_are_those_of_the_sheet_in_their_order():
    assert list(POINTS) == [exercise.id for exercise in ASSIGNMENT.exercises]


@pytest.mark.parametrize("exercise", ASSIGNMENT.exercises, ids=lambda e: e.id)
def test_the_points_are_those_of_the_sheet(exercise):
    automatic, manual = POINTS[exercise.id]
    assert exercise.points == automatic + manual
    assert (exercise.manual.points if exercise.manual else 0) == manual


def test_part_4_is_a_bonus_and_nothing_else_is():
    assert {exercise.id for exercise in ASSIGNMENT.exercises if exercise.bonus} == {"4a", "4b"}


def test_the_handout_names_32_points_and_5_bonus_points():
    handout = (FOLDER / "handout.md").read_text(encoding="utf-8")
    assert "32 points, and 5 bonus points" in handout
    assert (ASSIGNMENT.points, ASSIGNMENT.bonus_points) == (32, 5)


def test_every_key_of_answers_stands_open_in_the_starter():
    code = code_of_the_starter()
    for key in ("1d", "1g", "1h", "3c", "4a"):
        assert f'answers["{key}"] = None' in code
    for name in ("KxIA", "KyIA", "KxIB", "KyIB", "boots", "first_wrong"):
        assert f"{name} = None" in code


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("file", ["starter.ipynb", "handout.md"])
def test_students_are_given_no_answer(file, answer):
    text = (FOLDER / file).read_text(encoding="utf-8")
    assert not re.search(rf"(?<!\d){re.escape(answer)}(?!\d)", text)


def test_the_starter_builds_no_network_and_convolves_nothing():
    assert not re.search(
        r"Dense|Conv2D|convolve|\.fit\(|count_params|0\.01\b", code_of_the_starter()
    )


def test_six_samples_go_wrong_in_one_place_or_more():
    assert len([sample for sample in load_samples(ASSIGNMENT) if sample.loses]) >= 6
