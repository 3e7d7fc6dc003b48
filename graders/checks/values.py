"""Read numbers as students write them, in many dresses."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

from graders.recording import RecordingFolder

# What may stand between thousands, beside a comma and a point.
_SPACES = " _'\u2019\u00a0\u2009\u202f"
# A sign behind a number or a name is an operator.
_NUMBER = re.compile(
    rf"(?:(?<![\w.)])[-+])?(?:[1-9]\d{{0,2}}(?:[{_SPACES}.,]\d{{3}})+(?!\d)(?:[.,]\d+)?"
    r"|\d+(?:[.,]\d+)?|\.\d+)(?:[eE][-+]?\d+)?"
)
# Each number of "8060,8070": a comma that separates no thousands may separate answers.
_APART = re.compile(r"(?:(?<![\w.)])[-+])?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?")
# Labels and names that hold a digit, such as 1d and Conv2D, but no number such as 1e-2.
_NAMED = re.compile(r"(?<![\w.,])\d{1,2}[A-Za-z]\b(?![-+]?\d)|\b[A-Za-z_]+\d(?![\d.,])\w*")
_TEXT_READ = 1000


def answer(recording: RecordingFolder, key: str) -> Any:
    """Return what a student answered under a key of `answers`; None where there is nothing.

    The key may be written in another way ("1D", "(1d)"), the dict may have another name, or there
    may be a variable such as `answer_1d`.
    """
    values = recording.data.values
    named = _pattern(key)
    dicts = [values["answers"]] if isinstance(values.get("answers"), dict) else []
    dicts += [v for name, v in values.items() if isinstance(v, dict) and name != "answers"]
    for candidates in dicts:
        for name, value in candidates.items():
            if named.search(name.lower()) and _is_given(value):
                return value
    names = {f"{word}{_bare(key)}" for word in ("answer", "answers", "ans")}
    for name, value in values.items():
        if _bare(name) in names and _is_given(value) and not isinstance(value, dict):
            return value
    return None


def readings(value: Any) -> list[float]:
    """All ways to read the one number that decides an answer, the likeliest first.

    8070, '8,070', '8.070', "8 070 parameters", '784*10+10 = 7850', '0,01', 0.0099999998

    In a text, that is the only number behind the last equals sign, else the only number there is.
    Nothing decides '8060 or 8070', or a calculation without its result.
    """
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, int | float):
        try:
            return [float(value)] if math.isfinite(value) else []
        except OverflowError:
            return []
    if not isinstance(value, str):
        return []
    text = value[:_TEXT_READ]
    for part in (text.rpartition("=")[2], text):
        found = [_as_numbers(number) for number in _numbers(part)]
        if found:
            # One number may stand there twice: '8,070 (8070)'.
            return [reading for reading in found[0] if all(reading in other for other in found)]
    return []


def mentioned(value: Any) -> list[float]:
    """All readings of all numbers of an answer; whether one of them is meant, a person can say."""
    if not isinstance(value, str):
        return readings(value)
    text = value[:_TEXT_READ]
    found = [*_NUMBER.findall(text), *_APART.findall(text)]
    return list(dict.fromkeys(reading for number in found for reading in _as_numbers(number)))


def is_number(value: Any, expected: float, tolerance: float = 1e-6) -> bool:
    """Tell whether an answer can be read as the expected number, relative tolerance given."""
    return _holds(readings(value), expected, tolerance)


def mentions(value: Any, expected: float, tolerance: float = 1e-6) -> bool:
    """Tell whether the expected number is among those of an answer, relative tolerance given."""
    return _holds(mentioned(value), expected, tolerance)


def _holds(found: Iterable[float], expected: float, tolerance: float) -> bool:
    # However large a count is, one more is another one.
    allowed = min(tolerance * abs(expected), 0.4)
    return any(abs(number - expected) <= allowed for number in found)


def _numbers(text: str) -> list[str]:
    """Find the numbers of a text; digits of names and labels count where there are no others."""
    return _NUMBER.findall(_NAMED.sub(" ", text)) or _NUMBER.findall(text)


def _as_numbers(text: str) -> list[float]:
    """Read digits with separators: thousands by comma, point, space, apostrophe or underscore.

    A comma before three digits separates thousands, else it is a decimal comma; a point before
    three digits can be either.
    """
    text = text.strip().rstrip(".,")
    bare = re.sub(f"[{_SPACES}]", "", text)
    if re.fullmatch(r"[-+]?[1-9]\d{0,2}(\.\d{3})+,\d+", bare):
        candidates = [bare.replace(".", "").replace(",", ".")]
    elif re.fullmatch(r"[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?", bare):
        candidates = [bare.replace(",", "")]
        if bare.count(",") == 1:
            candidates.append(bare.replace(",", "."))
    else:
        candidates = [bare.replace(",", ".") if bare.count(",") == 1 else bare.replace(",", "")]
    if re.fullmatch(r"[-+]?[1-9]\d{0,2}(\.\d{3})+", bare):
        candidates.append(bare.replace(".", ""))
    found: list[float] = []
    for candidate in candidates:
        try:
            number = float(candidate)
        except ValueError:
            continue
        # A text of 400 digits reads as infinity.
        if math.isfinite(number) and number not in found:
            found.append(number)
    return found


def _pattern(key: str) -> re.Pattern[str]:
    """Find an exercise in the keys of a dict: "1D", "(1d)", "Q1d", "exercise_1 d"."""
    number, letter = re.escape(key[:-1]), re.escape(key[-1])
    return re.compile(rf"(?<!\d){number}[\W_]*{letter}(?![a-z])")


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _is_given(value: Any) -> bool:
    return value is not None and not (isinstance(value, str) and value.strip() in {"", "...", "?"})
