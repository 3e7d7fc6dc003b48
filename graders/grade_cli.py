"""The commands that grade a class: `grade`, `regrade`, `demo`."""

from __future__ import annotations

import os
import shutil
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from graders.errors import ClassError, TensormarkError
from graders.options import (
    INTERRUPTED,
    UNUSABLE,
    AssignmentArgument,
    Data,
    DataOption,
    Device,
    DeviceOption,
    DrawOption,
    Executor,
    IsolationOption,
    IsolationWish,
    MemoryOption,
    StoreOption,
    TimeoutOption,
    Training,
    TrainingOption,
    begin_tensorflow,
    console,
    errors,
    load,
    stop,
)

if TYPE_CHECKING:
    from graders.assignment import Assignment
    from graders.batch import Enrolled, Runs, Wanted
    from graders.grading import Checker, Settings

OutOption = Annotated[Path, typer.Option("--out", "-o", help="Folder for results and feedback.")]
WorkersOption = Annotated[
    int, typer.Option(help="Submissions to run at once; 0: as the machine allows.", min=0)
]


def grade(  # noqa: PLR0917 - typer takes options as parameters
    assignment: AssignmentArgument,
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Files, a folder of files, a folder per student, or what Moodle, Canvas, "
            "Gradescope, nbgrader or GitHub Classroom gives you, as a folder or a zip."
        ),
    ],
    out: OutOption,
    roster: Annotated[
        Path | None,
        typer.Option(
            help="CSV of everybody in the course: adds who handed in nothing, full names, "
            "extensions. As your learning platform exports it, or with a column `student`."
        ),
    ] = None,
    notebook: Annotated[
        str | None,
        typer.Option(
            help="Name or pattern of the file to grade, such as 'hw10*.ipynb', where students "
            "hand in several."
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Grade this student alone; a name, a key, or a pattern. Repeatable."),
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            help="Grade what was handed in since then alone.",
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        ),
    ] = None,
    redo: Annotated[
        bool, typer.Option("--redo", help="Run submissions again that haven't changed.")
    ] = False,
    workers: WorkersOption = 0,
    executor: Annotated[
        Executor, typer.Option(help="Where submissions run: on this machine, or on a cluster.")
    ] = Executor.local,
    scheduler: Annotated[
        str | None,
        typer.Option(
            help="With --executor dask: the scheduler's address, or the path of its file.",
            envvar="DASK_SCHEDULER_ADDRESS",
        ),
    ] = None,
    device: DeviceOption = Device.auto,
    timeout: TimeoutOption = None,
    data: DataOption = Data.auto,
    training: TrainingOption = Training.full,
    memory: MemoryOption = None,
    isolation: IsolationOption = IsolationWish.require,
    store: StoreOption = None,
    draw: DrawOption = 0,
) -> None:
    """Grade a class: gradebook.db, grades.csv, index.html, and a folder for each student.

    Started again, it goes on where it was interrupted: who has a result keeps it, unless the
    submission or something that the run depends on has changed.
    """
    from graders.batch import Wanted
    from graders.grading import Settings
    from graders.temporary import OwnFolder

    sheet = load(assignment)
    settings = Settings(
        device.value,
        timeout,
        data.value,
        training=training.value,
        store=store,
        memory=memory,
        isolation=isolation.value,
        draw=draw,
    )
    wanted = Wanted(tuple(only or ()), since.astimezone() if since else None)
    with _sentences(out), OwnFolder("class") as unpacked:
        enrolled = _enrolled(
            sheet,
            paths,
            out,
            roster=roster,
            notebook=notebook,
            unpack_into=unpacked.path,
            wanted=wanted,
        )
        with console.status("Getting TensorFlow and the data ready ..."):
            if executor is Executor.dask:
                runs, checker, settings = _on_cluster(sheet, settings, scheduler)
            else:
                runs, checker, settings = _here(sheet, settings, workers, enrolled)
        _grade_class(sheet, settings, runs, checker, enrolled=enrolled, out=out, redo=redo)


