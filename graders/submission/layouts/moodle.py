"""Moodle's "Download all submissions", with a folder for each student or without.

A name is `Full Name_123456_assignsubmission_file`, where the number is the participant's in this
assignment (`Participant 123456` in the grading worksheet). Older versions end a folder's name in
one more `_`; without folders the file's name follows it. With blind marking everybody is called
`Participant`; a team goes by the team's name and number, or by that of the default team, without
a number. A download of one group alone may put `Group-` before every name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from graders.result import Handed
from graders.submission.choose import printable
from graders.submission.layouts.layout import Hand, Layout, Part, mostly, student_name
from graders.submission.layouts.view import View, is_work

_MARK = "_assignsubmission_"
_ID = re.compile(r"(?:(?P<name>.*)[_ ])?(?P<id>\d{1,20})", re.DOTALL)
_PLUGIN = re.compile(r"[a-z]{1,40}")
# So many students, before what their names begin with is taken for their group.
_GROUP_FROM = 3


@dataclass(frozen=True)
class Entry:
    """What the name of a file or a folder says."""

    student: str
    id: str
    # "file", or "onlinetext" for what was typed into a form.
    plugin: str
    # Up to and with the plugin, as feedback for the student has to be called.
    label: str
    # The student's own name of the file; "" for a folder.
    file: str


def parse(name: str, *, folder: bool) -> Entry | None:
    """Take a name apart; None where it isn't Moodle's."""
    who, mark, rest = name.partition(_MARK)
    plugin = _PLUGIN.match(rest)
    if not mark or not plugin or not who:
        return None
    behind = rest[plugin.end() :]
    # A file has its own name behind it, a folder nothing.
    if (behind not in {"", "_"}) if folder else not (behind.startswith("_") and len(behind) > 1):
        return None
    found = _ID.fullmatch(who)
    student, number = (found["name"] or "", found["id"]) if found else (who, "")
    label = name if folder else name[: len(name) - len(behind) + 1]
    return Entry(student, number, plugin[0], label, "" if folder else behind[1:])


def detect(view: View) -> Layout | None:
    """Tell whether a folder or an archive is such a download."""
    found: dict[tuple[str, str], list[tuple[Entry, Part]]] = {}
    strays: list[PurePosixPath] = []
    for name in view.folders:
        _enter(found, strays, parse(name, folder=True), view.path / name)
    for name in view.files:
        entry = parse(name, folder=False)
        if entry or is_work(name):
            _enter(found, strays, entry, view.path / name)
    if not mostly(sum(map(len, found.values())), len(strays)):
        return None
    group = _group([who for who, _ in found])
    return Layout([_hand(group, parts) for parts in found.values()], strays)


def _enter(
    found: dict[tuple[str, str], list[tuple[Entry, Part]]],
    strays: list[PurePosixPath],
    entry: Entry | None,
    path: PurePosixPath,
) -> None:
    if entry is None:
        strays.append(path)
        return
    part = Part(path, entry.file, aside=entry.plugin == "onlinetext")
    # Nobody else has the number; without one (the default team) the name is all there is.
    found.setdefault((entry.student, entry.id), []).append((entry, part))


def _group(names: list[str]) -> str:
    """Return what every name begins with, up to a hyphen: the group's name."""
    if len(set(names)) < _GROUP_FROM:
        return ""
    first, last = min(names), max(names)
    common = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    group, hyphen, _ = first[:common].rpartition("-")
    return group + hyphen


def _hand(group: str, entries: list[tuple[Entry, Part]]) -> Hand:
    entries = sorted(entries, key=lambda entry: entry[1].aside)
    first = entries[0][0]
    name = first.student.removeprefix(group)
    if name.casefold() == "participant":
        name = f"{name} {first.id}"
    handed = Handed(
        platform="moodle",
        ids={"moodle": first.id} if first.id else {},
        label=printable(first.label),
    )
    return Hand(student_name(name, first.id), handed, tuple(part for _, part in entries))
