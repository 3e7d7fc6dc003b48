"""Read a table from whatever a platform or a spreadsheet calls CSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from graders.errors import RosterError
from graders.submission.choose import shown

LIMIT_MB = 20.0
_MOST_LINES = 50_000
_SEPARATORS = (",", ";", "\t")
_LINE_END = re.compile(r"\r\n|\r|\n")
# Excel's own first line, which names the separator.
_SEPARATOR_LINE = re.compile(r"\s*\"?sep=.\"?\s*", re.IGNORECASE)
# Titles may stand above the columns' names.
_HEADER_WITHIN = 10
# Comments of several lines are quoted; more lines than these are a quotation mark left open.
_LINES_OF_ROW = 100


@dataclass(frozen=True)
class Line:
    """One line of a table."""

    number: int  # in the file, from 1
    cells: list[str]


@dataclass(frozen=True)
class Table:
    """The names of the columns, and the lines beneath them."""

    header: list[str]
    lines: list[Line]  # each with a cell for each column; blank lines are left out
    notes: list[str]  # which lines could not be used, and why, in sentences


def read_table(path: Path, is_known: Callable[[str], bool]) -> Table:
    """Read a table, in UTF-8, UTF-16 or Latin-1, separated by commas, semicolons or tabs.

    Args:
        path: the file.
        is_known: tells whether a cell is a column's name, by which the line that names the
            columns, and the separator, are found.

    Raises:
        RosterError: there is no such file, it is too large, or no line names known columns.

    """
    name = shown(path.name)
    text = _decoded(_read(path, name))
    lines = _LINE_END.split(text.replace("\0", ""))
    found = _header(lines, is_known)
    if found is None:
        raise RosterError.no_columns(name)
    start, separator = found
    header = _cells(lines[start], separator)
    rows = list(_rows(name, lines, start + 1, separator, len(header)))
    usable = [row for row in rows if isinstance(row, Line)]
    return Table(header, usable, [str(row) for row in rows if isinstance(row, RosterError)])


def _read(path: Path, name: str) -> bytes:
    try:
        if not path.is_file():
            why = "there is no such file" if not path.exists() else "it is no file"
            raise RosterError.unreadable(name, why)
        with path.open("rb") as file:
            content = file.read(int(LIMIT_MB * 1e6) + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise RosterError.unreadable(name, why) from error
    if len(content) > LIMIT_MB * 1e6:
        raise RosterError.too_large(name, LIMIT_MB)
    return content


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    even, odd = content[:1000:2], content[1:1000:2]
    for low, high, encoding in ((even, odd, "utf-16-le"), (odd, even, "utf-16-be")):
        # In UTF-16 of names every other byte is mostly zero, and those between are not.
        if high.count(0) > len(high) // 2 and not low.count(0):
            return content.decode(encoding, "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _header(lines: Sequence[str], is_known: Callable[[str], bool]) -> tuple[int, str] | None:
    """Find the line that names the columns, and the separator that reads most names in it."""
    for i, line in enumerate(lines[:_HEADER_WITHIN]):
        if _SEPARATOR_LINE.fullmatch(line[:20]):
            continue
        known = {s: sum(map(is_known, _cells(line, s))) for s in _SEPARATORS}
        best = max(_SEPARATORS, key=lambda s: known[s])
        if known[best]:
            return i, best
    return None


def _rows(
    name: str, lines: Sequence[str], start: int, separator: str, columns: int
) -> Iterator[Line | RosterError]:
    """Yield the lines that can be used, and of the others why they can't."""
    i = start
    while i < len(lines):
        if i > _MOST_LINES:
            yield RosterError.too_many(name, _MOST_LINES)
            return
        number, (cells, used) = i + 1, _row(lines, i, separator, columns)
        i += used
        if cells is None:
            yield RosterError.open_quote(name, number)
            continue
        while len(cells) > columns and not cells[-1].strip():
            cells.pop()
        if len(cells) > columns:
            yield RosterError.too_many_cells(name, number, len(cells), columns)
        elif any(cell.strip() for cell in cells):
            yield Line(number, cells + [""] * (columns - len(cells)))


def _row(
    lines: Sequence[str], i: int, separator: str, columns: int
) -> tuple[list[str] | None, int]:
    """Read the row that begins in line i: its cells, None where it can't be, and its lines."""
    if '"' not in lines[i]:
        return lines[i].split(separator), 1
    window = [f"{line}\n" for line in lines[i : i + _LINES_OF_ROW]]
    reader = csv.reader(window, delimiter=separator, strict=True)
    with suppress(csv.Error):
        cells = next(reader)
        if reader.line_num == 1 or len(cells) == columns:
            return cells, reader.line_num
    # A stray quotation mark: it must not take the lines below with it.
    try:
        return next(csv.reader([lines[i]], delimiter=separator, strict=True)), 1
    except csv.Error:
        return None, 1


def _cells(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []
