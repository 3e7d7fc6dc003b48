"""Checks of part 2: convolutions by hand."""

from __future__ import annotations

import pytest

from graders.checks import assert_matrix, exercise
from graders.expectations import Expectations
from graders.recording import RecordingFolder

NAMES = ("KxIA", "KyIA", "KxIB", "KyIB")


@exercise("2a", points=1)
@pytest.mark.parametrize("name", NAMES)
def test_convolution(name: str, recording: RecordingFolder, expected: Expectations) -> None:
    """The convolution is right: kernel turned, border repeated."""
    assert_matrix(
        recording,
        name,
        expected[name],
        others={other: expected[other] for other in NAMES if other != name},
        hint="Turn the kernel by 180 degrees, repeat the border, and add up the nine products.",
    )
