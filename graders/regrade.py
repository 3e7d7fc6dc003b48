"""Check a class again from what its runs have left behind: no student code, no training."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from graders.assignment import Assignment, load_assignment
from graders.batch import Graded, Observer, keep_feedback, outline, write_class
from graders.errors import RunError, TensormarkError
from graders.grading import Checker
from graders.ran import FILE, Ran
from graders.result import DataSetUse
from reference.datasets import DataSet, locate


@dataclass
class Regraded:
    """A class that was checked again."""

    graded: list[Graded] = field(default_factory=list)
    # Folders whose former results stay as they are, and why.
    left: list[str] = field(default_factory=list)


def find_runs(out: Path) -> list[Path]:
    """List the folders of OUT that `grade` has filled, by name.

    Raises:
        RunError: there is none.

    """
    folders = sorted(path.parent for path in out.glob(f"*/{FILE}")) if out.is_dir() else []
    if not folders:
        raise RunError.nothing_graded(out)
    return folders


def regrade(out: Path, folders: list[Path], assignment: str | None, observer: Observer) -> Regraded:
    """Check every run again, and write results, feedback, table and class page anew.

    Args:
        out: the folder that `grade` has filled.
        folders: what `find_runs` has found in it.
        assignment: check with this assignment instead of the one that the class was graded with.
        observer: is told of each student.

    Raises:
        AssignmentError: the assignment can't be loaded, or its checks are broken.

    """
    done = Regraded()
    checkers: dict[str, Checker] = {}
    for folder in folders:
        try:
            ran = Ran.load(folder)
        except RunError as error:
            done.left.append(str(error))
            continue
        observer.begin(ran.submission.student)
        key = f"{ran.assignment} {ran.data_sets} {ran.cap} {ran.device}"
        try:
            if key not in checkers:
                checkers[key] = _checker(load_assignment(assignment or ran.assignment), ran)
        except RunError as error:
            done.left.append(f"{folder.name}: {error}")
            continue
        result = checkers[key].check(ran, folder)
        result = keep_feedback(result, folder, checkers[key].assignment)
        observer.end(ran.submission.student, result)
        done.graded.append(Graded(outline(result), folder))
    write_class(done.graded, out)
    return done


def _checker(assignment: Assignment, ran: Ran) -> Checker:
    data = [_same_data(use) for use in ran.data_sets]
    return Checker(assignment, data, ran.cap, ran.device)


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
