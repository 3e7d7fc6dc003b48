"""Bring a roster and a class's submissions together, so that nobody is lost or counted twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count

from graders.roster.people import Match, Person, Roster, kind_of_key
from graders.submission.choose import shown
from graders.submission.submission import Submission, key_of

_LISTED = 5
_LONGEST_NAME = 40


@dataclass(frozen=True)
class Enrolled:
    """A class: what was handed in, and who has handed in nothing."""

    # In the order given, with name, ids and time from the roster; no two have one name or key.
    submissions: list[Submission]
    # On the roster, without a submission; names and keys are nobody else's.
    missing: list[Person]
    # On the roster, with a submission, whose name and key they have here.
    people: list[Person]
    # Those of `submissions` that nobody on the roster matches.
    strangers: list[Submission]
    # What the TA should know, in sentences; on the reading of the roster it has its own.
    notes: list[str]


def enrol(submissions: Sequence[Submission], roster: Roster) -> Enrolled:
    """Find each submission's person, and give it what the roster knows.

    Every submission keeps its key, so that it is the same with a roster and without.

    Args:
        submissions: each with a name and a key of its own.
        roster: the class list.

    """
    authors, doubts = _authors(submissions, roster)
    strangers = [one for i, one in enumerate(submissions) if i not in authors]
    names = _Names(roster.people, strangers, {submission.key for submission in submissions})
    enrolled: list[Submission] = []
    people: list[Person] = []
    for i, submission in enumerate(submissions):
        if i not in authors:
            enrolled.append(submission)
            continue
        person = _as_author(authors[i], submission, names)
        people.append(person)
        enrolled.append(with_author(submission, person))
    came = {id(person) for person in authors.values()}
    missing = [_absent(one, names) for one in roster.people if id(one) not in came]
    return Enrolled(enrolled, missing, people, strangers, [*doubts, *_of_strangers(strangers)])


def with_author(submission: Submission, person: Person) -> Submission:
    """Give a submission its author's name, key and ids, and the time that the roster says."""
    # What a person has written into the roster is surer than what a platform's files say.
    time = person.submitted_at or submission.handed.submitted_at
    handed = submission.handed.model_copy(
        update={"ids": _merged(person, submission), "submitted_at": time}
    )
    return replace(submission, student=person.name, keyed=person.key, handed=handed)


def _authors(
    submissions: Sequence[Submission], roster: Roster
) -> tuple[dict[int, Person], list[str]]:
    """Find the submissions' authors; of several for one person the one with the surest sign."""
    matches = [roster.match_of(submission) for submission in submissions]
    doubts = []
    claims: dict[int, list[int]] = {}
    for i, match in enumerate(matches):
        if match.person:
            claims.setdefault(id(match.person), []).append(i)
        elif match.people:
            doubts.append(_ambiguous(submissions[i], match))
    authors: dict[int, Person] = {}
    for claimants in claims.values():
        first, *others = sorted(claimants, key=lambda i: (matches[i].sign, i))
        authors[first] = matches[first].people[0]
        doubts += [_second(submissions[i], submissions[first], authors[first]) for i in others]
    return authors, doubts


class _Names:
    """Hands out names, each once in whatever case."""

    def __init__(
        self, people: Iterable[Person], strangers: Iterable[Submission], keys: Container[str]
    ) -> None:
        self._taken = {submission.student.casefold() for submission in strangers}
        self._count = Counter(person.name.casefold() for person in people)
        self._keys = keys

    def give(self, name: str, ids: Mapping[str, str], *, is_key: bool = False) -> str:
        """Return a name, with an id behind it where several people are called so.

        Where it is to be a key as well, it makes none of a submission's.
        """
        tag = ids.get(kind_of_key(ids), "")
        plain = [] if self._count[name.casefold()] > 1 and tag else [name]
        tagged = [f"{name} ({tag})"] if tag else []
        counted = (f"{name} ({i})" for i in count(2))
        given = next(
            one
            for one in chain(plain, tagged, counted)
            if one.casefold() not in self._taken and not (is_key and key_of({}, one) in self._keys)
        )
        self._taken.add(given.casefold())
        return given


def _as_author(person: Person, submission: Submission, names: _Names) -> Person:
    ids = _merged(person, submission)
    name = names.give(person.name if person.is_named else submission.student, ids)
    return replace(person, name=name, ids=ids, keyed=submission.key)


def _absent(person: Person, names: _Names) -> Person:
    is_key = not kind_of_key(person.ids)
    return replace(person, name=names.give(person.name, person.ids, is_key=is_key))


def _merged(person: Person, submission: Submission) -> dict[str, str]:
    own = {kind: value for kind, value in submission.handed.ids.items() if value}
    return {**person.ids, **own}


def _ambiguous(submission: Submission, match: Match) -> str:
    return (
        f"{_shown(submission.student)} may be any of {len(match.people)} people on the roster "
        f"({_listed([person.name for person in match.people])}), so it is taken for none of them. "
        "Put into the roster what tells them apart, such as the platform's ids."
    )


def _second(submission: Submission, first: Submission, person: Person) -> str:
    return (
        f"{_shown(submission.student)} and {_shown(first.student)} are both like "
        f"{_shown(person.name)} on the roster; the latter is taken for that, and the former is "
        "graded under its own name. Remove one of them, or put into the roster what tells them "
        "apart."
    )


def _of_strangers(strangers: Sequence[Submission]) -> list[str]:
    if not strangers:
        return []
    names = _listed([submission.student for submission in strangers])
    who = "One submission is" if len(strangers) == 1 else f"{len(strangers):,} submissions are"
    return [
        f"{who} nobody's on the roster, and graded all the same ({names}). Add who is lacking, or "
        "mend names and ids there."
    ]


def _listed(names: Sequence[str]) -> str:
    listed = ", ".join(_shown(name) for name in names[:_LISTED])
    more = len(names) - _LISTED
    return f"{listed} and {more:,} more" if more > 0 else listed


def _shown(name: str) -> str:
    return shown(name, _LONGEST_NAME)
