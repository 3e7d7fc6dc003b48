"""A table that a platform has exported: some cells are filled, the rest stays byte for byte."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from graders.errors import ExportError

_LIMIT_BYTES = 100_000_000
_DELIMITERS = (",", ";", "\t")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What Excel in Western Europe saves; Latin-1 takes every byte that it leaves undefined.
_ENCODINGS = ("utf-8", "cp1252", "latin-1")


class Sheet:
    """Rows and cells of a comma, semicolon or tab separated file, each kept as it was written."""

    def __init__(self, content: bytes, name: str) -> None:
        self._bom, self._encoding, text = _decoded(content)
        self.delimiter = max(_DELIMITERS, key=lambda one: _columns(text, one, name))
        self._cells: list[list[str]] = []
        self._ends: list[str] = []
        for cells, end in _rows(text, self.delimiter, name):
            self._cells.append(cells)
            self._ends.append(end)
        if not self._cells or len(self._cells[0]) < 2:
            raise ExportError.not_a_table(name, "its first line holds no columns")

    @classmethod
    def read(cls, path: Path) -> Sheet:
        """Read a table.

        Raises:
            ExportError: there is no such file, it is too large, or it is no table.

        """
        try:
            if not path.is_file():
                raise ExportError.cannot_read(path, "there is no such file")
            if path.stat().st_size > _LIMIT_BYTES:
                raise ExportError.cannot_read(path, "it has more than 100 MB")
            content = path.read_bytes()
        except OSError as error:
            raise ExportError.cannot_read(path, error.strerror or str(error)) from error
        if not content.strip():
            raise ExportError.cannot_read(path, "it is empty")
        return cls(content, path.name)

    @property
    def header(self) -> list[str]:
        """The cells of the first row."""
        return [_unquoted(raw) for raw in self._cells[0]]

    @property
    def rows(self) -> range:
        """The numbers of all other rows that hold anything."""
        return range(1, len(self._cells))

    def value(self, row: int, column: int | None) -> str:
        """Read a cell; empty where the row is shorter, or there is no such column."""
        cells = self._cells[row]
        return "" if column is None or column >= len(cells) else _unquoted(cells[column])

    def put(self, row: int, column: int, text: str) -> None:
        """Fill a cell."""
        cells = self._cells[row]
        cells.extend([""] * (column + 1 - len(cells)))
        special = (self.delimiter, '"', "\n", "\r")
        quoted = any(sign in text for sign in special) or text != text.strip()
        cells[column] = '"' + text.replace('"', '""') + '"' if quoted else text

    def render(self) -> bytes:
        """Write the table in the encoding in which it was read."""
        lines = (
            self.delimiter.join(cells) + end
            for cells, end in zip(self._cells, self._ends, strict=True)
        )
        return self._bom + "".join(lines).encode(self._encoding, "replace")


def _decoded(content: bytes) -> tuple[bytes, str, str]:
    """Return the byte order mark, the encoding and the text."""
    for bom, encoding in _BOMS:
        if content.startswith(bom):
            return bom, encoding, content[len(bom) :].decode(encoding, "replace")
    for encoding in _ENCODINGS:
        try:
            return b"", encoding, content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise AssertionError("Latin-1 decodes everything")


def _columns(text: str, delimiter: str, name: str) -> int:
    """Count the columns of the first row, if this is what stands between them."""
    try:
        return len(next(_rows(text, delimiter, name), ([], ""))[0])
    except ExportError:
        return 0


def _rows(text: str, delimiter: str, name: str) -> Iterator[tuple[list[str], str]]:
    """Split a text into rows of raw cells, quotes kept, and the line end of each."""
    position, cells = 0, list[str]()
    while position < len(text):
        stop = _cell_end(text, position, delimiter, name)
        cells.append(text[position:stop])
        if text[stop : stop + 1] == delimiter:
            position = stop + 1
            if position < len(text):
                continue
            cells.append("")
            stop = position
        end = "\r\n" if text.startswith("\r\n", stop) else text[stop : stop + 1]
        yield cells, end
        position, cells = stop + len(end), []


def _cell_end(text: str, start: int, delimiter: str, name: str) -> int:
    """Find where a cell ends: at a delimiter, a line end, or the end of the text."""
    position = start
    if text.startswith('"', start):
        position = start + 1
        while True:
            position = text.find('"', position)
            if position < 0:
                line = text.count("\n", 0, start) + 1
                raise ExportError.not_a_table(name, f"a quote in line {line:,} is never closed")
            if not text.startswith('""', position):
                position += 1
                break
            position += 2
    while position < len(text) and text[position] not in {delimiter, "\n", "\r"}:
        position += 1
    return position


def _unquoted(raw: str) -> str:
    if not raw.startswith('"'):
        return raw
    closed = raw.rindex('"')
    return raw[1:closed].replace('""', '"') + raw[closed + 1 :]
