"""Tell whether two spellings are one person's name."""

from __future__ import annotations

import re
import unicodedata

# Letters that lose no accent by decomposition, as plain keyboards write them.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_WORD = re.compile(r"[^\W_]+")
# More words than these have no order that is worth a look.
_MOST_WORDS = 10


def in_reading_order(name: str) -> str:
    """Write 'Rossi, Maria' as 'Maria Rossi'; any other name stays as it is."""
    last, comma, first = name.partition(",")
    if not (comma and last.strip() and first.strip()) or "," in first:
        return name.strip()
    return f"{first.strip()} {last.strip()}"


def exact(name: str) -> str:
    """Make two spellings alike that differ in case, order of 'Last, First', and white space."""
    normal = unicodedata.normalize("NFC", in_reading_order(name))
    return " ".join(normal.casefold().split())


def forms(name: str) -> set[str]:
    """Make all forms by which a name may be known: without accents, blanks, and in any turn.

    'Rossi, Maria', 'Maria Rossi', 'maria_rossi' and 'rossimaria' have a form in common. A name
    without letters and digits has none.
    """
    lower = unicodedata.normalize("NFC", name).casefold()
    found: set[str] = set()
    for spelled in (lower.translate(_UMLAUTS), lower):
        words = _WORD.findall(_without_accents(spelled))
        turns = range(len(words)) if len(words) <= _MOST_WORDS else range(1)
        found.update("".join([*words[i:], *words[:i]]) for i in turns)
    return found - {""}


def _without_accents(text: str) -> str:
    apart = unicodedata.normalize("NFD", text)
    plain = "".join(char for char in apart if unicodedata.category(char) != "Mn")
    return unicodedata.normalize("NFC", plain).translate(_PLAIN)
