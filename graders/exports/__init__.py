"""Hand scores and feedback on: one module a format, from what stands on disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from graders.errors import ExportError
from graders.exports.canvas import write_canvas
from graders.exports.feedback import write_feedback_zip
from graders.exports.gradescope import write_gradescope
from graders.exports.junit import write_junit
from graders.exports.lines import Line, grades_csv
from graders.exports.moodle import write_moodle
from graders.exports.options import Layout, Missing, Notes, Options, Visibility
from graders.exports.scores import left_of, value_of
from graders.exports.students import Exported, class_of
from graders.exports.table import write_table

Write = Callable[[Iterable[Exported], Path, Options, Notes], None]


@dataclass(frozen=True)
class Format:
    """A way to hand a class on."""

    write: Write
    # What the target is called beside OUT: `out-canvas.csv`.
    ending: str
    # Options that mean something, by their name on the command line.
    options: frozenset[str] = frozenset()
    is_folder: bool = False


FORMATS: dict[str, Format] = {
    "csv": Format(write_table, "-grades.csv"),
    "canvas": Format(
        write_canvas, "-canvas.csv", frozenset({"--template", "--column", "--scale", "--missing"})
    ),
    "moodle": Format(
        write_moodle, "-moodle.csv", frozenset({"--template", "--column", "--scale", "--missing"})
    ),
    "gradescope": Format(
        write_gradescope, "-gradescope", frozenset({"--visibility", "--missing"}), is_folder=True
    ),
    "junit": Format(write_junit, "-junit", is_folder=True),
    "feedback": Format(write_feedback_zip, "-feedback.zip", frozenset({"--layout"})),
}


def default_target(out: Path, kind: str) -> Path:
    """Name a place beside OUT: in it, a student's folder may bear any name."""
    out = out.absolute()
    return out.with_name((out.name or "class") + FORMATS[kind].ending)


def export(
    out: Path, kind: str, target: Path, options: Options | None = None, *, final: bool = False
) -> Notes:
    """Write a class in a format.

    Args:
        out: the folder that `grade` has filled.
        kind: a name in FORMATS.
        target: the file, or the folder, to be written; what stands there is replaced.
        options: settings.
        final: write nothing while any points are pending.

    Returns:
        What a person should know of it.

    Raises:
        ExportError: the template can't be used, the target can't be written, or scores are
            pending and final ones were asked for.
        RunError: nothing in `out` was graded.
        GradebookError: the gradebook can't be read.
        AssignmentError: checks that are run again are broken.

    """
    options = options or Options()
    form = FORMATS[kind]
    _verify_target(form, kind, target, options.template)
    if final:
        _refuse_pending(out)
    notes = Notes()
    try:
        form.write(class_of(out, notes), target, options, notes)
    except OSError as error:
        raise ExportError.cannot_write(target, error.strerror or str(error)) from error
    return notes


def _verify_target(form: Format, kind: str, target: Path, template: Path | None) -> None:
    if form.is_folder and target.exists() and not target.is_dir():
        raise ExportError.needs_folder(target, kind)
    if not form.is_folder and target.is_dir():
        raise ExportError.needs_file(target, kind)
    if template is not None and os.path.realpath(target) == os.path.realpath(template):
        raise ExportError.into_template(target)


def _refuse_pending(out: Path) -> None:
    notes = Notes()
    for student in class_of(out, notes):
        left = left_of(student.result)
        if left > 0:
            notes.pending(student.name, left)
    if notes.warnings:
        raise ExportError.not_final(notes.warnings)


__all__ = [
    "FORMATS",
    "Exported",
    "Format",
    "Layout",
    "Line",
    "Missing",
    "Notes",
    "Options",
    "Visibility",
    "class_of",
    "default_target",
    "export",
    "grades_csv",
    "value_of",
]
