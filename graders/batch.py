"""Grade a class: many submissions at once, each with a result whatever happens to it."""

from __future__ import annotations

import csv
import io
import os
import re
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import psutil

from graders.assignment import Assignment
from graders.compose import grader_failed
from graders.errors import AssignmentError
from graders.files import write_whole
from graders.grading import Grader
from graders.ran import Ran
from graders.report import render_class, render_html, render_markdown
from graders.report.text import clean, number
from graders.report.view import look_at
from graders.result import Result, SubmissionInfo
from graders.submission import Submission

_MEMORY_PER_RUN = 2.5e9
# A submission waits for its trainings most of the time, and equal ones are waited for together.
_RUNS_PER_CORE = 2
_CLASS_PAGE_SECONDS = 2.0
_UNSAFE = re.compile(r"[^\w.-]+")
# Names of the class's own files, and names that Windows keeps for devices.
_RESERVED = (
    *("index.html", "grades.csv", "gradebook.db", "con", "prn", "aux", "nul"),
    *(f"{device}{digit}" for device in ("com", "lpt") for digit in range(1, 10)),
)
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Observer(Protocol):
    """Is told what happens, to show it."""

    def begin(self, student: str) -> None:
        """A submission starts to run."""

    def event(self, student: str, event: dict[str, Any]) -> None:
        """A cell or a training begins."""

    def end(self, student: str, result: Result) -> None:
        """A submission has its result."""


@dataclass(frozen=True)
class Graded:
    """A student's result, and the folder that holds it."""

    result: Result
    folder: Path


def grade_class(
    grader: Grader,
    submissions: Sequence[Submission],
    out: Path,
    *,
    workers: int,
    observer: Observer,
) -> list[Graded]:
    """Grade submissions side by side and write every report.

    Leaves in `out`: `grades.csv`, `index.html`, and for each student a folder with
    `result.json`, `feedback.html`, `feedback.md` and `recording/`.

    Raises:
        AssignmentError: the assignment itself is broken, so no grade can be trusted.

    """
    out.mkdir(parents=True, exist_ok=True)
    folders = _folders(submissions, out)
    graded: dict[str, Graded] = {}
    with ThreadPoolExecutor(max_workers=workers) as pool:
        pending: set[Future[Graded]] = {
            pool.submit(_grade_one, grader, submission, folders[submission.student], observer)
            for submission in submissions
        }
        written = 0.0
        try:
            while pending:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    one = future.result()
                    graded[one.result.submission.student] = one
                # The page of a large class takes a while to draw, so not after each student.
                if time.monotonic() > written + _CLASS_PAGE_SECONDS:
                    write_class(_in_order(submissions, graded), out)
                    written = time.monotonic()
        except BaseException:
            # An interrupt or a broken assignment: end the running ones, begin no other.
            pool.shutdown(wait=False, cancel_futures=True)
            grader.stop()
            raise
        finally:
            write_class(_in_order(submissions, graded), out)
    return _in_order(submissions, graded)


def default_workers(submissions: int) -> int:
    """How many submissions to run at once: two a core, as far as memory goes."""
    by_memory = int(psutil.virtual_memory().available / _MEMORY_PER_RUN)
    return max(1, min(_RUNS_PER_CORE * (os.cpu_count() or 1), by_memory, submissions))


