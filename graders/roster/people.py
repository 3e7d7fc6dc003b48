"""The people of a class, as its roster names them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from graders.errors import RosterError
from graders.report.text import clean
from graders.roster.columns import Columns, names_a_column
from graders.roster.names import exact, forms, in_reading_order
from graders.roster.table import Line, read_table
from graders.submission.choose import shown
from graders.submission.submission import KEYS, Submission, key_of

_LONGEST = 200
_LONGEST_TIME = 64
_STAFF = {
    "instructor",
    "teacher",
    "non editing teacher",
    "ta",
    "teaching assistant",
    "reader",
    "observer",
}
_BEFORE_OFFSET = re.compile(r"\s+(?=[+-]\d\d:?\d\d$)")
_UTC = re.compile(r"\s*(?:UTC|GMT|Z)$", re.IGNORECASE)
# Where two of these differ, there are two people, whatever their names.
_LASTING = ("canvas", "moodle", "gradescope", "sid")
# What a file may be named after, where no platform says whose it is.
_FILE_NAMES = ("sid", "login", "github", "email")


@dataclass(frozen=True)
class Person:
    """Somebody on the roster."""

    name: str
    ids: dict[str, str] = field(default_factory=dict)  # by kind, as in `Handed.ids`
    section: str = ""
    extension: datetime | None = None  # their own deadline, with an offset
    submitted_at: datetime | None = None  # with an offset
    keyed: str = ""  # their key where their ids say another, as in `Submission`

    @property
    def key(self) -> str:
        """Tells people apart, by the rule of `Submission.key`."""
        return self.keyed or key_of(self.ids, self.name)

    @property
    def is_named(self) -> bool:
        """Whether the roster has a name for them; else an id serves as one."""
        return self.name not in self.ids.values()


@dataclass(frozen=True)
class Match:
    """Who a submission's author may be, by the surest sign that fits anybody."""

    people: list[Person]
    # 0 is the surest; names come last.
    sign: int

    @property
    def person(self) -> Person | None:
        """The author; None where it is nobody, or one of several."""
        return self.people[0] if len(self.people) == 1 else None


@dataclass(frozen=True)
class Roster:
    """A class list."""

    people: Sequence[Person]
    notes: Sequence[str] = ()  # what could not be read, and why, in sentences

    def match(self, submission: Submission) -> Person | None:
        """Find whose submission it is; None where it is nobody's, or may be that of several."""
        return self.match_of(submission).person

    def match_of(self, submission: Submission) -> Match:
        """Find who may have handed it in: by the same key, any id in common, else by name."""
        ids = submission.handed.ids
        by_key = [self._by_key.get(submission.key, []) if kind_of_key(ids) else []]
        by_id = [self._by_id.get((kind, folded(ids.get(kind, ""))), []) for kind in KEYS]
        return _surest([*by_key, *by_id, *self._called(submission.student, ids)])

    def named(self, name: str, ids: Mapping[str, str]) -> Person | None:
        """Find whom a name means, in whatever spelling; None where it is nobody, or several.

        Args:
            name: somebody's, or a file's that may be called after an id.
            ids: whoever has lasting ids other than these is somebody else.

        """
        return _surest(self._called(name, ids)).person

    def _called(self, name: str, ids: Mapping[str, str]) -> list[list[Person]]:
        by_name = [
            self._by_name.get(exact(name), []),
            [] if ids else self._by_file_name.get(folded(name), []),
            [person for form in sorted(forms(name)) for person in self._by_form.get(form, [])],
        ]
        return [[p for p in _distinct(people) if not differ(p.ids, ids)] for people in by_name]

    @cached_property
    def _by_key(self) -> dict[str, list[Person]]:
        return {person.key: [person] for person in self.people}

    @cached_property
    def _by_id(self) -> dict[tuple[str, str], list[Person]]:
        found = defaultdict(list)
        for person in self.people:
            for kind, value in person.ids.items():
                found[kind, folded(value)].append(person)
        return dict(found)

    @cached_property
    def _by_file_name(self) -> dict[str, list[Person]]:
        found = defaultdict(list)
        for person in self.people:
            ids = [person.ids[kind] for kind in _FILE_NAMES if kind in person.ids]
            for value in {folded(id_) for id_ in [*ids, *(id_.split("@")[0] for id_ in ids)]}:
                found[value].append(person)
        return dict(found)

    @cached_property
    def _by_name(self) -> dict[str, list[Person]]:
        found = defaultdict(list)
        for person in self.people:
            found[exact(person.name)].append(person)
        return dict(found)

    @cached_property
    def _by_form(self) -> dict[str, list[Person]]:
        found = defaultdict(list)
        for person in self.people:
            for form in forms(person.name):
                found[form].append(person)
        return dict(found)


