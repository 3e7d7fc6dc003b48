"""Landlock: what this process and its children may still do with files, whatever their user may.

Rules of the kernel: https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from graders.sandbox import kernel

_VERSION = 1  # asks for the ABI's version instead of making a ruleset
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
# The rights on files that each version of the ABI knows: it added REFER, TRUNCATE, IOCTL_DEV.
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_NETWORK = 0b11  # bind and connect of TCP, from version 4 on
_SCOPES = 0b11  # abstract Unix sockets and signals, from version 6 on

_READ = _EXECUTE | _READ_FILE | _READ_DIR
# What a rule on a single file may grant.
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV


class _Ruleset(ctypes.Structure):
    _fields_ = [
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    ]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def version() -> int:
    """Return the version of the kernel's ABI; 0 where there is no Landlock."""
    try:
        return kernel.landlock(
            kernel.LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION)
        )
    except OSError:
        return 0


def restrict(
    read: Iterable[Path], list_only: Iterable[Path], write: Iterable[Path], devices: Iterable[Path]
) -> None:
    """Deny everything on files but what is named; needs no_new_privs.

    Args:
        read: files and folders that may be read and executed, with all below them.
        list_only: folders whose names may be listed, with all below them, and no more.
        write: folders in which everything may be done, but devices can't be made.
        devices: device files that may be read and written.

    Raises:
        OSError: the kernel refuses.

    """
    abi = version()
    known = _FILE_RIGHTS[max(v for v in _FILE_RIGHTS if v <= max(abi, 1))]
    rules = _Ruleset(known, _NETWORK if abi >= 4 else 0, _SCOPES if abi >= 6 else 0)
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    ruleset = kernel.landlock(
        kernel.LANDLOCK_CREATE_RULESET,
        ctypes.byref(rules),
        ctypes.c_size_t(size),
        ctypes.c_uint32(0),
    )
    everything = known & ~(_MAKE_CHAR | _MAKE_BLOCK)
    device = (_READ_FILE | _WRITE_FILE | _TRUNCATE | _IOCTL_DEV) & known
    try:
        for paths, rights in (
            (read, _READ),
            (list_only, _READ_DIR),
            (write, everything),
            (devices, device),
        ):
            for path in paths:
                _allow(ruleset, path, rights)
        kernel.landlock(kernel.LANDLOCK_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return  # nothing there that could be used
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _ON_FILES
        if not rights:  # only folders can be listed
            return
        rule = _Beneath(rights, descriptor)
        kernel.landlock(
            kernel.LANDLOCK_ADD_RULE,
            ctypes.c_int(ruleset),
            ctypes.c_int(_PATH_BENEATH),
            ctypes.byref(rule),
            ctypes.c_uint32(0),
        )
    finally:
        os.close(descriptor)
