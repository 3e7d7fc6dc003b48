"""Enter what a person says of an exercise, once it is clear that it can be meant."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from graders.errors import GradebookError
from graders.files import read_untrusted
from graders.gradebook.book import Gradebook
from graders.gradebook.rows import StudentRow
from graders.gradebook.write import storable
from graders.result import RESULT, ExerciseResult, Result
from graders.settle import answer_digest

_RESULT_BYTES = 200_000_000
# Longer texts are cut before they are compared or quoted.
_SAID_CHARACTERS = 300
# How many unknown names are told what they may have meant.
_GUESSES = 20
_POINTS = re.compile(r"[+-]?[0-9]{1,6}(?:[.,][0-9]{0,9})?|[.,][0-9]{1,9}")


@dataclass(frozen=True)
class Entry:
    """A person's score, as it was written down."""

    # A key, a folder, an id or a name.
    student: str
    exercise: str
    # None withdraws what was said before.
    points: float | None
    comment: str = ""
    by: str = ""
    # The whole exercise, and not only the part that a person reads.
    whole: bool = False


@dataclass(frozen=True)
class Entered:
    """What became of an entry."""

    student: StudentRow
    exercise: str
    points: float | None
    limit: float
    # False: it stood there already, word for word.
    new: bool


@dataclass(frozen=True)
class _Part:
    """What of an exercise a person may score."""

    points: float
    # None: no part of it is read by a person.
    manual_points: float | None
    answer_sha256: str


@dataclass(frozen=True)
class _Sheet:
    """What of a student's result is needed to enter scores."""

    submission_sha256: str
    parts: dict[str, _Part]

    @classmethod
    def of(cls, result: Result) -> _Sheet:
        return cls(result.submission.sha256, {e.id: _part(e) for e in result.exercises})


class Desk:
    """Enters scores, one after another; it remembers whom it has looked up."""

    def __init__(self, book: Gradebook, out: Path) -> None:
        self._book = book
        self._out = out
        self._students = book.students()
        self._called: dict[str, set[str]] = defaultdict(set)
        for student in self._students:
            for called in (student.name, student.folder, *student.ids.values()):
                self._called[_alike(called)].add(student.key)
        self._sheets: dict[str, _Sheet] = {}
        self._misses = 0

    def find(self, said: str) -> StudentRow:
        """Find a student by key, or else by folder, id or name in any spelling of its letters.

        Raises:
            GradebookError: nobody is called so, or several are.

        """
        by_key = {student.key: student for student in self._students}
        if (key := storable(said.strip())) in by_key:
            return by_key[key]
        said = said[:_SAID_CHARACTERS].strip()
        # A table for spreadsheets puts an apostrophe before what would be a formula.
        keys = self._called.get(_alike(said)) or self._called.get(_alike(said.removeprefix("'")))
        if not keys:
            raise GradebookError.unknown_student(said, self._near(said))
        if len(keys) > 1:
            raise GradebookError.ambiguous_student(said, sorted(keys))
        return by_key[next(iter(keys))]

    def enter(self, entry: Entry) -> Entered:
        """Check a score against the student's result, and add it to the gradebook.

        What was said last already, word for word, of the same answer, isn't added again.

        Raises:
            GradebookError: the student, the exercise or the points can't be meant, or the
                gradebook can't be used.

        """
        student = self.find(entry.student)
        sheet = self._sheet(student)
        exercise, part = _exercise(sheet, entry.exercise)
        if not entry.whole and part.manual_points is None:
            manual = [name for name, p in sheet.parts.items() if p.manual_points is not None]
            raise GradebookError.not_manual(exercise, manual)
        limit = part.points if entry.whole or part.manual_points is None else part.manual_points
        if entry.points is not None and not 0 <= entry.points <= limit:
            raise GradebookError.out_of_range(exercise, entry.points, limit)
        kind: Literal["manual", "override"] = "override" if entry.whole else "manual"
        said = (
            entry.points,
            storable(entry.comment),
            storable(entry.by),
            "" if entry.whole else part.answer_sha256,
            sheet.submission_sha256,
        )
        with self._book.together():
            last = next(
                (
                    judged
                    for judged in reversed(self._book.judgements(student.key))
                    if (judged.exercise, judged.kind) == (exercise, kind)
                ),
                None,
            )
            if entry.points is None:
                new = last is not None and last.score is not None
            else:
                new = last is None or said != (
                    last.score,
                    last.comment,
                    last.by,
                    last.answer_sha256,
                    last.submission_sha256,
                )
            if new:
                score, comment, by, answer, submission = said
                self._book.judge(
                    student.key,
                    exercise,
                    kind,
                    score,
                    comment=comment,
                    by=by,
                    answer_sha256=answer,
                    submission_sha256=submission,
                )
        return Entered(student, exercise, entry.points, limit, new)

    def _near(self, said: str) -> list[str]:
        # The table of another class has nobody of this one, and each look takes a while.
        self._misses += 1
        if self._misses > _GUESSES:
            return []
        known = [student.name[:_SAID_CHARACTERS] for student in self._students]
        return get_close_matches(said, known, 3)

    def _sheet(self, student: StudentRow) -> _Sheet:
        known = self._sheets.get(student.key)
        if known is None:
            known = self._sheets[student.key] = _Sheet.of(self._result(student))
        return known

    def _result(self, student: StudentRow) -> Result:
        folder = self._out / student.folder
        try:
            text = read_untrusted(folder, RESULT, _RESULT_BYTES)
            result = Result.model_validate_json(text)
        except (OSError, ValidationError) as error:
            raise GradebookError.no_result(folder / RESULT) from error
        # Scores must not be counted for whoever had the folder before.
        if result.submission.key not in {"", student.key}:
            raise GradebookError.no_result(folder / RESULT)
        return result


