from __future__ import annotations

import pytest

from graders.report import clean
from graders.report.text import count, duration, figure, moment, number, points, shorten, spans


@pytest.mark.parametrize(
    ("dirty", "expected"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b31mred", "red"),
        ("a\x00b\x08c\x7f", "abc"),
        ("\x1b\x1b[31m[31mred", "[31mred"),
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("\u202eturned", "turned"),
        ("half \ud83d", "half \N{REPLACEMENT CHARACTER}"),
        ("שלום é 漢 👍🏽", "שלום é 漢 👍🏽"),
    ],
)
def test_clean_strips_what_a_terminal_would_obey(dirty, expected):
    assert clean(dirty) == expected


def test_cleaning_twice_changes_nothing_more():
    dirty = "".join(map(chr, range(0x100))) * 3 + "\x1b" * 9
    assert clean(clean(dirty)) == clean(dirty)


def test_points_are_written_without_needless_digits():
    assert [number(value) for value in (3.0, 0.5, 1 / 3, 0.1 + 0.2, -0.0)] == [
        "3",
        "0.5",
        "0.33",
        "0.3",
        "0",
    ]
    assert (points(1), points(2.5)) == ("1 point", "2.5 points")


def test_numbers_agree_with_their_nouns():
    assert count(1, "entry", "entries") == "1 entry"
    assert count(60_000, "item") == "60,000 items"


def test_matrix_entries_are_short():
    assert [figure(value) for value in (-4.0, 0.123456, None, float("nan"), 1e300, -0.0)] == [
        "-4",
        "0.1235",
        "none",
        "none",
        "1e+300",
        "0",
    ]


def test_durations_and_times_are_written_for_people():
    assert [duration(s) for s in (0, 4.23, 9.97, 59.7, 60, 200, 3599.6, 7300)] == [
        "0 s",
        "4.2 s",
        "10 s",
        "1 min",
        "1 min",
        "3 min 20 s",
        "1 h",
        "2 h 2 min",
    ]
    assert moment("2026-01-15T10:30:00+01:00") == "15 January 2026, 09:30 UTC"
    assert moment("some day") == "some day"


def test_a_shortened_text_is_one_line_and_says_that_it_was_cut():
    assert shorten("a\n b", 10) == "a b"
    assert shorten("abcdefgh", 5) == "abcd…"


def test_code_is_told_from_prose():
    assert [(s.text, s.is_code) for s in spans("use `x`, now")] == [
        ("use ", False),
        ("x", True),
        (", now", False),
    ]
