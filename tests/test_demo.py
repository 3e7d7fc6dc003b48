"""The class of `tensormark demo`: who is in it, and that it is graded as any other."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from graders.assignment import Assignment
from graders.batch.keys import checks_key
from graders.cli import app
from graders.samples import demo_class, find_demo, load_samples
from graders.submission import read_cells

ASSIGNMENT = find_demo()
SAMPLES = {sample.path.stem: sample for sample in load_samples(ASSIGNMENT) if sample.demo}


def exercises_of(assignment: Assignment) -> set[str]:
    return {exercise.id for exercise in assignment.exercises}


def test_the_class_has_one_of_each_kind(tmp_path):
    assignment, submissions = demo_class(ASSIGNMENT, tmp_path)
    samples = SAMPLES.values()

    assert {one.student for one in submissions} == set(SAMPLES)
    assert any(not sample.loses and not sample.unusable for sample in samples)
    assert len({sample.loses for sample in samples if sample.loses}) >= 2
    assert [sample.unusable for sample in samples].count(True) == 1
    assert assignment.deadline is not None
    late = [one for one in submissions if one.handed.submitted_at > assignment.deadline.due]
    assert len(late) == 1


def test_the_assignment_of_the_demo_has_some_sections_as_they_are(tmp_path):
    assignment, _ = demo_class(ASSIGNMENT, tmp_path)

    kept = {section.id for section in assignment.sections}
    assert kept < {section.id for section in ASSIGNMENT.sections}
    assert assignment.exercises == [one for one in ASSIGNMENT.exercises if one.section in kept]
    assert not [path for path in assignment.folder.glob("test_*.py") if path.name[5] not in kept]


def test_submissions_of_the_demo_have_the_cells_of_its_exercises_as_they_are(tmp_path):
    assignment, submissions = demo_class(ASSIGNMENT, tmp_path)
    known, kept = exercises_of(ASSIGNMENT), exercises_of(assignment)

    for one in submissions:
        sample = SAMPLES[one.student]
        if sample.unusable:
            assert one.read() == sample.path.read_bytes()
            continue
        before, after = (
            [
                (cell.exercise, cell.source)
                for cell in read_cells(path.name, path.read_bytes(), known)
                if cell.exercise
            ]
            for path in (sample.path, one.path)
        )
        assert after == [cell for cell in before if cell[0] in kept]
        assert len(after) < len(before)


def test_a_second_demo_takes_the_place_of_the_first(tmp_path):
    assignment, _ = demo_class(ASSIGNMENT, tmp_path)
    key = checks_key(assignment)
    (assignment.folder / "test_left_over.py").touch()

    again, _ = demo_class(ASSIGNMENT, tmp_path)

    assert checks_key(again) == key


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """Run the command once, with the page noted that it opens in place of opening it."""
    out = tmp_path_factory.mktemp("demo") / "report"
    opened: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
        done = CliRunner().invoke(app, ["demo", "-o", str(out), "--open"], env={"COLUMNS": "300"})
    assert opened == [(out / "index.html").as_uri()]
    return out, done


@pytest.mark.sandbox
def test_the_demo_says_what_it_trains_and_what_to_do_next(demo):
    _, done = demo

    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert "--training capped" in said
    assert "4 of 5 submissions graded" in said
    assert "1 not graded" in said
    assert "1 late" in said
    assert "points pending" in said
    assert "Try next:" in said


@pytest.mark.sandbox
def test_whoever_makes_no_mistake_has_all_points_of_the_demo(demo):
    out, _ = demo
    grades = (out / "grades.csv").read_text(encoding="utf-8").splitlines()

    assert len(grades) == 1 + len(SAMPLES)
    (full,) = [name for name, one in SAMPLES.items() if not one.loses and not one.unusable]
    assert ",20,25,0,5," in next(line for line in grades if full in line)


@pytest.mark.sandbox
def test_the_class_page_of_the_demo_names_the_late_one_and_the_near_copy(demo):
    out, _ = demo
    page = (out / "index.html").read_text(encoding="utf-8")

    assert "<strong>1</strong> late" in page
    assert "<strong>1</strong> near-identical group" in page


@pytest.mark.sandbox
def test_a_class_of_the_demo_can_be_checked_again(demo):
    out, _ = demo

    done = CliRunner().invoke(app, ["regrade", str(out)], env={"COLUMNS": "300"})

    assert done.exit_code == 0, done.output
    assert "1 late" in " ".join(done.output.split())
