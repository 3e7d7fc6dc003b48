"""Ending, stopping, slowing down or steering processes that aren't one's own.

Must stay true: signals, priorities and traces reach the attacker's own processes and no others.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import psutil
import pytest

from graders.grading import Grader
from graders.submission import Submission
from tests.attacks.conftest import HONEST, Attack
from tests.builders.attacks import TRIED

# Alive all the while that it is attacked, and checked at its end.
BYSTANDER = f"{HONEST}\n# %%\nimport time\ntime.sleep(1.5)\nlived = 1"


@pytest.fixture
def innocent() -> Iterator[psutil.Process]:
    """A process of ours that has nothing to do with any of it."""
    with subprocess.Popen(["sleep", "300"]) as child:
        yield psutil.Process(child.pid)
        child.kill()


@pytest.fixture
def untouched(innocent: psutil.Process) -> Iterator[None]:
    """Assert afterwards that our processes are as they were."""
    ours = [psutil.Process(), innocent]
    before = [(process.nice(), process.ionice()) for process in ours]
    yield
    assert [process.is_running() for process in ours] == [True, True]
    assert innocent.status() == psutil.STATUS_SLEEPING
    assert [(process.nice(), process.ionice()) for process in ours] == before


SIGNALS = (
    f"import json, os, signal\nrefused = []\n{TRIED}"
    + """
mine = {0, 1, os.getpid()}
reached = []
for wanted in (9, 19):
    reached += [n for n in range(2, 5001) if n not in mine and tried(os.kill, n, wanted) == "done"]
    reached += [n for n in range(2, 5001)
                if n not in mine and tried(os.killpg, n, wanted) == "done"]
"""
)


@pytest.mark.usefixtures("untouched")
def test_no_number_leads_to_a_process_of_others(attack: Attack, innocent: psutil.Process) -> None:
    after = attack(
        f"{SIGNALS}\n"
        f"far = [tried(os.kill, n, 9) for n in ({innocent.pid}, {psutil.Process().pid})]\n"
        "opened = [tried(os.pidfd_open, n) for n in (2000, 1500, 1000)]\n"
        "for wanted in (9, 15, 19, 2): tried(os.kill, os.getppid(), wanted)\n"
        "report = json.dumps([reached, far, opened, os.getppid()])"
    )

    reached, far, opened, parent = after.report
    assert reached == []
    assert far == ["ProcessLookupError"] * 2
    assert opened == ["ProcessLookupError"] * 3
    # Whoever stands above is the first process of the namespace, whom no signal reaches.
    assert parent == 1


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("call", ["os.kill(-1, 9)", "os.kill(0, 9)", "os.killpg(0, 15)"])
def test_signals_to_everyone_reach_the_sender_alone(
    attack: Attack, grader: Grader, tmp_path: Path, call: str
) -> None:
    path = tmp_path / "bystander.py"
    path.write_text(BYSTANDER, encoding="utf-8")

    alive = Event()

    def told(event: dict[str, Any]) -> None:
        if event.get("cell") == 2:
            alive.set()

    with ThreadPoolExecutor(1) as pool:
        beside = pool.submit(
            grader.grade, Submission("bystander", path), tmp_path / "bystander", told
        )
        assert alive.wait(120)
        after = attack(f"import os\n{call}\n# %%\nreached = 1")
        result = beside.result()

    assert after.result.execution.status in {"complete", "stopped"}
    assert result.execution.status == "complete"
    assert result.execution.cells_failed == 0


@pytest.mark.usefixtures("untouched")
def test_nobodys_priority_can_be_changed_and_nobody_be_traced(
    attack: Attack, innocent: psutil.Process
) -> None:
    after = attack(
        f"{SIGNALS}\nimport ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "P, G, U = os.PRIO_PROCESS, os.PRIO_PGRP, os.PRIO_USER\n"
        f"victims = [{innocent.pid}, {psutil.Process().pid}]\n"
        "renice = [tried(os.setpriority, P, n, 19) for n in victims]\n"
        "ours = tried(os.setpriority, U, 0, 19)\n"
        "higher = tried(os.setpriority, P, 0, -5)\n"
        "first = tried(os.setpriority, P, 1, -5)\n"
        "io = [libc.syscall(251, 1, n, 3 << 13) for n in victims]\n"
        "ptrace = [libc.ptrace(k, n, 0, 0) for n in (1, *victims) for k in (16, 0x4206)]\n"
        "vm = libc.syscall(310, 1, None, 0, None, 0, 0)\n"
        "real = tried(os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(1))\n"
        "report = json.dumps([renice, ours, higher, first, io, ptrace, vm, real])"
    )

    renice, _, higher, first, io, ptrace, vm, real = after.report
    assert renice == ["ProcessLookupError"] * 2
    assert {higher, first, real} <= {"PermissionError"}
    assert io == [-1, -1]
    assert set(ptrace) == {-1}
    assert vm == -1


def test_killing_its_own_helpers_and_the_first_process_harms_itself_alone(attack: Attack) -> None:
    after = attack(
        "import os, signal, subprocess\n"
        "children = [subprocess.Popen(['sleep', '60']) for _ in range(3)]\n"
        "for number in range(1, 65):\n"
        "    try: os.kill(1, number)\n"
        "    except OSError: pass\n"
        "for child in children: child.kill()\n"
        "kept = 1"
    )

    assert after.result.execution.status == "complete"
    assert after.values["kept"] == 1
