"""Grade a class from its first submission to its last, whatever happens in between."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from platform import node
from typing import Any, Protocol

from graders.assignment import Assignment
from graders.batch.aliases import known_as
from graders.batch.keys import Recipe, result_key
from graders.batch.plan import Todo, todo
from graders.batch.reports import keep_result, outline
from graders.batch.roll import Outcomes, Roll, adopt, standing_of
from graders.batch.runs import LocalRuns, Runs, Tells
from graders.batch.scores import check_again, make_missing, settle_again
from graders.batch.signals import Stop, stopping
from graders.batch.staging import locked, put_in_place, recover, staging_of
from graders.batch.task import Task
from graders.compose import grader_failed
from graders.errors import AssignmentError, ClassError, SubmissionError, is_about_the_disk
from graders.gradebook import Gradebook
from graders.grading import Checker, Grader
from graders.ran import Ran
from graders.result import Result, SubmissionInfo
from graders.roster import Person
from graders.settle import Standing, settle
from graders.submission import Submission

_LOOK_SECONDS = 0.5
_WHY_CHARACTERS = 200


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
    # Handed in as well, and not graded this time; they are not missing.
    left_out: Sequence[Submission] = ()


@dataclass
class _Job:
    """A submission that is being graded."""

    task: Task
    info: SubmissionInfo
    attempt: int
    partial: Path
    final: Path
    began: float = field(default_factory=time.monotonic)


def grade_class(
    grader: Grader,
    enrolled: Enrolled,
    out: Path,
    *,
    workers: int,
    observer: Observer,
    redo: bool = False,
) -> Outcomes:
    """Grade a class on this machine; see `ClassRun.grade`.

    Args:
        grader: grades every one of them.
        enrolled: who is graded.
        out: gets gradebook, table, class page, and a folder for each student.
        workers: submissions to run at once.
        observer: is told what happens.
        redo: run submissions again that haven't changed.

    """
    recipe = Recipe.of(grader.assignment, grader.settings, grader.data)
    runs = LocalRuns(grader, workers)
    run = ClassRun(grader.assignment, recipe, grader.checker, runs, out, observer, redo)
    try:
        return run.grade(enrolled)
    finally:
        runs.close()


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
    _roll: Roll = field(init=False, repr=False)
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
            adopt(book, self.out)
            self._seen = book.judgements_version()
            enrolled = known_as(enrolled, book.students())
            with book.together():
                _enrol(book, enrolled)
            self._roll = Roll(book, self.out, self.assignment)
            try:
                self._grade(book, enrolled, stop)
            except OSError as error:
                if is_about_the_disk(error):
                    raise ClassError.disk(self.out, error) from error
                raise
            finally:
                book.interrupt_running()
            return self._roll.outcomes()

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
                self._take_in_scores(book)
                self._roll.draw_now_and_then()
            for person in enrolled.missing:
                self._miss(book, person)
        except BaseException:
            # An interrupt, a full disk or a broken assignment: end the running ones, begin no
            # other.
            self.runs.stop()
            recover(self.out)
            with suppress(OSError):  # what ended the class is what is told of
                self._roll.draw()
            raise
        self._take_in_scores(book)
        self._roll.draw(final=True)

    def _to_run(self, book: Gradebook, enrolled: Enrolled, stop: Stop) -> Iterator[_Job]:
        """Go through the class; yields what has to be run, and does on the way what is quick."""
        for submission in enrolled.submissions:
            stop.check()
            loaded = _loaded(submission)
            info, final = loaded.info(), self._roll.folder(submission.key)
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
        except (AssignmentError, ClassError):
            raise
        except Exception as error:
            if is_about_the_disk(error):
                raise
            result = self._lost(job, error)
        # Somebody may have scored this student meanwhile.
        standing = self._standing(book, job.info.key)
        if standing != job.task.standing:
            result = keep_result(settle(result, standing), job.partial, self.assignment)
        put_in_place(job.partial, job.final)
        seconds = time.monotonic() - job.began
        book.finish(job.attempt, outline(result), self._key(job.info, standing), seconds)
        self._roll.note(job.info.key, result)
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
        self._roll.note(info.key, result)
        self.observer.end(info.student, result)

    def _miss(self, book: Gradebook, person: Person) -> None:
        """Give a result to somebody who has handed in nothing, neither now nor before."""
        latest = book.latest(person.key)
        if latest is not None and latest.status != "missing":
            return
        result = make_missing(
            book,
            SubmissionInfo(student=person.name, files=[], key=person.key),
            self.assignment,
            self.recipe.checks_key,
            self._roll.folder(person.key),
            made_of=latest.checks_key if latest is not None else "",
        )
        if result is not None:
            self._roll.note(person.key, result)

    def _take_in_scores(self, book: Gradebook) -> None:
        """Settle anew those whom a person has scored while the class was graded."""
        version = book.judgements_version()
        if version == self._seen:
            return
        keys = book.judged_since(self._seen)
        self._roll.mind(keys)
        settle_again(
            book,
            self.out,
            self.assignment,
            keys=keys,
            note=lambda student, result: self._roll.note(student.key, result),
        )
        self._seen = version

    def _standing(self, book: Gradebook, key: str) -> Standing:
        return standing_of(book, self.assignment, key)

    def _key(self, info: SubmissionInfo, standing: Standing) -> str:
        return result_key(self.recipe.checks_key, info, standing)


def _loaded(submission: Submission) -> Submission:
    """Read a submission; whatever is wrong with it is its own problem."""
    try:
        return submission.loaded()
    except Exception as error:  # noqa: BLE001 - one student's file must not end the class
        why = f"{type(error).__name__}: {error}"[:_WHY_CHARACTERS]
        problem = str(SubmissionError.unreadable(submission.student, why))
        return replace(submission, problem=problem).loaded()


def _enrol(book: Gradebook, enrolled: Enrolled) -> None:
    """Give everybody a folder, and take in what the roster says."""
    known = {person.key: person for person in enrolled.people}
    for submission in enrolled.submissions:
        person = known.get(submission.key)
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
