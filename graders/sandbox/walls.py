"""Put the walls up around this process, between the fork and the first line of student code.

Each layer holds by itself, and most things are denied by two of them: what a student's code does
to one of them, or a fault of the kernel in one, leaves the other. Where user namespaces are not to
be had, Landlock and the filter of system calls still keep files and network away.
"""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import socket
from collections.abc import Iterable, Iterator
from multiprocessing import forkserver, resource_tracker
from pathlib import Path
from typing import Any, NoReturn

from graders.quiet import silence_descriptors
from graders.sandbox import kernel, landlock, seccomp
from graders.sandbox.plan import (
    DESCRIPTORS,
    FILES,
    FILTER,
    LANDLOCK,
    LIMITS,
    NAMES,
    NETWORK,
    NO_PRIVILEGES,
    OTHER_USER,
    PROCESSES,
    SHARED_MEMORY,
    SIGNALLED,
    USER_NAMESPACE,
    Walls,
)
from graders.sandbox.root import ALSO, HOME, enter_root

_SPACES = (
    kernel.CLONE_NEWNS
    | kernel.CLONE_NEWPID
    | kernel.CLONE_NEWNET
    | kernel.CLONE_NEWIPC
    | kernel.CLONE_NEWUTS
    | kernel.CLONE_NEWCGROUP
)
# The student's user inside a user namespace.
_STUDENT = 1000
# Where root runs the grader, each runner gets a number that no account has, and no other runner:
# limits on processes count by user. The second range is for containers, which map 65,536 users.
_OWN_USERS = ((0x7000_0000, 0x400_0000), (30_000, 20_000))
_OPEN_FILES = 1024
# Bytes of stacks that TensorFlow's threads may claim, for each core.
_STACKS = 64_000_000


def put_up(walls: Walls, keep: list[int]) -> list[str]:
    """Go behind the walls; with namespaces, what returns is a child of the process that called.

    Args:
        walls: which, and around what.
        keep: the descriptors that stay open.

    Returns:
        The layers that are in force.

    Raises:
        OSError: the kernel refuses one; nothing may run then.

    """
    layers = []
    if walls.namespaces:
        layers += _leave(walls)
    _close_descriptors(keep)
    layers.append(DESCRIPTORS)
    _limit(walls)
    layers.append(LIMITS)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    layers.append(NO_PRIVILEGES)
    if walls.landlock:
        _restrict_files(walls)
        layers.append(LANDLOCK)
    if walls.filter:
        seccomp.restrict(network=walls.namespaces, memory_files=walls.view.gpu)
        layers.append(FILTER)
    if walls.namespaces:
        # The first process of a PID namespace gets no signals from within and has to bury all
        # others: a role for ours, behind the same walls, and not for the student's.
        child = os.fork()
        if child:
            # Nobody of the same user looks into it.
            kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
            _wait_for(child, [])
        # A change of user closes a process's own /proc/self to it; programs read there.
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)
    return layers


def _leave(walls: Walls) -> list[str]:
    """Leave the machine's namespaces. Only the child goes on; its parent waits for its end."""
    # A process that loses its parent stays below us, where it is found and ended.
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    user = _own_user() if walls.other_user else _STUDENT
    if walls.other_user:
        kernel.unshare(_SPACES)
    else:
        own, group = os.geteuid(), os.getegid()
        kernel.unshare(_SPACES | kernel.CLONE_NEWUSER)
        _map_user(own, group)
    ours, theirs = os.pipe()
    child = os.fork()
    if child:
        _wait_for(child, [theirs])
    os.close(theirs)
    enter_root(walls.view, Path(walls.mount_point), walls.bounds.disk, user)
    socket.sethostname("tensormark")  # the machine's own name tells where it stands
    kernel.drop_bounding_set()
    if walls.other_user:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    kernel.drop_capabilities()
    _die_with_parent(ours)
    return [
        OTHER_USER if walls.other_user else USER_NAMESPACE,
        *(PROCESSES, FILES, NETWORK, SHARED_MEMORY, NAMES),
    ]


def _own_user() -> int:
    for first, count in _OWN_USERS:
        if _is_mapped(first + count - 1):
            return first + os.getpid() % count
    raise OSError("there are no user numbers to be had beside root's")


