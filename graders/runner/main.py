"""Run one job from its first cell to its recording. Entered once per process."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any, Literal, NoReturn

import keras
import tensorflow as tf

from graders.describe.arrays import DataWatcher
from graders.describe.networks import stock_layers
from graders.quiet import silence_descriptors
from graders.recording.schema import Cell, CellOutcome, EnvironmentRecord
from graders.runner.augment import AugmentWatcher
from graders.runner.figures import FigureWatcher
from graders.runner.files import FileWatcher
from graders.runner.fitting import Fitting
from graders.runner.namespace import record_namespace
from graders.runner.networks import Networks
from graders.runner.output import BoundedOutput
from graders.runner.serve import serve
from graders.runner.shell import Shell, TimeIsUp
from graders.runner.trusted import TrustedTrainer
from graders.runner.watch import KerasWatcher
from graders.runner.writer import Writer
from graders.sandbox.device import use_device
from graders.sandbox.enter import RUNNER_FAILED
from graders.sandbox.job import Job

# Left in the recording where the runner itself fails, for the TA.
ERROR_FILE = "runner-error.txt"


def run(job: Job, channel: Connection) -> None:
    """Execute the job's cells and leave a recording, whatever they do."""
    try:
        _run(job, channel)
    except BaseException:  # noqa: BLE001 - it ends the process; the TA reads why
        (Path(job.recording) / ERROR_FILE).write_text(traceback.format_exc(), encoding="utf-8")
        os._exit(RUNNER_FAILED)
    # The student's threads, atexit hooks and destructors have no business after this.
    os._exit(0)


def _run(job: Job, channel: Connection) -> None:
    started = time.monotonic()
    writer = Writer(Path(job.recording), job.limits)
    writer.recording.cells = job.cells
    os.chdir(job.scratch)
    sys.path.insert(0, job.scratch)
    sys.argv = [job.name]
    silence_descriptors()  # what C++ libraries write there isn't the student's output
    _prepare_keras(job, writer)
    data = DataWatcher(serve(job.data, writer))
    networks = Networks(writer)
    fitting = Fitting(
        writer,
        data,
        networks,
        lambda event: _tell(channel, event),
        trusted=TrustedTrainer(channel, Path(job.exchange), data, _no_alarm)
        if job.exchange
        else None,
        policy=job.training,
        cap=job.cap,
        own_images=job.own_images,
    )
    watcher = KerasWatcher(fitting)
    figures = FigureWatcher(writer)
    files = FileWatcher(fitting, Path.cwd())
    augment = AugmentWatcher(fitting)
    watcher.install()
    figures.install()
    files.install()
    augment.install()
    shell = Shell(
        BoundedOutput(job.limits.output_characters),
        writer.recording.skipped_commands,
        figures.flush,
        script=_script(job),
    )
    writer.save()
    status: Literal["complete", "timeout"] = "timeout"
    with _alarm(job.limits.seconds), contextlib.suppress(TimeIsUp):
        _run_cells(job.cells, shell, writer, files, channel, started=started)
        status = "complete"
    writer.cell = None
    writer.quietly(files.settle)  # of a cell that was cut off
    writer.quietly(augment.finish)
    # What it can't look at stays unnamed; a student's object may raise anything at a look.
    with contextlib.suppress(BaseException):
        networks.finish(shell.namespace)
    record_namespace(shell.namespace, writer, data)
    writer.recording.status = status
    writer.recording.seconds = time.monotonic() - started
    writer.save()


def _run_cells(
    cells: list[Cell],
    shell: Shell,
    writer: Writer,
    files: FileWatcher,
    channel: Connection,
    *,
    started: float,
) -> None:
    code = [cell for cell in cells if cell.kind == "code" and cell.source.strip()]
    for count, cell in enumerate(code, start=1):
        writer.cell = cell.index
        _tell(channel, {"event": "cell", "cell": count, "of": len(code)})
        began = time.monotonic()
        try:
            outcome = shell.run(cell)
        except TimeIsUp:
            writer.recording.outcomes.append(_cut_off(cell, shell, time.monotonic() - began))
            raise
        if outcome.error_type == TimeIsUp.__name__:
            writer.recording.outcomes.append(_cut_off(cell, shell, outcome.seconds))
            raise TimeIsUp
        writer.recording.outcomes.append(outcome)
        writer.quietly(files.settle)
        writer.recording.seconds = time.monotonic() - started
        writer.save()


def _script(job: Job) -> Path | None:
    """Say where a script would stand: in its working folder.

    No file is put there. Its folder is what students ask `__file__` for, and a script that is
    called random.py would be found by `import random`.
    """
    name = Path(job.name).name
    return Path.cwd() / name if name.lower().endswith(".py") else None


def _cut_off(cell: Cell, shell: Shell, seconds: float) -> CellOutcome:
    return CellOutcome(
        index=cell.index,
        status="error",
        seconds=seconds,
        output=shell.output.text(),
        error_type=TimeIsUp.__name__,
        error_message="The time limit of the assignment was reached inside this cell.",
    )


def _prepare_keras(job: Job, writer: Writer) -> None:
    gpus = use_device(job.device, job.threads)
    stock_layers()
    keras.utils.set_random_seed(job.seed)
    if job.device == "gpu" and not gpus:
        raise RuntimeError("--device gpu was asked for, and TensorFlow sees no GPU here")
    writer.recording.environment = EnvironmentRecord(
        python=platform.python_version(),
        tensorflow=tf.__version__,
        keras=keras.__version__,
        platform=platform.platform(terse=True),
        device="gpu" if gpus else "cpu",
        seed=job.seed,
    )


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise TimeIsUp in the student's code when its time is over; outside, a harder limit waits."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def ring(_: int, __: FrameType | None) -> NoReturn:
        raise TimeIsUp

    signal.signal(signal.SIGALRM, ring)
    # It rings again, for code that swallows the first.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def _no_alarm() -> Iterator[None]:
    """Stop the student's clock while the grading process works."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return
    left, interval = signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        yield
    finally:
        if interval:
            signal.setitimer(signal.ITIMER_REAL, max(left, 0.001), interval)


def _tell(channel: Connection, event: dict[str, Any]) -> None:
    with contextlib.suppress(OSError, ValueError):
        channel.send_bytes(json.dumps(event).encode())
