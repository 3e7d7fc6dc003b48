"""Read and validate an assignment folder: sections, exercises, points, questions, deadline."""

from __future__ import annotations

import json
import tomllib
from datetime import datetime
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from graders.errors import AssignmentError
from graders.training.limits import Limits
from graders.training.test_sets import TestSet

# Fifty years of hours, so that no time can be moved beyond the calendar.
_MOST_HOURS = 450_000.0
_MOST_MINUTES = 60 * _MOST_HOURS


class Base(BaseModel):
    """Base of the parts of assignment.toml: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


class Section(Base):
    """A part of the sheet, such as "1 Dense networks"."""

    id: str
    title: str


class Manual(Base):
    """A free-text question of an exercise, which a person scores."""

    points: Annotated[float, Field(gt=0)]
    question: str
    rubric: list[str] = Field(min_length=1)


class Exercise(Base):
    """One exercise of the sheet; its points are those of its checks and of its manual part."""

    id: str
    section: str
    title: str
    points: Annotated[float, Field(gt=0)]
    bonus: bool = False
    manual: Manual | None = None

    @property
    def automatic_points(self) -> float:
        """Points that checks give."""
        return self.points - (self.manual.points if self.manual else 0.0)


class Deadline(Base):
    """When submissions are due, and what a late one loses."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    due: datetime
    # As late as this costs nothing and isn't called late.
    grace_minutes: Annotated[float, Field(ge=0, le=_MOST_MINUTES)] = 0.0
    # For each period begun since the deadline.
    deduct_percent: Annotated[float, Field(ge=0, le=100)] = 0.0
    period_hours: Annotated[float, Field(gt=0, le=_MOST_HOURS)] = 24.0
    # Of all points of the sheet, bonus not counted, or of those that were earned.
    of: Literal["earned", "points"] = "points"
    at_most_percent: Annotated[float, Field(ge=0, le=100)] = 100.0
    # What is later than this earns nothing; None: it is never too late.
    closes_after_hours: Annotated[float, Field(gt=0, le=_MOST_HOURS)] | None = None

    @field_validator("due", mode="before")
    @classmethod
    def _has_offset(cls, due: object) -> object:
        if isinstance(due, str):
            due = datetime.fromisoformat(due)
        if not isinstance(due, datetime) or due.utcoffset() is None:
            raise ValueError(
                "is no time with an offset from UTC; write it as 2026-05-04T23:59:00+02:00, "
                "without quotation marks"
            )
        # The calendar ends with the year 9999, and a time zone may lead beyond it.
        if not 1970 < due.year < 9000:
            raise ValueError(f"lies in the year {due.year}")
        return due

    @model_validator(mode="after")
    def _closes_after_the_grace(self) -> Self:
        closes = self.closes_after_hours
        if closes is not None and closes * 60 < self.grace_minutes:
            raise ValueError("closes_after_hours ends before grace_minutes do")
        return self


class Assignment(Base):
    """An assignment folder."""

    schema_version: Literal[1]
    id: str
    title: str
    summary: str = ""
    source: str = ""
    data_sets: list[str] = Field(default_factory=list)
    time_limit: Annotated[float, Field(gt=0)] = 1800.0
    # GB of one submission: of its processes and their files together, and of the files alone.
    memory_limit: Annotated[float, Field(gt=0)] = 6.0
    disk_limit: Annotated[float, Field(gt=0)] = 4.0
    training: Limits = Field(default_factory=Limits)
    # What networks are measured on beside the test sets of the data sets.
    test_sets: list[TestSet] = Field(default_factory=list, alias="test_set")
    # None: submissions are never late.
    deadline: Deadline | None = None
    sections: list[Section] = Field(alias="section")
    exercises: list[Exercise] = Field(alias="exercise", min_length=1)
    _folder: Path = PrivateAttr(default=Path())

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = [exercise.id for exercise in self.exercises]
        repeated = sorted({i for i in ids if ids.count(i) > 1})
        if repeated:
            raise ValueError(f"exercise {repeated[0]} is declared twice")
        names = ["test", *(one.name for one in self.test_sets)]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the name of the test set {repeated[0]} is taken")
        if foreign := [s.data_set for s in self.test_sets if s.data_set not in self.data_sets]:
            raise ValueError(f"a test set is made of {foreign[0]}, which is not in data_sets")
        sections = {section.id for section in self.sections}
        for exercise in self.exercises:
            if exercise.section not in sections:
                raise ValueError(
                    f"exercise {exercise.id} names the unknown section {exercise.section!r}"
                )
            if exercise.automatic_points < 0:
                raise ValueError(
                    f"the manual part of exercise {exercise.id} has more points than the exercise"
                )
        return self

    @property
    def folder(self) -> Path:
        """Where assignment.toml, the handout, the starter notebook and the checks stand."""
        return self._folder

    @property
    def address(self) -> str:
        """What `load_assignment` finds it by: its name where it is installed, else its folder."""
        installed = _installed() / self._folder.name
        return self._folder.name if installed == self._folder else str(self._folder)

    @property
    def points(self) -> float:
        """All points of the sheet, without bonus."""
        return sum(exercise.points for exercise in self.exercises if not exercise.bonus)

    @property
    def bonus_points(self) -> float:
        """Points of the bonus exercises."""
        return sum(exercise.points for exercise in self.exercises if exercise.bonus)

    def exercise(self, exercise_id: str) -> Exercise | None:
        """Return an exercise by its id."""
        return next((e for e in self.exercises if e.id == exercise_id), None)

    @cached_property
    def starter_lines(self) -> set[str]:
        """Every line of the starter notebook, to tell a student's words from the prompts."""
        path = self.folder / "starter.ipynb"
        if not path.is_file():
            return set()
        try:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            text = "\n".join("".join(cell.get("source", "")) for cell in cells)
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise AssignmentError.invalid(path, f"it is not a notebook ({error})") from error
        return {line.strip() for line in text.splitlines() if line.strip()}


def load_assignment(name_or_folder: str | Path) -> Assignment:
    """Read an assignment by its name, or from a folder of one's own.

    Raises:
        AssignmentError: there is none, or its assignment.toml is not valid.

    """
    folder = _folder_of(name_or_folder)
    path = folder / "assignment.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        assignment = Assignment.model_validate(content)
    except FileNotFoundError as error:
        raise AssignmentError.invalid(path, "there is no such file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AssignmentError.invalid(path, f"it is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise AssignmentError.invalid(path, f"{where} {first['msg']}".strip()) from error
    assignment._folder = folder
    return assignment


def list_assignments() -> list[str]:
    """Names of the installed assignments."""
    root = _installed()
    return sorted(p.name for p in root.iterdir() if (p / "assignment.toml").is_file())


def _folder_of(name_or_folder: str | Path) -> Path:
    path = Path(name_or_folder)
    if (path / "assignment.toml").is_file():
        return path.resolve()
    installed = _installed() / path.name
    if str(name_or_folder) in list_assignments():
        return installed
    raise AssignmentError.unknown(str(name_or_folder), list_assignments())


def _installed() -> Path:
    return Path(str(resources.files("assignments")))
