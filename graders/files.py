"""Write files whole or not at all, and read files that an untrusted process has left."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# A link is refused, a pipe is not waited for, and no child inherits the descriptor.
_OPEN = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
# What opening a link (Linux, FreeBSD) or a socket says.
_NOT_REGULAR = {errno.ELOOP, getattr(errno, "EMLINK", errno.ELOOP), errno.ENXIO}


class UntrustedFileError(OSError):
    """What stands under a name is not the plain file that it must be; `strerror` says why."""


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all; text as UTF-8."""
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    partial.replace(path)


@contextmanager
def open_regular(path: Path | str, folder: int | None = None) -> Iterator[int]:
    """Open a file that an untrusted process has left; gives a descriptor.

    The descriptor is what is looked at, so nothing can be swapped between look and use.

    Args:
        path: the file.
        folder: descriptor of the folder that `path` is relative to.

    Raises:
        UntrustedFileError: it is a link, a folder, a pipe, a socket or a device.
        OSError: it is missing or can't be opened.

    """
    try:
        descriptor = os.open(path, _OPEN, dir_fd=folder)
    except OSError as error:
        if error.errno in _NOT_REGULAR:
            raise _untrusted(path, "it is not a regular file") from error
        raise
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _untrusted(path, "it is not a regular file")
        yield descriptor
    finally:
        os.close(descriptor)


def read_untrusted(folder: Path, name: str, limit: int) -> bytes:
    """Read a file whole from a folder that an untrusted process has written.

    Args:
        folder: itself no link; what leads to it is trusted.
        name: of a file in it, without any separator.
        limit: bytes that are read at most.

    Raises:
        UntrustedFileError: it is no regular file of this folder alone, or too large.
        OSError: it is missing or can't be read.

    """
    with _open_folder(folder) as inside:
        # Without openat (Windows) the name is all there is.
        path = folder / name if inside is None else name
        with open_regular(path, inside) as descriptor:
            status = os.fstat(descriptor)
            if status.st_nlink > 1:
                raise _untrusted(name, "it is a link to a file that stands elsewhere as well")
            if status.st_size > limit:
                raise _untrusted(name, f"it has more than {limit:,} bytes")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                content = file.read(limit + 1)
    if len(content) > limit:
        raise _untrusted(name, f"it has more than {limit:,} bytes")
    return content


@contextmanager
def _open_folder(folder: Path) -> Iterator[int | None]:
    if os.open not in os.supports_dir_fd:
        if folder.is_symlink():
            raise _untrusted(folder, "its folder is a link")
        yield None
        return
    try:
        descriptor = os.open(folder, _OPEN | os.O_DIRECTORY)
    except OSError as error:
        if error.errno in _NOT_REGULAR | {errno.ENOTDIR}:
            raise _untrusted(folder, "what should be its folder is a link or a file") from error
        raise
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _untrusted(path: Path | str, why: str) -> UntrustedFileError:
    return UntrustedFileError(errno.EINVAL, why, str(path))
