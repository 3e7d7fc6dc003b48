"""`tensormark score`: enter a person's scores, and see what still waits to be read."""

from __future__ import annotations

import getpass
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from graders.errors import GradebookError, RosterError, TensormarkError
from graders.options import UNUSABLE, console, errors, stop

if TYPE_CHECKING:
    from graders.gradebook import Gradebook
    from graders.gradebook.enter import Desk, Entered

_COLUMNS = ("student", "exercise", "points", "comment", "by", "whole")
_NEEDED = _COLUMNS[:3]
_YES = {"1", "x", "yes", "y", "true", "whole"}
_NO = {"", "0", "no", "n", "false"}
_SHOWN = 200


def score(  # noqa: PLR0917 - typer takes options as parameters
    out: Annotated[Path, typer.Argument(help="The folder that `grade` was given with --out.")],
    student: Annotated[
        str | None, typer.Argument(help="A key, a folder, or a name that is one student's alone.")
    ] = None,
    exercise: Annotated[str | None, typer.Argument(help="Such as 1b.")] = None,
    points: Annotated[str | None, typer.Argument(help="Such as 1.5.")] = None,
    comment: Annotated[str, typer.Option(help="For the student.")] = "",
    by: Annotated[
        str | None, typer.Option(help="Your name, for staff; default: your login name.")
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="Set the score of the whole exercise, checks included.")
    ] = False,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Take back what was entered before.")
    ] = False,
    table: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Enter all lines of a CSV: student, exercise, points, comment, by and, for whole "
            "exercises, whole.",
        ),
    ] = None,
) -> None:
    """Enter a person's score; without any, show what waits to be read."""
    one = [said for said in (student, exercise, points) if said is not None]
    if table is not None and (one or withdraw or whole):
        stop("--from takes everything from the file: name no student, exercise, points or --whole.")
    if 0 < len(one) < (2 if withdraw else 3):
        stop("Name a student, an exercise and points; or none of them, to see what waits.")
    if withdraw and len(one) != 2:
        stop("--withdraw takes a student and an exercise, and no points.")
    by = _login() if by is None else by
    try:
        if table is not None:
            _enter_table(out, table, comment, by)
        elif student is None or exercise is None:
            _show_waiting(out)
        else:
            _enter_one(out, student, exercise, points, comment=comment, by=by, whole=whole)
    except TensormarkError as error:
        stop(str(error))


def _enter_one(
    out: Path,
    student: str,
    exercise: str,
    points: str | None,
    *,
    comment: str,
    by: str,
    whole: bool,
) -> None:
    from graders.gradebook import Gradebook
    from graders.gradebook.enter import Desk, Entry, points_of

    said = None if points is None else points_of(points)
    with Gradebook.open(out, create=False) as book:
        entered = Desk(book, out).enter(Entry(student, exercise, said, comment, by, whole))
    _print(_sentence(entered))
    _settle(out, [entered])


def _sentence(entered: Entered) -> str:
    from graders.report.text import number

    who, where = entered.student.name, f"exercise {entered.exercise}"
    if entered.points is None:
        if not entered.new:
            return f"{who}: nothing was entered for {where}, so there is nothing to take back."
        return f"{who}: what was entered for {where} is taken back."
    what = f"{number(entered.points)} of {number(entered.limit)} points for {where}"
    return f"{who}: {what}." if entered.new else f"{who}: {what} stood there already."


def _settle(out: Path, entered: Iterable[Entered]) -> None:
    """Make results, feedback and the class's files anew, also where nothing is new.

    An earlier command may have been interrupted between the two.
    """
    from graders.batch import settle_students

    keys = list(dict.fromkeys(one.student.key for one in entered))
    if keys and settle_students(out, keys) is False:
        _print("A run on this class is under way; it will take the scores into its results.")


# -- many at once ---------------------------------------------------------------------------