def _is_mapped(user: int) -> bool:
    rows = Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()
    ranges = [[int(number) for number in row.split()] for row in rows]
    return any(first <= user < first + count for first, _, count in ranges)


def _map_user(own: int, group: int) -> None:
    """Let a user of the machine bear the student's number inside; before this it has none."""
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{_STUDENT} {own} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{_STUDENT} {group} 1", encoding="ascii")


def _wait_for(child: int, held: list[int]) -> NoReturn:
    """Wait for a process, and end as it did. This one runs no student code."""
    _close_descriptors(held)
    # Python's own handler would raise KeyboardInterrupt here for whoever sends that signal.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    ended, status = 0, 0
    while ended != child:
        ended, status = os.waitpid(-1, 0)
    code = os.waitstatus_to_exitcode(status)
    # By shells' convention, as the first process of a namespace can't send itself a signal.
    os._exit(code if code >= 0 else SIGNALLED - code)


def _die_with_parent(pipe: int) -> None:
    """End this process as soon as its parent ends, and with it all of its PID namespace."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    # Had it ended before that call, its end of the pipe would be closed.
    if select.select([pipe], [], [], 0)[0]:
        os._exit(1)


def _close_descriptors(keep: list[int]) -> None:
    """Close everything that was inherited, the pipes of multiprocessing's helpers among it."""
    # The student's own use of multiprocessing starts helpers of its own, inside.
    helpers: list[tuple[Any, str]] = [
        (resource_tracker._resource_tracker, "_fd"),
        (resource_tracker._resource_tracker, "_pid"),
        (forkserver._forkserver, "_forkserver_alive_fd"),
        (forkserver._forkserver, "_forkserver_pid"),
        (forkserver._forkserver, "_forkserver_address"),
        (forkserver._forkserver, "_inherited_fds"),
    ]
    for helper, name in helpers:
        setattr(helper, name, None)
    silence_descriptors()
    start = 3
    for descriptor in sorted(keep):
        os.closerange(start, descriptor)
        start = descriptor + 1
    os.closerange(start, _highest_descriptor())


def _highest_descriptor() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(soft, 65_536) if soft != resource.RLIM_INFINITY else 1 << 20


def _limit(walls: Walls) -> None:
    bounds = walls.bounds
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: bounds.disk,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        # An allocation that is far too large is a MemoryError in the student's cell. What is held
        # is watched from outside; this also counts the stacks of threads, which hold little.
        resource.RLIMIT_DATA: bounds.memory + _STACKS * (os.cpu_count() or 1),
        resource.RLIMIT_CPU: bounds.cpu_seconds,
    }
    if walls.view.gpu:
        # Drivers of GPUs lay claim to far more than they hold.
        del limits[resource.RLIMIT_DATA]
    if walls.namespaces:
        # Elsewhere it would count whatever else this user runs.
        limits[resource.RLIMIT_NPROC] = bounds.processes
    lower_limits(limits)


def lower_limits(limits: dict[int, int]) -> None:
    """Set limits of this process's resources for good, where they aren't lower already."""
    for kind, wanted in limits.items():
        _, hard = resource.getrlimit(kind)
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (value, value))


def _restrict_files(walls: Walls) -> None:
    view = walls.view
    devices = [Path(device) for device in view.devices]
    # Semaphores of multiprocessing stand in the second.
    write = [*map(Path, walls.write), Path("/dev/shm")]  # noqa: S108 - no name is made there
    if walls.namespaces:
        # The tree holds nothing else than what may be read.
        landlock.restrict([Path("/")], [], [HOME, *ALSO], devices)
        return
    read = [Path(path) for path in (*view.read, "/proc")]
    hidden = [Path(path) for path in view.hidden]
    landlock.restrict(list(_around(read, hidden)), read, write, devices)


def _around(read: Iterable[Path], hidden: list[Path]) -> Iterator[Path]:
    """Name what stands beside hidden folders one by one: a rule can't be taken back below."""
    for path in read:
        inner = [h for h in hidden if h.is_relative_to(path.resolve())]
        if not inner:
            yield path
        elif path.resolve() not in inner:
            with contextlib.suppress(OSError):
                yield from _around(sorted(path.iterdir()), inner)
