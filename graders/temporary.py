"""Temporary folders that are cleared away also when their process was killed: by the next one."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

_LOCK = ".in-use"
# The file of a lock is made a moment before it is locked.
_YOUNG_SECONDS = 60.0


class OwnFolder:
    """A folder of this process's own; it goes with this object, or at the latest with a later one.

    A lock in it, which the system lets go of when its process ends, says whether it is in use.
    """

    def __init__(self, kind: str) -> None:
        """Make it, and remove those of the kind that nobody uses any more.

        Args:
            kind: a word in its name.

        """
        prefix = f"tensormark-{kind}-"
        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        self._lock = FileLock(self.path / _LOCK)
        self._lock.acquire()
        self._close = weakref.finalize(self, _remove, self.path, self._lock)
        _clear(self.path, prefix)

    def close(self) -> None:
        """Remove it."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _remove(folder: Path, lock: FileLock) -> None:
    lock.release()
    shutil.rmtree(folder, ignore_errors=True)


def _clear(own: Path, prefix: str) -> None:
    for folder in own.parent.glob(f"{prefix}*"):
        with suppress(OSError, Timeout):
            if folder == own or not _is_abandoned(folder):
                continue
            with FileLock(folder / _LOCK, timeout=0):
                shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    status = folder.lstat()
    mine = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
    return mine and (folder / _LOCK).is_file() and time.time() - status.st_mtime > _YOUNG_SECONDS
