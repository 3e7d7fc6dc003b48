"""What is written into a gradebook: rows, and the texts that fit into them."""

from __future__ import annotations

from collections.abc import Container
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from graders.errors import GradebookError
from graders.gradebook import read
from graders.gradebook.schema import attempts, results, students, submissions
from graders.result import Result, SubmissionInfo


class Taken(Container[str]):
    """The folders of all students, looked up one by one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __contains__(self, folder: object) -> bool:
        found = select(students.c.id).where(students.c.folder_alike == folder)
        return self._connection.execute(found).first() is not None


def student_number(connection: Connection, key: str) -> int:
    """Return a student's number in the file.

    Raises:
        GradebookError: nobody has this key.

    """
    query = select(students.c.id).where(students.c.key == storable(key))
    found = connection.execute(query).scalar()
    if found is None:
        raise GradebookError.unknown_student(key)
    return int(found)


def keep_submission(connection: Connection, key: str, info: SubmissionInfo) -> int:
    """Make a submission known, or bring what is known of it up to date; returns its number.

    Raises:
        GradebookError: nobody has this key.

    """
    student = student_number(connection, key)
    said = {
        "file": storable(info.files[0] if info.files else ""),
        "brought": info.brought,
        "chosen": storable(info.chosen),
        "handed": info.handed.model_dump(mode="json", exclude_defaults=True),
    }
    known = connection.execute(
        select(submissions)
        .where(submissions.c.student_id == student)
        .where(submissions.c.sha256 == storable(info.sha256))
    ).one_or_none()
    if known is None:
        done = connection.execute(
            insert(submissions).values(
                student_id=student,
                sha256=storable(info.sha256),
                problem="",
                first_seen=now(),
                **said,
            )
        )
        return number_of(done.inserted_primary_key)
    # Handed in again: the results keep what was said at their time.
    if any(known._mapping[field] != value for field, value in said.items()):
        connection.execute(update(submissions).where(submissions.c.id == known.id).values(said))
    return int(known.id)


def add_attempt(
    connection: Connection,
    submission: int,
    run_key: str,
    *,
    machine: str = "",
    status: str = "running",
) -> int:
    """Add a run; returns its number."""
    began = now()
    done = connection.execute(
        insert(attempts).values(
            submission_id=submission,
            run_key=storable(run_key),
            started_at=began,
            ended_at=None if status == "running" else began,
            status=status,
            machine=storable(machine),
            seconds=0.0,
        )
    )
    return number_of(done.inserted_primary_key)


def adopting_attempt(connection: Connection, submission: int, run_key: str) -> int:
    """Return the run that a result belongs to which no run of this process has made."""
    found = connection.execute(
        select(attempts.c.id, attempts.c.status)
        .where(attempts.c.submission_id == submission)
        .where(attempts.c.run_key == storable(run_key))
        # A run that is under way gets its own result.
        .where(attempts.c.status != "running")
        .order_by(attempts.c.id.desc())
        .limit(1)
    ).one_or_none()
    if found is None:
        return add_attempt(connection, submission, run_key, status="finished")
    # It was killed after it had its result, and before that was noted.
    if found.status != "finished":
        end_attempt(connection, found.id, 0.0)
    return int(found.id)


def end_attempt(connection: Connection, attempt: int, seconds: float) -> bool:
    """Finish a run; False: there is none of this number."""
    done = connection.execute(
        update(attempts)
        .where(attempts.c.id == attempt)
        .values(status="finished", ended_at=now(), seconds=seconds)
    )
    return done.rowcount > 0


def keep_result(connection: Connection, attempt: int, result: Result, checks_key: str) -> None:
    """Add a result, unless it is the student's newest one already."""
    values = {
        "attempt_id": attempt,
        "checks_key": storable(checks_key),
        "status": result.execution.status,
        "score": result.score,
        "points": result.points,
        "bonus_points": result.bonus_points,
        "pending": result.pending,
        "late_points": result.late.deducted if result.late else 0.0,
        "outline": storable(result.model_dump_json(exclude_defaults=True)),
    }
    newest = read.newest_of(connection, attempt)
    if newest is not None and all(newest._mapping[f] == value for f, value in values.items()):
        return
    connection.execute(insert(results).values(made_at=now(), **values))
    problem = storable(result.execution.message) if result.execution.status == "unusable" else ""
    submission = select(attempts.c.submission_id).where(attempts.c.id == attempt)
    connection.execute(
        update(submissions)
        .where(submissions.c.id == submission.scalar_subquery())
        .where(submissions.c.problem != problem)
        .values(problem=problem)
    )


def storable(text: str) -> str:
    """Escape what SQLite can't hold; different texts stay different."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")


def number_of(primary_key: Row[Any] | None) -> int:
    """Return the number that SQLite has given to a new row."""
    assert primary_key is not None, "SQLite numbers every row"
    return int(primary_key[0])


def now() -> str:
    """Say when it is: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
