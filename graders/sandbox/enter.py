"""A runner's first steps: behind its walls, a word to the grader, and off at its word."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NoReturn

from graders.errors import RunError
from graders.sandbox.environment import runner_environment
from graders.sandbox.job import Job
from graders.sandbox.plan import ENVIRONMENT, SIGNALLED
from graders.sandbox.talk import EVENT_BYTES

# Exit status by which the runner says that the fault is its own.
RUNNER_FAILED = 70
# Getting behind the walls takes a fraction of a second; a busy machine may take longer.
_HELLO_SECONDS = 120.0
_LOOK_SECONDS = 0.25
GO = b"go"


def hello(process: BaseProcess, channel: Connection) -> list[str]:
    """Wait until a process stands behind its walls; returns the layers that it has put up.

    No student code has run by then, so what it says can be believed.

    Raises:
        RunError: it has not come so far, and why.

    """
    deadline = time.monotonic() + _HELLO_SECONDS
    while not channel.poll(_LOOK_SECONDS):
        if process.exitcode is not None:
            raise RunError.no_walls(exit_reason(process.exitcode))
        if time.monotonic() > deadline:
            raise RunError.no_walls(f"nothing was heard of it for {_HELLO_SECONDS:.0f} s")
    try:
        said = json.loads(channel.recv_bytes(EVENT_BYTES))
    except EOFError as error:
        process.join(_LOOK_SECONDS)
        raise RunError.no_walls(exit_reason(process.exitcode)) from error
    if said["error"]:
        raise RunError.no_walls(said["error"])
    return list(said["layers"])


def enter(job_json: str, channel: Connection) -> None:
    """First function in the student's process; from the word to begin on, nothing is trusted."""
    job = Job.model_validate_json(job_json)
    if hasattr(os, "setsid"):
        os.setsid()
    layers: list[str] = []
    if job.walls is not None:
        # What it calls is there on Linux only.
        from graders.sandbox.walls import put_up

        try:
            layers = put_up(job.walls, [channel.fileno()])
        except OSError as error:
            _refuse(channel, str(error))
    environment = runner_environment(Path(job.scratch))
    os.environ.clear()
    os.environ.update(environment)
    said = {"layers": [*layers, ENVIRONMENT], "error": ""}
    channel.send_bytes(json.dumps(said).encode())
    if channel.recv_bytes(len(GO)) != GO:
        os._exit(RUNNER_FAILED)
    from graders.runner.main import run

    # Whoever looks through this process's memory finds nothing of the machine in it.
    run(job.model_copy(update={"walls": None}), channel)


def _refuse(channel: Connection, why: str) -> NoReturn:
    channel.send_bytes(json.dumps({"layers": [], "error": why}).encode())
    os._exit(RUNNER_FAILED)


def exit_reason(code: int | None) -> str:
    """Say how a process ended."""
    number = -code if code is not None and code < 0 else (code or 0) - SIGNALLED
    if number > 0:
        with suppress(ValueError):
            return f"ended by {signal.Signals(number).name}"
    if code == RUNNER_FAILED:
        return "the runner itself failed, see runner-error.txt in the recording"
    return f"exit status {code}"
