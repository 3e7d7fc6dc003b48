"""What the columns of a class list are called, by each platform and by people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from graders.submission.submission import KEYS

# By what they hold; compared without regard to case and punctuation.
_NAMES: dict[str, tuple[str, ...]] = {
    "name": (
        "name",
        "student",
        "student name",
        "full name",
        "display name",
        "vollständiger name",
        "nom complet",
        "nombre completo",
    ),
    "first": ("first name", "firstname", "given name", "forename", "vorname", "prénom"),
    "last": ("last name", "lastname", "surname", "family name", "nachname", "apellidos"),
    "email": (
        "email",
        "e mail",
        "mail",
        "email address",
        "e mail address",
        "e mail adresse",
        "adresse de courriel",
    ),
    "sid": (
        "sid",
        "sis user id",
        "sis id",
        "student id",
        "student number",
        "id number",
        "matriculation number",
        "matrikelnummer",
    ),
    "login": ("login", "login id", "sis login id", "username", "user name", "netid", "net id"),
    "canvas": ("canvas", "canvas id", "canvas user id"),
    "moodle": ("moodle", "moodle id", "participant"),
    "gradescope": ("gradescope", "gradescope id"),
    "github": ("github", "github username", "github user", "github login"),
    # Canvas', Moodle's or the university's own, by what stands beside it.
    "id": ("id", "user id"),
    # Moodle's "Participant 123456", or what a class at GitHub tells people apart by.
    "identifier": ("identifier", "roster identifier"),
    "section": ("section", "sections", "group", "groups", "tutorial", "gruppe", "gruppen"),
    "role": ("role", "roles"),
    "submitted_at": ("submitted at", "submission timestamp", "submission time"),
    "extension": ("extension", "extended until", "extension until", "extended due date"),
}
_KINDS = {name: kind for kind, names in _NAMES.items() for name in names}
# They say who somebody is; a table without any of them is no roster.
_TELLING = {"name", "first", "last", "id", "identifier", *KEYS}
# In a gradebook from Canvas "ID" is Canvas' own.
_CANVAS = {"sis user id", "sis login id", "integration id", "root account"}
_PARTICIPANT = re.compile(r"[^\W\d_][^\d]{3,30}(\d{1,15})")
_LONGEST_NAME = 60
# A spreadsheet makes numbers of ids.
_FLOAT = re.compile(r"(\d{1,20})\.0")


@dataclass(frozen=True)
class Columns:
    """Which column holds what; each kind's first one counts."""

    at: dict[str, int]
    is_canvas: bool
    is_github: bool

    @classmethod
    def of(cls, header: Sequence[str]) -> Columns:
        """Read the names of the columns."""
        at: dict[str, int] = {}
        names = [_plain(cell) for cell in header]
        for i, name in enumerate(names):
            if name in _KINDS:
                at.setdefault(_KINDS[name], i)
        is_canvas = "id" in at and not _CANVAS.isdisjoint(names)
        return cls(at, is_canvas, is_github="github" in at)

    def cell(self, cells: Sequence[str], kind: str) -> str:
        """Return what a line has in a column, on one line; empty where there is no such column."""
        i = self.at.get(kind)
        return "" if i is None else " ".join(cells[i].split())

    def ids(self, cells: Sequence[str]) -> dict[str, str]:
        """Collect a line's ids by kind, as in `Handed.ids`."""
        found = {kind: self._id(cells, kind) for kind in KEYS}
        bare = _number(self.cell(cells, "id"))
        participant = _PARTICIPANT.fullmatch(bare)
        if self.is_canvas:
            found["canvas"] = found["canvas"] or bare
        elif participant:
            found["moodle"] = found["moodle"] or participant[1]
        else:
            found["sid"] = found["sid"] or bare
        self._add_identifier(found, self.cell(cells, "identifier"))
        if "@" in found["login"]:
            # Where people log in by their address, it is the platform's name for them as well.
            found["email"] = found["email"] or found["login"]
        return {kind: value for kind, value in found.items() if value}

    def named_by_identifier(self, cells: Sequence[str]) -> str:
        """Return the identifier where it is somebody's name."""
        identifier = self.cell(cells, "identifier")
        return identifier if self.is_github and _is_name(identifier) else ""

    def _id(self, cells: Sequence[str], kind: str) -> str:
        value = _number(self.cell(cells, kind))
        participant = _PARTICIPANT.fullmatch(value) if kind == "moodle" else None
        return participant[1] if participant else value

    def _add_identifier(self, found: dict[str, str], identifier: str) -> None:
        participant = _PARTICIPANT.fullmatch(identifier)
        if "@" in identifier:
            found["email"] = found["email"] or identifier
        elif participant and not self.is_github:
            found["moodle"] = found["moodle"] or participant[1]
        elif not _is_name(identifier):
            found["sid"] = found["sid"] or _number(identifier)


def names_a_column(cell: str) -> bool:
    """Tell whether a cell is the name of a column that tells who somebody is."""
    return _KINDS.get(_plain(cell)) in _TELLING


def _is_name(identifier: str) -> bool:
    return not any(char.isdigit() or char == "@" for char in identifier)


def _plain(cell: str) -> str:
    words = re.sub(r"[\W_]+", " ", cell[:_LONGEST_NAME])
    return words.strip().casefold()


def _number(value: str) -> str:
    found = _FLOAT.fullmatch(value)
    return found[1] if found else value
