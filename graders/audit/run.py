"""Grade every submission of an audit, and put together what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Protocol

from graders.assignment import Assignment
from graders.audit.outcome import (
    Audit,
    Conditions,
    NotMade,
    Row,
    Share,
    mutant_row,
    unjudged,
    variant_row,
)
from graders.audit.plan import Mutant, Plan
from graders.audit.variants import Variant
from graders.errors import AssignmentError, RunError
from graders.files import write_whole
from graders.grading import Grader
from graders.ran import Ran
from graders.result import RESULT, Result
from graders.submission import Submission
from graders.training.repeats import wanted_again

_VERSIONS = ("keras", "tensorflow", "numpy")


class Grades(Protocol):
    """Grades one submission and leaves its run in a folder, as `Grader` does."""

    def grade(self, submission: Submission, out: Path) -> Result:
        """Grade one submission."""

    def stop(self) -> None:
        """End whatever is running."""


@dataclass(frozen=True)
class Recheck:
    """Checks what an earlier audit has run, and runs only what has changed since.

    Checks change more often than submissions do, and this takes seconds.
    """

    grader: Grader

    def grade(self, submission: Submission, out: Path) -> Result:
        """Check a submission's earlier run again, or grade it where there is none."""
        with suppress(RunError):
            ran = Ran.load(out)
            if ran.ended is not None and self._is_same(ran, submission):
                result = self.grader.checker.check(ran, out)
                if not wanted_again(result):
                    return result
        return self.grader.grade(submission, out)

    def stop(self) -> None:
        """End whatever is running."""
        self.grader.stop()

    def _is_same(self, ran: Ran, submission: Submission) -> bool:
        data = [one.fingerprint for one in self.grader.data]
        return (
            ran.submission.sha256 == submission.sha256()
            and [use.fingerprint for use in ran.data_sets] == data
            and (ran.training, ran.cap) == (self.grader.settings.training, self.grader.cap)
            and ran.device == self.grader.trainer.setting.device
        )


@dataclass(frozen=True)
class Ground:
    """What an audit is run on, for the record."""

    data_sets: dict[str, str]
    training: str
    capped: str
    structural: bool
    device: str


def run_audit(
    assignment: Assignment,
    plan: Plan,
    grader: Grades,
    ground: Ground,
    out: Path,
    *,
    workers: int,
    done: Callable[[Row], None],
) -> Audit:
    """Grade all submissions of a plan side by side.

    Args:
        assignment: the sheet.
        plan: the submissions.
        grader: grades them; one for all.
        ground: what is written down of it.
        out: gets `submissions/<id>/` with the file, result.json and recording of each.
        workers: how many to grade at once.
        done: is told of each row, in the order in which they end.

    Raises:
        AssignmentError: the assignment itself is broken.

    """

    def grade(one: Variant | Mutant) -> Row:
        return _judged(one, plan, grader, out / "submissions" / one.id)

    everything: list[Variant | Mutant] = [*plan.variants, *plan.mutants]
    rows: dict[str, Row] = {}
    with ThreadPoolExecutor(max_workers=workers) as pool:
        running = [pool.submit(grade, one) for one in everything]
        try:
            for future in as_completed(running):
                row = future.result()
                rows[row.id] = row
                done(row)
        except BaseException:
            # An interrupt or a broken assignment: end the running ones, begin no other.
            pool.shutdown(wait=False, cancel_futures=True)
            grader.stop()
            raise
    return audit_of(
        assignment,
        plan,
        ground,
        [rows[one.id] for one in plan.variants],
        [rows[one.id] for one in plan.mutants],
    )


def audit_of(
    assignment: Assignment,
    plan: Plan,
    ground: Ground,
    variants: Sequence[Row],
    mutants: Sequence[Row],
) -> Audit:
    """Put rows together, in the order of the plan."""
    checked = [exercise.id for exercise in assignment.exercises if exercise.automatic_points]
    return Audit(
        assignment=assignment.id,
        title=assignment.title,
        exercises=checked,
        bar=plan.spec.bar,
        conditions=Conditions(
            data_sets=ground.data_sets,
            training=ground.training,
            capped=ground.capped,
            structural=ground.structural,
            versions={name: metadata.version(name) for name in _VERSIONS},
            device=ground.device,
        ),
        kept=Share.of_rows(variants),
        caught=Share.of_rows(mutants),
        variants=list(variants),
        mutants=list(mutants),
        left_out=[
            NotMade(mutants=number, reason=reason) for reason, number in plan.left_out.items()
        ],
    )


def _judged(one: Variant | Mutant, plan: Plan, grader: Grades, folder: Path) -> Row:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / one.file_name
    write_whole(path, one.text)
    try:
        result = grader.grade(Submission(one.id, path), folder)
        result.save(folder / RESULT)
    except AssignmentError:
        raise
    except Exception as error:  # noqa: BLE001 - one submission's trouble must not end the audit
        return _not_graded(one, plan, error)
    if isinstance(one, Variant):
        return variant_row(one.id, one.about, result)
    return mutant_row(
        one.id,
        one.about,
        one.exercise,
        one.expected,
        result,
        diff=one.diff,
        explanation=plan.spec.explanation(one.id),
    )


def _not_graded(one: Variant | Mutant, plan: Plan, error: Exception) -> Row:
    problem = f"It could not be graded: {type(error).__name__}: {error}"
    if isinstance(one, Variant):
        return unjudged(one.id, one.about, problem)
    return unjudged(
        one.id,
        one.about,
        problem,
        exercise=one.exercise,
        expected=sorted(one.expected),
        diff=one.diff,
        explanation=plan.spec.explanation(one.id),
    )
