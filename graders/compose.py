"""Put a result together from a recording and from what the checks reported."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Literal

from graders import __version__
from graders.assignment import Assignment, Exercise
from graders.checks.attempts import Attempt, place
from graders.checks.context import CheckContext
from graders.checks.texts import text_answers, text_value
from graders.errors import RunError
from graders.hints import hint_for
from graders.ran import Ended
from graders.recording import RecordingFolder
from graders.recording.schema import CellOutcome
from graders.result import (
    AssignmentInfo,
    CheckResult,
    DataSetUse,
    Execution,
    ExerciseResult,
    FailedCell,
    ManualResult,
    Outcome,
    Result,
    SubmissionInfo,
    TrainingEvidence,
    TrainingSummary,
    total,
)

_SOURCE_LINES = 40
_FAILED_SHOWN = 200
_OUTPUT_CHARACTERS = 4000
_NAME_CHARACTERS = 200
_ERROR_CHARACTERS = 300
# What Keras and NumPy complain of stands at a message's beginning.
_HINT_CHARACTERS = 1000


def compose(
    context: CheckContext, submission: SubmissionInfo, checks: Sequence[CheckResult], ended: Ended
) -> Result:
    """Make the result of a submission that was run."""
    if ended.how == "finished" and context.recording.data.status == "running":
        # os._exit(0) ends the process as if all were well, before the last cell.
        ended = ended.model_copy(update={"how": "died", "detail": "it ended before the last cell"})
    cut_short = ended.how == "killed" and context.recording.data.status == "running"
    if ended.how == "died" or cut_short:
        checks = [_not_to_blame(check, ended) for check in checks]
    recording = context.recording
    failed = _failed_by_exercise(recording)
    checks = [_pointed_to_error(check, failed.get(check.exercise)) for check in checks]
    asked = context.assignment.exercises
    answers = text_answers(
        recording.data.cells, {exercise.id for exercise in asked}, context.assignment.starter_lines
    )
    exercises = [
        _exercise(one, checks, answers.get(one.id) or text_value(recording, one.id))
        for one in asked
    ]
    environment = recording.data.environment
    return Result(
        tensormark=__version__,
        graded_at=_now(),
        assignment=_assignment_info(context.assignment),
        submission=submission,
        score=total(exercise.score for exercise in exercises),
        points=context.assignment.points,
        bonus_points=context.assignment.bonus_points,
        pending=total(exercise.pending for exercise in exercises),
        exercises=exercises,
        execution=_execution(recording, ended),
        trainings=[
            _training(attempt, _matched(attempt, checks))
            for attempt in context.attempts
            if attempt.training is not None
        ],
        data_sets=[
            DataSetUse(name=data.name, source=data.source, fingerprint=data.fingerprint)
            for data in context.data
        ],
        environment=environment.model_dump() if environment else {},
    )


def unusable(
    assignment: Assignment,
    submission: SubmissionInfo,
    message: str,
    status: Literal["unusable", "error", "missing"],
) -> Result:
    """Make the result of a submission that left nothing to check.

    Args:
        assignment: the sheet.
        submission: whose it is.
        message: what is wrong and what to do, for the student or (status "error") for the TA.
        status: "unusable" for a file that can't be read, "error" for the grader's own failure,
            "missing" where nothing was handed in.

    """
    return Result(
        tensormark=__version__,
        graded_at=_now(),
        assignment=_assignment_info(assignment),
        submission=submission,
        score=0.0,
        points=assignment.points,
        bonus_points=assignment.bonus_points,
        pending=sum(e.points for e in assignment.exercises) if status == "error" else 0.0,
        exercises=[
            ExerciseResult(
                id=exercise.id,
                section=exercise.section,
                title=exercise.title,
                bonus=exercise.bonus,
                points=exercise.points,
                score=0.0,
                # The grader's own failure is never a zero.
                pending=exercise.points if status == "error" else 0.0,
            )
            for exercise in assignment.exercises
        ],
        execution=Execution(status=status, message=message),
    )


def missing(assignment: Assignment, submission: SubmissionInfo) -> Result:
    """Make the result of somebody on the roster who has handed in nothing."""
    return unusable(assignment, submission, "Nothing was handed in.", "missing")


def grader_failed(assignment: Assignment, submission: SubmissionInfo, error: Exception) -> Result:
    """Make the result of a submission on which the grader itself failed: an error, never a zero."""
    # What an exception says may quote kilobytes of a student's text.
    what = f"{type(error).__name__}: {error}"[:_ERROR_CHARACTERS]
    # Nor may it hold half characters, which can't be written, or controls, which a table obeys.
    shown = "".join(character if character.isprintable() else " " for character in what)
    message = f"The grader failed on this submission ({shown})."
    return unusable(assignment, submission, message, "error")


def _exercise(
    exercise: Exercise, checks: Sequence[CheckResult], answer: str | None
) -> ExerciseResult:
    own = [check for check in checks if check.exercise == exercise.id]
    manual = None
    if exercise.manual is not None:
        manual = ManualResult(
            points=exercise.manual.points,
            question=exercise.manual.question,
            rubric=exercise.manual.rubric,
            answer=answer,
        )
    open_points = sum(check.points for check in own if check.outcome.is_open)
    return ExerciseResult(
        id=exercise.id,
        section=exercise.section,
        title=exercise.title,
        bonus=exercise.bonus,
        points=exercise.points,
        score=total(check.score for check in own),
        pending=open_points + (manual.points if manual else 0.0),
        checks=own,
        manual=manual,
    )


def _not_to_blame(check: CheckResult, ended: Ended) -> CheckResult:
    """Leave a check open where the run broke off: what it misses may never have been written."""
    if check.outcome is Outcome.PASSED:
        return check
    return check.model_copy(
        update={
            "outcome": Outcome.ERROR,
            "score": 0.0,
            "message": f"The run broke off ({ended.detail}), so this could not be checked. "
            "No points are lost; a TA will look.",
        }
    )


def _failed_by_exercise(recording: RecordingFolder) -> dict[str | None, CellOutcome]:
    """Find the first cell of each exercise that failed."""
    exercise_of = {cell.index: cell.exercise for cell in recording.data.cells}
    failed = [outcome for outcome in recording.data.outcomes if outcome.status == "error"]
    return {exercise_of.get(outcome.index): outcome for outcome in reversed(failed)}


def _pointed_to_error(check: CheckResult, failed: CellOutcome | None) -> CheckResult:
    """Name the exercise's own cell that failed, where nothing to check was found."""
    if check.outcome is not Outcome.NOT_ATTEMPTED or failed is None:
        return check
    error = (failed.error_type or "an error")[:_NAME_CHARACTERS]
    hint = (
        f"{place(failed.index).capitalize()}, of this exercise, stopped with {error}: mend that "
        "first. It is shown at the end of this page."
    )
    return check.model_copy(update={"hint": hint})


