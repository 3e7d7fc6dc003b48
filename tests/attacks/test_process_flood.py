"""Fork bombs: more processes than the machine can carry.

Must stay true: their number stays within the limit, other submissions are graded meanwhile, and
all are gone in the end. Each bomb here counts for itself, in case that no wall holds it.
"""

from __future__ import annotations

import pytest

from graders.grading import Grader
from tests.attacks.conftest import HONEST, Attack, limits

PROCESSES = 120
BEGUN = f"{HONEST}\n# %%\nimport os, subprocess, sys, time\n"
FORK = "started = 0\nwhile started < 400:\n"
BOMBS = {
    "children": (
        f"{FORK}    try: child = os.fork()\n    except OSError: break\n"
        "    if child == 0:\n        time.sleep(60)\n        os._exit(0)\n    started += 1\n"
    ),
    "processes that nobody buries": (
        f"{FORK}    try: child = os.fork()\n    except OSError: break\n"
        "    if child == 0: os._exit(0)\n    started += 1\n"
        f"if started > {PROCESSES}: time.sleep(60)\n"
    ),
    "children of children": (
        "def grow(depth):\n"
        "    for _ in range(2):\n"
        "        if depth == 0: break\n"
        "        try: child = os.fork()\n        except OSError: break\n"
        "        if child == 0: grow(depth - 1); time.sleep(60); os._exit(0)\n"
        "grow(7)\nbefore, started = -1, 0\n"
        "while started <= 10 or started != before:\n"
        "    time.sleep(0.3)\n"
        "    before, started = started, sum(name.isdigit() for name in os.listdir('/proc'))\n"
    ),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_fork_bomb_stays_within_the_limit(attack: Attack, grader: Grader, bomb: str) -> None:
    with limits(grader, processes=PROCESSES):
        after = attack(f"{BEGUN}{BOMBS[bomb]}")

    assert after.recording.data.outcomes[0].status == "ok"
    if after.ran.ended.how == "finished":
        # Those that the grader keeps in there are among them.
        assert 10 < after.values["started"] <= PROCESSES
    else:
        assert after.ran.ended.limit in {"processes", "memory"}
        assert "The run was ended because it" in after.message


def test_processes_that_replace_each_other_are_ended_with_their_submission(
    attack: Attack, grader: Grader
) -> None:
    """Each has ended before it could be found; by then it has started the next one."""
    with limits(grader, seconds=120, grace=30, processes=PROCESSES):
        after = attack(
            f"{BEGUN}def run():\n"
            "    for _ in range(20_000):\n"
            "        try:\n"
            "            if os.fork(): os._exit(0)\n"
            "        except OSError: os._exit(1)\n"
            "    os._exit(0)\n"
            "for _ in range(10):\n    if os.fork() == 0: run()\n"
            "time.sleep(0.3)"
        )

    assert after.result.execution.status in {"complete", "timeout"}
    assert after.ran.ended.seconds < 120


@pytest.mark.sandbox
def test_processor_time_of_all_processes_together_is_bounded(
    attack: Attack, grader: Grader
) -> None:
    with limits(grader, cpu_seconds=2):
        after = attack(
            f"{BEGUN}for _ in range(4):\n"
            "    if os.fork() == 0:\n        end = time.monotonic() + 55\n"
            "        while time.monotonic() < end: pass\n        os._exit(0)\n"
            "time.sleep(55)"
        )

    assert (after.ran.ended.how, after.ran.ended.limit) == ("killed", "processor")
    assert "2 s of processor time" in after.message
