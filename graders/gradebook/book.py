"""The gradebook of a class, `OUT/gradebook.db`: who handed in what, how it went, who said what."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from sqlalchemy import Connection, func, insert, select, update

from graders.errors import GradebookError
from graders.gradebook import read, write
from graders.gradebook.connect import connect, told
from graders.gradebook.folders import alike, folder_name
from graders.gradebook.rows import Event, Latest, StudentRow
from graders.gradebook.schema import attempts, judgements, students
from graders.gradebook.write import storable
from graders.result import Result, SubmissionInfo
from graders.settle import Judged

FILE = "gradebook.db"


class Gradebook:
    """One file that many may read while one writes; every method is one transaction.

    It may be used from several threads, but not after a fork: a new process opens it anew. Texts
    come out as they went in, except for half characters and NUL, which SQLite can't hold: they
    become escapes such as `\\udce9`. All times are UTC.

    Every method raises GradebookError where the file is damaged or locked, or can't be written.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.path = path
        self._engine = connect(path, create=create)
        self._writes = threading.Lock()
        self._own = threading.local()

    @classmethod
    def open(cls, out: Path, *, create: bool = True) -> Self:
        """Open the gradebook of a class.

        Args:
            out: the folder that `grade` fills.
            create: make the folder and an empty gradebook where there is none.

        Raises:
            GradebookError: it is missing (unless `create`), damaged, of a newer version, locked or
                not writable.

        """
        return cls(out / FILE, create=create)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make all that this thread does inside one transaction: all of it is kept, or nothing.

        Others can't write meanwhile, so nothing slow belongs inside.
        """
        with self._writing():
            yield

    # -- students ---------------------------------------------------------------------------

    def enrol(
        self,
        key: str,
        name: str,
        *,
        ids: Mapping[str, str],
        section: str = "",
        on_roster: bool = False,
        extension: datetime | None = None,
        folder: str | None = None,
    ) -> str:
        """Make a student known, or bring what is known up to date.

        Args:
            key: tells students apart; see `Submission.key`.
            name: the newest one is kept; the folder stays.
            ids: by kind; they are added to those that are known.
            section: where it is empty, what is known stays, unless the roster says so.
            on_roster: the roster speaks, so `section` and `extension` replace what is known.
            extension: a deadline of one's own, with its offset.
            folder: that holds this student's results already, for one who is new here; another is
                made where it is somebody else's.

        Returns:
            The name of the student's folder in OUT, the same one for ever.

        Raises:
            GradebookError: `folder` is no plain name; or see the class.

        """
        key, name, section = storable(key), storable(name), storable(section)
        until = extension.astimezone(UTC).isoformat() if extension else None
        if folder is not None and not _is_plain(folder):
            raise GradebookError.bad_folder(folder)
        with self._writing() as connection:
            known = connection.execute(select(students).where(students.c.key == key)).one_or_none()
            if known is None:
                taken = write.Taken(connection)
                if folder is None or alike(folder) in taken:
                    folder = folder_name(name, taken)
                connection.execute(
                    insert(students).values(
                        key=key,
                        name=name,
                        folder=folder,
                        folder_alike=alike(folder),
                        ids=dict(ids),
                        section=section,
                        on_roster=on_roster,
                        extension=until,
                    )
                )
                return folder
            values: dict[str, Any] = {
                "name": name,
                "ids": {**known.ids, **ids},
                "section": section if on_roster else section or known.section,
                "on_roster": on_roster or known.on_roster,
                "extension": until if on_roster else until or known.extension,
            }
            if any(known._mapping[field] != value for field, value in values.items()):
                connection.execute(update(students).where(students.c.id == known.id).values(values))
            return str(known.folder)

    def students(self) -> list[StudentRow]:
        """List everybody, in the order of names."""
        with self._reading() as connection:
            return [student for _, student in read.everybody(connection)]

    def student(self, key: str) -> StudentRow | None:
        """Return one student; None: nobody has this key."""
        with self._reading() as connection:
            return read.student(connection, storable(key))

    # -- runs and results -------------------------------------------------------------------

    def begin(self, key: str, info: SubmissionInfo, run_key: str, machine: str = "") -> int:
        """Note that a submission starts to run.

        Args:
            key: of a student who is enrolled.
            info: what was handed in; what is known of the same content is brought up to date.
            run_key: what the run depends on beside the submission.
            machine: where it runs.

        Returns:
            The attempt, for `finish`.

        Raises:
            GradebookError: the student isn't enrolled; or see the class.

        """
        with self._writing() as connection:
            submission = write.keep_submission(connection, key, info)
            return write.add_attempt(connection, submission, run_key, machine=machine)

    def finish(self, attempt: int, result: Result, checks_key: str, seconds: float = 0.0) -> None:
        """Keep the result of a run.

        Args:
            attempt: from `begin`.
            result: as `graders.batch.outline` leaves it; the whole stands in result.json.
            checks_key: fingerprint of the checks and of the ranges that they compare with.
            seconds: that the run took.

        Raises:
            GradebookError: there is no such attempt; or see the class.

        """
        with self._writing() as connection:
            if not write.end_attempt(connection, attempt, seconds):
                raise GradebookError.changed(self.path, attempt)
            write.keep_result(connection, attempt, result, checks_key)

    def interrupt_running(self) -> int:
        """Mark the runs that have no end, because grading was killed; returns how many."""
        with self._writing() as connection:
            done = connection.execute(
                update(attempts)
                .where(attempts.c.status == "running")
                .values(status="interrupted", ended_at=write.now())
            )
            return done.rowcount

    def record(
        self, key: str, info: SubmissionInfo, run_key: str, result: Result, checks_key: str
    ) -> int:
        """Keep a result that no run of this process has made: adopted, or checked again.

        `result` is as `graders.batch.outline` leaves it. It belongs to the newest run of the same
        submission under the same `run_key`, or else to one that is made for it. What is the
        student's newest result already isn't kept twice.

        Returns:
            The attempt that it belongs to.

        Raises:
            GradebookError: the student isn't enrolled; or see the class.

        """
        with self._writing() as connection:
            submission = write.keep_submission(connection, key, info)
            attempt = write.adopting_attempt(connection, submission, run_key)
            write.keep_result(connection, attempt, result, checks_key)
            return attempt

    def latest(self, key: str) -> Latest | None:
        """Return a student's newest result; None: there is none yet."""
        with self._reading() as connection:
            return next(iter(read.latest(connection, storable(key))), None)

    def latest_all(self) -> Iterator[Latest]:
        """Give everybody's newest result, in no order; one query, and nothing stays locked."""
        with self._reading() as connection:
            rows = read.latest(connection)
        yield from rows

    def outlines(self) -> Iterator[tuple[StudentRow, Result]]:
        """Give everybody's newest result, as it was handed to `finish` or `record`, by name.

        A few are in memory at a time. A result that can't be read any more comes as the grader's
        error, with what to do.
        """
        with self._reading() as connection:
            newest = read.newest(connection)
            rows = [
                (newest[number], student)
                for number, student in read.everybody(connection)
                if number in newest
            ]
        for start in range(0, len(rows), read.PAGE):
            page = rows[start : start + read.PAGE]
            with self._reading() as connection:
                found = read.outlines(connection, [number for number, _ in page])
            for number, student in page:
                yield student, read.as_result(found[number], student)

    # -- what people say --------------------------------------------------------------------

    def judge(
        self,
        key: str,
        exercise: str,
        kind: Literal["manual", "override"],
        score: float | None,
        *,
        comment: str,
        by: str,
        answer_sha256: str = "",
        submission_sha256: str = "",
    ) -> int:
        """Add what a person says of an exercise; what was said before stays in the history.

        Args:
            key: of a student who is enrolled.
            exercise: its id.
            kind: "manual" for the part that a person reads, "override" for the whole exercise.
            score: points; None withdraws. Whether the sheet has so many is `enter_score`'s part.
            comment: for the student.
            by: the person's name, for staff.
            answer_sha256: of the answer that was read.
            submission_sha256: of the submission that it is about.

        Returns:
            Its number; later ones are higher.

        Raises:
            GradebookError: the student isn't enrolled; or see the class.

        """
        with self._writing() as connection:
            done = connection.execute(
                insert(judgements).values(
                    student_id=write.student_number(connection, key),
                    exercise=storable(exercise),
                    kind=kind,
                    score=score,
                    comment=storable(comment),
                    by=storable(by),
                    at=write.now(),
                    answer_sha256=answer_sha256,
                    submission_sha256=submission_sha256,
                )
            )
            return write.number_of(done.inserted_primary_key)

    def judgements(self, key: str) -> list[Judged]:
        """List what people have said of a student's exercises, the oldest first."""
        with self._reading() as connection:
            return read.judgements_of(connection, storable(key))

    def judgements_version(self) -> int:
        """Return a number that grows with every judgement; 0: there is none."""
        with self._reading() as connection:
            return connection.execute(select(func.max(judgements.c.id))).scalar() or 0

    def judged_since(self, version: int) -> list[str]:
        """List the keys of those who were judged after `judgements_version` was `version`."""
        with self._reading() as connection:
            return read.judged_since(connection, version)

    def history(self, key: str) -> list[Event]:
        """List everything that happened to a student, the oldest first."""
        with self._reading() as connection:
            return read.history(connection, storable(key))

    # -- inside -----------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        held: Connection | None = getattr(self._own, "connection", None)
        if held is not None:
            with told(self.path):
                yield held
            return
        # This process' own threads queue here, where none waits in vain.
        with self._writes, told(self.path), self._engine.connect() as connection:
            connection = connection.execution_options(writes=True)  # noqa: PLW2901
            with connection.begin():
                self._own.connection = connection
                try:
                    yield connection
                finally:
                    self._own.connection = None

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        held: Connection | None = getattr(self._own, "connection", None)
        if held is not None:
            with told(self.path):
                yield held
            return
        with told(self.path), self._engine.connect() as connection:
            yield connection


def _is_plain(folder: str) -> bool:
    return (
        folder != ""
        and folder == Path(folder).name
        and folder == storable(folder)
        and not folder.startswith(".")
        and "\\" not in folder
    )
