"""Data and a checker for recordings that are graded to the end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reference.datasets import DataSet
from tests.checks.test_fashion_cnn import LABELS

from .hostile import Bench


@pytest.fixture(scope="package")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    path: Path = tmp_path_factory.mktemp("data") / "fashion_mnist.npz"
    np.savez(
        path,
        x_train=np.zeros((60_000, 1), np.uint8),
        y_train=(np.arange(60_000) % 10).astype(np.uint8),
        x_test=np.zeros((10_000, 1), np.uint8),
        y_test=LABELS.astype(np.uint8),
    )
    return Bench(DataSet("fashion_mnist", "made up", path, "made-up"))
