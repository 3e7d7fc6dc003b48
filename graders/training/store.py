"""Keep finished trainings on disk, so that no network is trained twice.

The store is a folder that many processes and machines may share:

    <root>/<fp[:2]>/<fp>/   an entry: small files, and checksums.json that vouches for them
    <root>/tmp/             entries that are being written or deleted
    <root>/locks/           one lock file for each training that was under way

Entries appear and vanish by one rename, so a reader meets a whole entry or none. The fingerprint
says what was asked for, not what was found; so a damaged entry is simply trained again.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from filelock import FileLock, SoftFileLock, Timeout
from platformdirs import user_cache_path

from graders.errors import StoreError
from graders.training.sealed import (
    CHECKSUMS,
    DamagedError,
    digest,
    read_entry,
    seal,
    sync_folder,
    write_file,
)

LIMIT_BYTES = 4_000_000_000

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
# Ages by this machine's clock; the file server's may differ by minutes, not by these.
_LEFTOVER_SECONDS = 3600
_LOCK_FILE_SECONDS = 24 * 3600
# What rename says where something is in the way already.
_OCCUPIED = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}
_RENAME_ATTEMPTS = 10


class Verified(NamedTuple):
    """An entry that was looked at; `fault` is empty where it is intact."""

    fingerprint: str
    fault: str


class Pruned(NamedTuple):
    """How many entries were removed, and how many bytes they had."""

    entries: int
    bytes: int


@dataclass(frozen=True)
class StoreInfo:
    """What a store holds; `oldest` and `newest` are when an entry was last used."""

    root: Path
    entries: int
    bytes: int
    oldest: datetime | None
    newest: datetime | None
    limit_bytes: int


class _Entry(NamedTuple):
    path: Path
    used: float
    bytes: int
    sealed: bool


def default_root() -> Path:
    """Return $TENSORMARK_STORE, else `trainings` in the user's cache folder; it may not exist."""
    named = os.environ.get("TENSORMARK_STORE", "")
    if named:
        return Path(named).expanduser().resolve()
    return user_cache_path("tensormark") / "trainings"


def _nothing(*_: str) -> None:
    pass