def _execution(recording: RecordingFolder, ended: Ended) -> Execution:
    data = recording.data
    failed = [outcome for outcome in data.outcomes if outcome.status == "error"]
    unshown = []
    if len(failed) > _FAILED_SHOWN:
        unshown = [f"Of {len(failed):,} cells that failed, the first {_FAILED_SHOWN} are shown."]
    status, message = _status(recording, ended)
    return Execution(
        status=status,
        message=message,
        cells=len(data.outcomes),
        cells_failed=len(failed),
        seconds=round(data.seconds, 2),
        device=data.environment.device if data.environment else "",
        isolation=ended.isolation,
        failed_cells=[_failed_cell(recording, outcome) for outcome in failed[:_FAILED_SHOWN]],
        skipped_commands=data.skipped_commands,
        cuts=[*data.cuts, *ended.cuts, *unshown],
    )


def _status(recording: RecordingFolder, ended: Ended) -> tuple[str, str]:
    data = recording.data
    if ended.how == "died":
        return "stopped", RunError.died(ended.detail, ended.attempts).args[0]
    if ended.how == "killed" and ended.limit != "time":
        return "stopped", (
            f"The run was ended because {ended.detail}. What was done until then is graded."
        )
    if ended.how == "killed" or data.status == "timeout":
        last = data.outcomes[-1].index + 1 if data.outcomes else 0
        return "timeout", (
            f"The time limit was reached after {ended.seconds:.0f} s, in or after cell {last}; "
            "what was done until then is graded. Train smaller networks or fewer epochs."
        )
    if data.status != "complete":
        return "stopped", "The run ended before the last cell; what was done until then is graded."
    return "complete", ""


def _failed_cell(recording: RecordingFolder, outcome: CellOutcome) -> FailedCell:
    cell = recording.cell(outcome.index)
    source = "\n".join(cell.source.splitlines()[:_SOURCE_LINES]) if cell else ""
    kind, message = (outcome.error_type or "")[:_NAME_CHARACTERS], outcome.error_message or ""
    return FailedCell(
        index=outcome.index,
        exercise=cell.exercise if cell else None,
        error_type=kind or "Error",
        message=message[:_OUTPUT_CHARACTERS],
        traceback=(outcome.traceback or "")[-_OUTPUT_CHARACTERS:],
        source=source[:_OUTPUT_CHARACTERS],
        hint=hint_for(kind, message[:_HINT_CHARACTERS]),
    )


def _training(attempt: Attempt, exercise: str | None) -> TrainingSummary:
    training = attempt.training
    assert training is not None, "only trained attempts are summarised"
    return TrainingSummary(
        id=training.id,
        title=attempt.setting,
        exercise=exercise,
        cell=training.cell,
        status=training.status,
        items=attempt.items,
        epochs=training.epochs,
        batch_size=training.batch_size,
        history=_history(training.history),
        test_accuracy=attempt.test_accuracy,
        others=attempt.other_accuracies,
        train_accuracy=attempt.train_accuracy,
        seconds=round(training.seconds, 2),
        verified=training.verified,
        cached=training.reused,
        capped=training.capped,
        fingerprint=training.fingerprint,
        note=training.note,
    )


def _history(history: dict[str, list[float | None]]) -> dict[str, list[float | None]]:
    """Leave gaps where an accuracy is no share: curves of accuracies are drawn from 0 to 1."""
    return {
        name: [v if v is not None and 0.0 <= v <= 1.0 else None for v in series]
        if "acc" in name
        else series
        for name, series in history.items()
    }


def _matched(attempt: Attempt, checks: Sequence[CheckResult]) -> str | None:
    """Return the exercise that asks for this training, of the last check that looked at it.

    A network is looked at where it is built (1c), compiled (1e), and at last trained (1f).
    """
    assert attempt.training is not None, "only trained attempts are matched"
    for check in reversed(checks):
        for shown in check.evidence:
            if isinstance(shown, TrainingEvidence) and shown.training == attempt.training.id:
                return shown.exercise or check.exercise
    return None


def _assignment_info(assignment: Assignment) -> AssignmentInfo:
    return AssignmentInfo(
        id=assignment.id,
        title=assignment.title,
        sections={section.id: section.title for section in assignment.sections},
    )


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
