"""Unpack a whole class's download, and let nothing in it harm more than one student.

What a student is refused for costs that student alone; what is nobody's is left in the archive.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from graders.errors import IntakeError, SubmissionError, is_about_the_disk
from graders.files import open_regular
from graders.submission.archive import list_members, member_content
from graders.submission.choose import (
    environments,
    is_archive,
    is_notebook,
    is_script,
    passed_over,
    printable,
    shown,
    stem,
)
from graders.submission.layouts import Layout, detect, view_members
from graders.submission.limits import (
    ARCHIVE_LIMIT_MB,
    BESIDE_FILE_MB,
    SIZE_LIMIT_MB,
    SPARE_MB,
    UNPACKED_FILES,
    UNPACKED_MB,
    WHOLE_CLASS,
)
from graders.submission.members import Kind, Member, check_name
from graders.submission.work import Wish

_WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
_WRITE |= getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class Download:
    """A class's download, unpacked."""

    folder: Path
    layout: Layout
    # Why a part of it can't be graded, and what of it was left in the archive; by its path.
    refused: dict[PurePosixPath, str] = field(default_factory=dict)
    left: dict[PurePosixPath, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Placed:
    """A member, and where it stands; of a name that leads elsewhere, where it claims to belong."""

    member: Member
    place: PurePosixPath
    problem: str | None


def unpack_class(path: Path, wish: Wish, into: Path) -> Download | None:
    """Unpack an archive if it is a whole class's; None where it isn't.

    Args:
        path: the archive; a link is followed, because the TA has named it.
        wish: what is known of the work.
        into: gets a folder for this download, called after it and after its content.

    Raises:
        IntakeError: it is one, and can't be unpacked, or what it needs can't be read.

    """
    name = printable(path.name)
    try:
        with (
            open_regular(path.resolve()) as descriptor,
            os.fdopen(descriptor, "rb", closefd=False) as file,
        ):
            found = _detected(name, file, wish)
            if found is None:
                return None
            layout, placed = found
            file.seek(0)
            mark = hashlib.file_digest(file, "sha256").hexdigest()[:12]
            folder = into / f"{_folder_name(stem(name))}-{mark}"
            return _Unpacking(name, folder, layout, placed).run()
    except OSError as error:
        raise IntakeError.cannot_unpack(name, error.strerror or str(error)) from error


def _detected(name: str, file: BinaryIO, wish: Wish) -> tuple[Layout, list[_Placed]] | None:
    try:
        members = list_members(name, file, WHOLE_CLASS)
    except IntakeError:
        raise
    # Then it is taken for one student's, and refused with the sentence for that.
    except Exception:  # noqa: BLE001 - damaged archives raise a dozen types
        return None
    placed = list(_placed(name, members))
    files = {one.place: one.member for one in placed if one.member.kind is not Kind.FOLDER}
    folders = [one.place for one in placed if one.member.kind is Kind.FOLDER]

    def read(place: PurePosixPath, limit: int) -> bytes:
        return member_content(name, files[place], limit / 1e6)

    layout = detect(view_members(stem(name), files, folders, read), wish)
    return (layout, placed) if layout else None


def _placed(archive: str, members: Iterable[Member]) -> Iterator[_Placed]:
    seen: set[PurePosixPath] = set()
    for member in members:
        problem = None
        try:
            check_name(archive, member)
        except SubmissionError as error:
            problem = str(error)
        parts = member.name.replace("\\", "/").split("/")
        place = PurePosixPath(*(_clean(part) for part in parts if part not in {"", ".", ".."}))
        if not place.parts:
            continue
        is_folder = member.kind is Kind.FOLDER
        if problem is None and member.kind is Kind.OTHER:
            problem = str(SubmissionError.not_a_file(f"{archive}/{shown(member.name)}"))
        if problem is None and place in seen and not is_folder:
            problem = str(SubmissionError.twice_in_archive(archive, shown(member.name)))
        if not is_folder:
            seen.add(place)
        yield _Placed(member, place, problem)


def _clean(part: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in part)[:255]


def _folder_name(name: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in name[:60])


class _Unpacking:
    """One download on its way to the disk."""

    def __init__(self, name: str, folder: Path, layout: Layout, placed: list[_Placed]) -> None:
        self._name = name
        self._done = Download(folder, layout)
        self._placed = placed
        parts = [part.path for hand in layout.hands for part in hand.parts]
        self._owned = {*parts, *layout.strays}
        self._nobodys = environments(one.place for one in placed)
        self._files: Counter[PurePosixPath] = Counter()
        self._bytes: defaultdict[PurePosixPath, int] = defaultdict(int)

    def run(self) -> Download:
        """Write what is somebody's."""
        wanted = [(one, owner) for one in self._placed if (owner := self._owner(one)) is not None]
        self._check_room(one.member.size for one, _ in wanted if one.problem is None)
        self._done.folder.mkdir(parents=True, exist_ok=True)
        for one, owner in wanted:
            if one.member.kind is Kind.FOLDER:
                continue
            if one.problem is not None:
                self._done.refused.setdefault(owner, one.problem)
            elif self._fits(one, owner):
                self._write(one, owner)
        return self._done

    def _owner(self, one: _Placed) -> PurePosixPath | None:
        if not self._nobodys.isdisjoint(one.place.parents):
            return None
        owner = next((p for p in (one.place, *one.place.parents) if p in self._owned), None)
        if owner is None:
            return None
        inner = one.place.relative_to(owner).parts
        return None if any(map(passed_over, inner)) else owner

    def _check_room(self, sizes: Iterable[int]) -> None:
        needed = sum(min(size, int(ARCHIVE_LIMIT_MB * 1e6)) for size in sizes) / 1e6
        self._done.folder.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self._done.folder.parent).free / 1e6 - SPARE_MB
        room = min(free, WHOLE_CLASS.megabytes)
        if needed > room:
            raise IntakeError.too_large(self._name, needed, max(0.0, room))

    def _fits(self, one: _Placed, owner: PurePosixPath) -> bool:
        name, size = one.place.name, one.member.size
        is_work = is_notebook(name) or is_script(name) or is_archive(name)
        limit = BESIDE_FILE_MB if not is_work else UNPACKED_MB
        self._files[owner] += 1
        full = self._bytes[owner] + size > UNPACKED_MB * 1e6 or self._files[owner] > UNPACKED_FILES
        if size <= limit * 1e6 and not full:
            self._bytes[owner] += size
            return True
        self._done.left.setdefault(owner, []).append(str(one.place.relative_to(owner)) or name)
        return False

    def _write(self, one: _Placed, owner: PurePosixPath) -> None:
        target = self._done.folder / one.place
        limit = ARCHIVE_LIMIT_MB if is_archive(one.place.name) else SIZE_LIMIT_MB
        try:
            content = member_content(self._name, one.member, limit)
            target.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(target, _WRITE, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
        except SubmissionError as error:
            self._done.refused.setdefault(owner, str(error))
        except OSError as error:
            if is_about_the_disk(error):
                raise
            # A name too long for this disk, or a file in a folder's place.
            why = error.strerror or str(error)
            where = f"{self._name}/{shown(str(one.place))}"
            self._done.refused.setdefault(owner, str(SubmissionError.unreadable(where, why)))
