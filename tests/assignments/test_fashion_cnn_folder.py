"""What the folder of fashion_cnn must hold, whatever its checks say."""

from __future__ import annotations

import json
import os
import re
import tomllib

import nbformat
import pytest

from graders.assignment import load_assignment
from graders.samples import load_samples, sample_submissions
from graders.submission import read_cells

ASSIGNMENT = load_assignment("fashion_cnn")
FOLDER = ASSIGNMENT.folder
IDS = [exercise.id for exercise in ASSIGNMENT.exercises]

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


def starter() -> nbformat.NotebookNode:
    return nbformat.read(FOLDER / "starter.ipynb", as_version=4)


# -- points ---------------------------------------------------------------------------------


def test_the_exercises_are_those_of_the_sheet_in_their_order():
    assert list(POINTS) == IDS


@pytest.mark.parametrize("exercise", ASSIGNMENT.exercises, ids=IDS)
def test_the_points_are_those_of_the_sheet(exercise):
    automatic, manual = POINTS[exercise.id]
    assert exercise.points == automatic + manual
    assert (exercise.manual.points if exercise.manual else 0) == manual


def test_part_4_is_a_bonus_and_nothing_else_is():
    assert {exercise.id for exercise in ASSIGNMENT.exercises if exercise.bonus} == {"4a", "4b"}


class _Collected:
    """Notes the checks that pytest collects."""

    def __init__(self) -> None:
        self.marks: list[pytest.Mark] = []
        self.unmarked: list[str] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            mark = item.get_closest_marker("exercise")
            if mark is None:
                self.unmarked.append(item.nodeid)
            else:
                self.marks.append(mark)


@pytest.fixture(scope="module")
def collected() -> _Collected:
    found = _Collected()
    status = pytest.main(
        [
            str(FOLDER),
            "--collect-only",
            f"--rootdir={FOLDER}",
            f"--config-file={os.devnull}",
            "--import-mode=importlib",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:terminal",
        ],
        plugins=[found],
    )
    assert status == pytest.ExitCode.OK
    return found


def test_checks_and_manual_parts_add_up_in_every_exercise(collected):
    added = dict.fromkeys(POINTS, 0.0)
    for mark in collected.marks:
        added[mark.args[0]] += mark.kwargs["points"]
    assert added == {exercise: automatic for exercise, (automatic, _) in POINTS.items()}


def test_every_check_belongs_to_an_exercise(collected):
    assert collected.unmarked == []


# -- questions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "exercise", [e for e in ASSIGNMENT.exercises if e.manual], ids=lambda e: e.id
)
def test_every_text_question_has_a_rubric_that_says_what_full_and_no_points_need(exercise):
    rubric = exercise.manual.rubric
    assert exercise.manual.question.endswith("?")
    assert any(line.startswith(f"{exercise.manual.points:g} point") for line in rubric)
    assert any(line.startswith("0 points") for line in rubric)


# -- the starter ----------------------------------------------------------------------------


def test_the_starter_is_a_valid_notebook():
    nbformat.validate(starter())


def test_the_starter_holds_no_output_and_no_count():
    cells = [cell for cell in starter().cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in cells] == [[]] * len(cells)
    assert {cell.execution_count for cell in cells} == {None}


def test_the_starter_can_be_read_as_a_submission():
    content = (FOLDER / "starter.ipynb").read_bytes()
    cells = read_cells("starter.ipynb", content, set(IDS))
    assert {cell.exercise for cell in cells} - {None} == set(IDS)


@pytest.mark.parametrize("exercise", IDS)
def test_each_exercise_has_its_cells_in_the_starter(exercise):
    marks = [cell.metadata.get("tensormark", {}) for cell in starter().cells]
    kinds = [mark["kind"] for mark in marks if mark.get("exercise") == exercise]
    automatic, manual = POINTS[exercise]
    wanted = ["task"] + ["code"] * bool(automatic) + ["text"] * bool(manual)
    assert kinds == wanted


def test_each_text_cell_asks_the_question_of_the_sheet():
    for cell in starter().cells:
        mark = cell.metadata.get("tensormark", {})
        if mark.get("kind") == "text":
            exercise = ASSIGNMENT.exercise(mark["exercise"])
            assert exercise is not None
            assert exercise.manual is not None
            assert exercise.manual.question in cell.source


def test_the_code_of_the_starter_has_no_error_of_its_own():
    for cell in starter().cells:
        if cell.cell_type == "code":
            compile(cell.source, "<starter>", "exec")


def test_every_key_of_answers_stands_open_in_the_starter():
    code = "\n".join(cell.source for cell in starter().cells if cell.cell_type == "code")
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
    code = "\n".join(cell.source for cell in starter().cells if cell.cell_type == "code")
    assert not re.search(r"Dense|Conv2D|convolve|\.fit\(|count_params|0\.01\b", code)


# -- the handout ----------------------------------------------------------------------------


@pytest.mark.parametrize("exercise", IDS)
def test_the_handout_has_each_exercise_with_its_points(exercise):
    handout = (FOLDER / "handout.md").read_text(encoding="utf-8")
    points = sum(POINTS[exercise])
    assert re.search(rf"\*\*{exercise} \({points} points?\b", handout)


def test_the_handout_names_the_points_of_the_whole_sheet():
    handout = (FOLDER / "handout.md").read_text(encoding="utf-8")
    assert "32 points, and 5 bonus points" in handout
    assert (ASSIGNMENT.points, ASSIGNMENT.bonus_points) == (32, 5)


# -- the samples ----------------------------------------------------------------------------


def test_every_sample_is_listed_and_every_listed_sample_exists():
    listed = {sample.path.name for sample in load_samples(ASSIGNMENT)}
    files = {
        path.name
        for path in (FOLDER / "samples").iterdir()
        if path.is_file() and path.name != "samples.toml"
    }
    assert listed == files


def test_no_sample_is_listed_twice():
    content = tomllib.loads((FOLDER / "samples" / "samples.toml").read_text(encoding="utf-8"))
    names = [entry["file"] for entry in content["sample"]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("sample", load_samples(ASSIGNMENT), ids=lambda s: s.path.name)
def test_a_sample_loses_points_in_known_exercises_only(sample):
    assert sample.loses <= set(IDS)
    assert sample.about


def test_full_marks_are_earned_in_a_notebook_and_in_a_script():
    clean = [s for s in load_samples(ASSIGNMENT) if not s.loses and not s.unusable]
    assert {sample.path.suffix for sample in clean} == {".ipynb", ".py"}


def test_six_samples_go_wrong_in_one_place_or_more():
    assert len([sample for sample in load_samples(ASSIGNMENT) if sample.loses]) >= 6


def test_the_demo_is_a_part_of_the_samples():
    demo = sample_submissions(ASSIGNMENT, everything=False)
    everything = sample_submissions(ASSIGNMENT, everything=True)
    assert 0 < len(demo) < len(everything)
    assert {submission.path for submission in demo} < {one.path for one in everything}


def test_samples_in_notebooks_are_valid_where_they_are_usable():
    for sample in load_samples(ASSIGNMENT):
        if sample.path.suffix == ".ipynb" and not sample.unusable:
            nbformat.validate(json.loads(sample.path.read_text(encoding="utf-8")))
