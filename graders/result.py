"""What grading says about one submission: the models of `result.json`.

A result is complete in itself: feedback pages, the gradebook and exports are made from it alone,
without the submission and without its recording.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from graders.files import write_whole

RESULT = "result.json"
SCHEMA_VERSION: Literal[1] = 1


class Outcome(StrEnum):
    """How one check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_ATTEMPTED = "not_attempted"  # nothing to check was found
    BLOCKED = "blocked"  # it depends on a check that failed
    UNSCORED = "unscored"  # nothing to compare with, or nobody but a person can tell: left open
    ERROR = "error"  # the grader's or the machine's fault: never a zero, always shown to the TA

    @property
    def is_open(self) -> bool:
        """Whether the points are neither given nor lost until a person has looked."""
        return self in {Outcome.UNSCORED, Outcome.ERROR}


class Base(BaseModel):
    """Base of all parts: unknown fields are refused, NaN becomes null."""

    model_config = ConfigDict(extra="forbid", ser_json_inf_nan="null")


class LayerRow(Base):
    """One line of the comparison between a student's network and the expected one."""

    expected: str | None = Field(description="such as 'Dense 10 relu'; None: no such layer")
    found: str | None
    expected_shape: str = ""
    found_shape: str = ""
    expected_parameters: int | None = None
    found_parameters: int | None = None
    same: bool


class NetworkEvidence(Base):
    """A student's network beside the expected one."""

    kind: Literal["network"] = "network"
    title: str
    rows: list[LayerRow]
    expected_parameters: int | None
    found_parameters: int | None


class GridEvidence(Base):
    """A small matrix beside the expected one."""

    kind: Literal["grid"] = "grid"
    title: str
    expected: list[list[float]]
    found: list[list[float | None]] | None = Field(description="None: not a matrix of that size")


class TrainingEvidence(Base):
    """The training that a check looked at."""

    kind: Literal["training"] = "training"
    training: int = Field(description="id in Result.trainings")
    exercise: str | None = Field(default=None, description="that asks for this training")


class ScoreEvidence(Base):
    """A measured score beside those that the reference reached."""

    kind: Literal["score"] = "score"
    title: str = Field(description="such as 'test accuracy', or 'Adam minus SGD'")
    observed: list[float] = Field(
        description="an accuracy 0..1 or a difference of two, for each attempt, the first first"
    )
    cutoff: float = Field(description="from here on all points are given")
    floor: float = Field(description="from here down none are; between the two they rise linearly")
    high: float = Field(description="beyond it a person looks; no points are taken")
    reference: list[float] = Field(description="what the reference's own trainings reached")
    chance: float = Field(description="bound of the chance that a right solution fails, 0..1")
    again: list[int] = Field(
        default_factory=list,
        description="requests that a further attempt would train anew; empty: none is to come",
    )


class PlottedCurve(Base):
    """A curve as a student plotted it; of a long one, points from its beginning to its end."""

    label: str = Field(default="", description="the student's own; empty: it has none")
    shape: Literal["line", "points", "bars"] = "line"
    x: list[float | None]
    y: list[float | None]
    recognised: str = Field(default="", description="what it shows; empty: nothing that was asked")


class PlotPanel(Base):
    """One pair of axes."""

    title: str = Field(description="such as 'Figure 2 (cell 7): Learning rates'")
    xlabel: str = ""
    ylabel: str = ""
    categories: dict[int, str] = Field(
        default_factory=dict, description="texts along the x axis, by their place"
    )
    curves: list[PlottedCurve]


class PlotEvidence(Base):
    """What a student plotted, and what of it was recognised."""

    kind: Literal["plot"] = "plot"
    title: str = Field(description="what was to be drawn")
    panels: list[PlotPanel]
    missing: list[str] = Field(default_factory=list, description="what was not recognised")
    left_out: int = Field(default=0, description="further curves, which are not shown")


Evidence = Annotated[
    NetworkEvidence | GridEvidence | TrainingEvidence | ScoreEvidence | PlotEvidence,
    Field(discriminator="kind"),
]


class CheckResult(Base):
    """The outcome of one check."""

    id: str = Field(description="file and function, such as test_1_dense.py::test_hidden_layers")
    exercise: str
    title: str = Field(description="what is checked, one sentence")
    outcome: Outcome
    score: float
    points: float
    message: str = Field(default="", description="one sentence for the student")
    expected: str = ""
    found: str = ""
    where: str = Field(default="", description="such as 'cell 12'")
    hint: str = Field(default="", description="one thing to try")
    follows_from: str | None = Field(
        default=None,
        description="the earlier exercise that already paid for this mistake; the points are kept",
    )
    flag: str = Field(
        default="", description="what a person should look at; it has taken no points"
    )
    hidden: bool = False
    evidence: list[Evidence] = Field(default_factory=list)


class Judgement(Base):
    """What a person has said of an exercise: the points, why, who, and when."""

    score: float = Field(description="0 to the points that the person could give")
    comment: str = Field(default="", description="for the student")
    by: str = Field(default="", description="the person's name, for staff")
    at: str = Field(description="ISO 8601, UTC")


class ManualResult(Base):
    """A free-text question, for a person to read."""

    points: float
    score: float | None = Field(default=None, description="None: still to be read")
    judgement: Judgement | None = Field(default=None, description="where the score comes from")
    question: str
    rubric: list[str] = Field(default_factory=list)
    answer: str | None = Field(default=None, description="None: no answer was found")


class ExerciseResult(Base):
    """One exercise of the sheet."""

    id: str
    section: str
    title: str
    bonus: bool = False
    points: float
    score: float
    pending: float = 0.0
    checks: list[CheckResult] = Field(default_factory=list)
    manual: ManualResult | None = None
    override: Judgement | None = Field(
        default=None, description="a person's score for the whole exercise, in place of all else"
    )


