"""Folders of students that appear whole or not at all, and one run at a time on a class.

A submission is graded in `OUT/.<folder>.partial`, and put in its place by renaming. Whatever
moment a machine dies at, `recover` finds for each student the former folder, the new one, or none.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from graders.errors import ClassError

_PARTIAL, _OLD = ".partial", ".old"
_LOCK = ".lock"


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Keep OUT for this process alone; the lock ends with the process, however that ends.

    Raises:
        ClassError: another process grades into it.

    """
    out.mkdir(parents=True, exist_ok=True)
    lock = FileLock(out / _LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise ClassError.in_use(out) from error
    try:
        yield
    finally:
        lock.release()


def staging_of(final: Path) -> Path:
    """Return the empty folder that a student's results are made in."""
    partial = final.with_name(f".{final.name}{_PARTIAL}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    return partial


def put_in_place(partial: Path, final: Path) -> None:
    """Put a student's finished folder in its place; what stood there before goes."""
    old = final.with_name(f".{final.name}{_OLD}")
    shutil.rmtree(old, ignore_errors=True)
    if final.exists():
        final.rename(old)
    partial.rename(final)
    _sync(final.parent)
    shutil.rmtree(old, ignore_errors=True)


def recover(out: Path) -> None:
    """Clear away what a run that was killed has left half done."""
    for old in out.glob(f".*{_OLD}"):
        final = out / old.name[1 : -len(_OLD)]
        if final.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(final)
    for partial in out.glob(f".*{_PARTIAL}"):
        if partial.is_dir():
            shutil.rmtree(partial, ignore_errors=True)
        else:
            partial.unlink(missing_ok=True)


def sync_all(folder: Path) -> None:
    """Have the disk hold every file of a folder, so that a power cut can't empty one."""
    for root, _, files in os.walk(folder):
        for name in files:
            _sync(Path(root) / name)
        _sync(Path(root))


def _sync(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except PermissionError:  # Windows opens no folder
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
