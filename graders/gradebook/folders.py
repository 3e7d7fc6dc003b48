"""Name students' folders: safe on every system, and never two alike."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

_UNSAFE = re.compile(r"[^\w.-]+")
_CHARACTERS = 100
# A name may have 255 bytes on most systems, and 143 on encrypted ones.
_BYTES = 120
# Left for "-2" and so on.
_ROOM = 8
# Names of the class's own files; those that are being written end differently.
_OWN = ("index.html", "grades.csv", "gradebook.db")
_ENDINGS = ("", ".partial", "-wal", "-shm", "-journal")
# Names that Windows keeps for devices, whatever stands behind a point.
_DEVICES = (
    *("con", "prn", "aux", "nul", "conin", "conout"),
    *(f"{device}{digit}" for device in ("com", "lpt") for digit in range(10)),
)
_RESERVED = frozenset((*_DEVICES, *(own + ending for own in _OWN for ending in _ENDINGS)))


def folder_name(name: str, taken: Container[str]) -> str:
    """Make a student's name the name of a folder.

    Args:
        name: whatever the student is called.
        taken: what `alike` says of the names that other students have.

    Returns:
        letters, digits and `._-`, at most 100 characters and 120 bytes in UTF-8, composed (NFC).

    """
    base = _UNSAFE.sub("_", unicodedata.normalize("NFC", name[: 10 * _CHARACTERS]))
    base = _cut(base.strip("._-"), 0) or "student"
    if alike(base).split(".")[0] in _DEVICES:
        # Behind a point no number would help: con.txt-2 is the console as well.
        base = base.replace(".", "_")
    made, count = base, 1
    while alike(made) in _RESERVED or alike(made) in taken:
        count += 1
        made = f"{_cut(base, _ROOM)}-{count}"
    return made


def alike(folder: str) -> str:
    """Return what is equal for names that some system takes for one: case and composition."""
    folded = unicodedata.normalize("NFKC", folder).casefold()
    return unicodedata.normalize("NFKC", folded)


def _cut(name: str, room: int) -> str:
    short = name[: _CHARACTERS - room].encode("utf-8")[: _BYTES - room]
    # Windows drops a point at the end.
    return short.decode("utf-8", "ignore").rstrip(".")
