"""What a submission's processes use up, seen from outside."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import psutil

from graders.ran import Limit
from graders.sandbox.plan import Bounds


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
    memory, cpu = 0, 0.0
    for one in found:
        with suppress(psutil.Error):
            memory += one.memory_info().rss
            times = one.cpu_times()
            # Those of children that have ended among them, and were waited for.
            cpu += times.user + times.system + times.children_user + times.children_system
    if memory > known:
        # Forked processes share most of it, and each was counted with all.
        memory = sum(_own_memory(one) for one in found)
    return Usage(memory, len(found), cpu)


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


def _own_memory(process: psutil.Process) -> int:
    with suppress(psutil.Error, AttributeError):
        return int(process.memory_full_info().pss)
    with suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0
