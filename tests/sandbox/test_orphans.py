"""Whatever becomes of the grading process, no student code outlives it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.sandbox

ENDLESS = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
while True:
    time.sleep(0.1)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends them on Linux")
def test_a_grader_that_is_killed_takes_its_submissions_along(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "alice.py").write_text(ENDLESS)
    command = [sys.executable, "-c", "from graders.cli import app; app()", "grade", "fashion_cnn"]
    grader = subprocess.Popen(
        [*command, str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--data", "builtin"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        processes = wait_for_the_sleeper(psutil.Process(grader.pid))
    finally:
        grader.kill()
        grader.wait()

    _, alive = psutil.wait_procs(processes, timeout=20)

    # Where nobody buries the dead, they are zombies.
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []


def wait_for_the_sleeper(grader: psutil.Process) -> list[psutil.Process]:
    """Wait until the submission has started its own process; returns all processes below."""
    for _ in range(600):
        processes = grader.children(recursive=True)
        if any("time.sleep(600)" in " ".join(command_of(one)) for one in processes):
            return processes
        time.sleep(0.1)
    raise AssertionError("the submission never ran")


def command_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
