"""The trusted trainer: answers a request from the store, or has it trained, once for a class."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import BoundedSemaphore, Event, RLock
from typing import Any, Literal

import psutil
from pydantic import ValidationError

from graders.errors import RunError, StoreError, TrainingError
from graders.sandbox.job import ServedFile
from graders.sandbox.server import ForkServer, StoppedError
from graders.training.entry import Finding, Finished
from graders.training.limits import Limits
from graders.training.measuring import Measuring
from graders.training.process import Spec, enter
from graders.training.request import Cap, Request, Setting, fingerprint, seed_of
from graders.training.stock import Refused
from graders.training.store import Store
from graders.training.test_sets import TestSet

# Results of a network within the limits, its optimizer's slots included.
_RESULT_BYTES = 2_000_000_000
_LOOK_SECONDS = 0.25

Progress = Callable[[dict[str, Any]], None]


@dataclass
class Trainer:
    """Carries out requests, each distinct one once. One of these serves a whole class."""

    server: ForkServer
    store: Store
    setting: Setting
    limits: Limits
    data: list[ServedFile]
    # What networks are measured on beside the data sets' own test sets, and where it is kept.
    test_sets: list[TestSet] = field(default_factory=list)
    cache: Path | None = None
    side_by_side: int = field(default_factory=lambda: os.cpu_count() or 1)
    # What the TA should know: said once, at the end.
    warnings: list[str] = field(default_factory=list)
    _slots: BoundedSemaphore = field(init=False, repr=False)
    _stopped: Event = field(default_factory=Event, repr=False)
    _lock: RLock = field(default_factory=RLock, repr=False)

    def __post_init__(self) -> None:
        # Trainings are single-threaded on a CPU; a GPU takes one after the other.
        side_by_side = 1 if self.setting.device != "cpu" else self.side_by_side
        self._slots = BoundedSemaphore(max(side_by_side, 1))

    def name(self, request: Request, repetition: int = 0, draw: int = 0) -> str:
        """Return a request's fingerprint, for the first or a later time in a submission."""
        return fingerprint(request, self.setting, repetition, draw)

    def find(self, name: str) -> Finished | None:
        """Look a training up; None where it has to be done."""
        files = self.store.get(name)
        if files is None:
            return None
        try:
            return Finished.from_files(files)
        except (KeyError, ValueError, ValidationError):
            # An entry of another version of tensormark.
            return None

    def train(
        self,
        name: str,
        request: Request,
        folder: Path,
        operations: float,
        progress: Progress,
    ) -> tuple[Finished, bool]:
        """Train what is asked for, unless somebody else does so meanwhile.

        Args:
            name: the request's fingerprint.
            request: what to train.
            folder: where the student's side has put the arrays.
            operations: multiplications of the submission's trainings before.
            progress: told of each epoch.

        Returns:
            The training, and whether another submission had it trained while this one waited.

        Raises:
            Refused: the request can't be carried out as it is.
            TrainingError: it is over the assignment's limits.
            RunError: the trainer failed.
            StoppedError: the class was ended.

        """
        with self.store.lock(name, waiting=self._go_on):
            found = self.find(name)
            if found is not None:
                return found, True
            spec = self._spec(request, folder, operations)
            spec.fingerprint, spec.seed = name, seed_of(name)
            files = self._run(spec, progress)
            self._keep(name, files)
            return Finished.from_files(files), False

    def measure(self, asked: Measuring, folder: Path, operations: float) -> Finding:
        """Let a network that was trained elsewhere classify the test set.

        Nobody else will ask for the same: it isn't stored.

        Args:
            asked: the network, and the form of its inputs.
            folder: where the student's side has put its weights.
            operations: multiplications of the submission before.

        Raises:
            Refused: the request can't be carried out as it is.
            TrainingError: it is over the assignment's limits.
            RunError: the process failed.
            StoppedError: the class was ended.

        """
        return Finding.from_files(self._run(self._spec(asked, folder, operations), lambda _: None))

    def stop(self) -> None:
        """Give up what is waited for; the server ends the processes."""
        self._stopped.set()

    def warn(self, sentence: str) -> None:
        """Note what the TA should know, once."""
        with self._lock:
            if sentence not in self.warnings:
                self.warnings.append(sentence)

    def _go_on(self) -> None:
        if self._stopped.is_set():
            raise StoppedError

    def _spec(self, request: Request | Measuring, folder: Path, operations: float) -> Spec:
        return Spec(
            request=request,
            setting=self.setting,
            folder=str(folder),
            data=self.data,
            test_sets=self.test_sets,
            cache=str(self.cache or ""),
            limits=self.limits,
            operations=operations,
        )

    def _run(self, spec: Spec, progress: Progress) -> dict[str, bytes]:
        """Have a process of its own carry it out, as soon as there is room for one."""
        while not self._slots.acquire(timeout=_LOOK_SECONDS):
            self._go_on()
        try:
            return self._run_now(spec, progress)
        finally:
            self._slots.release()

    def _run_now(self, spec: Spec, progress: Progress) -> dict[str, bytes]:
        self._go_on()
        process, channel = self.server.start(enter, spec.model_dump_json(), duplex=False)
        try:
            return self._follow(process, channel, progress)
        except (EOFError, OSError) as error:
            process.join(5)
            self._go_on()
            raise RunError.trainer_died(f"exit status {process.exitcode}") from error
        finally:
            self.server.end(process)
            channel.close()

    def _follow(
        self, process: BaseProcess, channel: Connection, progress: Progress
    ) -> dict[str, bytes]:
        """Read a trainer's messages until it is done; end it where it goes over its limits."""
        deadline = time.monotonic() + self.limits.seconds
        while True:
            while not channel.poll(_LOOK_SECONDS):
                self._go_on()
                if time.monotonic() > deadline:
                    raise TrainingError.too_slow(self.limits.seconds)
                if _memory(process) > self.limits.gigabytes * 1e9:
                    raise TrainingError.too_much_memory(self.limits.gigabytes)
            event = json.loads(channel.recv_bytes())
            match event["event"]:
                case "done":
                    return {key: channel.recv_bytes(_RESULT_BYTES) for key in event["files"]}
                case "over":
                    raise TrainingError(event["why"])
                case "refused":
                    raise Refused(event["why"])
                case "memory":
                    raise TrainingError.too_much_memory(self.limits.gigabytes)
                case "failed":
                    raise RunError.trainer_died(event["why"])
                case _:
                    progress(event)

    def _keep(self, name: str, files: dict[str, bytes]) -> None:
        try:
            self.store.put(name, files)
        except StoreError as error:
            # The class goes on: this training counts, and is done again where it is wanted again.
            self.warn(str(error))


