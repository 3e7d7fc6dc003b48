"""Words and figures for reports, and the cleaning that every student's text goes through."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from typing import Any, NamedTuple

# What a terminal would obey: colours, cursor movements, window titles, links.
_TERMINAL_SEQUENCES = re.compile(
    r"\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?"  # OSC, up to BEL or ST
    r"|\x1b[PX^_][^\x1b\n]*(?:\x1b\\)?"  # DCS, SOS, PM, APC
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI
    r"|\x1b[ -/]*[0-~]?"
)
_LINE_ENDS = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
# Controls other than tab and line feed, and those that turn the reading direction of all that
# follows; right-to-left letters themselves stay.
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_CODE = re.compile(r"`([^`\n]+)`")


def clean(text: str) -> str:
    """Strip what must not reach a page or a terminal: escape sequences, controls, half characters.

    Line breaks become line feeds; tabs stay.
    """
    text = _TERMINAL_SEQUENCES.sub("", text)
    text = _LINE_ENDS.sub("\n", text)
    text = _CONTROLS.sub("", text)
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)


def clean_all(data: Any) -> Any:
    """Clean every text inside nested lists and dicts, keys included."""
    if isinstance(data, str):
        return clean(data)
    if isinstance(data, list):
        return [clean_all(item) for item in data]
    if isinstance(data, dict):
        return {clean_all(key): clean_all(value) for key, value in data.items()}
    return data


class Span(NamedTuple):
    """A piece of a sentence."""

    text: str
    is_code: bool


def spans(text: str) -> list[Span]:
    """Split a sentence at `backticks`, so that templates can set code as code."""
    pieces = _CODE.split(text)
    return [Span(piece, is_code=bool(i % 2)) for i, piece in enumerate(pieces) if piece]


def shorten(text: str, limit: int) -> str:
    """Put a text on one line of at most `limit` characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def number(value: float) -> str:
    """Write points: at most two decimals, and none that aren't needed."""
    return f"{round(value, 2) + 0.0:g}"  # + 0.0 turns -0.0 into 0


def points(value: float) -> str:
    """Write points with their unit: '1 point', '2.5 points'."""
    return f"{number(value)} {'point' if round(value, 2) == 1 else 'points'}"


def count(value: int, singular: str, plural: str = "") -> str:
    """Write a number with its noun: '1 cell', '60,000 items'."""
    return f"{value:,} {singular if value == 1 else plural or singular + 's'}"


def parameters(value: int | None) -> str:
    """Write a number of parameters, which may be unknown."""
    return "unknown" if value is None else count(value, "parameter")


def figure(value: float | None) -> str:
    """Write a matrix entry with up to four significant digits; 'none' where there is no number."""
    if value is None or not math.isfinite(value):
        return "none"
    if float(value).is_integer() and abs(value) < 1e6:
        return str(int(value))
    return f"{value:.4g}"


def duration(seconds: float) -> str:
    """Write a duration as people say it: '4.2 s', '48 s', '3 min 20 s', '2 h 5 min'."""
    if 0 < seconds < 9.95:
        return f"{seconds:.1f} s"
    if (whole := round(seconds)) < 60:
        return f"{whole} s"
    if whole < 3600:
        large, small, units = *divmod(whole, 60), ("min", "s")
    else:
        large, small, units = *divmod(round(seconds / 60), 60), ("h", "min")
    return f"{large} {units[0]} {small} {units[1]}" if small else f"{large} {units[0]}"


def moment(stamp: str) -> str:
    """Write an ISO 8601 time for people, in UTC; what can't be parsed stays as it is."""
    try:
        time = datetime.fromisoformat(stamp)
    except ValueError:
        return stamp
    time = time.astimezone(UTC) if time.tzinfo else time
    return f"{time.day} {time:%B %Y, %H:%M} UTC"


def plain(value: Any) -> str:
    """Write any value of the environment on one line."""
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)


def cell_name(index: int) -> str:
    """Name a cell as a person counts them, from 1, text cells included."""
    return f"cell {index + 1}"


def natural(name: str) -> list[tuple[int, int, str]]:
    """Sort 'team 9' before 'team 10', and upper case beside lower case."""
    pieces = re.findall(r"([0-9]{1,18})|([^0-9]+)", name.casefold())
    return [(0, int(digits), "") if digits else (1, 0, other) for digits, other in pieces]
