import pytest

from graders.errors import SubmissionError
from graders.sandbox import Sandbox
from graders.submission import apart, read_cells
from graders.submission.apart import read_cells_apart

pytestmark = pytest.mark.sandbox


def read(sandbox: Sandbox, source: str, name: str = "work.py"):
    return read_cells_apart(sandbox.server, name, source.encode(), {"1a"})


def test_cells_are_the_same_as_read_here(sandbox):
    source = "# 1a\nx = 1\n\n\ndef f():\n\n    return '\\ud800'\n\nf()\n"

    assert read(sandbox, source) == read_cells("work.py", source.encode(), {"1a"})


def test_what_is_wrong_with_a_file_is_said_in_the_same_words(sandbox):
    with pytest.raises(SubmissionError, match=r"work\.ipynb: this is not a notebook file"):
        read(sandbox, "{", "work.ipynb")


def test_a_text_that_crashes_the_compiler_costs_itself_alone(sandbox):
    crash = "[x " + "for x in y " * 200_000 + "]"

    with pytest.raises(SubmissionError, match="nested too deeply, or far too long"):
        read(sandbox, crash)
    assert len(read(sandbox, "x = 1")) == 1


def test_a_text_that_keeps_the_reader_busy_is_given_up(sandbox, monkeypatch):
    monkeypatch.setattr(apart, "_SECONDS", 1.0)

    with pytest.raises(SubmissionError, match="far too long"):
        read(sandbox, "if a:\n pass\n" + "elif a:\n pass\n" * 300_000)


def test_an_expression_that_is_too_deep_leaves_the_rest_readable(sandbox):
    cells = read(sandbox, "x = 1\n\ny = a" + ".b" * 5_000 + "\n\nz = 2")

    assert [cell.source for cell in cells if len(cell.source) < 100] == ["x = 1", "z = 2"]
