"""Small matrices as pictures: what the templates need to draw them as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from graders.report.text import figure
from graders.result import GridEvidence

# Larger matrices are drawn without numbers.
_MOST_NUMBERED = 8
_NUMBERED_CELL = 34.0
_PICTURE_WIDTH = 224.0
# Rounding in the last digits of a float32 is no difference.
_RELATIVE, _ABSOLUTE = 1e-4, 1e-6

_Rows = list[list[float | None]]


@dataclass(frozen=True)
class Square:
    """One entry: place, colour (sign and strength), number."""

    x: float
    y: float
    sign: Literal["positive", "negative", "zero", "missing"]
    strength: float  # 0..1, share of the largest expected entry
    text: str
    font: float
    differs: bool


@dataclass(frozen=True)
class Picture:
    """A matrix, ready to be drawn."""

    caption: str
    width: float
    height: float
    cell: float
    numbered: bool
    squares: list[Square]
    description: str

    @property
    def differing(self) -> int:
        """How many entries differ from the expected ones."""
        return sum(square.differs for square in self.squares)


def pictures(evidence: GridEvidence) -> list[Picture]:
    """Draw the expected matrix, and beside it what was found, if that is a matrix."""
    expected: _Rows = [list(row) for row in evidence.expected]
    scale = _largest(expected) or _largest(evidence.found or []) or 1.0
    drawn = [_picture("expected", expected, expected, scale)]
    if evidence.found is not None:
        drawn.append(_picture("found", evidence.found, expected, scale))
    return drawn


def as_text(rows: Sequence[Sequence[float | None]]) -> str:
    """Write a matrix as lines of right-aligned numbers."""
    written = [[figure(value) for value in row] for row in rows]
    width = max((len(text) for row in written for text in row), default=0)
    return "\n".join("  ".join(text.rjust(width) for text in row) for row in written)


def differs(found: float | None, expected: float | None) -> bool:
    """Compare two entries up to rounding."""
    if found is None or expected is None:
        return found is not expected
    return not math.isclose(found, expected, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)


def _picture(caption: str, rows: _Rows, expected: _Rows, scale: float) -> Picture:
    columns = max((len(row) for row in rows), default=0)
    numbered = columns <= _MOST_NUMBERED
    cell = _NUMBERED_CELL if numbered else _PICTURE_WIDTH / columns
    squares = [
        _square(value, _entry(expected, i, j), cell, (i, j), scale)
        for i, row in enumerate(rows)
        for j, value in enumerate(row)
    ]
    return Picture(
        caption=caption,
        width=columns * cell,
        height=len(rows) * cell,
        cell=cell,
        numbered=numbered,
        squares=squares,
        description=f"{caption}, {len(rows)} rows. " + _in_words(rows),
    )


def _square(
    value: float | None, expected: float | None, cell: float, place: tuple[int, int], scale: float
) -> Square:
    text = "·" if value is None else figure(value).replace("-", "\N{MINUS SIGN}")
    finite = value if value is not None and math.isfinite(value) else None
    return Square(
        x=place[1] * cell,
        y=place[0] * cell,
        sign=_sign(finite),
        strength=round(min(1.0, abs(finite or 0.0) / scale), 3),
        text=text,
        font=round(min(12.0, 48.0 / len(text)), 1),
        differs=differs(value, expected),
    )


def _sign(value: float | None) -> Literal["positive", "negative", "zero", "missing"]:
    if value is None:
        return "missing"
    if value == 0:
        return "zero"
    return "positive" if value > 0 else "negative"


def _entry(rows: _Rows, i: int, j: int) -> float | None:
    return rows[i][j] if i < len(rows) and j < len(rows[i]) else None


def _largest(rows: _Rows) -> float:
    return max(
        (abs(v) for row in rows for v in row if v is not None and math.isfinite(v)), default=0
    )


def _in_words(rows: _Rows) -> str:
    spoken = (" ".join(figure(value) for value in row) for row in rows)
    return "; ".join(f"row {i}: {row}" for i, row in enumerate(spoken, start=1))
