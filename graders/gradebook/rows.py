"""What is read from a gradebook: plain data, detached from the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class StudentRow:
    """A student of the class."""

    key: str
    name: str
    # Name of the folder in OUT that holds this student's result.
    folder: str
    ids: dict[str, str] = field(default_factory=dict)
    section: str = ""
    on_roster: bool = False
    # A deadline of one's own, UTC.
    extension: datetime | None = None


@dataclass(frozen=True, slots=True)
class Latest:
    """A student's newest result, without its details."""

    key: str
    folder: str
    attempt: int
    submission_sha256: str
    # What the run depends on beside the submission, and what the checks depend on.
    run_key: str
    checks_key: str
    # As in Execution.status.
    status: str
    score: float
    points: float
    bonus_points: float
    pending: float
    late_points: float
    # ISO 8601, UTC.
    made_at: str
    # A run began after this result's and has no end: the folder may hold half of it.
    overtaken: bool


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a student."""

    # ISO 8601, UTC.
    at: str
    what: Literal["seen", "begun", "interrupted", "finished", "graded", "judged"]
    submission_sha256: str = ""
    # For seen: the file. For begun: the machine.
    about: str = ""
    # For graded and judged.
    score: float | None = None
    # For graded: as in Execution.status.
    status: str = ""
    # For judged.
    exercise: str = ""
    kind: str = ""
    comment: str = ""
    by: str = ""