@dataclass(frozen=True)
class Store:
    """Finished trainings under their fingerprints (64 lowercase hexadecimal digits).

    It holds no state but its settings: copies in other threads, processes and machines are equal.

    Args:
        root: the folder; it is made when the first entry is put.
        limit_bytes: what `prune` leaves at most; nothing is pruned unasked.
        on_damage: told in one sentence about each damaged entry that `get` or `put` met.

    """

    root: Path
    limit_bytes: int = LIMIT_BYTES
    on_damage: Callable[[str], None] = field(default=_nothing, repr=False, compare=False)

    def get(self, fingerprint: str) -> dict[str, bytes] | None:
        """Return an entry's files, exactly the bytes that were verified, and mark it as used.

        None where there is no such entry, or a damaged one: that is removed, and `on_damage` told.
        One that this machine can't read stays, because others may read it.

        Raises:
            ValueError: that is no fingerprint.

        """
        entry = self._path(fingerprint)
        try:
            files = read_entry(entry)
        except DamagedError as error:
            # If it can't be found any more, another reader was faster: a miss like any other.
            if self._take_away(entry) or os.path.lexists(entry):
                self._tell(entry, f"is damaged: {error}")
            return None
        except OSError as error:
            self._tell(entry, f"can't be read: {_why(error)}")
            return None
        if files is not None:
            with suppress(OSError):  # a share may be read-only
                os.utime(entry / CHECKSUMS)
        return files

    def put(self, fingerprint: str, files: Mapping[str, bytes]) -> None:
        """Keep an entry, whole or not at all; an intact one that is there already stays.

        Raises:
            ValueError: that is no fingerprint, or a file's name is not plain.
            StoreError: the store can't be written.

        """
        entry = self._path(fingerprint)
        for name in files:
            if not _PLAIN_NAME.fullmatch(name) or name == CHECKSUMS:
                raise ValueError(f"{name!r} can't be the name of a file in an entry")
        partial = self._temporary()
        try:
            # Not by tempfile: its folders are closed to the colleagues who share the store.
            partial.mkdir(parents=True)
            for name, content in files.items():
                write_file(partial / name, content)
            digests = {name: digest(content) for name, content in files.items()}
            write_file(partial / CHECKSUMS, seal(fingerprint, digests))
            sync_folder(partial)
            entry.parent.mkdir(exist_ok=True)
            self._move_in(partial, entry)
        except OSError as error:
            raise StoreError.cannot_write(self.root, _why(error)) from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    @contextmanager
    def lock(
        self, fingerprint: str, poll: float = 0.2, waiting: Callable[[], None] = _nothing
    ) -> Iterator[bool]:
        """Hold a training, so that others who want the same one wait and then `get` it.

        It only saves work: entries are right without it, because they are moved in whole. So a
        file system that can't lock is no error. It excludes threads as well as processes, and is
        not reentrant: a thread that asks for what it holds waits for itself.

        Args:
            fingerprint: which training.
            poll: seconds between two tries.
            waiting: called after each try that failed; raise from it to give up.

        Yields:
            Whether the lock is held; False where this file system can't lock.

        Raises:
            ValueError: that is no fingerprint.

        """
        path = self.root / "locks" / f"{self._path(fingerprint).name}.lock"
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
        # One object for each call. It is bound to no thread, so whoever leaves the block frees it.
        lock = FileLock(path, thread_local=False)
        while (held := _try(lock)) is False:
            waiting()
            time.sleep(poll)
        try:
            if held:
                with suppress(OSError):  # so that prune sees a file in use
                    os.utime(path)
            yield bool(held)
        finally:
            if held:
                with suppress(OSError):
                    lock.release()

    def info(self) -> StoreInfo:
        """Count what is there.

        Raises:
            StoreError: the folder can't be listed.

        """
        entries = list(self._entries())
        used = [datetime.fromtimestamp(entry.used, UTC) for entry in entries]
        return StoreInfo(
            root=self.root,
            entries=len(entries),
            bytes=sum(entry.bytes for entry in entries),
            oldest=min(used, default=None),
            newest=max(used, default=None),
            limit_bytes=self.limit_bytes,
        )

    def verify(self) -> Iterator[Verified]:
        """Read every entry, yield what was found, and remove what is damaged or unreadable.

        Raises:
            StoreError: the folder can't be listed.

        """
        for entry in self._entries():
            fault = ""
            try:
                if read_entry(entry.path) is None:
                    continue
            except DamagedError as error:
                fault = str(error)
            except OSError as error:
                fault = f"it can't be read ({_why(error)})"
            if fault and not self._take_away(entry.path) and os.path.lexists(entry.path):
                fault += "; it can't be removed"
            yield Verified(entry.path.name, fault)

    def prune(self, limit_bytes: int | None = None) -> Pruned:
        """Remove the least recently used entries until at most so many bytes are left.

        What interrupted processes left behind goes as well, and entries without checksums.

        Args:
            limit_bytes: default: the store's own limit.

        Raises:
            StoreError: the folder can't be listed, or too much is left that can't be removed.

        """
        limit = self.limit_bytes if limit_bytes is None else limit_bytes
        self._sweep()
        entries = sorted(self._entries(), key=lambda entry: (entry.sealed, entry.used))
        left, removed, freed = sum(entry.bytes for entry in entries), 0, 0
        for entry in entries:
            if entry.sealed and left <= limit:
                break
            if self._take_away(entry.path):
                removed, freed = removed + 1, freed + entry.bytes
            elif os.path.lexists(entry.path):
                continue
            left -= entry.bytes
        if left > limit:
            raise StoreError.cannot_write(self.root, "trainings in it can't be removed")
        return Pruned(removed, freed)

    def _path(self, fingerprint: str) -> Path:
        if not _FINGERPRINT.fullmatch(fingerprint):
            raise ValueError(f"{fingerprint!r} is not a fingerprint: 64 lowercase hex digits")
        return self.root / fingerprint[:2] / fingerprint

    def _temporary(self) -> Path:
        return self.root / "tmp" / uuid4().hex

    def _tell(self, entry: Path, what: str) -> None:
        self.on_damage(f"Training {entry.name[:16]} in {self.root} {what}.")

    def _move_in(self, partial: Path, entry: Path) -> None:
        for _ in range(_RENAME_ATTEMPTS):
            try:
                partial.rename(entry)
            except OSError as error:
                if error.errno not in _OCCUPIED:
                    raise
            else:
                sync_folder(entry.parent)
                return
            try:
                if read_entry(entry) is not None:
                    return  # another worker or machine was first
            except (DamagedError, OSError) as error:
                if self._take_away(entry):
                    self._tell(entry, f"is damaged, and replaced: {error}")
        raise FileExistsError(errno.EEXIST, "a damaged training in it can't be replaced")

    def _take_away(self, entry: Path) -> bool:
        """Remove an entry; False where we couldn't, or another was faster.

        Deleting it in place would show half an entry to readers. An intact one that was put here a
        moment ago may go by mistake: that costs one training, never a wrong answer.
        """
        gone = self._temporary()
        try:
            gone.parent.mkdir(parents=True, exist_ok=True)
            entry.rename(gone)
        except OSError:
            return False
        _delete(gone)
        return True

    def _entries(self) -> Iterator[_Entry]:
        try:
            shards = sorted(path for path in self.root.iterdir() if len(path.name) == 2)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError.cannot_read(self.root, _why(error)) from error
        for shard in shards:
            for path in _listed(shard):
                if _FINGERPRINT.fullmatch(path.name) and path.name[:2] == shard.name:
                    with suppress(OSError):  # it may vanish meanwhile
                        yield _measure(path)

    def _sweep(self) -> None:
        for path in _listed(self.root / "tmp"):
            if _age(path) > _LEFTOVER_SECONDS:
                _delete(path)
        for path in _listed(self.root / "locks"):
            # Whoever opened the file just before it goes holds a lock that nobody else sees: at
            # worst one network is trained twice, once in a day.
            lock = FileLock(path, thread_local=False)
            if _age(path) > _LOCK_FILE_SECONDS and _try(lock):
                with suppress(OSError):
                    path.unlink()
                with suppress(OSError):
                    lock.release()


def _measure(entry: Path) -> _Entry:
    status = entry.lstat()
    if not stat.S_ISDIR(status.st_mode):
        return _Entry(entry, status.st_mtime, status.st_size, sealed=False)
    files = {path.name: path.lstat() for path in entry.iterdir()}
    used = files.get(CHECKSUMS, status).st_mtime
    size = sum(file.st_size for file in files.values())
    return _Entry(entry, used, size, sealed=CHECKSUMS in files)


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _age(path: Path) -> float:
    try:
        return time.time() - path.lstat().st_mtime
    except OSError:
        return 0.0


def _delete(path: Path) -> None:
    with suppress(OSError):
        if stat.S_ISDIR(path.lstat().st_mode):
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()


def _try(lock: FileLock) -> bool | None:
    """Try once to take a lock; None where this file system can't lock."""
    try:
        lock.acquire(blocking=False)
    except Timeout:
        held = False
    except (OSError, NotImplementedError):
        return None
    else:
        held = True
    # Where there is no flock, filelock turns to marker files. One of them outlives a machine that
    # went down, and everybody would wait for it forever.
    if isinstance(lock, SoftFileLock):
        lock.release(force=True)
        return None
    return held


def _why(error: OSError) -> str:
    return error.strerror or str(error)
