"""One entry of the store on disk: small files, and checksums.json that vouches for them."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from contextlib import suppress
from pathlib import Path

CHECKSUMS = "checksums.json"


class DamagedError(Exception):
    """An entry does not hold what was put into it."""


def read_entry(entry: Path) -> dict[str, bytes] | None:
    """Return the verified files of an entry; None where there is none, or it is gone meanwhile.

    Raises:
        DamagedError: it does not hold what was put.
        OSError: it can't be read.

    """
    before = _identity(entry)
    if before is None:
        return None
    try:
        return _read_files(entry)
    except (DamagedError, OSError):
        # Pruned or replaced while it was read: what we saw was half of it.
        if _identity(entry) != before:
            return None
        raise


def _identity(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    # A number alone may be that of a new folder already; its times are its own.
    return status.st_dev, status.st_ino, status.st_ctime_ns


def _read_files(entry: Path) -> dict[str, bytes]:
    if not stat.S_ISDIR(entry.lstat().st_mode):
        raise DamagedError("it is not a folder")
    found = {path.name: path for path in entry.iterdir()}
    for name, path in found.items():
        if not stat.S_ISREG(path.lstat().st_mode):
            raise DamagedError(f"{name!a} is not a regular file")
    if CHECKSUMS not in found:
        raise DamagedError(f"{CHECKSUMS} is missing")
    digests = unseal(entry.name, found.pop(CHECKSUMS).read_bytes())
    if differing := found.keys() ^ digests.keys():
        name = min(differing)
        raise DamagedError(f"{name!a} is {'missing' if name in digests else 'foreign'}")
    files = {name: path.read_bytes() for name, path in found.items()}
    for name, content in files.items():
        if digest(content) != digests[name]:
            raise DamagedError(f"{name!a} was changed")
    return files


def digest(content: bytes) -> str:
    """SHA-256 of a file's content."""
    return hashlib.sha256(content).hexdigest()


def seal(fingerprint: str, digests: dict[str, str]) -> bytes:
    """Write checksums.json: the files' SHA-256, and one over all of it and the fingerprint."""
    body = {"fingerprint": fingerprint, "files": digests}
    whole = digest(json.dumps(body, sort_keys=True).encode())
    return json.dumps(body | {"sha256": whole}, sort_keys=True, indent=1).encode()


def unseal(fingerprint: str, content: bytes) -> dict[str, str]:
    """Return the digests that checksums.json holds, by file.

    Raises:
        DamagedError: it was changed.

    """
    try:
        digests = dict(json.loads(content)["files"])
        # Byte for byte, so that no change of it can pass.
        intact = seal(fingerprint, digests) == content
    except (ValueError, TypeError, KeyError, RecursionError):
        intact = False
    if not intact:
        raise DamagedError(f"{CHECKSUMS} was changed")
    return digests


def write_file(path: Path, content: bytes) -> None:
    """Write a new file down to the disk."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Write a folder's names down to the disk."""
    # So that the names outlast a power cut; where folders can't be synced, checksums find the loss.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
