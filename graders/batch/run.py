"""Grade a class from its first submission to its last, whatever happens in between."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from platform import node
from typing import Any, Protocol

from graders.assignment import Assignment
from graders.batch.alike import similar_in
from graders.batch.keys import Recipe, result_key
from graders.batch.plan import Todo, todo
from graders.batch.reports import Graded, keep_result, line_of, outline, write_class
from graders.batch.runs import Runs, Tells
from graders.batch.scores import check_again, settle_again, standing_of
from graders.batch.signals import Stop, stopping
from graders.batch.staging import locked, put_in_place, recover, staging_of
from graders.batch.task import Task
from graders.compose import grader_failed, missing
from graders.errors import AssignmentError, ClassError, is_about_the_disk
from graders.exports.lines import Line
from graders.gradebook import Gradebook, StudentRow
from graders.grading import Checker
from graders.ran import Ran
from graders.report.rows import Row
from graders.result import Result, SubmissionInfo
from graders.roster import Person
from graders.settle import Standing, settle
from graders.similar import Similar
from graders.submission import Submission

_LOOK_SECONDS = 0.5
# The page of a large class takes a while to draw: not after each student, and a small part of
# the time.
_CLASS_PAGE_SECONDS, _CLASS_PAGE_SHARE = 2.0, 0.05


class Observer(Tells, Protocol):
    """Is told what happens to a class, to show it."""

    def end(self, student: str, result: Result) -> None:
        """A submission has its result."""

    def kept(self, student: str) -> None:
        """A submission has its result from an earlier run."""


@dataclass(frozen=True)
class Enrolled:
    """Who is graded: submissions, and people on the roster who have handed in nothing."""

    submissions: Sequence[Submission]
    missing: Sequence[Person] = ()
    people: Sequence[Person] = ()


@dataclass(frozen=True)
class Outcomes:
    """Everybody who is in the gradebook when a run has ended, by name."""

    graded: list[Graded]
    rows: list[Row]


@dataclass
class _Job:
    """A submission that is being graded."""

    task: Task
    info: SubmissionInfo
    attempt: int
    partial: Path
    final: Path
    began: float = field(default_factory=time.monotonic)


@dataclass
class ClassRun:
    """Grades the submissions of a class into OUT."""

    assignment: Assignment
    recipe: Recipe
    checker: Checker
    runs: Runs
    out: Path
    observer: Observer
    redo: bool = False
    _lines: dict[str, Line] = field(default_factory=dict)
    _students: dict[str, StudentRow] = field(default_factory=dict)
    _drawn: tuple[float, float] = (0.0, 0.0)  # when, and how long it took
    _seen: int = 0  # people's scores that are taken in

    def grade(self, enrolled: Enrolled) -> Outcomes:
        """Grade whoever is new or has changed, and write every report.

        Raises:
            AssignmentError: the assignment itself is broken, so no grade can be trusted.
            ClassError: OUT is in use, or nothing more can be written to it.
            GradebookError: the gradebook can't be used.
            KeyboardInterrupt: somebody has asked to stop; what is finished is kept.

        """
        with locked(self.out), Gradebook.open(self.out) as book, stopping() as stop:
            recover(self.out)
            book.interrupt_running()
            self._seen = book.judgements_version()
            self._enrol(book, enrolled)
            try:
                self._grade(book, enrolled, stop)
            except OSError as error:
                if is_about_the_disk(error):
                    raise ClassError.disk(self.out, error) from error
                raise
            finally:
                book.interrupt_running()
            return self._everybody(book)

    def _enrol(self, book: Gradebook, enrolled: Enrolled) -> None:
        """Give everybody a folder, and take in what earlier runs have found."""
        with book.together():
            self._enrol_all(book, enrolled)
        self._students = {student.key: student for student in book.students()}
        for student, result in book.outlines():
            self._note(student.key, result)

    def _enrol_all(self, book: Gradebook, enrolled: Enrolled) -> None:
        known = {person.key: person for person in enrolled.people}
        for submission in enrolled.submissions:
            person = known.pop(submission.key, None)
            book.enrol(
                submission.key,
                submission.student,
                ids=submission.handed.ids,
                section=person.section if person else "",
                on_roster=person is not None,
                extension=person.extension if person else None,
            )
        for person in enrolled.missing:
            book.enrol(
                person.key,
                person.name,
                ids=person.ids,
                section=person.section,
                on_roster=True,
                extension=person.extension,
            )

    def _grade(self, book: Gradebook, enrolled: Enrolled, stop: Stop) -> None:
        pending: dict[Future[Any], _Job] = {}
        waiting = self._to_run(book, enrolled, stop)
        try:
            while True:
                while len(pending) < self.runs.room and (job := next(waiting, None)):
                    future = self.runs.submit(job.task, job.partial, self.observer)
                    pending[future] = job
                if not pending:
                    break
                stop.check()
                done, _ = wait(pending, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
                for future in done:
                    self._finish(book, pending.pop(future), future)
                self._draw_now_and_then(book)
            for person in enrolled.missing:
                self._miss(book, person)
        except BaseException:
            # An interrupt, a full disk or a broken assignment: end the running ones, begin no
            # other.
            self.runs.stop()
            recover(self.out)
            with suppress(OSError):  # what ended the class is what is told of
                self._draw()
            raise
        self._take_in_scores(book)
        self._draw(similar_in({key: self._folder(key) for key in self._lines}))

    def _to_run(self, book: Gradebook, enrolled: Enrolled, stop: Stop) -> Iterator[_Job]:
        """Go through the class; yields what has to be run, and does on the way what is quick."""
        for submission in enrolled.submissions:
            stop.check()
            loaded = submission.loaded()
            info, final = loaded.info(), self._folder(submission.key)
            standing = self._standing(book, submission.key)
            latest = book.latest(submission.key)
            match todo(info, standing, self.recipe, latest, final, redo=self.redo):
                case Todo.RUN:
                    attempt = book.begin(info.key, info, self.recipe.run_key, node())
                    task = Task(loaded, standing, self.recipe.run_key)
                    yield _Job(task, info, attempt, staging_of(final), final)
                case Todo.CHECK:
                    self._check_again(book, info, final)
                case Todo.KEEP:
                    self.observer.kept(info.student)

    def _finish(self, book: Gradebook, job: _Job, future: Future[Any]) -> None:
        try:
            result = self.runs.take(future, job.partial)
        except (AssignmentError, ClassError, OSError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever became of one worker, the class goes on
            result = self._lost(job, error)
        # Somebody may have scored this student meanwhile.
        standing = self._standing(book, job.info.key)
        if standing != job.task.standing:
            result = keep_result(settle(result, standing), job.partial, self.assignment)
        put_in_place(job.partial, job.final)
        seconds = time.monotonic() - job.began
        book.finish(job.attempt, outline(result), self._key(job.info, standing), seconds)
        self._note(job.info.key, result)
        self.observer.end(job.info.student, result)

    def _lost(self, job: _Job, error: Exception) -> Result:
        """Make the result of a submission whose worker is gone for good."""
        result = grader_failed(self.assignment, job.info, error)
        Ran(
            assignment=self.assignment.address,
            submission=job.info,
            problem=result.execution.message,
            blame="error",
            run_key=self.recipe.run_key,
        ).save(job.partial)
        return keep_result(settle(result, job.task.standing), job.partial, self.assignment)

    def _check_again(self, book: Gradebook, info: SubmissionInfo, final: Path) -> None:
        ran = Ran.load(final)
        ran.submission = info
        ran.save(final)
        result = check_again(book, self.checker, self.recipe.checks_key, ran, final)
        self._note(info.key, result)
        self.observer.end(info.student, result)

    def _miss(self, book: Gradebook, person: Person) -> None:
        """Give a result to somebody who has handed in nothing, neither now nor before."""
        latest = book.latest(person.key)
        if latest is not None and latest.status != "missing":
            return
        info = SubmissionInfo(student=person.name, files=[], key=person.key)
        standing = self._standing(book, person.key)
        key = self._key(info, standing)
        if latest is not None and latest.checks_key == key:
            return
        final = self._folder(person.key)
        partial = staging_of(final)
        result = keep_result(
            settle(missing(self.assignment, info), standing), partial, self.assignment
        )
        put_in_place(partial, final)
        book.record(person.key, info, "", outline(result), key)
        self._note(person.key, result)

    def _take_in_scores(self, book: Gradebook) -> None:
        """Settle anew those whom a person has scored while the class was graded."""
        version = book.judgements_version()
        if version == self._seen:
            return
        settle_again(
            book,
            self.out,
            self.assignment,
            keys=book.judged_since(self._seen),
            note=lambda student, result: self._note(student.key, result),
        )
        self._seen = version

    def _standing(self, book: Gradebook, key: str) -> Standing:
        return standing_of(book, self.assignment, key)

    def _key(self, info: SubmissionInfo, standing: Standing) -> str:
        return result_key(self.recipe.checks_key, info, standing)

    def _note(self, key: str, result: Result) -> None:
        self._lines[key] = line_of(result, self._students[key])

    def _folder(self, key: str) -> Path:
        return self.out / self._students[key].folder

    def _draw_now_and_then(self, book: Gradebook) -> None:
        when, took = self._drawn
        if time.monotonic() - when < max(_CLASS_PAGE_SECONDS, took / _CLASS_PAGE_SHARE):
            return
        self._take_in_scores(book)
        self._draw()

    def _draw(self, similar: Sequence[Similar] = ()) -> None:
        began = time.monotonic()
        lines = self._lines.values()
        write_class(lines, self.out, title=self.assignment.title, similar=similar)
        now = time.monotonic()
        self._drawn = (now, now - began)

    def _everybody(self, book: Gradebook) -> Outcomes:
        known = [student for student in book.students() if student.key in self._lines]
        return Outcomes(
            [Graded(student.name, self.out / student.folder) for student in known],
            [self._lines[student.key].row for student in known],
        )
