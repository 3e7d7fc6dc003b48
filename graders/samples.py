"""The sample submissions that an assignment ships, and what each of them must lose."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from graders.assignment import Assignment
from graders.submission import Submission


@dataclass(frozen=True)
class Sample:
    """A submission written by us: its file, its mistake, and the exercises that must lose."""

    path: Path
    about: str
    loses: frozenset[str]
    unusable: bool
    demo: bool


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
        )
        for entry in content["sample"]
    ]


def sample_submissions(assignment: Assignment, *, everything: bool) -> list[Submission]:
    """Return the samples as a class of submissions, the whole or the demo's small one."""
    return [
        Submission(sample.path.stem, sample.path)
        for sample in load_samples(assignment)
        if sample.demo or everything
    ]
