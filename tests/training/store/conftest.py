"""A store in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.training.store import Store


@pytest.fixture
def damages() -> list[str]:
    return []


@pytest.fixture
def store(tmp_path: Path, damages: list[str]) -> Store:
    return Store(tmp_path / "store", on_damage=damages.append)