def read_roster(path: Path) -> Roster:
    """Read a class list, as Canvas, Moodle, Gradescope or GitHub export it, or made by hand.

    Its first line names the columns, in any order and case; `docs/authoring.md` lists them.
    A line that can't be used is left out, with a sentence in `notes`.

    Raises:
        RosterError: no file of that name can be read, or it names no known columns or nobody.

    """
    path = Path(path)
    file = shown(path.name)
    table = read_table(path, names_a_column)
    columns, notes = Columns.of(table.header), list(table.notes)
    people: dict[str, Person] = {}
    lines: dict[str, int] = {}
    for line in table.lines:
        if _is_nobody(columns, line):
            continue
        person = _person(columns, line, file, notes)
        if person is None:
            notes.append(str(RosterError.nameless(file, line.number)))
        elif person.key in people:
            before = people[person.key]
            # A student in two groups stands in two lines.
            if exact(before.name) != exact(person.name) or not person.ids:
                twice = RosterError.twice(file, line.number, person.name, lines[person.key])
                notes.append(str(twice))
        else:
            people[person.key], lines[person.key] = person, line.number
    if not people:
        raise RosterError.nobody(file)
    return Roster(tuple(people.values()), tuple(notes))


def kind_of_key(ids: Mapping[str, str]) -> str:
    """Return the kind of id that makes the key; empty where only a name can."""
    return next((kind for kind in KEYS if ids.get(kind)), "")


def folded(value: str) -> str:
    """Make two spellings of an id alike that differ in case and in blanks around it."""
    return value.strip().casefold()


def differ(ids: Mapping[str, str], others: Mapping[str, str]) -> bool:
    """Tell whether these are two people's ids, whatever else is alike."""
    return any(
        ids.get(kind) and others.get(kind) and folded(ids[kind]) != folded(others[kind])
        for kind in _LASTING
    )


def _is_nobody(columns: Columns, line: Line) -> bool:
    """Tell lines that are no student's: Canvas' points and test student, staff."""
    if columns.cell(line.cells, "role").casefold().replace("-", " ") in _STAFF:
        return True
    if not columns.is_canvas:
        return False
    name = columns.cell(line.cells, "name").casefold()
    has_id = bool(columns.cell(line.cells, "id"))
    return name.startswith("points possible") or name == "student, test" or not (name or has_id)


def _person(columns: Columns, line: Line, file: str, notes: list[str]) -> Person | None:
    cells = [clean(cell)[: 10 * _LONGEST] for cell in line.cells]
    ids = {kind: value[:_LONGEST] for kind, value in columns.ids(cells).items()}
    first, last = columns.cell(cells, "first"), columns.cell(cells, "last")
    name = in_reading_order(columns.cell(cells, "name") or columns.named_by_identifier(cells))
    name = (name or f"{first} {last}".strip())[:_LONGEST].strip()
    name = name or next(iter(ids.values()), "")
    if not name:
        return None
    times = {}
    for column in ("extension", "submitted_at"):
        value = columns.cell(cells, column)
        times[column] = _time(value)
        if value and times[column] is None:
            found = shown(value, _LONGEST_TIME)
            notes.append(str(RosterError.no_time(file, line.number, name, column, found)))
    section = columns.cell(cells, "section")[:_LONGEST]
    return Person(name, ids, section, times["extension"], times["submitted_at"])


def _time(value: str) -> datetime | None:
    """Read an ISO 8601 time with its offset; None where it is none."""
    text = _BEFORE_OFFSET.sub("", _UTC.sub("+00:00", value[:_LONGEST_TIME]))
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    # The calendar ends with the year 9999, and a time zone may lead beyond it.
    return time if time.utcoffset() is not None and 1970 < time.year < 9000 else None


def _surest(signs: Sequence[list[Person]]) -> Match:
    """Take the first sign that one person alone has, or else the first that anybody has."""
    found = [Match(people, sign) for sign, people in enumerate(signs) if people]
    sure = next((match for match in found if match.person), None)
    return sure or next(iter(found), Match([], 0))


def _distinct(people: Sequence[Person]) -> list[Person]:
    return list({id(person): person for person in people}.values())
