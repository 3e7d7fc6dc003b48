"""What the folder of fashion_training must hold beyond that of any assignment."""

from __future__ import annotations

import re

import nbformat
import pytest

from graders.assignment import load_assignment
from graders.samples import load_samples

ASSIGNMENT = load_assignment("fashion_training")
FOLDER = ASSIGNMENT.folder

# The points of the sheet: (automatic, manual).
POINTS = {
    "1a": (8, 0),
    "1b": (3, 2),
    "2a": (6, 0),
    "2b": (3, 1),
    "3a": (4, 0),
    "3b": (4, 0),
    "3c": (2, 2),
    "3d": (3, 0),
    "3e": (3, 1),
    "4a": (2, 0),
    "4b": (6, 2),
}


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


def test_nothing_is_a_bonus():
    assert ASSIGNMENT.bonus_points == 0


def test_the_handout_names_52_points_of_which_8_are_for_words():
    handout = (FOLDER / "handout.md").read_text(encoding="utf-8")
    words = sum(manual for _, manual in POINTS.values())
    assert "There are 52 points: 44 for what your code does, and 8 for answers in words" in handout
    assert (ASSIGNMENT.points, words) == (52, 8)


def test_the_points_in_words_stand_in_the_handout_where_their_question_is_asked():
    handout = (FOLDER / "handout.md").read_text(encoding="utf-8")
    for exercise, (_, manual) in POINTS.items():
        if manual:
            part = handout.split(f"**{exercise} (")[1].split("\n**")[0]
            asked = part.split("*In words:*")[1]
            assert f"({manual} point{'s' if manual > 1 else ''})" in asked


def test_the_starter_transforms_saves_and_loads_nothing():
    code = code_of_the_starter()
    assert not re.search(r"ImageDataGenerator|Random[A-Z]|savez|\.save\(|load_model|np\.load", code)


def test_the_handout_gives_the_settings_that_the_grader_draws_its_own_images_with():
    (test_set,) = ASSIGNMENT.test_sets
    part = (FOLDER / "handout.md").read_text(encoding="utf-8").split("**3a")[1].split("\n**")[0]
    column = [line.split("|")[1] for line in part.splitlines() if line.startswith("|")]
    given = dict(re.findall(r"`(\w+)=([^`]+)`", re.sub(r", `", "\n`", "\n".join(column))))

    def as_written(value):
        return f"({value[0]}, {value[1]})" if isinstance(value, list) else str(value)

    assert given.keys() == test_set.generator.keys()
    for name, value in test_set.generator.items():
        assert given[name].strip('"') == as_written(value)


def test_each_mistake_of_the_samples_is_another_exercise_s():
    mistakes = [sample.loses for sample in load_samples(ASSIGNMENT) if sample.loses]
    assert all(len(loses) == 1 for loses in mistakes)
    assert len(set(mistakes)) == len(mistakes)
