"""What is to be done with each submission of a class: run it, check it again, or leave it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from fnmatch import fnmatchcase
from pathlib import Path

from graders.batch.keys import Recipe, result_key
from graders.errors import ClassError, RunError
from graders.gradebook import Latest
from graders.ran import Ran
from graders.result import RESULT, SubmissionInfo
from graders.settle import Standing
from graders.submission import Submission


class Todo(Enum):
    """What a submission needs."""

    RUN = "run"  # it is new, it has changed, or something that a run depends on has
    CHECK = "check"  # its recording is good; checks, ranges, roster or people's scores are not
    KEEP = "keep"


@dataclass(frozen=True)
class Wanted:
    """Which submissions of a class are meant."""

    only: tuple[str, ...] = ()  # names, keys or patterns such as 'a*'
    since: datetime | None = None

    def select(self, submissions: list[Submission]) -> list[Submission]:
        """Return the submissions that are meant, in their order.

        Raises:
            ClassError: nobody is called so.

        """
        chosen = submissions
        if self.only:
            for pattern in self.only:
                if not any(_is_meant(one, pattern) for one in submissions):
                    raise ClassError.nobody_called(pattern, [one.student for one in submissions])
            chosen = [one for one in chosen if any(_is_meant(one, p) for p in self.only)]
        if self.since is not None:
            chosen = [one for one in chosen if _handed_in(one) >= self.since]
        return chosen


def todo(
    info: SubmissionInfo,
    standing: Standing,
    recipe: Recipe,
    latest: Latest | None,
    folder: Path,
    *,
    redo: bool,
) -> Todo:
    """Decide what a submission needs.

    Args:
        info: what was handed in now.
        standing: what people and the deadline say of it.
        recipe: how the class is graded now.
        latest: what the gradebook has of the student.
        folder: the student's.
        redo: run it whatever there is.

    """
    if redo:
        return Todo.RUN
    ran = _ran(folder)
    # A run that the machine or the grader has spoilt is made again.
    if ran is None or ran.blame == "error" or not (folder / RESULT).is_file():
        return Todo.RUN
    same = (ran.submission.key, ran.submission.sha256, ran.run_key)
    if same != (info.key, info.sha256, recipe.run_key):
        return Todo.RUN
    # A killed run may have finished a folder without the gradebook's taking note: nothing is lost.
    if latest is None or latest.status == "error":
        return Todo.CHECK
    if latest.submission_sha256 != info.sha256 or latest.run_key != recipe.run_key:
        return Todo.CHECK
    key = result_key(recipe.checks_key, info, standing)
    return Todo.KEEP if latest.checks_key == key else Todo.CHECK


def _ran(folder: Path) -> Ran | None:
    try:
        return Ran.load(folder)
    except RunError:
        return None


def _is_meant(submission: Submission, pattern: str) -> bool:
    wanted = pattern.casefold()
    names = (submission.student, submission.key, submission.key.partition(":")[2])
    return any(name.casefold() == wanted or fnmatchcase(name.casefold(), wanted) for name in names)


def _handed_in(submission: Submission) -> datetime:
    """When it was handed in; the file's own time where no platform says it."""
    if submission.handed.submitted_at is not None:
        return submission.handed.submitted_at
    try:
        return datetime.fromtimestamp(submission.path.stat().st_mtime, UTC)
    except OSError:
        return datetime.max.replace(tzinfo=UTC)
