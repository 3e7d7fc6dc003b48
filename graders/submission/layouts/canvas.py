"""Canvas' "Download submissions": one folder of files whose names say whose they are.

A name is `lastfirst_4711_9921_hw.ipynb`, with the user's and the file's numbers, and with `LATE_`
before them where Canvas says so. With anonymous grading `anon_x1y2z` stands for name and number.
What was typed into a form is `lastfirst_4711_text.html`, an address `lastfirst_4711_link.html`. A
file that was handed in again gets `-1`, `-2` before its ending.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from graders.result import Handed
from graders.submission.choose import listed, printable, stem
from graders.submission.layouts.layout import Hand, Layout, Part, mostly, student_name
from graders.submission.layouts.view import View, is_work

# Canvas takes `_123_` out of names, so the first two numbers are the user's and the file's.
_FILE = re.compile(r"(?:^|_)(\d{1,20})_(\d{1,20})_(?=.)", re.DOTALL)
_ANONYMOUS = re.compile(r"(LATE_)?anon_([A-Za-z0-9]{1,16})_(\d{1,20})_(.+)", re.DOTALL)
_TYPED = re.compile(r"(?:(.*)_)?((?:anon_)?[A-Za-z0-9]{1,20})_(?:text|link)\.html", re.DOTALL)
_AGAIN = re.compile(r"(.*)-(\d{1,3})", re.DOTALL)
# Numbers of a single file are Canvas' only if they are as long as Canvas' are.
_DIGITS_OF_ONE = 4


@dataclass(frozen=True)
class Entry:
    """What a file's name says."""

    student: str
    # The user's, or `anon_x1y2z`.
    id: str
    # "" for what was typed into a form.
    file_id: str
    late: bool
    # The student's own name of the file.
    file: str


def parse(name: str) -> Entry | None:
    """Take a file's name apart; None where it isn't Canvas'."""
    hidden = _ANONYMOUS.fullmatch(name)
    if hidden:
        anonymous = f"anon_{hidden[2]}"
        return Entry(anonymous, anonymous, hidden[3], bool(hidden[1]), hidden[4])
    found = _FILE.search(name)
    if found:
        student, late = _without_mark(name[: found.start()])
        return Entry(student, found[1], found[2], late, name[found.end() :])
    typed = _TYPED.fullmatch(name)
    if typed and (typed[2].isdigit() or typed[2].startswith("anon_")):
        student, late = _without_mark(typed[1] or "")
        return Entry(student or typed[2], typed[2], "", late, name)
    return None


def _without_mark(before: str) -> tuple[str, bool]:
    # Names are in lower case, the mark is not.
    student = before.removesuffix("LATE")
    return student.removesuffix("_") if student != before else before, student != before


def detect(view: View) -> Layout | None:
    """Tell whether a folder or an archive is such a download."""
    found: list[tuple[Entry, Part]] = []
    strays = [folder.path for folder in view.folders.values()]
    for name in view.files:
        entry = parse(name)
        if entry:
            part = Part(view.path / name, entry.file, aside=not entry.file_id)
            found.append((entry, part))
        elif is_work(name):
            strays.append(view.path / name)
    if not mostly(len(found), len(strays)) or not _are_canvas([e for e, _ in found], strays):
        return None
    students: dict[str, list[tuple[Entry, Part]]] = {}
    for entry, part in found:
        students.setdefault(entry.id, []).append((entry, part))
    number = _own_number([entry for entry, _ in found])
    return Layout([_hand(entries, number) for entries in students.values()], strays)


def _own_number(entries: list[Entry]) -> int:
    """Return the number that the sheet itself has, as in `lab-3.ipynb`; 0 for none."""
    numbers = [_attempt(entry.file)[1] for entry in entries if is_work(entry.file)]
    most = max(set(numbers), key=numbers.count, default=0)
    return most if len(numbers) > 2 and numbers.count(most) * 2 > len(numbers) else 0


def _are_canvas(entries: list[Entry], strays: list[PurePosixPath]) -> bool:
    """Tell Canvas' numbers from such as students like: `alice_1_2_hw`, `bob_1_2_hw`."""
    names: dict[str, str] = {}
    for entry in entries:
        if names.setdefault(entry.id, entry.student) != entry.student:
            return False
    files = [entry.file_id for entry in entries if entry.file_id]
    if len(files) != len(set(files)) or not files:
        return False
    one = entries[0]
    short = min(len(one.id), len(one.file_id)) < _DIGITS_OF_ONE
    return len(entries) > 1 or not (short or strays)


def _hand(entries: list[tuple[Entry, Part]], number: int) -> Hand:
    latest, before = _latest(entries)
    first = next((entry for entry, part in latest if is_work(entry.file) and not part.aside), None)
    entry = first or latest[0][0]
    attempts = {_attempt(one.file)[1] for one, _ in latest if is_work(one.file)} - {number}
    attempt = max(attempts, default=0)
    handed = Handed(
        platform="canvas",
        ids={"canvas": entry.id},
        label=next((printable(p.path.name) for e, p in latest if e is entry), ""),
        late=any(one.late for one, _ in entries),
        attempt=attempt + 1 if attempt else None,
    )
    note = ""
    if before:
        note = f"Of several attempts the latest counts, and not {listed(before)}."
    parts = tuple(_named(part for _, part in latest))
    return Hand(student_name(entry.student, entry.id), handed, parts, note)


def _attempt(file: str) -> tuple[str, int]:
    """Return what a file was called at first, and how often it was handed in again."""
    name = stem(file)
    found = _AGAIN.fullmatch(name)
    return (found[1] + file[len(name) :], int(found[2])) if found else (file, 0)


def _latest(
    entries: list[tuple[Entry, Part]],
) -> tuple[list[tuple[Entry, Part]], list[str]]:
    """Keep the last of each file that is there as it was handed in first, and again."""
    files = {entry.file for entry, _ in entries if is_work(entry.file)}
    again: dict[str, int] = {}
    for file in files:
        first, count = _attempt(file)
        # Without the first it may be the student's own way to number files: part-1, part-2.
        if count and first in files:
            again[first] = max(again.get(first, 0), count)
    kept, before = [], []
    for entry, part in entries:
        first, count = _attempt(entry.file)
        if entry.file in files and again.get(first, 0) > count:
            before.append(entry.file)
        else:
            kept.append((entry, part))
    return kept, sorted(before)


def _named(parts: Iterable[Part]) -> list[Part]:
    """Give modules, and what was handed in again, the names that the student's code knows."""
    parts = list(parts)
    taken = {part.name for part in parts}
    named = []
    for part in parts:
        first, count = _attempt(part.name)
        # No module can be imported by a name with a hyphen.
        if count and first not in taken and (first.lower().endswith(".py")):
            taken.add(first)
            named.append(replace(part, name=first))
        else:
            named.append(part)
    return named
