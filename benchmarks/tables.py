"""Tables in Markdown, whose times stand beside the yardstick of the machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

# A float is a time in seconds; counts are integers, and everything else is text.
Row = Mapping[str, str | int | float]


def markdown(rows: Sequence[Row], yardstick: float) -> str:
    """Write rows as tables; a new one begins where the columns change.

    Args:
        rows: what stands under each column, by its title.
        yardstick: seconds that are 1 y; behind each time stands how many y it is.

    """
    tables = []
    for columns, group in groupby(rows, key=tuple):
        lines: list[Sequence[str]] = [columns, ["---"] * len(columns)]
        lines += [[_cell(value, yardstick) for value in row.values()] for row in group]
        tables.append("\n".join(f"| {' | '.join(cells)} |" for cells in lines))
    return "\n\n".join(tables)


def seconds(time: float) -> str:
    """Write a time with three digits, or to the second."""
    return f"{_three_digits(time)} s"


def ratio(one: float, other: float) -> str:
    """Write how many times the other one is."""
    return f"x{_three_digits(one / other)}" if other else "not known"


def _cell(value: str | int | float, yardstick: float) -> str:
    if isinstance(value, float):
        return f"{seconds(value)} ({_three_digits(value / yardstick)} y)"
    if isinstance(value, int):
        return f"{value:,}"
    return value.replace("|", "\\|")


def _three_digits(number: float) -> str:
    size = abs(number)
    digits = next((d for d, least in enumerate((100, 10, 1)) if size >= least), 3)
    return f"{number:,.{digits}f}"
