"""`tensormark audit`: test the grader with correct variants and with mutants."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from graders.errors import TensormarkError
from graders.options import (
    INTERRUPTED,
    AssignmentArgument,
    Data,
    DataOption,
    DrawOption,
    StoreOption,
    Training,
    TrainingOption,
    console,
    errors,
    load,
    stop,
)

if TYPE_CHECKING:
    from graders.audit.outcome import Audit, Row, Share
    from graders.audit.run import Ground
    from graders.grading import Grader


def audit(  # noqa: PLR0917 - typer takes options as parameters
    assignment: AssignmentArgument,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for audit.html, audit.json and all results.")
    ] = Path("audit-report"),
    fast: Annotated[
        bool,
        typer.Option(
            "--fast",
            help="Built-in data, capped training, and only mistakes that no accuracy has to show.",
        ),
    ] = False,
    data: DataOption = Data.auto,
    training: TrainingOption = Training.full,
    workers: Annotated[
        int, typer.Option(help="Submissions to run at once; 0: as the machine allows.", min=0)
    ] = 0,
    store: StoreOption = None,
    draw: DrawOption = 0,
    only: Annotated[
        str, typer.Option(metavar="TEXT", help="Only variants and mutants with this in their name.")
    ] = "",
    recheck: Annotated[
        bool,
        typer.Option(
            "--recheck",
            help="Check again what an earlier audit has run in --out; run only what is new.",
        ),
    ] = False,
    save: Annotated[
        bool, typer.Option("--save", help="Keep the findings in reference/audits as well.")
    ] = False,
) -> None:
    """Test the grader: right work keeps its points, and each mistake costs its own exercise.

    Exit status: 0 all correct variants kept, enough mutants caught, and the others explained;
    1 otherwise; 2 unusable input.
    """
    from graders.audit.plan import make_plan
    from graders.audit.report import saved_path, write_report
    from graders.audit.run import Recheck, run_audit
    from graders.batch import default_workers, threads_for
    from graders.files import write_whole
    from graders.grading import Grader, Settings
    from graders.progress import Steps

    if save and only:
        raise typer.BadParameter("--only leaves out a part, which is not to be kept with --save.")
    if training is Training.none:
        stop("An audit needs trainings: --training full or capped.")
    if fast:
        data, training = Data.builtin, Training.capped
    try:
        sheet = load(assignment)
        plan = make_plan(sheet)
        plan = plan.structural() if fast else plan
        plan = plan.only(only) if only else plan
        number = len(plan.variants) + len(plan.mutants)
        workers = workers or default_workers(number)
        settings = Settings(data=data.value, training=training.value, store=store, draw=draw)
        with console.status("Getting TensorFlow and the data ready ..."):
            grader = Grader(sheet, replace(settings, threads=threads_for(workers)))
        with Steps(console, "submissions", number) as shown:

            def done(row: Row) -> None:
                shown.advance()
                if not row.is_right:
                    console.print(Text(f"{row.id}: {row.status}"))

            found = run_audit(
                sheet,
                plan,
                Recheck(grader) if recheck else grader,
                _ground(grader, structural=fast),
                out,
                workers=workers,
                done=done,
            )
        grader.tidy_up()
        write_report(found, out)
        if save:
            saved_path(sheet.id).parent.mkdir(exist_ok=True)
            write_whole(saved_path(sheet.id), found.model_dump_json(indent=1) + "\n")
    except KeyboardInterrupt:
        stop(f"Interrupted. What was graded stands in {out / 'submissions'}.", INTERRUPTED)
    except OSError as error:
        stop(f"{error.filename or out}: {error.strerror}. Nothing more can be written there.")
    except TensormarkError as error:
        stop(str(error))
    for sentence in grader.trainer.warnings:
        errors.print(Text(sentence, style="yellow"))
    _print(found, out)
    raise typer.Exit(0 if found.passed else 1)


def _ground(grader: Grader, *, structural: bool) -> Ground:
    from graders.audit.run import Ground

    cap = grader.cap
    return Ground(
        data_sets={one.name: f"{one.source} ({one.fingerprint})" for one in grader.data},
        training=grader.settings.training,
        capped=f"at most {cap.epochs} epochs on {cap.samples:,} items" if cap else "",
        structural=structural,
        device=grader.trainer.setting.device,
    )


def _print(found: Audit, out: Path) -> None:
    """Say in a few lines what the audit found, and where the rest stands."""
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("correct variants kept", _share(found.kept))
    table.add_row("mutants caught", f"{_share(found.caught)}; the bar is {found.bar:.0%}")
    statuses = Counter(row.status for row in found.mutants if not row.is_right)
    for status, number in sorted(statuses.items()):
        table.add_row(f"  {status}", str(number))
    console.print(table)
    for row in found.unlike:
        expected = f"; expected {', '.join(row.expected)}" if row.expected else ""
        lost = f"lost {', '.join(row.lost) or 'nothing'}{expected}"
        explained = f" Explained: {row.explanation}" if row.explanation else ""
        problem = f" {row.problem}" if row.problem else ""
        console.print(Text(f"- {row.id}: {row.status}, {lost}.{problem}{explained}"))
    for left in found.left_out:
        console.print(Text(f"Not made: {left.mutants} mutants. {left.reason}", style="dim"))
    verdict = "The grader passes." if found.passed else "The grader does not pass."
    console.print(Text(f"{verdict} See {out / 'audit.html'} and {out / 'audit.json'}."))


def _share(share: Share) -> str:
    return (
        f"{share.right} of {share.of} ({share.share:.1%}; "
        f"95% interval {share.low:.1%} to {share.high:.1%})"
    )