def regrade(
    out: Annotated[Path, typer.Argument(help="The folder that `grade` was given with --out.")],
    assignment: Annotated[
        str | None,
        typer.Option(help="Check with this assignment; default: the one that it was graded with."),
    ] = None,
) -> None:
    """Check a class again from its recordings: no student code runs, nothing is trained."""
    from graders.batch.roll import find_runs
    from graders.progress import ClassProgress, print_class
    from graders.regrade import regrade as again

    with (
        _sentences(out),
        ClassProgress(console, len(find_runs(out))).shown() as progress,
    ):
        done = again(out, assignment, progress)
    for sentence in done.left:
        errors.print(Text(f"Left as it was: {sentence}", style="yellow"))
    print_class(done.outcomes, out, console, trained=False)
    if done.left:
        raise typer.Exit(UNUSABLE)


def demo(  # noqa: PLR0917 - typer takes options as parameters
    out: OutOption = Path("demo-report"),
    workers: WorkersOption = 0,
    everything: Annotated[
        bool, typer.Option("--all", help="Grade every sample, not the small class alone.")
    ] = False,
    training: TrainingOption = Training.capped,
    store: StoreOption = None,
    open_: Annotated[
        bool, typer.Option("--open", help="Show the class page in a browser at the end.")
    ] = False,
) -> None:
    """Grade a small made-up class on built-in data: reports to look at, without waiting long."""
    with _sentences(out):
        # Before anything is imported that takes a while.
        console.print("A demo: a made-up class is graded, as `tensormark grade` does it.")
        begin_tensorflow(Device.auto)
        from graders.batch import Enrolled
        from graders.grading import Settings
        from graders.samples import demo_class, find_demo, sample_submissions

        sheet = find_demo()
        if everything:
            submissions = sample_submissions(sheet)
        else:
            sheet, submissions = demo_class(sheet, out / ".assignment")
        console.print(Text(_about_demo(sheet, len(submissions), training)))
        settings = Settings(data=Data.builtin.value, training=training.value, store=store)
        enrolled = Enrolled(submissions)
        with console.status("Getting TensorFlow and the data ready ..."):
            runs, checker, settings = _here(sheet, settings, workers, enrolled)
        _grade_class(sheet, settings, runs, checker, enrolled=enrolled, out=out)
    page = (out / "index.html").absolute()
    console.print()
    if open_ and not webbrowser.open(page.as_uri()):
        errors.print(Text(f"There is no browser to be started here. Open {page}", style="yellow"))
    _try_next(out, sheet.id)


def _about_demo(sheet: Assignment, submissions: int, training: Training) -> str:
    titles = " and ".join(f"“{section.title}”" for section in sheet.sections)
    about = (
        f"{submissions} submissions of {sheet.id}, {titles}, on a look-alike of its data that is "
        "drawn by code."
    )
    if training is Training.capped:
        cap = sheet.training.cap
        about += (
            f" To be quick, each network trains for at most {cap.epochs} epochs "
            f"on {cap.samples:,} items (--training capped); accuracies are compared with ranges "
            "measured in the same way."
        )
    return about


def _try_next(out: Path, sheet: str) -> None:
    me = "tensormark" if shutil.which("tensormark") else os.path.relpath(sys.argv[0])
    console.print("Try next:")
    for command in (
        f"demo -o {out} --open  # the class page, in a browser",
        f"score {out}  # what waits for a person to read it",
        f"regrade {out}  # check again, from the recordings alone",
        f"export {out} --format csv  # also canvas, moodle, gradescope, junit, feedback",
        f"check {sheet} my.ipynb --report feedback.html  # as a student",
        "demo --all --training full -o all-samples  # every sample, whole trainings: minutes",
    ):
        # Not wrapped, so that it can be copied.
        console.print(Text(f"  {me} {command}"), soft_wrap=True)


