"""Pick a student's work among several files, and say why; what lies beside it comes along."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Generic, TypeVar

from graders.errors import SubmissionError
from graders.submission.beside import lie_beside
from graders.submission.choose import (
    is_archive,
    is_notebook,
    is_script,
    listed,
    plain,
    printable,
    shown,
    stem,
)
from graders.submission.limits import BESIDE_FILE_MB, BESIDE_FILES, BESIDE_MB
from graders.submission.peek import Peek, peek
from graders.submission.work import Wish, Work

# What is looked into to choose; larger files are such of which nothing is known.
_PEEK_BYTES, _PEEK_BYTES_IN_ALL, _PEEK_FILES = 32_000_000, 200_000_000, 40
_LENGTH = 255
# How editors and systems call a copy; the first group is what it is a copy of.
_COPIES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:copy of|kopie von|copie de)[ _](.{1,200})",
        r"(.{1,200}?) ?\(\d{1,3}\)",
        r"(.{1,200}?)-checkpoint",
        r"(.{1,200}?)[ _-]{1,3}(?:copy|kopie|copie|backup|bak|old|alt)[ _-]?\d{0,3}",
    )
]
_UNTITLED = re.compile(r"untitled\d{0,4}", re.IGNORECASE)

AnyWork = TypeVar("AnyWork", bound=Work)


@dataclass(frozen=True)
class Picked(Generic[AnyWork]):
    """The work, what comes along, and a sentence on the choice where there was one."""

    work: AnyWork
    beside: tuple[AnyWork, ...]
    why: str


def pick(owner: str, files: Iterable[AnyWork], wish: Wish) -> Picked[AnyWork] | None:
    """Return the one file that is the work; None where there is no candidate.

    Args:
        owner: the folder's or the archive's name, for the message.
        files: all of the student's files that aren't passed over; they are read in this order.
        wish: what is known of the work.

    Raises:
        SubmissionError: several files have the same claim to be it.

    """
    files = list(files)
    pool = [file for file in files if _is_code(file.path.name)]
    # An archive is the work where there is nothing else, and data beside a notebook or a script.
    pool = [file for file in pool if not is_archive(file.path.name)] or pool
    if not pool:
        return None
    choice = _Choice(pool, wish)
    choice.make()
    if len(choice.pool) > 1:
        names = sorted(_shown(file) for file in choice.pool)
        raise SubmissionError.several_files(owner, names)
    work = choice.pool[0]
    beside, left = lie_beside(work, files)
    return Picked(work, beside, _sentence(work, beside, left, choice))


def matches(pattern: str, path: PurePosixPath) -> bool:
    """Whether a file is one that `--notebook` names: by its name or its path, in any case."""
    wanted = pattern.casefold().removeprefix("./")
    return any(fnmatchcase(name.casefold(), wanted) for name in (path.name, str(path)))


def _is_code(name: str) -> bool:
    return is_notebook(name) or is_script(name) or is_archive(name)


@dataclass
class _Choice(Generic[AnyWork]):
    """Candidates, fewer with each rule, and why the others are none."""

    pool: list[AnyWork]
    wish: Wish
    dropped: dict[PurePosixPath, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _looks: dict[PurePosixPath, Peek | None] = field(default_factory=dict)
    _hashes: dict[PurePosixPath, str] = field(default_factory=dict)

    def make(self) -> None:
        """Apply the rules, the first first, until one candidate is left."""
        if self.wish.notebook:
            self._keep_named_by_ta()
        if len(self.pool) > 1:
            self._look()
        for rule in (
            self._identical,
            self._helpers,
            self._untouched,
            self._without_code,
            self._without_our_cells,
            self._of_another_name,
            self._behind_notebooks,
            self._copies,
            self._with_fewer_exercises,
        ):
            if len(self.pool) == 1:
                return
            self._drop(rule())

    def _drop(self, reasons: dict[PurePosixPath, str]) -> None:
        rest = [file for file in self.pool if file.path not in reasons]
        if rest and reasons:
            self.pool = rest
            self.dropped |= reasons

    def _keep_named_by_ta(self) -> None:
        named = [file for file in self.pool if matches(self.wish.notebook, file.path)]
        if named:
            self._drop({file.path: "" for file in self.pool if file not in named})
            return
        self.notes.append(f"nothing in it is called as {self.wish.described()} asks")

    def _look(self) -> None:
        left = _PEEK_BYTES_IN_ALL
        for file in self.pool[:_PEEK_FILES]:
            if file.size > min(_PEEK_BYTES, left):
                continue
            try:
                content = file.read(_PEEK_BYTES + 1)
            # What can't be read is refused with its sentence if it turns out to be the work.
            except Exception:  # noqa: BLE001, S112 - damaged archives raise a dozen types
                continue
            left -= len(content)
            if len(content) <= _PEEK_BYTES:
                self._hashes[file.path] = hashlib.sha256(content).hexdigest()
                self._looks[file.path] = peek(file.path.name, content)

    def _seen(self, file: AnyWork) -> Peek | None:
        return self._looks.get(file.path)

    def _identical(self) -> dict[PurePosixPath, str]:
        first: dict[str, AnyWork] = {}
        reasons = {}
        # The one with the plainest name stands for all.
        for file in sorted(
            self.pool, key=lambda file: (bool(_original(file)), len(str(file.path)))
        ):
            content = self._hashes.get(file.path)
            if content is None:
                continue
            if content in first and is_script(file.path.name) == is_script(
                first[content].path.name
            ):
                reasons[file.path] = f"is the same file as {_shown(first[content])}"
            first.setdefault(content, file)
        return reasons

    def _helpers(self) -> dict[PurePosixPath, str]:
        reasons = {}
        for file in self.pool:
            others = [self._seen(other) for other in self.pool if other is not file]
            if is_script(file.path.name) and any(
                other and stem(file.path.name) in other.imports for other in others
            ):
                reasons[file.path] = ""
        return reasons

    def _untouched(self) -> dict[PurePosixPath, str]:
        handout = self.wish.handout
        return self._where(
            lambda look: handout is not None and look.cells == handout.cells,
            "is the handout without any change",
        )

    def _without_code(self) -> dict[PurePosixPath, str]:
        return self._where(lambda look: look.empty, "is empty")

    def _without_our_cells(self) -> dict[PurePosixPath, str]:
        known = self.wish.exercises
        if not any(
            look and look.marks and (not known or look.marks & known)
            for look in map(self._seen, self.pool)
        ):
            return {}
        return self._where(lambda look: not look.marks, "has none of the sheet's own cells")

    def _of_another_name(self) -> dict[PurePosixPath, str]:
        names = self.wish.names
        if not any(plain(stem(file.path.name)) in names for file in self.pool):
            return {}
        return {
            file.path: "is not called as the sheet is"
            for file in self.pool
            if plain(stem(file.path.name)) not in names
            and plain(stem(_original(file) or "")) not in names
        }

    def _behind_notebooks(self) -> dict[PurePosixPath, str]:
        if not any(is_notebook(file.path.name) for file in self.pool):
            return {}
        return {file.path: "" for file in self.pool if not is_notebook(file.path.name)}

    def _copies(self) -> dict[PurePosixPath, str]:
        stems = {stem(file.path.name).casefold() for file in self.pool}
        reasons = {}
        for file in self.pool:
            original = _original(file)
            if original is not None and (original == "" or original.casefold() in stems):
                reasons[file.path] = "is a copy" if original else "has no name of its own"
        return reasons

    def _with_fewer_exercises(self) -> dict[PurePosixPath, str]:
        looks = [(file, self._seen(file)) for file in self.pool]
        counts = {f.path: look.exercises(self.wish.exercises) for f, look in looks if look}
        if len(counts) < len(self.pool):
            return {}
        second, most = sorted(counts.values())[-2:]
        if most < 2 or most < 2 * second:
            return {}
        return {
            path: f"answers {count} of the exercises, not {most}"
            for path, count in counts.items()
            if count < most
        }

    def _where(self, is_so: Callable[[Peek], bool], why: str) -> dict[PurePosixPath, str]:
        looks = [(file, self._seen(file)) for file in self.pool]
        return {file.path: why for file, look in looks if look is not None and is_so(look)}


def _plainness(file: Work) -> tuple[bool, int]:
    return _original(file) is not None, len(str(file.path))


def _original(file: Work) -> str | None:
    """Return what a file is a copy of by its name, without ending; "" for a new one's own name."""
    name = stem(file.path.name)[:_LENGTH]
    if _UNTITLED.fullmatch(name):
        return ""
    found = next((match for match in (one.fullmatch(name) for one in _COPIES) if match), None)
    return stem(found[1]) if found and is_notebook(found[1]) else found[1] if found else None


