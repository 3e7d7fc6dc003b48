"""Shared by all tests: small data, and a sandbox whose TensorFlow is imported once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

from graders.ran import Ended
from graders.recording import RecordingFolder
from graders.recording.reader import trusted_folder
from graders.recording.schema import Limits
from graders.sandbox import Bounds, ForkServer, Job, Sandbox, ServedFile, find_isolation
from graders.sandbox.talk import Answerer
from graders.sandbox.view import view_for
from graders.submission import read_cells
from graders.training.limits import Limits as TrainingLimits
from graders.training.session import Session
from graders.training.store import Store
from graders.training.trainer import Trainer, setting_for
from tests.builders.parts import OnceTrainer, Part, Piece

pytest_plugins = ["tests.tiers"]

Run = Callable[..., tuple[RecordingFolder, Ended]]


@pytest.fixture(scope="session", autouse=True)
def own_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep trainings of tests apart from the user's, which would make a test pass untested.

    All workers of pytest-xdist share one store, as graders of a class may.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TENSORMARK_STORE", str(folder / "store"))
        yield folder / "store"


@pytest.fixture(scope="session")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a fashion_mnist.npz of 2,000 and 500 drawn garments."""
    from reference.datasets import garments

    folder = tmp_path_factory.mktemp("data")
    (x_train, y_train), (x_test, y_test) = garments.draw(train=2000, test=500)
    np.savez(
        folder / "fashion_mnist.npz",
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
    )
    return folder


@pytest.fixture(scope="session")
def sandbox(small_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    bounds = Bounds(memory=4 * 10**9, disk=10**9, processes=300, cpu_seconds=300)
    view = view_for("cpu", [small_data / "fashion_mnist.npz"])
    isolation = find_isolation(view, bounds, tmp_path_factory.mktemp("root") / "root", "auto")
    return Sandbox(ForkServer("cpu"), isolation, bounds)


@pytest.fixture(scope="session")
def served(small_data: Path) -> list[ServedFile]:
    return [
        ServedFile(
            name="fashion_mnist",
            path=str(small_data / "fashion_mnist.npz"),
            source="test data",
            fingerprint="test",
        )
    ]


@pytest.fixture
def run_code(sandbox: Sandbox, served: list[ServedFile], tmp_path: Path) -> Run:
    """Run source code as a submission that trains by itself; return its recording and its end."""

    def run(
        source: str, name: str = "work.py", seconds: float = 120.0, **limits: int
    ) -> tuple[RecordingFolder, Ended]:
        job = job_for(source, name, served, Limits(seconds=seconds, **limits))
        ended = sandbox.run(job, tmp_path / "recording")
        return RecordingFolder.open(tmp_path / "recording"), ended

    return run


@dataclass
class Trusting:
    """Runs code whose trainings are carried out by a trainer."""

    sandbox: Sandbox
    trainer: Trainer
    folder: Path
    runs: int = 0
    brought: dict[str, bytes] = field(default_factory=dict)  # what lies beside the work

    def run(self, source: str, seconds: float = 120.0, **changes: Any) -> RecordingFolder:
        """Run source code as a submission, and return its recording with what was trained."""
        self.runs += 1
        recording = self.folder / str(self.runs) / "recording"
        job = job_for(source, "work.py", self.trainer.data, Limits(seconds=seconds))

        def answers(exchange: Path) -> Answerer:
            return Session(self.trainer, exchange, trusted_folder(recording))

        self.ended = self.sandbox.run(
            job.model_copy(update=changes), recording, answers, brought=self.brought
        )
        return RecordingFolder.open(recording)


@pytest.fixture
def trusting(
    sandbox: Sandbox, served: list[ServedFile], own_store: Path, tmp_path: Path
) -> Trusting:
    """Carries trainings out that no test of this run has asked for before."""
    return Trusting(sandbox, trainer_with(Store(own_store), sandbox, served), tmp_path)


@pytest.fixture
def training_anew(trusting: Trusting) -> Trusting:
    """Carries every training out: its store is empty."""
    trusting.trainer.store = Store(trusting.folder / "store")
    return trusting


@pytest.fixture
def training_once(trusting: Trusting) -> Trusting:
    """Carries a training out once where a submission repeats it."""
    trusting.trainer = trainer_with(
        trusting.trainer.store, trusting.sandbox, trusting.trainer.data, OnceTrainer
    )
    return trusting


@pytest.fixture(scope="session")
def part_of(sandbox: Sandbox, served: list[ServedFile], own_store: Path) -> Callable[[Piece], Part]:
    """Tell what a piece has left; those that belong together run as one submission.

    It runs once for all workers of pytest-xdist.
    """

    def look(piece: Piece) -> Part:
        source = piece.parts.source
        name = hashlib.sha256(source.encode()).hexdigest()
        folder = own_store.with_name("parts") / name
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not (folder / "done").exists():
                trainer = trainer_with(Store(own_store), sandbox, served, OnceTrainer)
                Trusting(sandbox, trainer, folder).run(source)
                (folder / "done").touch()
        return piece.left_in(RecordingFolder.open(folder / "1" / "recording"))

    return look


def trainer_with(
    store: Store, sandbox: Sandbox, served: list[ServedFile], kind: type[Trainer] = Trainer
) -> Trainer:
    return kind(
        server=sandbox.server,
        store=store,
        setting=setting_for("cpu", None, served),
        limits=TrainingLimits(),
        data=served,
    )


def job_for(source: str, name: str, data: list[ServedFile], limits: Limits) -> Job:
    return Job(
        name=name,
        cells=read_cells(name, source.encode(), {"1a", "1f"}),
        data=data,
        limits=limits,
        seed=7,
        threads=1,
    )
