"""Gradescope's "Export submissions": a folder for each, and a file that says whose it is.

`submission_metadata.yml` names for each folder its submitters, several for a group's work. Its
keys are Ruby's symbols, so they begin with a colon. It also holds all that an autograder has ever
printed, so only the few lines that matter are taken from it, as they pass by.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import yaml

from graders.errors import IntakeError
from graders.result import Handed
from graders.submission.choose import shown
from graders.submission.layouts.layout import Hand, Layout, Part, student_name
from graders.submission.layouts.view import View, is_work

METADATA = "submission_metadata.yml"
_BYTES = 200_000_000
_ID_LENGTH = 200
# Neither is reached by any class.
_SUBMISSIONS, _SUBMITTERS = 50_000, 50
# The file itself has seven levels; libyaml takes ages for a hundred thousand.
_DEPTH = 50
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass
class Entry:
    """What the file says of one submission."""

    submitters: list[dict[str, str]] = field(default_factory=list)
    created_at: str = ""


def detect(view: View) -> Layout | None:
    """Tell whether a folder or an archive is such an export.

    Raises:
        IntakeError: it is, and what says whose each submission is can't be read.

    """
    if METADATA not in view.files:
        return None
    entries = read_metadata(METADATA, view.read(METADATA, _BYTES + 1))
    hands = []
    for name, entry in entries.items():
        # A folder, or the file itself where only one could be handed in.
        here = name in view.folders or name in view.files
        parts = (Part(view.path / name, "" if name in view.folders else name),) if here else ()
        hands += [_hand(name, entry, who, parts) for who in entry.submitters or [{}]]
    known = set(entries) | {METADATA}
    strays = [name for name in [*view.folders, *view.files] if name not in known]
    strays = [name for name in strays if name in view.folders or is_work(name)]
    return Layout(hands, [view.path / name for name in strays])


def _hand(name: str, entry: Entry, who: dict[str, str], parts: tuple[Part, ...]) -> Hand:
    ids = {
        kind: shown(who[kind].strip(), _ID_LENGTH)
        for kind in ("sid", "email")
        if who.get(kind, "").strip()
    }
    handed = Handed(
        platform="gradescope", ids=ids, label=shown(name), submitted_at=_time(entry.created_at)
    )
    return Hand(student_name(who.get("name", ""), name), handed, parts)


def read_metadata(name: str, content: bytes) -> dict[str, Entry]:
    """Read whose each submission is, by the folder's name.

    Raises:
        IntakeError: it is too large, damaged, or something else.

    """
    if len(content) > _BYTES:
        raise IntakeError.no_metadata(name, f"it has more than {_BYTES / 1e6:.0f} MB")
    entries: dict[str, Entry] = {}
    try:
        text = content.decode("utf-8-sig")
        for path, value in _scalars(text):
            if len(path) < 2 or not isinstance(path[0], str):
                continue
            _note(entries.setdefault(path[0], Entry()), path[1:], value)
            if len(entries) > _SUBMISSIONS:
                break
    except (yaml.YAMLError, ValueError) as error:
        why = " ".join(str(error).split())
        raise IntakeError.no_metadata(name, shown(why, 160)) from error
    if not 0 < len(entries) <= _SUBMISSIONS:
        raise IntakeError.no_metadata(name, f"it names {len(entries):,} submissions")
    return entries


def _note(entry: Entry, path: tuple[str | int, ...], value: str) -> None:
    if path == (":created_at",):
        entry.created_at = value
        return
    match path:
        case (":submitters", int(number), str(key)) if number < _SUBMITTERS:
            while len(entry.submitters) <= number:
                entry.submitters.append({})
            entry.submitters[number][key.removeprefix(":")] = value


def _scalars(text: str) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Give each plain value with the keys and the places that lead to it, none twice.

    An alias stands for a value that was given before; it is passed over, so none multiplies.
    """
    # For each open list or mapping: where in it we are; of a mapping None when a key comes next.
    places: list[str | int | None] = []
    kinds: list[bool] = []  # whether it is a mapping

    def stepped() -> None:
        if kinds and kinds[-1]:
            places[-1] = None
        elif kinds:
            place = places[-1]
            places[-1] = place + 1 if isinstance(place, int) else 0

    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            is_mapping = isinstance(event, yaml.MappingStartEvent)
            if kinds and kinds[-1] and places[-1] is None:
                raise yaml.YAMLError("a key is no plain text")
            kinds.append(is_mapping)
            places.append(None if is_mapping else 0)
            if len(kinds) > _DEPTH:
                raise yaml.YAMLError("it is nested too deeply")
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            kinds.pop()
            places.pop()
            stepped()
        elif isinstance(event, (yaml.ScalarEvent, yaml.AliasEvent)):
            value = event.value if isinstance(event, yaml.ScalarEvent) else ""
            if kinds and kinds[-1] and places[-1] is None:
                places[-1] = value
                continue
            if isinstance(event, yaml.ScalarEvent):
                yield tuple(place for place in places if place is not None), value
            stepped()


def _time(text: str) -> datetime | None:
    """Read a time as Ruby writes it: `2026-02-01 05:12:22.123456000 Z`, `... +01:00`."""
    date, _, rest = text.strip().replace("T", " ").partition(" ")
    clock, _, zone = rest.partition(" ")
    # Python reads six digits of a second, Ruby writes nine.
    seconds, dot, fraction = clock.partition(".")
    digits = fraction.rstrip("Zz")
    if dot and digits.isdigit():
        zone = zone or ("Z" if digits != fraction else "")
        clock = f"{seconds}.{digits[:6]:0<6}"
    try:
        time = datetime.fromisoformat(f"{date}T{clock}{zone}")
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