def _sentence(
    work: AnyWork, beside: Sequence[AnyWork], left: Sequence[AnyWork], choice: _Choice[AnyWork]
) -> str:
    reasons: dict[str, list[str]] = {}
    brought = {file.path for file in beside}
    for path, why in choice.dropped.items():
        name = printable(str(path))
        if path in brought:
            continue
        exported = not why and stem(path.name).casefold() == stem(work.path.name).casefold()
        why = why or ("is its exported script" if exported else "was not")  # noqa: PLW2901
        reasons.setdefault(why, []).append(name)
    parts = [*choice.notes]
    parts += [_said(names, why) for why, names in reasons.items()]
    if choice.dropped and beside:
        parts.append(_said([str(file.path) for file in beside], "lay beside it"))
    if left:
        parts.append(_said([str(file.path) for file in left], "left out for its size"))
    if not parts and not choice.dropped:
        return ""
    return f"{_shown(work)} was graded{'; ' if parts else ''}{', '.join(parts)}."


_PLURAL = {
    "is the handout without any change": "are the handout without any change",
    "is empty": "are empty",
    "is a copy": "are copies",
    "has no name of its own": "have no names of their own",
    "has none of the sheet's own cells": "have none of the sheet's own cells",
    "is not called as the sheet is": "are not called as the sheet is",
    "is its exported script": "are its exported scripts",
    "was not": "were not",
}


def _said(names: Sequence[str], why: str) -> str:
    if why == "left out for its size":
        return (
            f"{listed(names)} {'was' if len(names) == 1 else 'were'} left out, because only "
            f"{BESIDE_FILES} files, {BESIDE_FILE_MB:.0f} MB each and {BESIDE_MB:.0f} MB in all, "
            "come along"
        )
    several = len(names) > 1
    return f"{listed(names)} {_PLURAL.get(why, why) if several else why}"


def _shown(file: Work) -> str:
    return shown(printable(str(file.path)))
