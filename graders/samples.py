"""The sample submissions that an assignment ships, and the small class of `tensormark demo`."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Set
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from graders.assignment import Assignment, list_assignments, load_assignment
from graders.errors import AssignmentError, SubmissionError
from graders.result import Handed
from graders.submission import Submission, read_cells

# Which sections of the assignment the demo has, and its `[deadline]`; an assignment that has this
# file can be the demo's.
_DEMO = Path("samples", "demo.toml")
# When the demo's class hands in, unless a sample says otherwise.
_HOURS_BEFORE = 20.0


@dataclass(frozen=True)
class Sample:
    """A submission written by us: its file, its mistake, and the exercises that must lose."""

    path: Path
    about: str
    loses: frozenset[str]
    unusable: bool
    demo: bool
    hours_late: float  # handed in so long after the deadline of the demo's class; may be negative


def load_samples(assignment: Assignment) -> list[Sample]:
    """Read `samples/samples.toml` of an assignment."""
    folder = assignment.folder / "samples"
    content = tomllib.loads((folder / "samples.toml").read_text(encoding="utf-8"))
    return [
        Sample(
            path=folder / entry["file"],
            about=entry["about"],
            loses=frozenset(entry["loses"]),
            unusable=entry["unusable"],
            demo=entry["demo"],
            hours_late=entry.get("hours_late", -_HOURS_BEFORE),
        )
        for entry in content["sample"]
    ]


def sample_submissions(assignment: Assignment) -> list[Submission]:
    """Return all samples as a class of submissions."""
    return [Submission(sample.path.stem, sample.path) for sample in load_samples(assignment)]


# -- the demo -------------------------------------------------------------------------------


def find_demo() -> Assignment:
    """Return the first installed assignment, by name, that has a class for the demo.

    Raises:
        AssignmentError: none has.

    """
    names = list_assignments()
    for assignment in map(load_assignment, names):
        if (assignment.folder / _DEMO).is_file():
            return assignment
    raise AssignmentError(
        f"No installed assignment has {_DEMO}, so there is no class to show. Installed: "
        f"{', '.join(names) or 'none'}."
    )


def demo_class(assignment: Assignment, folder: Path) -> tuple[Assignment, list[Submission]]:
    """Make the class of the demo: some sections of an assignment, and who has handed in what.

    The assignment is copied, so that `tensormark regrade` finds the same sections and the same
    deadline.

    Args:
        assignment: has a class for the demo.
        folder: gets the assignment and the submissions; what is there is replaced.

    Returns:
        The copied assignment, and its submissions.

    """
    demo = (assignment.folder / _DEMO).read_text(encoding="utf-8")
    sections = set(tomllib.loads(demo)["sections"])
    shutil.rmtree(folder, ignore_errors=True)
    copy = _copy_sections(assignment, folder / assignment.id, sections, demo)
    kept = {exercise.id for exercise in copy.exercises}
    due = copy.deadline.due if copy.deadline else None
    submissions = []
    for sample in load_samples(assignment):
        if sample.demo:
            path = folder / "submissions" / sample.path.name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(_without_others(assignment, sample.path, kept))
            at = due and due + timedelta(hours=sample.hours_late)
            handed = Handed(submitted_at=at)
            submissions.append(Submission(path.stem, path, handed=handed))
    return copy, submissions


def _copy_sections(
    assignment: Assignment, folder: Path, sections: Set[str], demo: str
) -> Assignment:
    """Copy an assignment folder without the exercises of other sections and without their checks.

    The checks of a section stand in files that begin with its id: test_2_convolutions.py.
    """
    others = {section.id for section in assignment.sections} - sections
    left_out = shutil.ignore_patterns(
        "samples", "__pycache__", *(f"test_{section}*.py" for section in others)
    )
    shutil.copytree(assignment.folder, folder, ignore=left_out)
    content = (assignment.folder / "assignment.toml").read_text(encoding="utf-8")
    blocks = re.split(r"(?m)^(?=\[\[(?:section|exercise)\]\])", content)
    kept = [block for block in blocks if not _section_of(block) & others]
    deadline = demo[demo.index("[deadline]") :]
    (folder / "assignment.toml").write_text("".join([*kept, "\n", deadline]), encoding="utf-8")
    return load_assignment(folder)


def _section_of(block: str) -> set[str]:
    """Return the section of a [[section]] or an [[exercise]]; nothing for what stands before."""
    content = tomllib.loads(block)
    exercises = {exercise["section"] for exercise in content.get("exercise", ())}
    return exercises | {section["id"] for section in content.get("section", ())}


def _without_others(assignment: Assignment, path: Path, kept: Set[str]) -> bytes:
    """Return a sample without the cells of exercises that the demo leaves out."""
    content = path.read_bytes()
    try:
        cells = read_cells(path.name, content, {one.id for one in assignment.exercises})
    except SubmissionError:
        return content
    stays = [cell for cell in cells if cell.exercise is None or cell.exercise in kept]
    if path.suffix == ".py":
        return "\n\n".join(cell.source for cell in stays).encode()
    notebook = json.loads(content)
    notebook["cells"] = [notebook["cells"][cell.index] for cell in stays]
    return json.dumps(notebook).encode()
