from __future__ import annotations

import pytest

from graders.runner.output import BoundedOutput


def test_short_output_is_kept_whole():
    output = BoundedOutput(100)
    output.write("a\nb")
    assert output.text() == "a\nb"


def test_of_long_output_both_ends_are_kept_and_the_middle_is_counted():
    output = BoundedOutput(20)
    for line in range(1000):
        output.write(f"{line:04d}")

    text = output.text()

    assert text.startswith("0000")
    assert text.endswith("0999")
    assert "3,980 characters left out" in text


def test_memory_stays_bounded_in_a_flood():
    output = BoundedOutput(1000)
    for _ in range(2000):
        output.write("x" * 10_000)
    assert len(output.text()) < 1100


def test_a_progress_bar_leaves_its_last_state():
    output = BoundedOutput(1000)
    output.write("1/3\r2/3\r3/3 done\nnext")
    assert output.text() == "3/3 done\nnext"


def test_backspaces_and_colours_are_resolved():
    output = BoundedOutput(1000)
    output.write("\x1b[1m10%\x1b[0m\x08\x08\x0820%")
    assert output.text() == "20%"


def test_only_text_is_taken():
    with pytest.raises(TypeError, match="must be str"):
        BoundedOutput(10).write(b"bytes")  # type: ignore[arg-type]
