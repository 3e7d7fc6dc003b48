"""What a result depends on, as fingerprints: so that what hasn't changed isn't done again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Self

from graders import __version__
from graders.assignment import Assignment
from graders.grading import Settings, cap_of
from graders.result import SubmissionInfo
from graders.settle import Standing
from graders.training.trainer import device_of
from reference.datasets import DataSet


@dataclass(frozen=True)
class Recipe:
    """How a class is graded: what every machine that takes part must agree on."""

    assignment: str  # its address
    settings: Settings
    data: tuple[str, ...]  # fingerprints of the data sets
    run_key: str  # of all that a run depends on beside the submission
    checks_key: str  # of the checks, the sheet, the ranges, and tensormark itself

    @classmethod
    def of(cls, assignment: Assignment, settings: Settings, data: list[DataSet]) -> Self:
        """Fingerprint what submissions are graded with.

        Args:
            assignment: the sheet.
            settings: how to run; a device of "auto" counts as the one that it is here.
            data: the data sets that submissions are served.

        """
        device = device_of(settings.device)
        cap = cap_of(assignment, settings)
        fingerprints = tuple(one.fingerprint for one in data)
        # Time and memory are left out: who allows more of them grades those anew who ran into it.
        depends = {
            "assignment": assignment.id,
            "data": fingerprints,
            "device": device,
            "draw": settings.draw,
            "training": settings.training,
            "cap": cap.model_dump() if cap is not None else None,
            "limits": assignment.training.model_dump(),
        }
        if assignment.test_sets:
            depends["test_sets"] = [one.model_dump() for one in assignment.test_sets]
        return cls(
            assignment.address, settings, fingerprints, _digest(depends), checks_key(assignment)
        )


def checks_key(assignment: Assignment) -> str:
    """Fingerprint what a recording is checked with: sheet, checks, expected values, tensormark."""
    content = hashlib.sha256(__version__.encode())
    for path in (*_files_of(assignment.folder), _expected(assignment)):
        if path.is_file():
            content.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return content.hexdigest()


def result_key(checks: str, info: SubmissionInfo, standing: Standing) -> str:
    """Fingerprint all that a result is made of beside the recording; `checks_of` gives one part."""
    return f"{checks}:{_digest([info.model_dump(mode='json'), repr(standing)])}"


def checks_of(key: str) -> str:
    """Return the fingerprint of the checks that a result was made with."""
    return key.partition(":")[0]


def _files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in {".py", ".toml"})


def _expected(assignment: Assignment) -> Path:
    return Path(str(resources.files("reference"))) / "expected" / f"{assignment.id}.json"


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
