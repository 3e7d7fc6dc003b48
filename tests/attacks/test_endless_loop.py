"""Code that never comes to its end: in Python, in C, in threads, in hooks of the interpreter.

Must stay true: a run ends by its limits, what was done before the endless cell counts, and only
work that is really endless costs the class the hard limit.
"""

from __future__ import annotations

import pytest

from graders.grading import Grader
from tests.attacks.conftest import HONEST, Attack, limits

BEGUN = f"{HONEST}\n# %%\n"
# Beyond what these limits allow, something has held the grader up.
SOFT, GRACE, SLACK = 1.0, 0.5, 60.0


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("while True: pass", id="a loop"),
        pytest.param(
            "while True:\n"
            "    try:\n"
            "        while True: pass\n"
            "    except BaseException: pass\n"
            "    if __import__('time').monotonic() - began > 2.5: break\n",
            id="one that swallows some alarms",
        ),
    ],
)
def test_an_endless_cell_is_cut_off_and_what_stood_before_it_counts(
    attack: Attack, grader: Grader, code: str
) -> None:
    with limits(grader, seconds=SOFT):
        after = attack(f"{BEGUN}import time; began = time.monotonic()\n{code}\n# %%\nnever = 1")

    assert after.result.execution.status == "timeout"
    assert "time limit" in after.message
    assert "KxIA" in after.recording.data.arrays
    assert "never" not in after.values


@pytest.mark.sandbox
@pytest.mark.parametrize(
    "code",
    [
        pytest.param(
            "import contextlib, time\nwhile True:\n"
            "    with contextlib.suppress(BaseException):\n        while True: time.sleep(0.01)",
            id="swallows every alarm",
        ),
        pytest.param("sum(range(10**15))", id="a loop in C"),
        pytest.param(
            "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass",
            id="ignores the alarm",
        ),
        pytest.param(
            "import signal, time\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n"
            "time.sleep(600)",
            id="a sleep with all signals blocked",
        ),
        pytest.param("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", id="stands still"),
    ],
)
def test_what_no_alarm_interrupts_is_ended_from_outside(
    attack: Attack, grader: Grader, code: str
) -> None:
    with limits(grader, seconds=SOFT, grace=GRACE):
        after = attack(f"{BEGUN}{code}")

    assert (after.ran.ended.how, after.ran.ended.limit) == ("killed", "time")
    assert after.ran.ended.attempts == 1
    assert SOFT + GRACE <= after.ran.ended.seconds < SOFT + GRACE + SLACK
    assert "time limit was reached" in after.message
    assert after.recording.data.outcomes[0].status == "ok"
    assert not after.passed


def test_a_thread_that_goes_on_after_the_last_cell_keeps_nobody_waiting(attack: Attack) -> None:
    after = attack(
        f"{BEGUN}import threading\n"
        "def spin():\n    while True: pass\n"
        "for daemon in (True, False):\n    threading.Thread(target=spin, daemon=daemon).start()\n"
    )

    assert after.result.execution.status == "complete"
    assert "KxIA" in after.recording.data.arrays
    assert after.ran.ended.seconds < 45


def test_hooks_that_never_return_are_not_waited_for(attack: Attack) -> None:
    after = attack(
        f"{BEGUN}import atexit, os, sys, threading, time, weakref\n"
        "def never(*_):\n    while True: time.sleep(1)\n"
        "class Last:\n    def __del__(self): never()\n"
        "kept, cycle = Last(), [Last()]\ncycle.append(cycle)\n"
        "atexit.register(never)\nweakref.finalize(kept, never)\n"
        "threading._register_atexit(never)\n"
        "os.register_at_fork(before=never, after_in_child=never)\n"
        "sys.excepthook = sys.unraisablehook = never\n"
        "sys.modules['last'] = Last()\n"
    )

    assert after.result.execution.status == "complete"
    assert after.ran.ended.seconds < 45


def test_a_look_at_a_variable_that_never_returns_is_cut_off(attack: Attack, grader: Grader) -> None:
    """The runner looks at variables after the last cell, when the student's clock has stopped."""
    with limits(grader, seconds=SOFT, grace=GRACE):
        after = attack(
            f"{HONEST}\n"
            "class Endless:\n"
            "    shape = ()\n"
            "    def __float__(self):\n        while True: pass\n"
            "endless = Endless()"
        )

    assert (after.ran.ended.how, after.ran.ended.limit) == ("killed", "time")
    assert "time limit was reached" in after.message
    assert after.recording.data.outcomes[0].status == "ok"
