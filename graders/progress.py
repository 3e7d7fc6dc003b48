"""Show a run's progress, bars in a terminal and lines elsewhere, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from time import monotonic
from typing import Any, Self, TypeGuard

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from graders.batch.roll import Outcomes
from graders.report.rows import Row, Trained
from graders.report.summary import print_summary
from graders.report.text import duration, number
from graders.report.view import Tally, look_at
from graders.report.words import is_ungraded
from graders.result import Result, TrainingSummary

# Outside a terminal, work of many like steps says no more often how far it is: seconds.
_SILENCE = 30.0
# Exercises that one line names; of more it says how many.
_NAMED = 6
_NOTES = 10


def bars(console: Console) -> Progress:
    """Make progress bars: description, bar, n of m, time gone, time left. Silent in files."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


class Steps:
    """One bar for work of many like steps; outside a terminal a line every now and then."""

    def __init__(self, console: Console, what: str, total: int) -> None:
        self._console = console
        self._what = what
        self._total = total
        self._done = 0
        self._began = self._said = monotonic()
        self._bars = bars(console)
        self._task = self._bars.add_task(what, total=total)

    def __enter__(self) -> Self:
        """Draw while the body runs."""
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bar away."""
        self._bars.stop()

    def doing(self, what: str) -> None:
        """Say what begins now."""
        self._bars.update(self._task, description=what)

    def advance(self) -> None:
        """One step is done."""
        self._done += 1
        self._bars.advance(self._task)
        now = monotonic()
        if self._console.is_terminal or now - self._said < _SILENCE:
            return
        self._said = now
        left = (now - self._began) / self._done * max(self._total - self._done, 0)
        said = f"{self._done:,} of {self._total:,} {self._what}, about {duration(left)} left"
        self._console.print(Text(said))


class ClassProgress:
    """One bar for the class and a line for each submission that runs; lines elsewhere."""

    def __init__(self, console: Console, students: int) -> None:
        self._console = console
        self._students = students
        self._done = 0
        self._failed = 0
        self._kept = 0
        self._trained = 0
        self._reused = 0
        self._lock = RLock()
        self._bars = bars(console)
        self._class = self._bars.add_task("class", total=students)
        self._running: dict[str, TaskID] = {}

    @contextmanager
    def shown(self) -> Iterator[ClassProgress]:
        """Draw while the body runs."""
        with self._bars:
            yield self
        if self._kept:
            kept = f"{self._kept} of {self._students} had not changed and were kept."
            self._console.print(Text(kept))

    def begin(self, student: str) -> None:
        """A submission starts to run."""
        with self._lock:
            self._running[student] = self._bars.add_task(_indented(student), total=None)
            self._count()

    def event(self, student: str, event: dict[str, Any]) -> None:
        """A cell or a training begins; the event comes from an untrusted process."""
        of, cell, epoch = event.get("of"), event.get("cell"), event.get("epoch")
        attempt = event.get("attempt")
        with self._lock:
            task = self._running.get(student)
            if task is not None and _is_count(attempt):
                doing = f"{_indented(student)}: an accuracy is low, attempt {attempt}"
                self._bars.update(task, description=doing)
            if task is None or not _is_count(of):
                return
            if _is_count(cell):
                doing = f"{_indented(student)}: cell"
                self._bars.update(task, total=of, completed=cell, description=doing)
            elif _is_count(epoch):
                doing = f"{_indented(student)}: trained {epoch} of {of} epochs"
                self._bars.update(task, description=doing)

    def end(self, student: str, result: Result) -> None:
        """A submission has its result."""
        with self._lock:
            self._done += 1
            self._failed += is_ungraded(result.execution)
            named = [training for training in result.trainings if training.fingerprint]
            reused = sum(training.cached for training in named)
            self._reused += reused
            self._trained += len(named) - reused
            task = self._running.pop(student, None)
            if task is not None:
                self._bars.remove_task(task)
            self._count()
            place = f"[{self._done + self._kept}/{self._students}]"
            self._console.print(Text(f"{place} {one_line(result)}"))

    def kept(self, student: str) -> None:
        """A submission has its result from an earlier run."""
        del student
        with self._lock:
            self._kept += 1
            self._count()

    def _count(self) -> None:
        """Say how the class is; what was there before counts for nothing in the time left."""
        waiting = self._students - self._kept - self._done - len(self._running)
        words = [f"{self._done} done"]
        words += [f"{self._failed} failed"] if self._failed else []
        words += [f"{self._kept} unchanged"] if self._kept else []
        words += [f"{waiting} waiting"] if waiting > 0 else []
        trained = [f"{self._trained} trained, {self._reused} reused"] if self._trained else []
        self._bars.update(
            self._class,
            total=self._students - self._kept,
            completed=self._done,
            description="; ".join([", ".join(words), *trained]),
        )


def one_line(result: Result) -> str:
    """Say a result in one line."""
    student = result.submission.student
    if result.execution.status in {"unusable", "error"}:
        return f"{student}: {result.execution.status}: {result.execution.message}"
    parts = [f"{number(result.score)} of {number(result.points)} points"]
    if result.pending:
        parts.append(f"{number(result.pending)} pending")
    lost = [exercise.id for exercise in result.exercises if Tally.of(exercise).lost > 0]
    if len(lost) > _NAMED:
        parts.append(f"lost in {len(lost)} of {len(result.exercises)} exercises")
    elif lost:
        parts.append("lost in " + ", ".join(lost))
    if noted := look_at(result):
        parts.append("look at " + ", ".join(noted))
    if result.execution.status != "complete":
        parts.append(result.execution.status)
    parts.append(trained_in_words(result.trainings))
    return f"{student}: {'; '.join(filter(None, parts))}  ({result.execution.seconds:.0f} s)"


def print_class(outcomes: Outcomes, out: Path, console: Console, *, trained: bool = True) -> None:
    """Say what became of a class, and where its reports are.

    Args:
        outcomes: of each student.
        out: the folder of the reports.
        console: where to print.
        trained: say as well what was trained, what was reused, and the time that this saved.

    """
    rows = outcomes.rows
    trainings = Trained.total(row.trainings for row in rows)
    if trainings.asked and trained:
        carried_out = len(trainings.fingerprints)
        text = f"{trainings.asked} trainings: {_trained_of_class(rows) or 'none carried out'}"
        if carried_out:
            text += f"; {carried_out} distinct, {duration(trainings.seconds)} of training"
            text += f", {duration(trainings.saved)} saved"
        console.print(Text(text + "."))
    print_summary(rows, console)
    for note in outcomes.notes[:_NOTES]:
        console.print(Text(note, style="yellow"))
    if len(outcomes.notes) > _NOTES:
        console.print(f"{len(outcomes.notes) - _NOTES} more such notes are on the class page.")
    console.print(Text(f"  class page  {out / 'index.html'}"))
    console.print(Text(f"  grades      {out / 'grades.csv'}"))
    console.print(Text(f"  feedback    {out}/<student>/feedback.html"))


def _trained_of_class(rows: Sequence[Row]) -> str:
    named = sum(len(row.trainings.fingerprints) for row in rows)
    reused = sum(row.trainings.reused for row in rows)
    unverified = sum(row.trainings.unverified for row in rows)
    return _in_words(named - reused, reused, unverified)


def trained_in_words(trainings: Sequence[TrainingSummary]) -> str:
    """Say how many trainings there were, how many of them were known, and what that saved."""
    asked = [t for t in trainings if t.fingerprint]
    reused = sum(t.cached for t in asked)
    unverified = sum(not t.verified and t.status not in {"skipped", "refused"} for t in trainings)
    return _in_words(len(asked) - reused, reused, unverified)


def _in_words(trained: int, reused: int, unverified: int) -> str:
    counted = {"trained": trained, "reused": reused, "not verified": unverified}
    return ", ".join(f"{number} {what}" for what, number in counted.items() if number)


def _is_count(value: object) -> TypeGuard[int]:
    """Whether it is a number that a bar can show: a process may send any."""
    return type(value) is int and 0 <= value < 10**6


def _indented(student: str) -> str:
    return f"  {student[:28]}"
