"""A control group (cgroup v2) for each submission, where this process may make some.

The kernel then bounds memory and processes exactly, and ends all of them at once. It takes a
group that was delegated to the grader, as `systemd-run --user --scope -p Delegate=yes tensormark
grade ...` gives it; elsewhere the processes are counted from outside four times a second.
https://docs.kernel.org/admin-guide/cgroup-v2.html
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from uuid import uuid4

import psutil

from graders.sandbox.plan import Bounds

_CONTROLLERS = ("memory", "pids")
_ROOT = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")
_REMOVE_SECONDS = 2.0


@dataclass(frozen=True)
class Group:
    """The control group of one submission."""

    folder: Path

    @classmethod
    def make(cls, parent: Path, bounds: Bounds) -> Self:
        """Make a group with its bounds; files in a tmpfs count as memory of who has written them.

        Raises:
            OSError: the kernel refuses.

        """
        folder = parent / f"tensormark-{uuid4().hex[:12]}"
        folder.mkdir()
        group = cls(folder)
        try:
            group._write("memory.max", bounds.memory)
            group._write("pids.max", bounds.processes)
            # Half a submission is of no use, and what is left of it might go on for ever.
            group._write("memory.oom.group", 1)
            with suppress(OSError):  # a kernel without swap has no such file
                group._write("memory.swap.max", 0)
        except OSError:
            group.remove()
            raise
        return group

    def add(self, process: int) -> None:
        """Move a process with all its descendants into the group; none of them may fork meanwhile.

        Raises:
            OSError: the kernel refuses.

        """
        members = [process]
        with suppress(psutil.Error):
            members += [child.pid for child in psutil.Process(process).children(recursive=True)]
        for member in members:
            self._write("cgroup.procs", member)

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel has ended it because of its memory."""
        return self._event("memory.events", "oom_kill") > 0

    def remove(self) -> None:
        """End what is left in the group, and remove it."""
        with suppress(OSError):  # before Linux 5.14 the caller's own signals have to do
            self._write("cgroup.kill", 1)
        deadline = time.monotonic() + _REMOVE_SECONDS
        while self.folder.exists() and time.monotonic() < deadline:
            with suppress(OSError):  # processes take a moment to go
                self.folder.rmdir()
                return
            time.sleep(0.01)

    def _write(self, name: str, value: int) -> None:
        (self.folder / name).write_text(str(value), encoding="ascii")

    def _event(self, name: str, key: str) -> int:
        with suppress(OSError, ValueError):
            for line in (self.folder / name).read_text(encoding="ascii").splitlines():
                word, _, count = line.partition(" ")
                if word == key:
                    return int(count)
        return 0


def find_parent(root: Path = _ROOT, own: Path = _OWN) -> Path | None:
    """Return a group in which groups with bounds can be made; None where none is delegated.

    Where the grader is alone in a group of its own, it moves into a leaf of it: the kernel bounds
    the children of no group that holds processes itself.
    """
    try:
        line = next(x for x in own.read_text(encoding="ascii").splitlines() if x.startswith("0::"))
        group = root / line.removeprefix("0::").lstrip("/")
        if group == root or not os.access(group, os.W_OK):
            return None
        offered = _words(group / "cgroup.controllers")
        if not offered.issuperset(_CONTROLLERS):
            return None
        if not _words(group / "cgroup.subtree_control").issuperset(_CONTROLLERS):
            _make_room(group)
    except (OSError, StopIteration):
        return None
    return group


def _make_room(group: Path) -> None:
    """Move this process and its children into a leaf, and hand the controllers down."""
    me = psutil.Process()
    ours = {me.pid, *(child.pid for child in me.children(recursive=True))}
    members = {int(word) for word in _words(group / "cgroup.procs")}
    if not members <= ours:
        raise PermissionError("other processes are in this group")
    leaf = group / "tensormark"
    leaf.mkdir(exist_ok=True)
    for member in members:
        (leaf / "cgroup.procs").write_text(str(member), encoding="ascii")
    wanted = " ".join(f"+{name}" for name in _CONTROLLERS)
    (group / "cgroup.subtree_control").write_text(wanted, encoding="ascii")


def _words(path: Path) -> set[str]:
    return set(path.read_text(encoding="ascii").split())
