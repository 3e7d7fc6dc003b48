"""The folders that a runner may write to: by their names inside, and as we reach them.

With walls they stand in a tmpfs of the runner's own, which nobody else sees. We hold them by
descriptors from before the first line of student code, so that whatever is renamed or linked in
there later, our paths lead to the same folders; they outlast the runner. Without walls they are
plain temporary folders.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Self

from graders.errors import RunError, is_about_the_disk
from graders.files import open_regular
from graders.sandbox.root import EXCHANGE, HOME, RECORDING, RECORDING_BYTES, SCRATCH

_WHOLE = "recording.json"
# What a recording may hold at most: more is left behind, and said.
_FILES = 3000
_FILE_BYTES = 64_000_000
# A share of the disk: who has less left has met its end.
_FULL = 0.01
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")


class Places(NamedTuple):
    """The folders by the names that the runner knows."""

    scratch: str
    recording: str
    exchange: str


INSIDE = Places(str(SCRATCH), str(RECORDING), str(EXCHANGE))


@dataclass
class Box:
    """The folders as we reach them."""

    scratch: Path
    recording: Path
    exchange: Path
    _descriptors: tuple[int, ...] = ()

    @classmethod
    def of(cls, process: int) -> Self:
        """Open the folders of a process that stands behind its walls and has not begun.

        Raises:
            OSError: they can't be reached.

        """
        home = Path(f"/proc/{process}/root") / HOME.relative_to("/")
        opened: list[int] = []
        try:
            for name in Places._fields:
                flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW
                opened.append(os.open(home / name, flags))
        except OSError:
            for descriptor in opened:
                os.close(descriptor)
            raise
        # By our own number, so that the trainer's processes find them as well.
        scratch, recording, exchange = (Path(f"/proc/{os.getpid()}/fd/{d}") for d in opened)
        return cls(scratch, recording, exchange, tuple(opened))

    @property
    def places(self) -> Places:
        """The folders by our names, which are the runner's where there are no walls."""
        return Places(str(self.scratch), str(self.recording), str(self.exchange))

    def bring(self, files: Mapping[str, bytes]) -> None:
        """Lay files into the working folder, for its user to read and to change.

        No student code has run by then, so nothing there leads elsewhere.

        Args:
            files: content by relative path, with `/`.

        Raises:
            RunError: they can't be written, or a path leads out of the folder.

        """
        try:
            owner = self.scratch.stat()
            for name, content in files.items():
                path = self._inside(name)
                for folder in reversed(path.relative_to(self.scratch).parents[:-1]):
                    (self.scratch / folder).mkdir(exist_ok=True)
                    _give(self.scratch / folder, owner)
                path.write_bytes(content)
                _give(path, owner)
        except OSError as error:
            raise RunError.not_brought(error.strerror or str(error)) from error
        except ValueError as error:  # NUL, or what no name on a disk can hold
            raise RunError.not_brought("a file's name can't be written") from error

    def _inside(self, name: str) -> Path:
        inner = PurePosixPath(name)
        # Intake has refused these; here they would be written by the grader's own user.
        if not inner.parts or inner.is_absolute() or ".." in inner.parts:
            raise RunError.not_brought("a file's name leads out of the folder")
        return self.scratch / inner

    def used(self) -> int:
        """Bytes that were written, files without a name included."""
        if self._descriptors:
            disks = [os.statvfs(descriptor) for descriptor in self._descriptors]
            return sum((disk.f_blocks - disk.f_bfree) * disk.f_frsize for disk in disks)
        return sum(_size(folder) for folder in (self.scratch, self.recording, self.exchange))

    def is_full(self) -> bool:
        """Whether nothing more can be written somewhere: no bytes are left, or no files."""
        disks = [os.statvfs(descriptor) for descriptor in self._descriptors]
        return any(
            disk.f_bfree < disk.f_blocks * _FULL or disk.f_ffree < disk.f_files * _FULL
            for disk in disks
        )

    def keep_recording(self, target: Path) -> list[str]:
        """Copy the recording to where it stays: plain files of plain names, within bounds.

        Returns:
            A sentence for whatever was left behind.

        Raises:
            OSError: the disk takes no more.

        """
        target.mkdir(parents=True, exist_ok=True)
        for descriptor in self._descriptors:
            # Whose folder it is can close it; where that isn't root's business, it is our own user.
            with suppress(OSError):
                os.fchmod(descriptor, 0o700)
        try:
            return self._copy_recording(target)
        except OSError as error:
            if is_about_the_disk(error):  # ours, not the student's
                raise
            return [f"The recording could not be read to its end ({error.strerror})."]

    def _copy_recording(self, target: Path) -> list[str]:
        left, count = 0, 0
        # First, as the others are looked up in it, and it must not fall to their number.
        whole = _copy(self.recording / _WHOLE, target, _FILE_BYTES)
        total = whole or 0
        # An iterator: a hostile folder may hold more names than memory does.
        with os.scandir(self.recording) as entries:
            for entry in islice(entries, _FILES + 1):
                count += 1
                if entry.name == _WHOLE and whole is not None:
                    continue
                size = _copy(Path(entry.path), target, min(_FILE_BYTES, RECORDING_BYTES - total))
                left += size is None
                total += size or 0
        said = []
        if left:
            said.append(
                f"{left:,} files of the recording were no plain files, or too large; left out."
            )
        if count > _FILES:
            said.append(f"The recording holds more than {_FILES:,} files; others were left out.")
        return said

    def close(self) -> None:
        """Let go of the folders."""
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors = ()


@contextmanager
def plain_box(room: float) -> Iterator[Box]:
    """Make the folders where there are no walls.

    Args:
        room: bytes of arrays that may go by way of the exchange; where memory has that room, it
            stands there.

    """
    folder = Path(tempfile.mkdtemp(prefix="tensormark-"))
    exchange = Path(tempfile.mkdtemp(prefix="tensormark-", dir=_memory_folder(room)))
    try:
        scratch, recording = folder / SCRATCH.name, folder / RECORDING.name
        scratch.mkdir()
        recording.mkdir()
        yield Box(scratch, recording, exchange)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(exchange, ignore_errors=True)


def _give(path: Path, owner: os.stat_result) -> None:
    if hasattr(os, "chown"):
        os.chown(path, owner.st_uid, owner.st_gid)


def _memory_folder(room: float) -> Path | None:
    shared = Path("/dev/shm")  # noqa: S108 - the name of the folder in it is not to be guessed
    with suppress(OSError):
        if shutil.disk_usage(shared).free > room:
            return shared
    return None


def _copy(path: Path, target: Path, limit: int) -> int | None:
    """Copy one file; None where it is none that a recording holds."""
    if not _PLAIN.fullmatch(path.name):
        return None
    try:
        with open_regular(path) as descriptor, open(descriptor, "rb", closefd=False) as source:
            # A second name may stand anywhere, with a file of ours under it.
            content = b"" if os.fstat(descriptor).st_nlink > 1 else source.read(limit + 1)
    except OSError:
        return None
    if not content or len(content) > limit:
        return None
    (target / path.name).write_bytes(content)
    return len(content)


def _size(folder: Path) -> int:
    total = 0
    for root, _, files in os.walk(folder):
        for name in files:
            with suppress(OSError):
                total += (Path(root) / name).lstat().st_size
    return total