def points_of(said: str) -> float:
    """Read points as a person writes them: 1.5, or 1,5.

    Raises:
        GradebookError: that is no number.

    """
    said = said[:_SAID_CHARACTERS].strip()
    if not _POINTS.fullmatch(said):
        raise GradebookError.not_points(said)
    return float(said.replace(",", ".")) + 0.0  # no "-0"


@dataclass
class Unread:
    """How much of an exercise waits for a person."""

    exercise: str
    title: str
    students: int = 0
    points: float = 0.0


def unread(outlines: Iterable[Result]) -> list[Unread]:
    """Count what waits to be read, by exercise, in the order of the sheet."""
    waiting: dict[str, Unread] = {}
    for result in outlines:
        # Of these a person has to look at the machine, not at the answers.
        if result.execution.status == "error":
            continue
        for exercise in result.exercises:
            points = exercise.pending - sum(
                check.points - check.score for check in exercise.checks if check.outcome.is_open
            )
            one = waiting.setdefault(exercise.id, Unread(exercise.id, exercise.title))
            if points > 1e-6:
                one.students += 1
                one.points += points
    return [one for one in waiting.values() if one.students]


def _part(exercise: ExerciseResult) -> _Part:
    manual = exercise.manual
    return _Part(
        points=exercise.points,
        manual_points=manual.points if manual else None,
        answer_sha256=answer_digest(manual.answer) if manual else "",
    )


def _exercise(sheet: _Sheet, said: str) -> tuple[str, _Part]:
    said = said[:_SAID_CHARACTERS].strip()
    found = [name for name in sheet.parts if name == said] or [
        name for name in sheet.parts if _alike(name) == _alike(said)
    ]
    if len(found) != 1:
        raise GradebookError.unknown_exercise(said, list(sheet.parts))
    return found[0], sheet.parts[found[0]]


def _alike(name: str) -> str:
    """Return what is equal for names that a person takes for one: case, spaces, composition."""
    return " ".join(unicodedata.normalize("NFKC", name[:_SAID_CHARACTERS]).casefold().split())