@contextmanager
def _sentences(out: Path) -> Iterator[None]:
    """End the command with a sentence, whatever goes wrong."""
    try:
        if out.exists() and not out.is_dir():
            raise ClassError.not_a_folder(out)
        yield
    except KeyboardInterrupt:
        stop(
            f"Interrupted. What is finished stands in {out}; the same command goes on with the "
            "rest.",
            INTERRUPTED,
        )
    except OSError as error:
        stop(str(ClassError.disk(out, error)))
    except TensormarkError as error:
        stop(str(error))


def _enrolled(
    sheet: Assignment,
    paths: list[Path],
    out: Path,
    *,
    roster: Path | None,
    notebook: str | None,
    unpack_into: Path,
    wanted: Wanted,
) -> Enrolled:
    """Find out who is to be graded, and say what should be known of it."""
    from graders.batch import Enrolled
    from graders.roster import enrol, read_roster
    from graders.submission import find_submissions

    with console.status("Looking for submissions ..."):
        submissions = find_submissions(
            paths,
            out,
            assignment=sheet.id,
            starter=sheet.folder / "starter.ipynb",
            notebook=notebook,
            unpack_into=unpack_into,
        )
        if roster is None:
            return _chosen(Enrolled(submissions), wanted)
        found = read_roster(roster)
        merged = enrol(submissions, found)
    for sentence in (*found.notes, *merged.notes):
        errors.print(Text(sentence, style="yellow"))
    return _chosen(Enrolled(merged.submissions, merged.missing, merged.people), wanted)


def _chosen(enrolled: Enrolled, wanted: Wanted) -> Enrolled:
    chosen = wanted.select(list(enrolled.submissions))
    keys = {submission.key for submission in chosen}
    others = [one for one in enrolled.submissions if one.key not in keys]
    return replace(enrolled, submissions=chosen, left_out=others)


def _here(
    sheet: Assignment, settings: Settings, workers: int, enrolled: Enrolled
) -> tuple[Runs, Checker, Settings]:
    from graders.batch import LocalRuns, default_workers, threads_for
    from graders.grading import Grader

    workers = workers or default_workers(len(enrolled.submissions))
    settings = replace(settings, threads=threads_for(workers))
    grader = Grader(sheet, settings)
    return LocalRuns(grader, workers), grader.checker, settings


def _on_cluster(
    sheet: Assignment, settings: Settings, scheduler: str | None
) -> tuple[Runs, Checker, Settings]:
    from graders.batch import Recipe
    from graders.batch.cluster import ClusterRuns
    from graders.grading import Checker, cap_of
    from graders.training.trainer import device_of
    from reference.datasets import locate

    if not scheduler:
        raise ClassError.no_address()
    # Workers go by what is said here, not by what each of them has.
    settings = replace(settings, device=device_of(settings.device))
    data = [locate(name, settings.data) for name in sheet.data_sets]
    runs = ClusterRuns.connect(scheduler, Recipe.of(sheet, settings, data))
    return runs, Checker(sheet, data, cap_of(sheet, settings), settings.device), settings


def _grade_class(
    sheet: Assignment,
    settings: Settings,
    runs: Runs,
    checker: Checker,
    *,
    enrolled: Enrolled,
    out: Path,
    redo: bool = False,
) -> None:
    from graders.batch import ClassRun, Recipe
    from graders.progress import ClassProgress, print_class

    for data in checker.data:
        console.print(Text(f"Data: {data.name}, {data.source} ({data.fingerprint})"))
    recipe = Recipe.of(sheet, settings, checker.data)
    try:
        with ClassProgress(console, len(enrolled.submissions)).shown() as progress:
            run = ClassRun(sheet, recipe, checker, runs, out, progress, redo=redo)
            outcomes = run.grade(enrolled)
    finally:
        runs.close()
    for sentence in runs.warnings:
        errors.print(Text(sentence, style="yellow"))
    print_class(outcomes, out, console)
