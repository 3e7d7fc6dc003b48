"""The command line of tensormark: thin over what the other rooms do."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from graders import __version__
from graders.audit_cli import audit
from graders.cache_cli import cache
from graders.errors import TensormarkError
from graders.export_cli import export
from graders.grade_cli import demo, grade, regrade
from graders.options import (
    INTERRUPTED,
    UNUSABLE,
    AssignmentArgument,
    Data,
    DataOption,
    Device,
    DeviceOption,
    IsolationOption,
    IsolationWish,
    MemoryOption,
    StoreOption,
    TimeoutOption,
    Training,
    TrainingOption,
    begin_tensorflow,
    console,
    load,
    stop,
)
from graders.reference_cli import calibrate, reference
from graders.score_cli import score

if TYPE_CHECKING:
    from graders.assignment import Assignment
    from graders.grading import Settings
    from graders.result import Result
    from graders.submission import Submission

app = typer.Typer(
    name="tensormark",
    help="Grade deep-learning coursework, and run the reference solutions behind it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(cache)


@app.callback(invoke_without_command=True)
def main(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Grade deep-learning coursework, and run the reference solutions behind it."""
    if version:
        console.print(f"tensormark {__version__}")
        raise typer.Exit


@app.command("list")
def list_() -> None:
    """Show the assignments with their exercises and points."""
    from graders.assignment import list_assignments, load_assignment

    for name in list_assignments():
        assignment = load_assignment(name)
        bonus = f" and {assignment.bonus_points:g} bonus points" if assignment.bonus_points else ""
        table = Table(
            title=Text(f"{assignment.id}: {assignment.title} ({assignment.points:g}{bonus})"),
            title_justify="left",
        )
        for column in ("exercise", "title", "checked", "read by a person"):
            table.add_column(column, justify="right" if column[0] in "cr" else "left")
        for exercise in assignment.exercises:
            manual = f"{exercise.manual.points:g}" if exercise.manual else ""
            title = exercise.title + (" (bonus)" if exercise.bonus else "")
            table.add_row(exercise.id, title, f"{exercise.automatic_points:g}", manual)
        console.print(table)


@app.command()
def check(  # noqa: PLR0917 - typer takes options as parameters
    assignment: AssignmentArgument,
    file: Annotated[Path, typer.Argument(help="Your notebook (.ipynb) or script (.py).")],
    report: Annotated[
        Path | None, typer.Option(help="Write the feedback page to this file (.html).")
    ] = None,
    device: DeviceOption = Device.auto,
    timeout: TimeoutOption = None,
    data: DataOption = Data.auto,
    training: TrainingOption = Training.full,
    memory: MemoryOption = None,
    isolation: IsolationOption = IsolationWish.auto,
    store: StoreOption = None,
) -> None:
    """Check your own work. Exit status: 0 all passed, 1 something failed, 2 unusable input."""
    sheet = load(assignment)
    if file.is_dir() or not file.exists():
        stop(
            f"{file}: "
            + (
                "that is a folder; name the notebook in it."
                if file.is_dir()
                else "there is no such file. Check the path."
            )
        )
    if report is not None and not report.absolute().parent.is_dir():
        stop(f"{report}: there is no folder {report.absolute().parent}. Make it first.")
    begin_tensorflow(device)
    from graders.grading import Settings
    from graders.report import print_result, render_html
    from graders.result import Outcome
    from graders.submission import find_submissions, with_helpers

    settings = Settings(
        device.value,
        timeout,
        data.value,
        training=training.value,
        store=store,
        memory=memory,
        isolation=isolation.value,
    )
    (submission,) = find_submissions([file])
    with tempfile.TemporaryDirectory(prefix="tensormark-") as folder:
        result = _grade_one(sheet, settings, with_helpers(submission), Path(folder))
    print_result(result, console)
    if report is not None:
        try:
            report.write_text(render_html(result), encoding="utf-8")
        except OSError as error:
            stop(f"{report} can't be written: {error.strerror}.")
        console.print(Text(f"Feedback page: {report}"))
    if result.execution.status in {"unusable", "error"}:
        raise typer.Exit(UNUSABLE)
    whole = all(check.outcome is Outcome.PASSED for check in result.checks)
    raise typer.Exit(0 if whole else 1)


app.command()(grade)
app.command()(regrade)
app.command()(score)
app.command()(export)
app.command()(demo)
app.command()(reference)
app.command()(calibrate)
app.command()(audit)


@app.command()
def doctor() -> None:
    """Show what this machine offers: versions, device, data sets, isolation."""
    from graders.doctor import examine

    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    with console.status("Looking at this machine ..."):
        findings = examine()
    for finding in findings:
        table.add_row(finding.state, finding.what, Text(finding.found))
        if finding.advice:
            table.add_row("", "", Text(finding.advice, style="dim"))
    console.print(table)
    if any(finding.state == "missing" for finding in findings):
        raise typer.Exit(1)


def _grade_one(sheet: Assignment, settings: Settings, submission: Submission, out: Path) -> Result:
    """Grade with a line that shows the cell under way."""
    from graders.grading import Grader

    try:
        with console.status("Getting TensorFlow and the data ready ...") as status:
            grader = Grader(sheet, settings)
            for data in grader.data:
                console.print(Text(f"Data: {data.name}, {data.source} ({data.fingerprint})"))

            def show(event: dict[str, object]) -> None:
                if event.get("event") == "cell":
                    status.update(f"Running cell {event.get('cell')} of {event.get('of')} ...")
                elif event.get("event") == "attempt":
                    status.update(f"An accuracy is low: attempt {event.get('attempt')} ...")
                elif event.get("event") == "epoch":
                    status.update(f"Trained {event.get('epoch')} of {event.get('of')} epochs ...")

            result = grader.grade(submission, out, show)
            grader.tidy_up()
            return result
    except KeyboardInterrupt:
        stop("Interrupted; nothing was graded.", INTERRUPTED)
    except TensormarkError as error:
        stop(str(error))
