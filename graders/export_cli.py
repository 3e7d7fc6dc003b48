"""`tensormark export`: hand a class's scores and feedback on."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from graders.errors import ExportError, TensormarkError
from graders.options import console, errors, stop


class Kind(StrEnum):
    """What is written."""

    csv = "csv"
    canvas = "canvas"
    moodle = "moodle"
    gradescope = "gradescope"
    junit = "junit"
    feedback = "feedback"


class MissingWish(StrEnum):
    """What stands for work that was not handed in, or can't be used."""

    empty = "empty"
    zero = "zero"


class LayoutWish(StrEnum):
    """Whose names the members of the zip have."""

    plain = "plain"
    moodle = "moodle"
    canvas = "canvas"


class VisibilityWish(StrEnum):
    """When students see their tests on Gradescope."""

    visible = "visible"
    after_due_date = "after_due_date"
    after_published = "after_published"
    hidden = "hidden"


def export(  # noqa: PLR0917 - typer takes options as parameters
    out: Annotated[Path, typer.Argument(help="Folder that `tensormark grade` has filled.")],
    kind: Annotated[Kind, typer.Option("--format", help="What to write.")],
    target: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="File to write; for gradescope and junit a folder. Default: beside OUT.",
        ),
    ] = None,
    template: Annotated[
        Path | None,
        typer.Option(
            help="canvas, moodle: the file that the platform has exported; its cells stay as "
            "they are, but for the scores. The file itself isn't touched."
        ),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(help="With --template: the column for the scores, if it can't be told."),
    ] = None,
    scale: Annotated[
        bool,
        typer.Option("--scale", help="With --template: convert points to the platform's maximum."),
    ] = False,
    missing: Annotated[
        MissingWish | None,
        typer.Option(
            help="Work that was not handed in, or can't be used: empty (default) or zero."
        ),
    ] = None,
    layout: Annotated[
        LayoutWish | None, typer.Option(help="feedback: names in the zip; default: plain.")
    ] = None,
    visibility: Annotated[
        VisibilityWish | None,
        typer.Option(help="gradescope: when students see their tests; default: visible."),
    ] = None,
    final: Annotated[
        bool, typer.Option("--final", help="Write nothing while any points are pending.")
    ] = False,
) -> None:
    """Hand scores and feedback on: CSV, Canvas, Moodle, Gradescope, JUnit, a zip of feedback."""
    from graders import exports
    from graders.report.text import count

    given = {
        "--template": template,
        "--column": column,
        "--scale": scale or None,
        "--missing": missing,
        "--layout": layout,
        "--visibility": visibility,
    }
    target = target or exports.default_target(out, kind.value)
    try:
        for option, value in given.items():
            if value is not None and option not in exports.FORMATS[kind.value].options:
                raise ExportError.no_use(option, kind.value)
        for option in ("--column", "--scale"):
            if given[option] is not None and template is None:
                raise ExportError.no_use(option, f"{kind.value} without --template")
        options = exports.Options(
            template=template,
            column=column or "",
            scale=scale,
            missing=missing.value if missing else "empty",
            layout=layout.value if layout else "plain",
            visibility=visibility.value if visibility else "visible",
        )
        notes = exports.export(out, kind.value, target, options, final=final)
    except TensormarkError as error:
        stop(str(error))
    for warning in notes.warnings:
        errors.print(Text(warning, style="yellow"))
    console.print(
        Text(f"{target}: {count(notes.written, 'student')} of {notes.students:,} written.")
    )
