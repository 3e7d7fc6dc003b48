"""Data and a checker for recordings that are graded to the end."""

from __future__ import annotations

import pytest

from tests.builders.fashion_cnn import LABELS, labelled
from tests.builders.hostile import Bench


@pytest.fixture(scope="package")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(labelled(tmp_path_factory.mktemp("data"), LABELS))