@dataclass
class _Many:
    """What became of a table's lines."""

    entered: list[Entered] = field(default_factory=list)
    without_points: int = 0
    # Sentences about lines that can't be entered.
    bad: list[str] = field(default_factory=list)


def _enter_table(out: Path, path: Path, comment: str, by: str) -> None:
    from graders.gradebook import Gradebook

    with Gradebook.open(out, create=False) as book:
        done = _enter_lines(book, out, path, comment, by)
    new = sum(one.new for one in done.entered)
    counts = [(new, "entered"), (len(done.entered) - new, "known already")]
    counts += [(done.without_points, "without points"), (len(done.bad), "wrong")]
    said = ", ".join(f"{count:,} {what}" for count, what in counts if count)
    for sentence in done.bad:
        errors.print(_clean(sentence, "yellow"))
    _print(f"Lines: {said or 'none'}.")
    _settle(out, done.entered)
    if done.bad:
        raise typer.Exit(UNUSABLE)


def _enter_lines(book: Gradebook, out: Path, path: Path, comment: str, by: str) -> _Many:
    from graders.gradebook.enter import Desk
    from graders.roster.table import read_table

    try:
        found = read_table(path, lambda cell: _column(cell) in _COLUMNS)
    except RosterError as error:
        why = "its columns can't be found" if path.is_file() else "there is no such file"
        raise GradebookError.bad_table(path.name, why) from error
    columns = [_column(cell) for cell in found.header]
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise GradebookError.bad_table(path.name, f"it has no column {' and no '.join(missing)}")
    twice = [name for name in _COLUMNS if columns.count(name) > 1]
    if twice:
        raise GradebookError.bad_table(path.name, f"it has two columns {' and '.join(twice)}")
    done = _Many(bad=list(found.notes))
    desk = Desk(book, out)
    for line in found.lines:
        cells = dict(zip(columns, line.cells, strict=False))
        if not cells["points"].strip():
            done.without_points += 1
            continue
        try:
            done.entered.append(_enter_line(desk, cells, comment, by))
        except GradebookError as error:
            done.bad.append(str(GradebookError.line(line.number, str(error))))
    return done


def _enter_line(desk: Desk, cells: dict[str, str], comment: str, by: str) -> Entered:
    from graders.gradebook.enter import Entry, points_of

    return desk.enter(
        Entry(
            student=cells["student"],
            exercise=cells["exercise"],
            points=points_of(cells["points"]),
            comment=cells.get("comment", "").strip() or comment,
            by=cells.get("by", "").strip() or by,
            whole=_is_whole(cells.get("whole", "")),
        )
    )


def _column(cell: str) -> str:
    return cell.strip().strip("\ufeff").lower()


def _is_whole(said: str) -> bool:
    said = said.strip().lower()
    if said not in _YES | _NO:
        raise GradebookError.not_yes_or_no("whole", said)
    return said in _YES


# -- what waits -----------------------------------------------------------------------------


def _show_waiting(out: Path) -> None:
    from graders.gradebook import Gradebook
    from graders.gradebook.enter import unread
    from graders.report.text import clean, number

    with Gradebook.open(out, create=False) as book:
        waiting = unread(result for _, result in book.outlines())
    if not waiting:
        _print("Nothing waits to be read.")
        return
    table = Table(title="Waits to be read", title_justify="left")
    table.add_column("exercise")
    table.add_column("title", overflow="fold")
    table.add_column("students", justify="right")
    table.add_column("points", justify="right")
    for one in waiting:
        table.add_row(
            Text(clean(one.exercise)),
            Text(clean(one.title)),
            f"{one.students:,}",
            number(one.points),
        )
    console.print(table)


def _print(sentence: str) -> None:
    console.print(_clean(sentence))


def _clean(sentence: str, style: str = "") -> Text:
    # Late, for the templates that come with it: every command would wait for them.
    from graders.report.text import clean

    return Text(clean(sentence), style=style)


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        # A container may know no name for the user.
        return ""
