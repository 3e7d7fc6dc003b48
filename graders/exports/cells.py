"""What stands in one cell of a table: numbers, and text that no spreadsheet takes for a formula."""

from __future__ import annotations

import math
import re

from graders.report.text import clean

# A spreadsheet takes a cell that begins so for a formula; the wide forms are typed in East Asia.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # noqa: RUF001 - as they are typed
# More than that, and Excel cuts the cell or refuses the file.
_CELL_CHARACTERS = 32_000
# Ids as platforms make them: nothing in them can call a function or a program.
_IDENTIFIER = re.compile(r"[\w.@+-]+", re.ASCII)


def cell(text: str) -> str:
    """Put a text on one line, cleaned, and defused if a spreadsheet would take it for a formula."""
    text = " ".join(clean(text).split())[:_CELL_CHARACTERS]
    return f"'{text}" if text.startswith(_FORMULA) else text


def identifier(text: str) -> str:
    """Write an id as it is, so that the platform finds it again; defused unless it is harmless.

    Letters, digits and the signs of addresses (`.@+-_`) can't make a formula that does anything.
    """
    return text if _IDENTIFIER.fullmatch(text) else cell(text)


def decimal(value: float) -> str:
    """Write points with a point, at most two decimals, and none that aren't needed."""
    if not math.isfinite(value):
        return ""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def parse_decimal(text: str) -> float | None:
    """Read a number that a platform has written, be its decimal sign a point or a comma."""
    text = text.strip()
    if "," in text and "." not in text:
        text = text.replace(",", ".")
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
