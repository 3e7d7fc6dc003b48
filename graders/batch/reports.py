"""Write what a class is shown: each student's feedback, the table of grades, the class page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from graders.assignment import Assignment
from graders.compose import grader_failed
from graders.exports.lines import Line, grades_csv
from graders.files import write_whole
from graders.gradebook import StudentRow
from graders.report import render_class, render_html, render_markdown
from graders.report.classroom import Similar
from graders.report.rows import Row
from graders.report.text import natural
from graders.result import RESULT, Result

PAGE = "feedback.html"


@dataclass(frozen=True)
class Graded:
    """A student who has a result, and the folder that holds it."""

    student: str
    folder: Path

    @property
    def result(self) -> Result:
        """The whole result, read from its folder."""
        return Result.load(self.folder / RESULT)


def write_feedback(result: Result, folder: Path) -> None:
    """Write a student's feedback as a page and as Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / PAGE, render_html(result))
    write_whole(folder / "feedback.md", render_markdown(result))


def keep_result(result: Result, folder: Path, assignment: Assignment) -> Result:
    """Write a result and its feedback; where that can't be made, it is the grader's error.

    Returns:
        The result that was written.

    Raises:
        OSError: the disk takes no more: nobody's feedback could be written.

    """
    result.save(folder / RESULT)
    try:
        write_feedback(result, folder)
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - one student's page must not end the class
        result = grader_failed(assignment, result.submission, error)
        result.save(folder / RESULT)
        write_feedback(result, folder)
    return result


def outline(result: Result) -> Result:
    """Keep of a result what the class's reports show; the whole stands in result.json."""
    exercises = [
        exercise.model_copy(
            update={
                "checks": [c.model_copy(update={"evidence": []}) for c in exercise.checks],
                "manual": exercise.manual
                and exercise.manual.model_copy(update={"question": "", "rubric": []}),
            }
        )
        for exercise in result.exercises
    ]
    trainings = [training.model_copy(update={"history": {}}) for training in result.trainings]
    execution = result.execution.model_copy(update={"failed_cells": []})
    return result.model_copy(
        update={"exercises": exercises, "trainings": trainings, "execution": execution}
    )


def line_of(result: Result, student: StudentRow) -> Line:
    """Keep of a result what the class page, the table and the summary need."""
    row = Row.of(result, f"{quote(student.folder)}/{PAGE}")
    return Line(row, student.ids.get("email", ""), student.section)


def write_class(
    lines: Iterable[Line],
    out: Path,
    *,
    title: str,
    similar: Sequence[Similar] = (),
    notes: Sequence[str] = (),
) -> None:
    """Write the table and the page of a class; nothing for a class of nobody.

    Args:
        lines: one for each student, in any order.
        out: the class's folder.
        title: the assignment's.
        similar: near-identical submissions.
        notes: sentences for the top of the page.

    """
    ordered = sorted(lines, key=lambda line: natural(line.row.student))
    if not ordered:
        return
    write_whole(out / "grades.csv", grades_csv(ordered))
    rows = [line.row for line in ordered]
    write_whole(out / "index.html", render_class(rows, title=title, similar=similar, notes=notes))
