from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.errors import ExportError
from graders.exports.sheet import Sheet

CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n\x00\ufeff"), min_size=1, max_size=8
)


def table(rows: list[list[str]], delimiter: str, end: str, quoting: int) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)
    return text.getvalue()


@given(
    rows=st.integers(2, 4).flatmap(
        lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1)
    ),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_is_not_filled_stays_byte_for_byte(rows, end, encoding):
    content = table(rows, ",", end, csv.QUOTE_ALL).encode(encoding)
    assert Sheet(content, "x.csv").render() == content


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1))
def test_cells_are_read_as_python_reads_them(rows):
    sheet = Sheet(table(rows, ",", "\n", csv.QUOTE_ALL).encode(), "x.csv")
    assert [[sheet.value(row, c) for c in range(3)] for row in range(len(rows))] == rows


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_told_from_the_first_line(delimiter):
    sheet = Sheet(table([["a", "b,c;d", "e"]], delimiter, "\n", csv.QUOTE_ALL).encode(), "x.csv")
    assert sheet.header == ["a", "b,c;d", "e"]


@given(CELLS | st.just('a"b,c\nd'))
def test_a_cell_that_is_filled_is_read_back_and_the_others_stay(text):
    sheet = Sheet(b'Name,"Score",Note\r\n"Rossi, Maria",,"x ""y"""\r\n', "x.csv")
    sheet.put(1, 1, text)
    rows = list(csv.reader(io.StringIO(sheet.render().decode(), newline="")))
    assert rows == [["Name", "Score", "Note"], ["Rossi, Maria", text, 'x "y"']]


def test_a_short_row_is_lengthened():
    sheet = Sheet(b"a,b,c\n1\n", "x.csv")
    sheet.put(1, 2, "9")
    assert sheet.render() == b"a,b,c\n1,,9\n"


def test_a_file_from_an_old_excel_stays_in_its_encoding():
    content = "Name;Punkte\nJosé Müller;\n".encode("cp1252")
    sheet = Sheet(content, "x.csv")
    sheet.put(1, 1, "4.5")
    assert sheet.render() == content.replace(b";\n", b";4.5\n")


def test_a_quote_that_is_never_closed_is_named_with_its_line():
    with pytest.raises(ExportError, match="a quote in line 2 is never closed"):
        Sheet(b'a,b\n"c,d\n', "x.csv")


@pytest.mark.parametrize("content", [b"", b"  \n", b"one column\n", b"\xff\xfe"])
def test_what_is_no_table_is_refused(tmp_path, content):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(ExportError, match=r"x\.csv"):
        Sheet.read(path)


def test_a_folder_is_no_table(tmp_path):
    with pytest.raises(ExportError, match="there is no such file"):
        Sheet.read(tmp_path)


def test_a_million_quotes_are_read_in_one_pass():
    sheet = Sheet(b"a,b\n" + b'"' * 1_000_000 + b",1\n", "x.csv")
    assert sheet.value(1, 1) == "1"
