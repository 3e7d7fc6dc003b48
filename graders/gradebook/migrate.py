"""The gradebook's versions: how a file of any of them becomes one of today.

A step is never changed once it was released: files in the world have been through it. To change
the tables, add a step at the end and say the same in `schema.py`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from graders.errors import GradebookError

# "tmgb": tells a gradebook from other SQLite files.
APPLICATION_ID = 0x746D6762

Step = Sequence[str]

_FIRST: Step = (
    """
    CREATE TABLE students (
        id INTEGER NOT NULL PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        folder TEXT NOT NULL,
        folder_alike TEXT NOT NULL UNIQUE,
        ids JSON NOT NULL,
        section TEXT NOT NULL,
        on_roster BOOLEAN NOT NULL,
        extension TEXT
    )
    """,
    """
    CREATE TABLE submissions (
        id INTEGER NOT NULL PRIMARY KEY,
        student_id INTEGER NOT NULL REFERENCES students (id),
        sha256 TEXT NOT NULL,
        file TEXT NOT NULL,
        brought JSON NOT NULL,
        chosen TEXT NOT NULL,
        handed JSON NOT NULL,
        problem TEXT NOT NULL,
        first_seen TEXT NOT NULL,
        UNIQUE (student_id, sha256)
    )
    """,
    """
    CREATE TABLE attempts (
        id INTEGER NOT NULL PRIMARY KEY,
        submission_id INTEGER NOT NULL REFERENCES submissions (id),
        run_key TEXT NOT NULL,
        started_at TEXT NOT NULL,
        ended_at TEXT,
        status TEXT NOT NULL CHECK (status IN ('running', 'finished', 'interrupted')),
        machine TEXT NOT NULL,
        seconds REAL NOT NULL
    )
    """,
    "CREATE INDEX attempts_of_submission ON attempts (submission_id)",
    "CREATE INDEX attempts_by_status ON attempts (status) WHERE status <> 'finished'",
    # The outline is long, so it stands last: what is before it is read without it.
    """
    CREATE TABLE results (
        id INTEGER NOT NULL PRIMARY KEY,
        attempt_id INTEGER NOT NULL REFERENCES attempts (id),
        made_at TEXT NOT NULL,
        checks_key TEXT NOT NULL,
        status TEXT NOT NULL,
        score REAL NOT NULL,
        points REAL NOT NULL,
        bonus_points REAL NOT NULL,
        pending REAL NOT NULL,
        late_points REAL NOT NULL,
        outline TEXT NOT NULL
    )
    """,
    "CREATE INDEX results_of_attempt ON results (attempt_id)",
    """
    CREATE TABLE judgements (
        id INTEGER NOT NULL PRIMARY KEY,
        student_id INTEGER NOT NULL REFERENCES students (id),
        exercise TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('manual', 'override')),
        score REAL,
        comment TEXT NOT NULL,
        by TEXT NOT NULL,
        at TEXT NOT NULL,
        answer_sha256 TEXT NOT NULL,
        submission_sha256 TEXT NOT NULL
    )
    """,
    "CREATE INDEX judgements_of_student ON judgements (student_id)",
    # History is only ever added to, whoever has the file open.
    *(
        f"CREATE TRIGGER {table}_stay_{action.lower()} BEFORE {action} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'the history of {table} is never changed'); END"
        for table in ("results", "judgements")
        for action in ("UPDATE", "DELETE")
    ),
)

# Step n makes version n + 1 of version n; version 0 is an empty file.
STEPS: Sequence[Step] = (_FIRST,)


def upgrade(connection: sqlite3.Connection, path: Path, *, create: bool) -> None:
    """Bring a file to today's version in one transaction; one of today is only looked at.

    Args:
        connection: in autocommit mode, with foreign keys not enforced.
        path: the file, for messages.
        create: whether an empty file may become a gradebook.

    Raises:
        GradebookError: the file is of a newer version, or no gradebook.
        sqlite3.Error: it is damaged, locked or can't be written.

    """
    # In one transaction: else another process may make the tables between two looks at the file.
    connection.execute("BEGIN")
    try:
        version = _version(connection, path, create=create)
    finally:
        connection.execute("ROLLBACK")
    if version == len(STEPS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been faster.
        for step in STEPS[_version(connection, path, create=create) :]:
            for statement in step:
                connection.execute(statement)
        _check_ties(connection, path)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(STEPS)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _check_ties(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("PRAGMA foreign_key_check").fetchone():
        raise GradebookError.damaged(path, "its entries don't belong together")


def _version(connection: sqlite3.Connection, path: Path, *, create: bool) -> int:
    (made_by,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not tables and not version:
        if create:
            return 0
        raise GradebookError.missing(path)
    if made_by != APPLICATION_ID or version < 1:
        raise GradebookError.damaged(path, "it is a database of something else")
    if version > len(STEPS):
        raise GradebookError.newer(path, version, len(STEPS))
    return int(version)
