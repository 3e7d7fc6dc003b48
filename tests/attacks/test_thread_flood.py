"""Threads without end.

Must stay true: their number is limited like that of processes, and one too many is an error in its
own cell.
"""

from __future__ import annotations

from graders.grading import Grader
from tests.attacks.conftest import HONEST, Attack, limits

THREADS = 150


def test_one_thread_too_many_is_an_error_in_its_cell(attack: Attack, grader: Grader) -> None:
    with limits(grader, processes=THREADS):
        after = attack(
            f"{HONEST}\n# %%\nimport threading, time\nthreading.stack_size(1 << 16)\n"
            "started = 0\n"
            "while started < 2000:\n"
            "    threading.Thread(target=time.sleep, args=(50,), daemon=True).start()\n"
            "    started += 1\n# %%\nreached = 1"
        )

    assert after.errors == ["RuntimeError"]
    assert "start new thread" in after.result.execution.failed_cells[0].message
    assert 50 < after.values["started"] < THREADS
    assert after.values["reached"] == 1
    assert after.result.execution.status == "complete"


def test_threads_of_many_processes_count_together(attack: Attack, grader: Grader) -> None:
    with limits(grader, processes=THREADS):
        after = attack(
            f"{HONEST}\n# %%\nimport os, threading, time\nthreading.stack_size(1 << 16)\n"
            "for _ in range(8):\n"
            "    try: child = os.fork()\n"
            "    except OSError: break\n"
            "    if child == 0:\n"
            "        try:\n"
            "            for _ in range(200):\n"
            "                threading.Thread(target=time.sleep, args=(50,), daemon=True).start()\n"
            "        except RuntimeError: pass\n"
            "        time.sleep(50); os._exit(0)\n"
            "before, started = -1, 0\n"
            "while started <= 50 or started != before:\n"
            "    time.sleep(0.3)\n"
            "    before, started = started, 0\n"
            "    for name in os.listdir('/proc'):\n"
            "        if name.isdigit(): started += len(os.listdir(f'/proc/{name}/task'))\n"
        )

    assert 50 < after.values["started"] <= THREADS + 2
    assert after.result.execution.status == "complete"
