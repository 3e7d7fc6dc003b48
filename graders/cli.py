"""The command line of tensormark: thin over what the other rooms do."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from graders import __version__
from graders.audit_cli import audit
from graders.cache_cli import cache
from graders.errors import TensormarkError
from graders.options import (
    INTERRUPTED,
    UNUSABLE,
    AssignmentArgument,
    Data,
    DataOption,
    Device,
    DeviceOption,
    DrawOption,
    IsolationOption,
    IsolationWish,
    MemoryOption,
    StoreOption,
    TimeoutOption,
    Training,
    TrainingOption,
    console,
    errors,
    load,
    stop,
)
from graders.reference_cli import calibrate, reference

if TYPE_CHECKING:
    from graders.assignment import Assignment
    from graders.grading import Settings
    from graders.result import Result
    from graders.submission import Submission
    from reference.datasets import DataSet

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
    from graders.grading import Settings
    from graders.report import print_result, render_html
    from graders.result import Outcome
    from graders.submission import find_submissions

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
        result = _grade_one(sheet, settings, submission, Path(folder))
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


@app.command()
def grade(  # noqa: PLR0917 - typer takes options as parameters
    assignment: AssignmentArgument,
    paths: Annotated[
        list[Path], typer.Argument(help="Files, a folder of files, or a folder per student.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for results and feedback.")],
    workers: Annotated[
        int, typer.Option(help="Submissions to run at once; 0: as the machine allows.", min=0)
    ] = 0,
    device: DeviceOption = Device.auto,
    timeout: TimeoutOption = None,
    data: DataOption = Data.auto,
    training: TrainingOption = Training.full,
    memory: MemoryOption = None,
    isolation: IsolationOption = IsolationWish.require,
    store: StoreOption = None,
    draw: DrawOption = 0,
) -> None:
    """Grade a class: grades.csv, index.html, and a folder with feedback for each student."""
    from graders.grading import Settings
    from graders.submission import find_submissions

    try:
        submissions = find_submissions(paths, out)
    except TensormarkError as error:
        stop(str(error))
    _grade_class(
        load(assignment),
        submissions,
        out,
        Settings(
            device.value,
            timeout,
            data.value,
            training=training.value,
            store=store,
            memory=memory,
            isolation=isolation.value,
            draw=draw,
        ),
        workers=workers,
    )


@app.command()
def regrade(
    out: Annotated[Path, typer.Argument(help="The folder that `grade` was given with --out.")],
    assignment: Annotated[
        str | None,
        typer.Option(help="Check with this assignment; default: the one that it was graded with."),
    ] = None,
) -> None:
    """Check a class again from its recordings: no student code runs, nothing is trained."""
    from graders.progress import ClassProgress, print_class
    from graders.regrade import find_runs
    from graders.regrade import regrade as again

    try:
        folders = find_runs(out)
        with ClassProgress(console, len(folders)).shown() as progress:
            done = again(out, folders, assignment, progress)
    except KeyboardInterrupt:
        stop(f"Interrupted. Run it again; nothing in {out} is lost.", INTERRUPTED)
    except OSError as error:
        stop(f"{error.filename or out}: {error.strerror}. Nothing more can be written there.")
    except TensormarkError as error:
        stop(str(error))
    for sentence in done.left:
        errors.print(Text(f"Left as it was: {sentence}", style="yellow"))
    print_class([one.result for one in done.graded], out, console, trained=False)
    if done.left:
        raise typer.Exit(UNUSABLE)


@app.command()
def demo(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for results and feedback.")
    ] = Path("demo-report"),
    workers: Annotated[int, typer.Option(help="Submissions to run at once.", min=0)] = 0,
    everything: Annotated[
        bool, typer.Option("--all", help="Grade every sample, not the small class alone.")
    ] = False,
) -> None:
    """Grade a small sample class on built-in data; needs nothing, opens nothing."""
    from graders.grading import Settings
    from graders.samples import sample_submissions

    sheet = load("fashion_cnn")
    submissions = sample_submissions(sheet, everything=everything)
    console.print(
        f"Grading {len(submissions)} sample submissions of {sheet.id} on built-in data. "
        "Each trains seven networks; this takes a few minutes."
    )
    _grade_class(
        sheet,
        submissions,
        out,
        Settings(data=Data.builtin.value),
        workers=workers,
    )


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
            _print_data(grader.data)

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


def _print_data(data: list[DataSet]) -> None:
    for one in data:
        console.print(Text(f"Data: {one.name}, {one.source} ({one.fingerprint})"))


def _grade_class(
    sheet: Assignment,
    submissions: list[Submission],
    out: Path,
    settings: Settings,
    *,
    workers: int,
) -> None:
    from graders.batch import default_workers, grade_class, threads_for
    from graders.grading import Grader
    from graders.progress import ClassProgress, print_class

    workers = workers or default_workers(len(submissions))
    settings = replace(settings, threads=threads_for(workers))
    try:
        with console.status("Getting TensorFlow and the data ready ..."):
            grader = Grader(sheet, settings)
        _print_data(grader.data)
        with ClassProgress(console, len(submissions)).shown() as progress:
            graded = grade_class(grader, submissions, out, workers=workers, observer=progress)
        grader.tidy_up()
    except KeyboardInterrupt:
        stop(f"Interrupted. What was finished stands in {out}.", INTERRUPTED)
    except OSError as error:
        stop(f"{error.filename or out}: {error.strerror}. Nothing more can be written there.")
    except TensormarkError as error:
        stop(str(error))
    for sentence in grader.trainer.warnings:
        errors.print(Text(sentence, style="yellow"))
    print_class([one.result for one in graded], out, console)
