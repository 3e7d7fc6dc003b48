"""Processes that want to outlive their submission.

Must stay true: when the run has ended, so has every process that it started (which `attack`
asserts as well), and nothing that they hold open prolongs the run.
"""

from __future__ import annotations

import time

import psutil
import pytest

from tests.attacks.conftest import Attack

STAY = """
import multiprocessing, os, signal, subprocess, sys, time
def deaf():
    for number in range(1, 65):
        try: signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError): pass
"""
DOUBLE_FORK = """
for _ in range(3):
    child = os.fork()
    if child == 0:
        os.setsid()
        if os.fork(): os._exit(0)
        os.setsid() if os.getpid() != os.getsid(0) else None
        deaf()
        os.execvp("sleep", ["sleep", "MARK"])
    os.waitpid(child, 0)
"""
NOHUP = """
subprocess.Popen(["nohup", "setsid", "sleep", "MARK"], start_new_session=True,
                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
subprocess.Popen(["sh", "-c", "trap '' 1 2 3 15; sleep MARK & sleep MARK"])
"""
POOL = """
def sleep(): os.execvp("sleep", ["sleep", "MARK"])
context = multiprocessing.get_context("fork")
for daemon in (True, False): context.Process(target=sleep, daemon=daemon).start()
"""
HOLDERS = """
# They keep every descriptor that there is: the channel, and what once were the outputs.
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        for number in range(64):
            try: os.set_inheritable(number, True)
            except OSError: pass
        deaf()
        os.execvp("sleep", ["sleep", "MARK"])
"""
REBORN = """
# Whenever one is ended, the other starts it again.
def guard():
    deaf()
    while True:
        child = os.fork()
        if child == 0: os.execvp("sleep", ["sleep", "MARK"])
        os.waitpid(child, 0)
        time.sleep(0.01)
for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        guard()
"""


def alive(mark: str) -> list[int]:
    """Processes of this machine that sleep for so long, but not those that wait to be buried."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline", "status"])
        if mark in (process.info["cmdline"] or ())
        and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


@pytest.mark.parametrize(
    ("code", "number"),
    [
        pytest.param(DOUBLE_FORK, 1, id="double fork"),
        pytest.param(NOHUP, 2, id="nohup"),
        pytest.param(POOL, 3, id="multiprocessing"),
        pytest.param(HOLDERS, 4, id="holding descriptors"),
        pytest.param(REBORN, 5, id="watching over each other"),
    ],
)
def test_nothing_outlives_its_run(attack: Attack, code: str, number: int) -> None:
    mark = f"600.{number}{time.time_ns() % 10**9:09d}"
    after = attack(
        f"{STAY}\n{code.replace('MARK', mark)}\n"
        "running, began = 0, time.monotonic()\n"
        "while running < 2 and time.monotonic() < began + 40:\n"
        "    time.sleep(0.1)\n"
        "    running = 0\n"
        "    for entry in os.listdir('/proc'):\n"
        "        if entry.isdigit():\n"
        "            try: text = open(f'/proc/{entry}/cmdline').read()\n"
        "            except OSError: continue\n"
        f"            running += {mark!r} in text and text.startswith('sleep')\n"
    )

    assert after.errors == []
    assert after.values["running"] >= 2, "the attack itself has not worked"
    assert after.result.execution.status == "complete"
    assert after.ran.ended.seconds < 50
    deadline = time.monotonic() + 60
    while alive(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert alive(mark) == []


def test_a_daemon_does_not_outlive_a_process_that_dies(attack: Attack) -> None:
    mark = f"600.6{time.time_ns() % 10**9:09d}"
    after = attack(f"{STAY}\n{HOLDERS.replace('MARK', mark)}\ntime.sleep(0.3)\nos.abort()")

    assert (after.ran.ended.how, after.ran.ended.attempts) == ("died", 2)
    assert alive(mark) == []
