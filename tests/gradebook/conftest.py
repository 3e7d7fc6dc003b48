from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.gradebook import Gradebook


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Gradebook]:
    """A gradebook with one student, Ana."""
    with Gradebook.open(tmp_path / "out") as opened:
        opened.enrol("name:ana", "Ana", ids={})
        yield opened
