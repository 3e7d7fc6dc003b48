"""Know the students of a class again, whatever their submissions go by this time.

A key comes from what a download or a roster says of somebody. The next one may say less, or more:
then the key is another, and without this the student would stand in the gradebook twice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, TypeVar

from graders.gradebook import StudentRow
from graders.roster import Person, Roster
from graders.roster.enrol import with_author
from graders.roster.people import differ, folded
from graders.submission.submission import KEYS, Submission

if TYPE_CHECKING:
    from graders.batch.run import Enrolled

One = TypeVar("One", Submission, Person)


def known_as(enrolled: Enrolled, students: Sequence[StudentRow]) -> Enrolled:
    """Give everybody whom the gradebook knows already the key that they have there.

    A known student is told by the same key; else by an id in common, which no other student and
    nobody else of this run has; else by the name, where a roster has said it, now or before. Of
    several who may be one known student the surest is, or none of them. Whoever differs in a
    lasting id is somebody else.

    Args:
        enrolled: of this run; keys are different.
        students: whom the gradebook knows.

    Returns:
        The same with the known students' keys, which are different again. Who seemed missing,
        while a submission that nobody on the roster matches turns out to be theirs, is among
        the `people`, and their submission has what the roster knows.

    """
    every = (*enrolled.submissions, *enrolled.left_out)
    handed = {submission.key: submission for submission in every}
    listed = {person.key: person for person in enrolled.people}
    missing = {one.key: one for one in enrolled.missing if one.key not in handed | listed}
    somebody = [
        *(_Somebody.of_submission(one, key in listed) for key, one in handed.items()),
        *(_Somebody.of_person(one) for key, one in listed.items() if key not in handed),
        *(_Somebody.of_person(one, missing=True) for one in missing.values()),
    ]
    renamed, theirs = _settle(somebody, students)
    found = {key: replace(missing.pop(one), keyed=renamed[key]) for key, one in theirs.items()}
    return replace(
        enrolled,
        submissions=[
            with_author(one, found[one.key]) if one.key in found else _known_by(one, renamed)
            for one in enrolled.submissions
        ],
        people=[*(_known_by(one, renamed) for one in enrolled.people), *found.values()],
        missing=[_known_by(one, renamed) for one in missing.values()],
    )


def _known_by(one: One, renamed: Mapping[str, str]) -> One:
    key = renamed.get(one.key, one.key)
    return one if key == one.key else replace(one, keyed=key)


class _Sign(IntEnum):
    """What somebody is known by, the surest first."""

    KEY = 0
    ID = 1
    NAME = 2


@dataclass(frozen=True)
class _Somebody:
    """Somebody of this run."""

    key: str
    name: str
    ids: Mapping[str, str]
    on_roster: bool
    missing: bool = False

    @classmethod
    def of_submission(cls, submission: Submission, on_roster: bool) -> _Somebody:
        return cls(submission.key, submission.student, submission.handed.ids, on_roster)

    @classmethod
    def of_person(cls, person: Person, *, missing: bool = False) -> _Somebody:
        return cls(person.key, person.name, person.ids, True, missing)

    @property
    def items(self) -> set[tuple[str, str]]:
        return _items(self.ids)


def _settle(
    somebody: Sequence[_Somebody], students: Sequence[StudentRow]
) -> tuple[dict[str, str], dict[str, str]]:
    """Find who is a known student.

    Returns:
        Known keys by this run's keys; and by the keys of submissions the keys of those whose they
        are, and who only seem missing.

    """
    claims: dict[str, list[tuple[_Sign, _Somebody]]] = defaultdict(list)
    known = _Known(students, somebody)
    for one in somebody:
        if found := known.find(one):
            row, sign = found
            claims[row.key].append((sign, one))
    renamed: dict[str, str] = {}
    theirs: dict[str, str] = {}
    for key, claimants in claims.items():
        stranger = [one for _, one in claimants if not one.on_roster]
        missing = [one for _, one in claimants if one.missing]
        if len(claimants) == 2 and stranger and missing:
            renamed[stranger[0].key] = key
            theirs[stranger[0].key] = missing[0].key
            continue
        best = min(sign for sign, _ in claimants)
        surest = [one for sign, one in claimants if sign == best]
        if len(surest) == 1:
            renamed[surest[0].key] = key
    return renamed, theirs


class _Known:
    """Finds known students."""

    def __init__(self, students: Sequence[StudentRow], somebody: Sequence[_Somebody]) -> None:
        self._rows = {row.key: row for row in students}
        self._by_id: dict[tuple[str, str], set[str]] = defaultdict(set)
        for row in students:
            for item in _items_of(row):
                self._by_id[item].add(row.key)
        people = [(row, Person(row.name, row.ids, keyed=row.key)) for row in students]
        self._all = Roster([person for _, person in people])
        self._listed = Roster([person for row, person in people if row.on_roster])
        self._has_roster = any(one.on_roster for one in somebody)
        times = Counter(item for one in somebody for item in one.items)
        self._shared = {item for item, count in times.items() if count > 1}

    def find(self, one: _Somebody) -> tuple[StudentRow, _Sign] | None:
        """Find the known student who somebody is; None: nobody, or one of several."""
        if row := self._rows.get(one.key):
            return row, _Sign.KEY
        telling = one.items - self._shared
        if keys := {key for item in telling for key in self._by_id.get(item, ())}:
            row = self._rows[next(iter(keys))]
            return (row, _Sign.ID) if len(keys) == 1 and not differ(row.ids, one.ids) else None
        person = self._named(one)
        return (self._rows[person.key], _Sign.NAME) if person else None

    def _named(self, one: _Somebody) -> Person | None:
        if one.on_roster:
            return self._all.named(one.name, one.ids)
        # A roster has had its say on names; without one the gradebook remembers an earlier one.
        return None if self._has_roster else self._listed.named(one.name, one.ids)


def _items_of(row: StudentRow) -> set[tuple[str, str]]:
    kind, _, value = row.key.partition(":")
    # Newer ids may have taken the place of the one that the key was made of.
    return _items(row.ids) | (_items({kind: value}) if kind in KEYS else set())


def _items(ids: Mapping[str, str]) -> set[tuple[str, str]]:
    return {(kind, folded(value)) for kind, value in ids.items() if value}
