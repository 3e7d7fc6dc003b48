"""Grade one submission of a class, on whichever machine: nothing here knows of the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from graders.assignment import Assignment
from graders.batch.alike import keep_traces
from graders.batch.reports import keep_result
from graders.batch.staging import sync_all
from graders.compose import grader_failed
from graders.errors import AssignmentError, is_about_the_disk
from graders.ran import Ran
from graders.result import Result
from graders.sandbox.server import StoppedError
from graders.settle import Standing, settle
from graders.submission import Submission

Tell = Callable[[dict[str, Any]], None]


class Grades(Protocol):
    """Runs and checks one submission, as `Grader` does."""

    assignment: Assignment

    def grade(
        self,
        submission: Submission,
        out: Path,
        progress: Tell | None = None,
        *,
        run_key: str = "",
    ) -> Result:
        """Run a submission and check its recording; leaves all but the result in a folder."""


@dataclass(frozen=True)
class Task:
    """One submission to grade; it travels to other machines, so all of it is in memory."""

    submission: Submission
    standing: Standing
    run_key: str


def carry_out(grader: Grades, task: Task, folder: Path, tell: Tell) -> Result:
    """Grade a submission and fill a folder with all that is kept of it.

    Whatever goes wrong with this submission is in its result.

    Raises:
        AssignmentError: the assignment itself is broken, so no grade can be trusted.
        StoppedError: the class was ended.
        OSError: the disk takes no more.

    """
    folder.mkdir(parents=True, exist_ok=True)
    assignment = grader.assignment
    try:
        result = grader.grade(task.submission, folder, tell, run_key=task.run_key)
        result = keep_result(settle(result, task.standing), folder, assignment)
    except (AssignmentError, StoppedError):
        raise
    except Exception as error:
        if is_about_the_disk(error):
            raise
        result = _failed(assignment, task, folder, error)
        result = keep_result(settle(result, task.standing), folder, assignment)
    keep_traces(folder, assignment)
    sync_all(folder)
    return result


def _failed(assignment: Assignment, task: Task, folder: Path, error: Exception) -> Result:
    info = task.submission.info()
    result = grader_failed(assignment, info, error)
    Ran(
        assignment=assignment.address,
        submission=info,
        problem=result.execution.message,
        blame="error",
        run_key=task.run_key,
    ).save(folder)
    return result