def threads_for(workers: int) -> int:
    """TensorFlow's threads for each of several runs, so that they share the cores."""
    return 0 if workers == 1 else max(1, (os.cpu_count() or 1) // workers)


def write_feedback(result: Result, folder: Path) -> None:
    """Write a student's feedback as a page and as Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "feedback.html").write_text(render_html(result), encoding="utf-8")
    (folder / "feedback.md").write_text(render_markdown(result), encoding="utf-8")


def keep_feedback(result: Result, folder: Path, assignment: Assignment) -> Result:
    """Write a student's feedback; where that can't be made, the result is the grader's error.

    Returns:
        The result that was written.

    """
    try:
        write_feedback(result, folder)
    except OSError:  # the disk: nobody's feedback could be written
        raise
    except Exception as error:  # noqa: BLE001 - one student's page must not end the class
        result = grader_failed(assignment, result.submission, error)
        result.save(folder / "result.json")
        write_feedback(result, folder)
    return result


def grades_csv(graded: Sequence[Graded]) -> str:
    """Write the grades as a table: one row a student, one column an exercise.

    `look_at` names the exercises in which a person should look at something, joined by spaces.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    exercises = [exercise.id for exercise in graded[0].result.exercises] if graded else []
    writer.writerow(
        [
            *("student", "file", "score", "points", "bonus_points", "pending", "status"),
            *exercises,
            "look_at",
            "message",
        ]
    )
    for one in graded:
        result = one.result
        writer.writerow(
            [
                _cell(result.submission.student),
                _cell(", ".join(result.submission.files)),
                number(result.score),
                number(result.points),
                number(result.bonus_points),
                number(result.pending),
                result.execution.status,
                *(number(exercise.score) for exercise in result.exercises),
                _cell(" ".join(look_at(result))),
                _cell(result.execution.message),
            ]
        )
    return text.getvalue()


def _grade_one(grader: Grader, submission: Submission, folder: Path, observer: Observer) -> Graded:
    observer.begin(submission.student)
    try:
        result = grader.grade(
            submission, folder, lambda event: observer.event(submission.student, event)
        )
    except AssignmentError:
        raise
    except Exception as error:  # noqa: BLE001 - one student's trouble must not end the class
        info = SubmissionInfo(student=submission.student, files=[submission.file_name])
        result = grader_failed(grader.assignment, info, error)
        folder.mkdir(parents=True, exist_ok=True)
        Ran(
            assignment=grader.assignment.address,
            submission=info,
            problem=result.execution.message,
            blame="error",
        ).save(folder)
        result.save(folder / "result.json")
    result = keep_feedback(result, folder, grader.assignment)
    observer.end(submission.student, result)
    return Graded(outline(result), folder)


def outline(result: Result) -> Result:
    """Keep of a result what the class's table and page show; the whole stands in result.json."""
    exercises = [
        exercise.model_copy(
            update={
                "checks": [c.model_copy(update={"evidence": []}) for c in exercise.checks],
                "manual": None,
            }
        )
        for exercise in result.exercises
    ]
    trainings = [training.model_copy(update={"history": {}}) for training in result.trainings]
    execution = result.execution.model_copy(update={"failed_cells": []})
    return result.model_copy(
        update={"exercises": exercises, "trainings": trainings, "execution": execution}
    )


def write_class(graded: Sequence[Graded], out: Path) -> None:
    """Write the table and the page of a class."""
    if not graded:
        return
    write_whole(out / "grades.csv", grades_csv(graded))
    links = {
        one.result.submission.student: f"{quote(one.folder.name)}/feedback.html" for one in graded
    }
    write_whole(out / "index.html", render_class([one.result for one in graded], links=links))


def _in_order(submissions: Sequence[Submission], graded: dict[str, Graded]) -> list[Graded]:
    return [graded[s.student] for s in submissions if s.student in graded]


def _folders(submissions: Sequence[Submission], out: Path) -> dict[str, Path]:
    """Give each student a folder whose name is safe on every system, and its own."""
    folders: dict[str, Path] = {}
    taken = set(_RESERVED)
    for submission in submissions:
        base = _UNSAFE.sub("_", submission.student).strip("._") or "student"
        name, count = base[:100], 1
        while name.lower() in taken:
            count += 1
            name = f"{base[:96]}-{count}"
        taken.add(name.lower())
        folders[submission.student] = out / name
    return folders


def _cell(text: str) -> str:
    text = " ".join(clean(text).split())
    return f"'{text}" if text.startswith(_FORMULA) else text