def setting_for(
    device: str,
    cap: Cap | None,
    data: Sequence[ServedFile],
    test_sets: Sequence[TestSet] = (),
) -> Setting:
    """Describe under which circumstances trainings take place here."""
    measured_on = [file.fingerprint for file in data]
    measured_on += [
        one.fingerprint(file.fingerprint)
        for one in test_sets
        for file in data
        if file.name == one.data_set
    ]
    return Setting(
        versions={name: metadata.version(name) for name in ("keras", "tensorflow")},
        backend="tensorflow",
        device=device,
        cap=cap,
        data=measured_on,
    )


def device_of(wanted: Literal["auto", "cpu", "gpu"]) -> Literal["cpu", "gpu"]:
    """Tell whether trainings run on a GPU, without importing TensorFlow."""
    if wanted != "auto":
        return wanted
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in {"", "-1"}
    return "gpu" if any(Path("/dev").glob("nvidia[0-9]*")) and not hidden and _cuda() else "cpu"


def _cuda() -> bool:
    """Whether TensorFlow's CUDA libraries are installed; without them it trains on the CPU."""
    try:
        metadata.version("nvidia-cudnn-cu12")
    except metadata.PackageNotFoundError:
        return False
    return True


def _memory(process: BaseProcess) -> int:
    with contextlib.suppress(psutil.Error):
        return int(psutil.Process(process.pid).memory_info().rss)
    return 0
