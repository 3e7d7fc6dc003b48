"""What a submission's processes use up, seen from outside."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from graders.ran import Limit
from graders.sandbox.plan import Bounds

# Bytes that one socket's buffer holds by default, and twice that with the kernel's own share.
_SOCKET = 425_000


@dataclass(frozen=True)
class Usage:
    """What a tree of processes holds, and has used."""

    memory: int  # bytes
    processes: int
    cpu_seconds: float


def usage_of(process: int, known: float = 0.0) -> Usage:
    """Add up what a process and all its descendants use.

    Args:
        process: number of the first one.
        known: memory, bytes, up to which a rough figure is enough.

    """
    found: list[psutil.Process] = []
    with suppress(psutil.Error):
        first = psutil.Process(process)
        found = [first, *first.children(recursive=True)]
    memory, cpu, tables = 0, 0.0, 0
    for one in found:
        with suppress(psutil.Error):
            memory += one.memory_info().rss
            tables += _page_tables(one.pid)
            times = one.cpu_times()
            # Those of children that have ended among them, and were waited for.
            cpu += times.user + times.system + times.children_user + times.children_system
    if memory > known:
        # Forked processes share most of it, and each was counted with all.
        memory = sum(_own_memory(one) for one in found)
    # What the kernel holds for them is nobody's resident memory.
    return Usage(memory + tables + _sockets(found), len(found), cpu)


@dataclass(frozen=True)
class Excess:
    """Which bound was passed, and a clause about it for the student."""

    limit: Limit
    clause: str


def over(usage: Usage, disk: int, bounds: Bounds) -> Excess | None:
    """Find the bound that was passed, if any.

    Args:
        usage: of all processes.
        disk: bytes of files, which stand in memory.
        bounds: what is allowed.

    """
    if usage.memory + disk > bounds.memory:
        return out_of_memory(bounds)
    if usage.cpu_seconds > bounds.cpu_seconds:
        return Excess(
            "processor",
            f"its processes used more than {bounds.cpu_seconds:,} s of processor time. Train "
            "smaller networks or fewer epochs, and end the processes that it starts",
        )
    if usage.processes > bounds.processes:
        return Excess(
            "processes",
            f"it ran more than {bounds.processes:,} processes at once. Start fewer, and wait for "
            "their end",
        )
    return None


def out_of_memory(bounds: Bounds) -> Excess:
    """Say that the bound on memory was passed."""
    return Excess(
        "memory",
        f"it used more than {bounds.memory / 1e9:g} GB of memory, the files that it wrote among "
        "it. Work on fewer items at a time, and delete large arrays that are no longer needed",
    )


def out_of_disk(bounds: Bounds) -> Excess:
    """Say that a process has died of a full disk."""
    return Excess(
        "disk",
        f"it filled up its disk space of {bounds.disk / 1e9:g} GB. Write fewer and smaller files, "
        "and delete what is no longer needed",
    )


def _page_tables(process: int) -> int:
    """Bytes of a process's page tables; 0 where the system doesn't tell."""
    with suppress(OSError, ValueError, IndexError):
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8", errors="replace")
        return int(status.split("VmPTE:", 1)[1].split(maxsplit=1)[0]) * 1024
    return 0


def _sockets(processes: list[psutil.Process]) -> int:
    """Bytes that the sockets of a network namespace of their own may hold."""
    with suppress(OSError, ValueError, IndexError):
        last = processes[-1].pid
        if Path(f"/proc/{last}/ns/net").readlink() == Path("/proc/self/ns/net").readlink():
            return 0  # the machine's own
        text = Path(f"/proc/{last}/net/sockstat").read_text(encoding="ascii")
        return int(text.split("used", 1)[1].split(maxsplit=1)[0]) * _SOCKET
    return 0


def _own_memory(process: psutil.Process) -> int:
    with suppress(psutil.Error, AttributeError):
        return int(process.memory_full_info().pss)
    with suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0
