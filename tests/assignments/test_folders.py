"""What the folder of every installed assignment must hold, whatever its sheet asks for."""

from __future__ import annotations

import functools
import json
import os
import re
import tomllib

import nbformat
import pytest

from graders.assignment import Assignment, Exercise, list_assignments, load_assignment
from graders.samples import Sample, load_samples
from graders.submission import read_cells

ASSIGNMENTS = [load_assignment(name) for name in list_assignments()]

of_each = pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda a: a.id)
of_each_exercise = pytest.mark.parametrize(
    ("assignment", "exercise"),
    [
        pytest.param(assignment, exercise, id=f"{assignment.id}-{exercise.id}")
        for assignment in ASSIGNMENTS
        for exercise in assignment.exercises
    ],
)


def starter(assignment: Assignment) -> nbformat.NotebookNode:
    return nbformat.read(assignment.folder / "starter.ipynb", as_version=4)


def handout(assignment: Assignment) -> str:
    return (assignment.folder / "handout.md").read_text(encoding="utf-8")


def manual_points(exercise: Exercise) -> float:
    return exercise.manual.points if exercise.manual else 0


def ids(assignment: Assignment) -> list[str]:
    return [exercise.id for exercise in assignment.exercises]


# -- points ---------------------------------------------------------------------------------


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
def collected():
    """Collect the checks of an assignment, once each."""

    @functools.cache
    def collect(name: str) -> _Collected:
        folder = load_assignment(name).folder
        found = _Collected()
        status = pytest.main(
            [
                str(folder),
                "--collect-only",
                f"--rootdir={folder}",
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

    return collect


@of_each
def test_checks_and_manual_parts_add_up_in_every_exercise(assignment, collected):
    added = dict.fromkeys(ids(assignment), 0.0)
    for mark in collected(assignment.id).marks:
        added[mark.args[0]] += mark.kwargs["points"]
    assert added == {e.id: e.points - manual_points(e) for e in assignment.exercises}


@of_each
def test_every_check_belongs_to_an_exercise(assignment, collected):
    assert collected(assignment.id).unmarked == []


# -- questions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "manual",
    [
        pytest.param(exercise.manual, id=f"{assignment.id}-{exercise.id}")
        for assignment in ASSIGNMENTS
        for exercise in assignment.exercises
        if exercise.manual
    ],
)
def test_every_text_question_has_a_rubric_that_says_what_full_and_no_points_need(manual):
    assert manual.question.endswith("?")
    assert any(line.startswith(f"{manual.points:g} point") for line in manual.rubric)
    assert any(line.startswith("0 points") for line in manual.rubric)


# -- the starter ----------------------------------------------------------------------------


@of_each
def test_the_starter_is_a_valid_notebook(assignment):
    nbformat.validate(starter(assignment))


@of_each
def test_the_starter_holds_no_output_and_no_count(assignment):
    cells = [cell for cell in starter(assignment).cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in cells] == [[]] * len(cells)
    assert {cell.execution_count for cell in cells} == {None}


@of_each
def test_the_starter_can_be_read_as_a_submission(assignment):
    content = (assignment.folder / "starter.ipynb").read_bytes()
    cells = read_cells("starter.ipynb", content, set(ids(assignment)))
    assert {cell.exercise for cell in cells} - {None} == set(ids(assignment))


@of_each_exercise
def test_each_exercise_has_its_cells_in_the_starter(assignment, exercise):
    marks = [cell.metadata.get("tensormark", {}) for cell in starter(assignment).cells]
    kinds = [mark["kind"] for mark in marks if mark.get("exercise") == exercise.id]
    code = ["code"] * bool(exercise.automatic_points)
    assert kinds == ["task", *code, *["text"] * bool(exercise.manual)]


@of_each
def test_each_text_cell_asks_the_question_of_the_sheet(assignment):
    for cell in starter(assignment).cells:
        mark = cell.metadata.get("tensormark", {})
        if mark.get("kind") == "text":
            exercise = assignment.exercise(mark["exercise"])
            assert exercise is not None
            assert exercise.manual is not None
            assert exercise.manual.question in cell.source


@of_each
def test_the_code_of_the_starter_has_no_error_of_its_own(assignment):
    for cell in starter(assignment).cells:
        if cell.cell_type == "code":
            compile(cell.source, "<starter>", "exec")


@of_each
def test_the_starter_trains_nothing(assignment):
    code = "\n".join(cell.source for cell in starter(assignment).cells if cell.cell_type == "code")
    assert not re.search(r"Dense|Conv2D|\.compile\(|\.fit\(", code)


# -- the handout ----------------------------------------------------------------------------


@of_each_exercise
def test_the_handout_has_each_exercise_with_its_points(assignment, exercise):
    found = re.search(rf"\*\*{exercise.id} \({exercise.points:g} points?\b", handout(assignment))
    assert found


@of_each
def test_the_handout_names_the_points_of_the_whole_sheet(assignment):
    text = handout(assignment)
    assert f"{assignment.points:g} points" in text
    if assignment.bonus_points:
        assert f"{assignment.bonus_points:g} bonus points" in text


# -- the samples ----------------------------------------------------------------------------


@of_each
def test_every_sample_is_listed_and_every_listed_sample_exists(assignment):
    listed = {sample.path.name for sample in load_samples(assignment)}
    files = {
        path.name
        for path in (assignment.folder / "samples").iterdir()
        if path.is_file() and path.name not in {"samples.toml", "demo.toml"}
    }
    assert listed == files


@of_each
def test_no_sample_is_listed_twice(assignment):
    listed = assignment.folder / "samples" / "samples.toml"
    content = tomllib.loads(listed.read_text(encoding="utf-8"))
    names = [entry["file"] for entry in content["sample"]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("assignment", "sample"),
    [
        pytest.param(assignment, sample, id=f"{assignment.id}-{sample.path.name}")
        for assignment in ASSIGNMENTS
        for sample in load_samples(assignment)
    ],
)
def test_a_sample_loses_points_in_known_exercises_only(assignment, sample: Sample):
    assert sample.loses <= set(ids(assignment))
    assert sample.about


@of_each
def test_full_marks_are_earned_in_a_notebook_and_in_a_script(assignment):
    clean = [s for s in load_samples(assignment) if not s.loses and not s.unusable]
    assert {sample.path.suffix for sample in clean} == {".ipynb", ".py"}


@of_each
def test_five_samples_go_wrong_in_one_place_or_more(assignment):
    assert len([sample for sample in load_samples(assignment) if sample.loses]) >= 5


@of_each
def test_samples_in_notebooks_are_valid_where_they_are_usable(assignment):
    for sample in load_samples(assignment):
        if sample.path.suffix == ".ipynb" and not sample.unusable:
            nbformat.validate(json.loads(sample.path.read_text(encoding="utf-8")))
