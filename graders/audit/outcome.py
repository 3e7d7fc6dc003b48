"""What an audit finds: the models of audit.json, and how the rows and shares come about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from graders.result import CheckResult, ExerciseResult, Outcome, Result

SCHEMA_VERSION: Literal[1] = 1
CONFIDENCE = 0.95

State = Literal["kept", "lost", "open"]
# Of a mutant: caught, spilled, survived; of a correct variant: kept, lost; open of both.
Status = Literal["caught", "spilled", "survived", "kept", "lost", "open"]

_LOST = {Outcome.FAILED, Outcome.NOT_ATTEMPTED}


class Base(BaseModel):
    """Base of all parts: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Finding(Base):
    """A check that says something about why a row is what it is."""

    exercise: str
    check: str = Field(description="what is checked, one sentence")
    outcome: str
    message: str = ""
    follows_from: str | None = None


class Row(Base):
    """One submission of the audit and what it lost."""

    id: str
    about: str
    exercise: str = Field(default="", description="of a mutant: where the mistake stands")
    expected: list[str] = Field(default_factory=list, description="exercises that have to lose")
    status: Status
    states: dict[str, State] = Field(default_factory=dict, description="by exercise")
    findings: list[Finding] = Field(default_factory=list)
    failed_cells: list[str] = Field(default_factory=list, description="errors of its own cells")
    diff: str = Field(default="", description="where the row is not what it has to be")
    explanation: str = ""
    problem: str = Field(default="", description="why it could not be graded")

    @property
    def is_right(self) -> bool:
        """Whether the grader did with it what it has to do."""
        return self.status in {"caught", "kept"}

    @property
    def lost(self) -> list[str]:
        """Exercises that lost points."""
        return [exercise for exercise, state in self.states.items() if state == "lost"]


class Share(Base):
    """A share with its exact (Clopper-Pearson) confidence interval."""

    right: int
    of: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """The share itself; 1 where there was nothing to get wrong."""
        return self.right / self.of if self.of else 1.0

    @classmethod
    def of_rows(cls, rows: Sequence[Row]) -> Self:
        """Count the rows that are right."""
        from scipy.stats import binomtest

        right = sum(row.is_right for row in rows)
        if not rows:
            return cls(right=0, of=0, low=0.0, high=1.0)
        interval = binomtest(right, len(rows)).proportion_ci(CONFIDENCE, method="exact")
        return cls(right=right, of=len(rows), low=float(interval.low), high=float(interval.high))


class NotMade(Base):
    """Mutants that were left out of the audit."""

    mutants: int
    reason: str


class Conditions(Base):
    """What the audit rests on."""

    data_sets: dict[str, str] = Field(description="name to source and fingerprint")
    training: str
    capped: str = Field(default="", description="the bounds of `--training capped`")
    structural: bool = Field(description="without the mutants that only an accuracy gives away")
    versions: dict[str, str] = Field(default_factory=dict)
    device: str = ""


class Audit(Base):
    """Everything that an audit finds."""

    schema_version: Literal[1] = SCHEMA_VERSION
    assignment: str
    title: str
    exercises: list[str]
    bar: float = Field(description="share of the mutants that must be caught")
    conditions: Conditions
    kept: Share = Field(description="of the correct variants")
    caught: Share = Field(description="of the mutants")
    variants: list[Row]
    mutants: list[Row]
    left_out: list[NotMade]

    @property
    def unlike(self) -> list[Row]:
        """Rows that are not what they have to be: variants first."""
        return [row for row in [*self.variants, *self.mutants] if not row.is_right]

    @property
    def unexplained(self) -> list[Row]:
        """Rows that are not what they have to be, and nobody has said why."""
        return [row for row in self.unlike if not row.explanation]

    @property
    def passed(self) -> bool:
        """Whether the grader may be trusted, as far as this audit goes.

        Every correct variant is kept, enough mutants are caught, and all others are explained.
        """
        enough = self.caught.share >= self.bar
        return self.kept.right == self.kept.of and enough and not self.unexplained


def variant_row(identifier: str, about: str, result: Result) -> Row:
    """Judge a correct variant: it is kept if every check gives full points."""
    states = states_of(result.exercises)
    status: Status = "kept"
    if result.execution.status != "complete":
        status = "open"
    elif "lost" in states.values() or any(_is_lost(check) for check in result.checks):
        status = "lost"
    elif "open" in states.values() or _pending_beside_manual(result):
        status = "open"
    wrong = [check for check in result.checks if check.outcome is not Outcome.PASSED]
    return _row(identifier, about, result, status, wrong)


def mutant_row(
    identifier: str,
    about: str,
    exercise: str,
    expected: frozenset[str],
    result: Result,
    *,
    diff: str,
    explanation: str,
) -> Row:
    """Judge a mutant: it is caught if it loses in the expected exercises, and in no other."""
    states = states_of(result.exercises)
    status = status_of(expected, states)
    if result.execution.status in {"unusable", "error"}:
        status = "open"
    about_it = [
        check for check in result.checks if check.exercise in expected or check.score < check.points
    ]
    named: dict[str, object] = {
        "exercise": exercise,
        "expected": [e for e in states if e in expected] or sorted(expected),
    }
    if status != "caught":
        named |= {"diff": diff, "explanation": explanation}
    return _row(identifier, about, result, status, about_it).model_copy(update=named)


def unjudged(identifier: str, about: str, problem: str, **more: str | list[str]) -> Row:
    """Make the row of a submission that could not be graded at all."""
    return Row(id=identifier, about=about, status="open", problem=problem).model_copy(update=more)


def states_of(exercises: Iterable[ExerciseResult]) -> dict[str, State]:
    """Say of each exercise with checks whether it lost points, or was left open."""
    return {exercise.id: _state(exercise.checks) for exercise in exercises if exercise.checks}


def status_of(expected: frozenset[str], states: dict[str, State]) -> Status:
    """Compare what lost with what had to lose."""
    lost = {exercise for exercise, state in states.items() if state == "lost"}
    if lost == expected:
        return "caught"
    if lost > expected:
        return "spilled"
    missed = expected - lost
    return "open" if all(states.get(exercise) == "open" for exercise in missed) else "survived"


def _state(checks: Sequence[CheckResult]) -> State:
    if any(_is_lost(check) for check in checks):
        return "lost"
    return "open" if any(check.score < check.points for check in checks) else "kept"


def _is_lost(check: CheckResult) -> bool:
    return check.score < check.points and check.outcome in _LOST


def _pending_beside_manual(result: Result) -> bool:
    manual = sum(exercise.manual.points for exercise in result.exercises if exercise.manual)
    return result.pending > manual + 1e-9


def _row(
    identifier: str, about: str, result: Result, status: Status, concerned: Sequence[CheckResult]
) -> Row:
    right = status in {"caught", "kept"}
    return Row(
        id=identifier,
        about=about,
        status=status,
        states=states_of(result.exercises),
        findings=[] if right else [_finding(check) for check in concerned],
        failed_cells=[
            # Further lines name files of this machine.
            f"{cell.error_type}: {''.join(cell.message.splitlines()[:1])}"
            for cell in result.execution.failed_cells
        ],
        problem=result.execution.message,
    )


def _finding(check: CheckResult) -> Finding:
    return Finding(
        exercise=check.exercise,
        check=check.title,
        outcome=check.outcome.value,
        message=check.message,
        follows_from=check.follows_from,
    )
