"""nbgrader's `submitted/<student>/<assignment>/`, with the time in `timestamp.txt`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from graders.errors import IntakeError, SubmissionError
from graders.result import Handed
from graders.submission.choose import plain, printable, shown
from graders.submission.layouts.layout import Hand, Layout, Part, mostly, student_name
from graders.submission.layouts.view import View, is_work
from graders.submission.work import Wish

TIMESTAMP = "timestamp.txt"
_BYTES = 1_000
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)[ ]?(Z|[+-]\d\d:?\d\d)?[ ]?([\w/+-]*)"
)


def detect(view: View, wish: Wish) -> Layout | None:
    """Tell whether a folder, or one called `submitted` in it, is of that kind.

    Raises:
        IntakeError: it is, with several assignments, and none is the one that is graded.

    """
    inner = view.folders.get("submitted")
    view = inner or view
    students: list[View] = []
    strays: list[View] = []
    for student in view.folders.values():
        is_one = bool(student.folders) and not any(map(is_work, student.files))
        (students if is_one else strays).append(student)
    # What else has folders in folders; only nbgrader notes the time in them.
    sure = view.name == "submitted" or any(map(_is_dated, students))
    if not sure or not mostly(len(students), len(strays)):
        return None
    assignment = _assignment(view, students, wish)
    hands = [
        _hand(student, student.folders[assignment])
        for student in students
        if assignment in student.folders
    ]
    # Files that stand about between students are nobody's.
    return Layout(hands, [student.path for student in strays])


def _is_dated(student: View) -> bool:
    return any(TIMESTAMP in assignment.files for assignment in student.folders.values())


def _assignment(view: View, students: list[View], wish: Wish) -> str:
    names = sorted({name for student in students for name in student.folders})
    # What --notebook names with a slash is a path from the student's folder on.
    named = wish.notebook.partition("/")[0] if "/" in wish.notebook else ""
    for wanted in filter(None, (plain(named), *sorted(wish.names))):
        found = [name for name in names if plain(name) == wanted]
        if len(found) == 1:
            return found[0]
    if len(names) > 1:
        raise IntakeError.several_assignments(shown(view.name), [shown(name) for name in names])
    return names[0]


def _hand(student: View, work: View) -> Hand:
    login = shown(printable(student.name), 255)
    handed = Handed(
        platform="nbgrader",
        ids={"login": login},
        label=shown(login),
        submitted_at=_submitted_at(work),
    )
    parts = [Part(work.path)]
    if TIMESTAMP in work.files:
        parts.append(Part(work.path / TIMESTAMP, TIMESTAMP, aside=True))
    return Hand(student_name(login, "student"), handed, tuple(parts))


def _submitted_at(work: View) -> datetime | None:
    if TIMESTAMP not in work.files:
        return None
    try:
        content = work.read(TIMESTAMP, _BYTES)
    except SubmissionError:  # then the time isn't known, and the work is graded all the same
        return None
    return parse_time(content.decode("utf-8", "replace"))


def parse_time(text: str) -> datetime | None:
    """Read a time such as `2026-02-02 15:58:23.948203 America/Los_Angeles`; UTC if it says none.

    None where it is no time, or in a zone that nobody knows.
    """
    found = _TIME.fullmatch(text.strip())
    if not found:
        return None
    clock, offset, zone = found.groups()
    try:
        time = datetime.fromisoformat(f"{clock}{offset or ''}")
        if time.tzinfo is None:
            time = time.replace(tzinfo=UTC if zone in {"", "UTC", "GMT"} else ZoneInfo(zone))
        time.utctimetuple()  # the year 1 may have no such time in UTC
    except (ValueError, OverflowError, OSError, KeyError):
        return None
    return time
