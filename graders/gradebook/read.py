"""What is asked of a gradebook: queries, and the rows that they give."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Row, ScalarSelect, Select, exists, func, literal, select

from graders.errors import GradebookError
from graders.gradebook.rows import Event, Latest, StudentRow
from graders.gradebook.schema import attempts, judgements, results, students, submissions
from graders.report.text import natural
from graders.result import AssignmentInfo, Execution, Result, SubmissionInfo
from graders.settle import Judged

# Outlines that are read at once; each has some ten kilobytes.
PAGE = 64


def everybody(connection: Connection) -> list[tuple[int, StudentRow]]:
    """List the students with their numbers in the file, by name; student 10 stands after 9."""
    rows = connection.execute(select(students)).all()
    return sorted(
        ((row.id, _student(row)) for row in rows),
        key=lambda one: (natural(one[1].name), one[1].key),
    )


def student(connection: Connection, key: str) -> StudentRow | None:
    """Return one student; None: nobody has this key."""
    row = connection.execute(select(students).where(students.c.key == key)).one_or_none()
    return None if row is None else _student(row)


def latest(connection: Connection, key: str | None = None) -> list[Latest]:
    """Give the newest result of everybody, or of one student."""
    later = attempts.alias("later")
    of_later = submissions.alias("of_later")
    overtaken = exists(
        select(literal(1))
        .select_from(later.join(of_later, later.c.submission_id == of_later.c.id))
        .where(of_later.c.student_id == students.c.id)
        .where(later.c.id > attempts.c.id)
        .where(later.c.status != "finished")
    ).correlate(students, attempts)
    query = (
        select(
            students.c.key,
            students.c.folder,
            attempts.c.id.label("attempt"),
            submissions.c.sha256.label("submission_sha256"),
            attempts.c.run_key,
            results.c.checks_key,
            results.c.status,
            results.c.score,
            results.c.points,
            results.c.bonus_points,
            results.c.pending,
            results.c.late_points,
            results.c.made_at,
            overtaken.label("overtaken"),
        )
        .select_from(students)
        .join(results, results.c.id == _newest_of_student())
        .join(attempts, attempts.c.id == results.c.attempt_id)
        .join(submissions, submissions.c.id == attempts.c.submission_id)
    )
    if key is not None:
        query = query.where(students.c.key == key)
    return [Latest(**row._mapping) for row in connection.execute(query)]


def newest(connection: Connection) -> dict[int, int]:
    """Give the number of each student's newest result, by the student's number."""
    rows = connection.execute(select(students.c.id, _newest_of_student().label("result")))
    return {row.id: row.result for row in rows if row.result is not None}


def newest_of(connection: Connection, attempt: int) -> Row[Any] | None:
    """Return the newest result of the student whose attempt this is."""
    student = (
        select(submissions.c.student_id)
        .join(attempts, attempts.c.submission_id == submissions.c.id)
        .where(attempts.c.id == attempt)
        .scalar_subquery()
    )
    query = (
        select(results)
        .join(attempts, attempts.c.id == results.c.attempt_id)
        .join(submissions, submissions.c.id == attempts.c.submission_id)
        .where(submissions.c.student_id == student)
        .order_by(results.c.id.desc())
        .limit(1)
    )
    return connection.execute(query).one_or_none()


def outlines(connection: Connection, numbers: Sequence[int]) -> dict[int, Row[Any]]:
    """Read some results, by their numbers, with the names of their submissions."""
    query = (
        select(results, submissions.c.file, submissions.c.sha256)
        .join(attempts, attempts.c.id == results.c.attempt_id)
        .join(submissions, submissions.c.id == attempts.c.submission_id)
        .where(results.c.id.in_(numbers))
    )
    return {row.id: row for row in connection.execute(query)}


def as_result(row: Row[Any], student: StudentRow) -> Result:
    """Make a result of what is kept of it; one that can't be read is the grader's error."""
    try:
        return Result.model_validate_json(row.outline)
    except ValidationError:
        return Result(
            tensormark="",
            graded_at=row.made_at,
            assignment=AssignmentInfo(id="", title=""),
            submission=SubmissionInfo(
                student=student.name,
                files=[row.file] if row.file else [],
                sha256=row.sha256,
                key=student.key,
            ),
            score=row.score,
            points=row.points,
            bonus_points=row.bonus_points,
            pending=row.pending,
            execution=Execution(status="error", message=str(GradebookError.old_result())),
        )


def judgements_of(connection: Connection, key: str) -> list[Judged]:
    """List what people have said of a student, the oldest first."""
    rows = connection.execute(_judgements_of(key)).all()
    return [
        Judged(
            exercise=row.exercise,
            kind=row.kind,
            score=row.score,
            comment=row.comment,
            by=row.by,
            at=row.at,
            answer_sha256=row.answer_sha256,
            submission_sha256=row.submission_sha256,
        )
        for row in rows
    ]


def judged_since(connection: Connection, version: int) -> list[str]:
    """List the keys of those who were judged after that judgement, without doubles."""
    query = (
        select(students.c.key)
        .join(judgements, judgements.c.student_id == students.c.id)
        .where(judgements.c.id > version)
        .group_by(students.c.key)
        .order_by(func.min(judgements.c.id))
    )
    return list(connection.execute(query).scalars())


def history(connection: Connection, key: str) -> list[Event]:
    """List what happened to a student, the oldest first."""
    events = [*_handed_in(connection, key), *_graded(connection, key), *_judged(connection, key)]
    # A stable sort: what happened in one transaction stays in the order of the lists.
    return sorted(events, key=lambda event: event.at)


def _handed_in(connection: Connection, key: str) -> list[Event]:
    seen = connection.execute(
        select(submissions)
        .join(students, students.c.id == submissions.c.student_id)
        .where(students.c.key == key)
        .order_by(submissions.c.id)
    )
    events = [Event(row.first_seen, "seen", row.sha256, about=row.file) for row in seen]
    runs = connection.execute(
        select(attempts, submissions.c.sha256)
        .join(submissions, submissions.c.id == attempts.c.submission_id)
        .join(students, students.c.id == submissions.c.student_id)
        .where(students.c.key == key)
        .order_by(attempts.c.id)
    )
    for row in runs:
        events.append(Event(row.started_at, "begun", row.sha256, about=row.machine))
        if row.ended_at is not None:
            events.append(Event(row.ended_at, row.status, row.sha256))
    return events


def _graded(connection: Connection, key: str) -> list[Event]:
    rows = connection.execute(
        select(results.c.made_at, results.c.status, results.c.score, submissions.c.sha256)
        .join(attempts, attempts.c.id == results.c.attempt_id)
        .join(submissions, submissions.c.id == attempts.c.submission_id)
        .join(students, students.c.id == submissions.c.student_id)
        .where(students.c.key == key)
        .order_by(results.c.id)
    )
    return [
        Event(row.made_at, "graded", row.sha256, score=row.score, status=row.status) for row in rows
    ]


def _judged(connection: Connection, key: str) -> list[Event]:
    return [
        Event(
            row.at,
            "judged",
            row.submission_sha256,
            score=row.score,
            exercise=row.exercise,
            kind=row.kind,
            comment=row.comment,
            by=row.by,
        )
        for row in connection.execute(_judgements_of(key))
    ]


def _judgements_of(key: str) -> Select[Any]:
    return (
        select(judgements)
        .join(students, students.c.id == judgements.c.student_id)
        .where(students.c.key == key)
        .order_by(judgements.c.id)
    )


def _newest_of_student() -> ScalarSelect[Any]:
    made, run, handed = results.alias("made"), attempts.alias("run"), submissions.alias("handed_in")
    return (
        select(func.max(made.c.id))
        .select_from(
            made.join(run, made.c.attempt_id == run.c.id).join(
                handed, run.c.submission_id == handed.c.id
            )
        )
        .where(handed.c.student_id == students.c.id)
        .correlate(students)
        .scalar_subquery()
    )


def _student(row: Row[Any]) -> StudentRow:
    return StudentRow(
        key=row.key,
        name=row.name,
        folder=row.folder,
        ids=row.ids,
        section=row.section,
        on_roster=row.on_roster,
        extension=datetime.fromisoformat(row.extension) if row.extension else None,
    )
