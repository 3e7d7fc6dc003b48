"""Find the row of a student in a table that a platform has exported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from graders.exports.names import same_names
from graders.exports.options import Notes
from graders.exports.students import Exported

_DISPUTED = "Left out, because their ids or names lead to more than one row"
_TWICE = "Left as it was, because another student's result belongs to the same row"


@dataclass
class Rows:
    """The rows of a table by the ids and names that stand in them."""

    # By kind of id, from the id to the rows that bear it.
    _by_id: dict[str, dict[str, set[int]]] = field(default_factory=lambda: defaultdict(dict))
    _by_name: dict[Hashable, set[int]] = field(default_factory=lambda: defaultdict(set))
    _taken: set[int] = field(default_factory=set)

    def add(self, row: int, ids: Mapping[str, str], name: str) -> None:
        """Note what a row says of its student."""
        for kind, value in ids.items():
            if value.strip():
                self._by_id[kind].setdefault(_folded(value), set()).add(row)
        for spelling in same_names(name):
            self._by_name[spelling].add(row)

    def find(self, ids: Mapping[str, str], name: str) -> set[int]:
        """Return a student's rows: one where all is well, by ids, else by name.

        Several are a dispute: an id or a name that stands there twice, or ids that point to
        different rows (of another course, another assignment). A student with an id of a kind that
        the table has is never found by name: two people of one name must not get each other's
        points.
        """
        comparable = [kind for kind in self._by_id if ids.get(kind)]
        if comparable:
            found = [self._by_id[kind].get(_folded(ids[kind]), set()) for kind in comparable]
        else:
            found = [self._by_name.get(spelling, set()) for spelling in same_names(name)]
        return set().union(*found)

    def row_of(self, student: Exported, notes: Notes, *, absent: str) -> int | None:
        """Find a student's row and take it for them; where that fails, `notes` says why.

        Args:
            student: who gets the row.
            notes: names the student who gets no row.
            absent: what is said where the table has no row of the student.

        """
        found = self.find(student.ids, student.name)
        if len(found) != 1:
            notes.name(_DISPUTED if found else absent, student.name)
            return None
        (row,) = found
        if not self.take(row):
            notes.name(_TWICE, student.name)
            return None
        return row

    def take(self, row: int) -> bool:
        """Give a row to a student; False where another has it already."""
        is_free = row not in self._taken
        self._taken.add(row)
        return is_free


def _folded(value: str) -> str:
    return value.strip().casefold()
