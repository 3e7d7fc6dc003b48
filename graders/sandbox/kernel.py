"""System calls of Linux that Python 3.11 has no function for, with their errors as OSError.

Each function is one call of the kernel; what they are put together for stands in `walls`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

CLONE_NEWNS = 0x0002_0000
CLONE_NEWCGROUP = 0x0200_0000
CLONE_NEWUTS = 0x0400_0000
CLONE_NEWIPC = 0x0800_0000
CLONE_NEWUSER = 0x1000_0000
CLONE_NEWPID = 0x2000_0000
CLONE_NEWNET = 0x4000_0000

MS_NOSUID, MS_NODEV, MS_NOEXEC = 0x2, 0x4, 0x8
MS_REMOUNT, MS_RDONLY = 0x20, 0x1
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x4_0000
MNT_DETACH = 2

MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV = 0x1, 0x2, 0x4

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
SECCOMP_MODE_FILTER = 2

# The same numbers on every architecture: they came after the tables were unified.
_MOUNT_SETATTR = 442
LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION_3 = 0x2008_0522

_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000


class _MountAttr(ctypes.Structure):
    _fields_ = [
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    ]


def machine() -> str:
    """Return the architecture's name, such as x86_64."""
    return os.uname().machine if hasattr(os, "uname") else ""


def is_known() -> bool:
    """Whether system calls can be made by their numbers here."""
    return sys.platform == "linux" and sys.maxsize > 2**32 and machine() in _PIVOT_ROOT


def unshare(flags: int) -> None:
    """Move this process (and, for PIDs, its children) into new namespaces."""
    _check(_libc().unshare(flags), "unshare")


def mount(source: str, target: Path, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount something."""
    code = _libc().mount(
        source.encode(),
        os.fsencode(target),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )
    _check(code, "mount", target)


def unmount(target: Path) -> None:
    """Detach what is mounted there, now or as soon as nobody uses it."""
    _check(_libc().umount2(os.fsencode(target), MNT_DETACH), "umount", target)


def restrict_mounts(target: Path, attributes: int) -> None:
    """Set attributes on a mount and on all below it (Linux 5.12)."""
    given = _MountAttr(attr_set=attributes)
    code = _libc().syscall(
        ctypes.c_long(_MOUNT_SETATTR),
        _AT_FDCWD,
        os.fsencode(target),
        _AT_RECURSIVE,
        ctypes.byref(given),
        ctypes.c_size_t(ctypes.sizeof(given)),
    )
    _check(code, "mount_setattr", target)


def pivot_root(new: Path, old: Path) -> None:
    """Make `new` the root of the mount namespace, and put the former one at `old`."""
    number = ctypes.c_long(_PIVOT_ROOT[machine()])
    _check(_libc().syscall(number, os.fsencode(new), os.fsencode(old)), "pivot_root", new)


def prctl(option: int, argument: int = 0) -> None:
    """Set a property of this process."""
    zero = ctypes.c_ulong(0)
    _check(_libc().prctl(option, ctypes.c_ulong(argument), zero, zero, zero), "prctl")


def drop_bounding_set() -> None:
    """Give up the capabilities that later programs could gain; this takes one itself."""
    for number in range(64):
        try:
            prctl(PR_CAPBSET_DROP, number)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            break  # no such capability in this kernel, nor one after it
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)


def drop_capabilities() -> None:
    """Give up every capability that this process has."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _check(_libc().syscall(ctypes.c_long(_CAPSET[machine()]), header, nothing), "capset")


def filter_system_calls(program: bytes) -> None:
    """Pass every later system call of this process and its children through a BPF program."""

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    content = ctypes.create_string_buffer(program, len(program))
    given = Program(len(program) // 8, ctypes.addressof(content))
    zero = ctypes.c_ulong(0)
    code = _libc().prctl(
        PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), ctypes.byref(given), zero, zero
    )
    _check(code, "seccomp")


def landlock(number: int, *arguments: Any) -> int:
    """Make one of the three calls of Landlock; returns what the kernel returns."""
    code: int = _libc().syscall(ctypes.c_long(number), *arguments)
    return _check(code, "landlock")


@cache
def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _check(code: int, call: str, target: Path | None = None) -> int:
    if code < 0:
        number = ctypes.get_errno()
        where = f" {target}" if target is not None else ""
        raise OSError(number, f"{call}{where}: {os.strerror(number)}")
    return code
