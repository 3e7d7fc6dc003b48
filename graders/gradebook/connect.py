"""Connect to a gradebook's file, and say in a sentence what SQLite has against it."""

from __future__ import annotations

import contextlib
import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError

from graders.errors import GradebookError
from graders.gradebook.migrate import upgrade

# How long one writer waits for another.
BUSY_SECONDS = 30.0
_CONNECTIONS = 32
# What SQLite adds at once to its index of the log.
_INDEX_BYTES = 32 * 1024
_FULL = {errno.ENOSPC, errno.EDQUOT}


def connect(path: Path, *, create: bool) -> Engine:
    """Open a gradebook, and bring an older one to today's version.

    The engine's transactions take the writer's lock at once where a connection has the execution
    option `writes`; else they read one state of the file.

    Raises:
        GradebookError: it is missing (unless `create`), damaged, newer, locked or not writable.

    """
    if path.exists() and not path.is_file():
        raise GradebookError.cannot_write(path, "it is not a file")
    if not create and not path.is_file():
        raise GradebookError.missing(path)
    if create:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _of_the_system(path, error) from error
    with told(path), contextlib.closing(_open(path, "rwc" if create else "rw")) as connection:
        _keep_a_log(connection)
        upgrade(connection, path, create=create)
    return _engine(path)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what SQLite says into a sentence.

    Raises:
        GradebookError: in place of any error of SQLite's.

    """
    try:
        yield
    except DBAPIError as error:
        raise _sentence(path, error.orig) from error
    except sqlite3.Error as error:
        raise _sentence(path, error) from error


def _engine(path: Path) -> Engine:
    engine = create_engine(
        "sqlite://",
        creator=lambda: _ready(path),
        poolclass=QueuePool,
        pool_size=_CONNECTIONS,
        max_overflow=-1,
    )

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        # A reader that becomes a writer late can't wait for another: SQLite refuses it.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _ready(path: Path) -> sqlite3.Connection:
    connection = _open(path, "rw")
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        # The log is written through to the disk at every commit, not at checkpoints alone.
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


def _open(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        # The engine says BEGIN itself.
        isolation_level=None,
        check_same_thread=False,
    )


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """Let readers go on while one writes, where the file system can."""
    connection.execute("PRAGMA synchronous = FULL")
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode == "wal":
        return
    try:
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
    except sqlite3.OperationalError as error:
        # Somebody else is at it; a file that can't be written says so when it is written.
        if _code(error) not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY}:
            raise


def _sentence(path: Path, error: BaseException | None) -> GradebookError:
    why = str(error)
    match _code(error):
        # Without room for its index of the log, SQLite says no more than that.
        case sqlite3.SQLITE_IOERR if not _room(path):
            return GradebookError.disk_full(path)
        case sqlite3.SQLITE_FULL:
            return GradebookError.disk_full(path)
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return GradebookError.damaged(path, why)
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return GradebookError.locked(path, BUSY_SECONDS)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return GradebookError.cannot_write(path, why)
    return GradebookError.failed(path, why)


def _of_the_system(path: Path, error: OSError) -> GradebookError:
    if error.errno in _FULL:
        return GradebookError.disk_full(path)
    return GradebookError.cannot_write(path, error.strerror or str(error))


def _room(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free >= _INDEX_BYTES
    except OSError:
        return True


def _code(error: BaseException | None) -> int:
    """Return SQLite's primary code; -1: the error isn't SQLite's own."""
    code = getattr(error, "sqlite_errorcode", None)
    return -1 if code is None else code & 0xFF
