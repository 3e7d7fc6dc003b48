"""Any text at all is cut into tokens, in one pass."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.similar.lexer import lines, pieces

# What code is made of, so that strings, brackets and comments meet in every way.
FRAGMENTS = st.lists(
    st.sampled_from(['"', "'", '"""', "'''", "\\", "\n", "#", "(", ")", "f", "rb", "1", ".", "e+"])
    | st.text(max_size=3)
).map("".join)

HOSTILE = """
from graders.recording.schema import Cell
from graders.similar import fingerprint
from graders.similar.lexer import pieces

many = 200_000
texts = ['"' * many, "'" * many, '\"\"\"' + '""a' * many, '"' + chr(92) * many, "(" * many]
texts += ["a." * many, "import " + "a, " * many, "from a import " + "b as c, " * many]
texts += ["1_" * many, "1e" * many, "=!" * many, "rb" * many, "#" * many, " " * many + "%%"]
texts += ["print(" * many, "x" * many, chr(0) * many, chr(0x1F600) * many, "a b" + chr(10) * many]
for text in texts:
    assert sum(1 for _ in pieces(text)) <= len(text)
    fingerprint([Cell(index=0, kind="code", source=text)])
"""


def words(source: str) -> list[list[str]]:
    return [[token.text for token in line] for line in lines(source)]


@given(FRAGMENTS)
def test_every_character_is_read_once_and_none_is_lost(text: str) -> None:
    found = list(pieces(text))

    assert "".join(token.text for token in found) == text
    assert all(token.text for token in found)


def test_hostile_texts_are_read_in_time() -> None:
    subprocess.run([sys.executable, "-c", HOSTILE], check=True, timeout=600)


@pytest.mark.parametrize("size", [1_000, 10_000, 100_000])
def test_a_text_without_end_is_one_token_however_long_it_is(size: int) -> None:
    assert len(list(pieces('"""' + '""a' * size))) == 1


def test_comments_blanks_magics_and_shell_lines_are_left_out() -> None:
    source = "%matplotlib inline\n!pip install x\n\nfiles = !ls -l\ny = 1  # one\n"

    assert words(source) == [["files", "="], ["y", "=", "1"]]


@pytest.mark.parametrize("magic", ["bash", "html", "writefile a.py", "!"])
def test_a_cell_in_another_language_is_left_out(magic: str) -> None:
    assert lines(f"%%{magic}\nx = 1") == []


def test_a_timed_cell_is_read() -> None:
    assert words("%%time\nx = 1") == [["x", "=", "1"]]


def test_a_line_goes_on_in_brackets_and_behind_a_backslash() -> None:
    assert words("f(1,\n  2)\nx = \\\n  3") == [["f", "(", "1", ",", "2", ")"], ["x", "=", "3"]]


def test_a_semicolon_ends_a_line_unless_it_is_for_the_shell() -> None:
    assert words("x = 1; y = 2;\n!a; b\nz") == [["x", "=", "1"], ["y", "=", "2"], ["z"]]


def test_a_remainder_is_no_magic() -> None:
    assert words("a = (b\n% c)\nd %= 2")[0] == ["a", "=", "(", "b", "%", "c", ")"]
