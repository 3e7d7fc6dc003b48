"""Check a class again from what its runs have left behind: no student code, no training."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from graders.assignment import Assignment, load_assignment
from graders.batch.keys import checks_key
from graders.batch.roll import Outcomes, Roll, find_runs
from graders.batch.scores import check_again, make_missing
from graders.batch.staging import locked, recover
from graders.errors import RunError, TensormarkError
from graders.gradebook import Gradebook
from graders.grading import Checker
from graders.ran import Ran
from graders.result import DataSetUse, Result, SubmissionInfo
from reference.datasets import DataSet, locate


class Observer(Protocol):
    """Is told of each student."""

    def begin(self, student: str) -> None:
        """A student's work is checked."""

    def end(self, student: str, result: Result) -> None:
        """It has its result."""


@dataclass
class Regraded:
    """A class that was checked again."""

    outcomes: Outcomes = field(default_factory=lambda: Outcomes([], [], []))
    # Folders whose former results stay as they are, and why.
    left: list[str] = field(default_factory=list)


def regrade(out: Path, assignment: str | None, observer: Observer) -> Regraded:
    """Check every run again, and write results, feedback, table and class page anew.

    Args:
        out: the folder that `grade` has filled.
        assignment: check with this assignment instead of the one that the class was graded with.
        observer: is told of each student.

    Raises:
        AssignmentError: the assignment can't be loaded, or its checks are broken.
        ClassError: a run on this class is under way.
        GradebookError: the gradebook can't be used.
        RunError: nothing was graded there.

    """
    folders = find_runs(out)
    if not folders:
        raise RunError.nothing_graded(out)
    done = Regraded()
    checkers: dict[str, Checker] = {}
    sheet = load_assignment(assignment) if assignment is not None else None
    with locked(out), Gradebook.open(out) as book:
        recover(out)
        for folder in folders:
            try:
                ran = Ran.load(folder)
                checker = checker_for(ran, assignment, checkers)
            except RunError as error:
                done.left.append(_about(folder, error))
                continue
            sheet = sheet or checker.assignment
            observer.begin(ran.submission.student)
            result = _check(book, checker, ran, folder)
            observer.end(ran.submission.student, result)
        if sheet is not None:
            _renew_missing(book, out, sheet)
            roll = Roll(book, out, sheet)
            roll.draw(final=True)
            done.outcomes = roll.outcomes()
    return done


def _check(book: Gradebook, checker: Checker, ran: Ran, folder: Path) -> Result:
    info = ran.submission
    # Of a class that was graded before there were gradebooks, or whose gradebook was lost.
    info.key = info.key or f"name:{info.student}"
    book.enrol(info.key, info.student, ids=info.handed.ids, folder=folder.name)
    return check_again(book, checker, checks_key(checker.assignment), ran, folder)


def _renew_missing(book: Gradebook, out: Path, sheet: Assignment) -> None:
    """Make the results of those who handed in nothing anew: the sheet may have other points."""
    checks = checks_key(sheet)
    names = {student.key: student.name for student in book.students()}
    for latest in book.latest_all():
        if latest.status == "missing":
            info = SubmissionInfo(student=names[latest.key], files=[], key=latest.key)
            make_missing(book, info, sheet, checks, out / latest.folder)


def checker_for(ran: Ran, assignment: str | None, checkers: dict[str, Checker]) -> Checker:
    """Return what checks a run again, under the circumstances that it took place under.

    Args:
        ran: the run.
        assignment: check with this one instead of its own.
        checkers: those that were made before; a new one is added.

    Raises:
        RunError: the data that it was run on aren't here.
        AssignmentError: the assignment can't be loaded.

    """
    key = f"{ran.assignment} {ran.data_sets} {ran.cap} {ran.device}"
    if key not in checkers:
        data = [_same_data(use) for use in ran.data_sets]
        sheet = load_assignment(assignment or ran.assignment)
        checkers[key] = Checker(sheet, data, ran.cap, ran.device)
    return checkers[key]


def _about(folder: Path, error: RunError) -> str:
    return str(error) if folder.name in str(error) else f"{folder.name}: {error}"


def _same_data(use: DataSetUse) -> DataSet:
    """Find the data that a class was graded on; labels of the test set are compared with."""
    for choice in ("local", "builtin"):
        try:
            found = locate(use.name, choice)
        except TensormarkError:
            continue
        if found.fingerprint == use.fingerprint:
            return found
    raise RunError.other_data(use.name, use.source, use.fingerprint)
