"""Names of people: printed, compared, and put into the names of files."""

from __future__ import annotations

import re
import unicodedata

from graders.report.text import clean

_WORDS = re.compile(r"\w+")
_UNSAFE = re.compile(r"[^\w.-]+")


def printable(text: str) -> str:
    """Put a name on one line, without anything that a terminal obeys."""
    return " ".join(clean(text).split())


def same_names(name: str) -> frozenset[str]:
    """Spellings under which a name is found: 'Rossi, Maria' is 'Maria Rossi' and 'rossimaria'.

    Case and accents don't count.
    """
    plain = unicodedata.normalize("NFKD", clean(name)).casefold()
    words = _WORDS.findall("".join(c for c in plain if not unicodedata.combining(c)))
    if not words:
        return frozenset()
    return frozenset({" ".join(sorted(words)), "".join(words)})


def file_part(name: str, otherwise: str) -> str:
    """Make a part of a file's name that leads nowhere and is safe on every system."""
    return _UNSAFE.sub("_", clean(name)).strip("._-")[:100] or otherwise
