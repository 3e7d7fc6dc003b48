"""Shared by all tests: small data, and a sandbox whose TensorFlow is imported once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from graders.ran import Ended
from graders.recording import RecordingFolder
from graders.recording.schema import Limits
from graders.sandbox import ForkServer, Job, Sandbox, ServedFile
from graders.submission import read_cells

Run = Callable[..., tuple[RecordingFolder, Ended]]


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
def sandbox() -> Sandbox:
    return Sandbox(ForkServer("cpu"))


@pytest.fixture
def run_code(sandbox: Sandbox, small_data: Path, tmp_path: Path) -> Run:
    """Run source code as a submission and return its recording and how the run ended."""

    def run(
        source: str, name: str = "work.py", seconds: float = 120.0, **limits: int
    ) -> tuple[RecordingFolder, Ended]:
        recording, scratch = tmp_path / "recording", tmp_path / "scratch"
        recording.mkdir()
        scratch.mkdir()
        job = Job(
            name=name,
            cells=read_cells(name, source.encode(), {"1a", "1f"}),
            recording=str(recording),
            scratch=str(scratch),
            data=[
                ServedFile(
                    name="fashion_mnist",
                    path=str(small_data / "fashion_mnist.npz"),
                    source="test data",
                    fingerprint="test",
                )
            ],
            limits=Limits(seconds=seconds, **limits),
            seed=7,
            threads=1,
        )
        ended = sandbox.run(job)
        return RecordingFolder.open(recording), ended

    return run