class FailedCell(Base):
    """A cell that raised, with what may help."""

    index: int = Field(description="position in the notebook, from 0, markdown cells counted")
    exercise: str | None
    error_type: str
    message: str
    traceback: str = ""
    source: str = ""
    hint: str = ""


class Execution(Base):
    """How the run went."""

    status: Literal["complete", "timeout", "stopped", "unusable", "error", "missing"] = Field(
        description="missing: on the roster, and nothing was handed in"
    )
    message: str = Field(default="", description="a sentence for anything but complete")
    cells: int = 0
    cells_failed: int = 0
    seconds: float = 0.0
    device: str = ""
    isolation: list[str] = Field(default_factory=list)
    failed_cells: list[FailedCell] = Field(default_factory=list)
    skipped_commands: list[str] = Field(default_factory=list)
    cuts: list[str] = Field(default_factory=list)


class TrainingSummary(Base):
    """One fit, for the learning curves."""

    id: int
    title: str = Field(description="such as '784-10-10-10, SGD 0.01'")
    exercise: str | None = Field(default=None, description="the exercise that it was matched with")
    cell: int | None = None
    status: str = "ok"
    items: int | None = None
    epochs: int = 0
    batch_size: int | None = None
    history: dict[str, list[float | None]] = Field(default_factory=dict)
    test_accuracy: float | None = None
    others: dict[str, float] = Field(
        default_factory=dict, description="accuracy on further test sets by their names, 0..1"
    )
    train_accuracy: float | None = None
    seconds: float = Field(default=0.0, description="what the training took, whenever it was")
    verified: bool = Field(default=False, description="trained and measured by the grader itself")
    cached: bool = Field(default=False, description="known from an earlier submission or run")
    capped: bool = Field(default=False, description="on fewer epochs or items than asked for")
    fingerprint: str = Field(default="", description="of the training; equal ones are done once")
    note: str = Field(default="", description="why it isn't verified")


class DataSetUse(Base):
    """The data that the result rests on."""

    name: str
    source: str
    fingerprint: str


class Handed(Base):
    """What a learning platform says of a submission beside its files."""

    platform: Literal["", "canvas", "moodle", "gradescope", "nbgrader", "github"] = ""
    ids: dict[str, str] = Field(
        default_factory=dict,
        description="the student's, by kind: canvas, moodle, gradescope, sid, email, login, github",
    )
    label: str = Field(
        default="", description="the platform's name for it, under which feedback goes back"
    )
    submitted_at: AwareDatetime | None = None
    late: bool = Field(default=False, description="the platform's own mark")
    attempt: int | None = Field(default=None, description="from 1, where the platform counts")


class SubmissionInfo(Base):
    """Whose work it is."""

    student: str
    files: list[str] = Field(description="the file that was run; empty where there was none")
    sha256: str = Field(default="", description="of that file, and of what was brought along")
    key: str = Field(default="", description="tells students apart, whatever they are called")
    chosen: str = Field(default="", description="why this file, where there were several")
    brought: list[str] = Field(
        default_factory=list, description="helper modules and data that lay beside it when it ran"
    )
    handed: Handed = Field(default_factory=Handed)


class Late(Base):
    """What the assignment's deadline does to a submission."""

    due: str = Field(description="ISO 8601 with its offset; an extension is in it")
    submitted_at: str | None = Field(description="ISO 8601; None: it isn't known")
    seconds: float = Field(default=0.0, description="after the deadline, grace not taken off")
    deducted: float = Field(default=0.0, description="points")
    message: str = Field(description="one sentence for the student")
    unknown: bool = Field(
        default=False, description="late, but nobody knows how late: a person decides"
    )


class AssignmentInfo(Base):
    """Which sheet it answers."""

    id: str
    title: str
    sections: dict[str, str] = Field(default_factory=dict, description="id to title, in order")


class Result(Base):
    """Everything that grading says about one submission."""

    schema_version: Literal[1] = SCHEMA_VERSION
    tensormark: str
    graded_at: str = Field(description="ISO 8601, UTC")
    assignment: AssignmentInfo
    submission: SubmissionInfo
    score: float = Field(
        description="points earned so far, bonus included, what was deducted taken off"
    )
    points: float = Field(description="all points of the sheet, without bonus")
    bonus_points: float = 0.0
    pending: float = Field(default=0.0, description="points that a person has still to give")
    exercises: list[ExerciseResult] = Field(default_factory=list)
    late: Late | None = Field(default=None, description="None: in time, or there is no deadline")
    execution: Execution
    trainings: list[TrainingSummary] = Field(default_factory=list)
    data_sets: list[DataSetUse] = Field(default_factory=list)
    environment: dict[str, Any] = Field(default_factory=dict)

    @property
    def checks(self) -> list[CheckResult]:
        """All checks, in the order of the sheet."""
        return [check for exercise in self.exercises for check in exercise.checks]

    @property
    def flagged(self) -> list[CheckResult]:
        """Checks that a person should look at, though they have taken no points."""
        return [check for check in self.checks if check.flag]

    def count(self, outcome: Outcome) -> int:
        """How many checks ended so."""
        return sum(check.outcome is outcome for check in self.checks)

    def save(self, path: Path) -> None:
        """Write result.json whole or not at all."""
        write_whole(path, self.model_dump_json(indent=1))

    @classmethod
    def load(cls, path: Path) -> Result:
        """Read a result.json."""
        return cls.model_validate_json(path.read_text(encoding="utf-8"))


def total(points: Iterable[float]) -> float:
    """Add points up; hundredths must not leave 27.990000000000002."""
    return round(math.fsum(points), 6)
