"""Make results without a run: checked again, settled again, and of those who are missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from graders.assignment import Assignment, load_assignment
from graders.batch.keys import checks_of, result_key
from graders.batch.reports import keep_result, outline
from graders.batch.roll import Roll, find_runs, standing_of
from graders.batch.staging import locked, put_in_place, staging_of
from graders.compose import missing
from graders.errors import ClassError, RunError
from graders.gradebook import Gradebook, StudentRow
from graders.grading import Checker
from graders.ran import Ran
from graders.result import RESULT, Result, SubmissionInfo
from graders.settle import settle

Note = Callable[[StudentRow, Result], None]


def check_again(book: Gradebook, checker: Checker, checks: str, ran: Ran, folder: Path) -> Result:
    """Make a result anew from a recording that is still good.

    Args:
        book: knows the student, and keeps the result.
        checker: of the same data, cap and device as the run's.
        checks: fingerprint of what it checks with.
        ran: how it was run.
        folder: the student's.

    Raises:
        AssignmentError: the checks and the sheet don't fit together, so nobody can be graded.

    """
    info, assignment = ran.submission, checker.assignment
    standing = standing_of(book, assignment, info.key)
    result = settle(checker.check(ran, folder), standing)
    result = keep_result(result, folder, assignment)
    key = result_key(checks, info, standing)
    book.record(info.key, info, ran.run_key, outline(result), key)
    return result


def make_missing(
    book: Gradebook,
    info: SubmissionInfo,
    assignment: Assignment,
    checks: str,
    folder: Path,
    *,
    made_of: str = "",
) -> Result | None:
    """Make the result of somebody who has handed in nothing, neither now nor before.

    Args:
        book: knows the student, and keeps the result.
        info: the student's, without a file.
        assignment: the sheet.
        checks: fingerprint of what it checks with.
        folder: the student's; what stands there is replaced.
        made_of: what the result that stands there was made of.

    Returns:
        None where it was made of the same.

    """
    standing = standing_of(book, assignment, info.key)
    key = result_key(checks, info, standing)
    if key == made_of:
        return None
    partial = staging_of(folder)
    result = keep_result(settle(missing(assignment, info), standing), partial, assignment)
    put_in_place(partial, folder)
    book.record(info.key, info, "", outline(result), key)
    return result


def settle_again(
    book: Gradebook,
    out: Path,
    assignment: Assignment,
    *,
    keys: Iterable[str],
    note: Note,
) -> None:
    """Make results anew for students about whom a person has said something.

    Args:
        book: the gradebook, with what was said.
        out: the class's folder.
        assignment: the sheet.
        keys: the students; who has no result yet is passed over.
        note: is told of each new result.

    Raises:
        RunError: a result that stands in the gradebook is gone from its folder, or damaged.

    """
    for key in keys:
        student, latest = book.student(key), book.latest(key)
        if student is None or latest is None:
            continue
        folder = out / student.folder
        standing = standing_of(book, assignment, key)
        result = settle(_load(folder / RESULT), standing)
        result = keep_result(result, folder, assignment)
        made_of = result_key(checks_of(latest.checks_key), result.submission, standing)
        book.record(key, result.submission, latest.run_key, outline(result), made_of)
        note(student, result)


def settle_students(out: Path, keys: Iterable[str]) -> bool:
    """Take in what people have said of some students, and write the class's reports anew.

    Returns:
        Whether it was done here; False where a run on the class is under way, which will do it.

    """
    try:
        with locked(out), Gradebook.open(out, create=False) as book:
            assignment = _assignment_of(out)
            if assignment is None:
                return True
            roll = Roll(book, out, assignment)
            roll.mind(keys := list(keys))
            settle_again(
                book,
                out,
                assignment,
                keys=keys,
                note=lambda student, result: roll.note(student.key, result),
            )
            roll.draw(final=True)
    except ClassError:
        return False
    return True


def _assignment_of(out: Path) -> Assignment | None:
    """Load the assignment that a class was graded with; None where nobody's work was run."""
    for folder in find_runs(out):
        with suppress(RunError):
            return load_assignment(Ran.load(folder).assignment)
    return None


def _load(path: Path) -> Result:
    try:
        return Result.load(path)
    except (OSError, ValidationError) as error:
        raise RunError.damaged(path) from error
