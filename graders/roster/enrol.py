"""Bring a roster and a class's submissions together, so that nobody is lost or counted twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count

from graders.roster.people import Match, Person, Roster, kind_of_key
from graders.submission.choose import shown
from graders.submission.submission import KEYS, Submission

_LISTED = 5
_LONGEST_NAME = 40
# Which class list has the ids that a platform's downloads go by.
_SOURCES = {
    "canvas": "the gradebook that Canvas exports",
    "moodle": "the grading worksheet that Moodle exports",
    "github": "the roster of GitHub Classroom",
}


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

    A submission that brought ids along keeps its key. Who is missing gets the key that a
    submission of theirs would have on the same platform, as far as the roster has that id.

    Args:
        submissions: each with a name and a key of its own.
        roster: the class list.

    """
    authors, doubts = _authors(submissions, roster)
    strangers = [one for i, one in enumerate(submissions) if i not in authors]
    ids = _Ids.of(submissions, roster)
    names = _Names(roster.people, strangers)
    enrolled: list[Submission] = []
    people: list[Person] = []
    for i, submission in enumerate(submissions):
        if i not in authors:
            enrolled.append(submission)
            continue
        person = _as_author(authors[i], submission, ids, names)
        people.append(person)
        enrolled.append(_with_author(submission, person))
    came = {id(person) for person in authors.values()}
    missing = [_absent(one, ids, names) for one in roster.people if id(one) not in came]
    notes = [*doubts, *_of_strangers(strangers), *_of_keys(missing, ids.platform)]
    return Enrolled(enrolled, missing, people, strangers, notes)


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


@dataclass(frozen=True)
class _Ids:
    """Chooses the ids that a person's submission gets, for they make its key."""

    # The kind that tells most of the class's submissions apart; empty: none has ids.
    platform: str
    # Ids that several people on the roster have tell nobody apart.
    shared: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, submissions: Iterable[Submission], roster: Roster) -> _Ids:
        kinds = Counter(kind_of_key(submission.handed.ids) for submission in submissions)
        kinds.pop("", None)
        platform = kinds.most_common(1)[0][0] if kinds else ""
        held = Counter(item for person in roster.people for item in person.ids.items())
        return cls(platform, frozenset(item for item, times in held.items() if times > 1))

    def of_author(self, person: Person, submission: Submission) -> dict[str, str]:
        """Add a person's ids to a submission's, whose key stays if it has ids of its own."""
        own = {kind: value for kind, value in submission.handed.ids.items() if value}
        kind = kind_of_key(own)
        return {**_behind(kind, person.ids), **own} if kind else {**self.of_absent(person), **own}

    def of_absent(self, person: Person) -> dict[str, str]:
        """Leave out ids that would make another key than the platform's usual one."""
        value = person.ids.get(self.platform)
        if not value or (self.platform, value) in self.shared:
            return person.ids
        return _behind(self.platform, person.ids)


class _Names:
    """Hands out names, each once in whatever case."""

    def __init__(self, people: Iterable[Person], strangers: Iterable[Submission]) -> None:
        self._taken = {submission.student.casefold() for submission in strangers}
        self._count = Counter(person.name.casefold() for person in people)

    def give(self, name: str, ids: Mapping[str, str]) -> str:
        """Return a name, with an id behind it where several people are called so."""
        tag = ids.get(kind_of_key(dict(ids)), "")
        plain = [] if self._count[name.casefold()] > 1 and tag else [name]
        tagged = [f"{name} ({tag})"] if tag else []
        counted = (f"{name} ({i})" for i in count(2))
        wanted = chain(plain, tagged, counted)
        given = next(one for one in wanted if one.casefold() not in self._taken)
        self._taken.add(given.casefold())
        return given


def _as_author(person: Person, submission: Submission, ids: _Ids, names: _Names) -> Person:
    own = ids.of_author(person, submission)
    name = person.name if person.is_named else submission.student
    return replace(person, name=names.give(name, own), ids=own)


def _with_author(submission: Submission, person: Person) -> Submission:
    # What a person has written into the roster is surer than what a platform's files say.
    time = person.submitted_at or submission.handed.submitted_at
    handed = submission.handed.model_copy(update={"ids": person.ids, "submitted_at": time})
    return replace(submission, student=person.name, handed=handed)


def _absent(person: Person, ids: _Ids, names: _Names) -> Person:
    own = ids.of_absent(person)
    return replace(person, name=names.give(person.name, own), ids=own)


def _behind(kind: str, ids: Mapping[str, str]) -> dict[str, str]:
    """Keep the ids from a kind on, in the order in which they make keys."""
    rank = KEYS.index(kind)
    return {k: value for k, value in ids.items() if k in KEYS and KEYS.index(k) >= rank}


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


def _of_keys(missing: Sequence[Person], platform: str) -> list[str]:
    """Warn of people whose later submission could not be known as theirs."""
    unknown = [person.name for person in missing if platform and platform not in person.ids]
    if not unknown:
        return []
    source = _SOURCES.get(platform, "a list that has them")
    return [
        f"The submissions go by {platform} ids, which the roster lacks for {len(unknown):,} of "
        f"those who handed in nothing ({_listed(unknown)}). Who of them hands in later would "
        f"stand in the gradebook twice. Use {source} as the roster."
    ]


def _listed(names: Sequence[str]) -> str:
    listed = ", ".join(_shown(name) for name in names[:_LISTED])
    more = len(names) - _LISTED
    return f"{listed} and {more:,} more" if more > 0 else listed


def _shown(name: str) -> str:
    return shown(name, _LONGEST_NAME)
