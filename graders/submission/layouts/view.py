"""A folder as learning platforms arrange it, be it on disk or still in an archive.

Layouts are told by names, so one look serves both: a view lists names, and reads the few small
files that a platform itself writes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from graders.submission.choose import NOBODYS, REFUSED, is_archive, is_notebook, is_script
from graders.submission.work import OnDisk

Read = Callable[[PurePosixPath, int], bytes]
# Of one folder; whoever holds more is no class and no student.
_ENTRIES = 100_000


@dataclass
class Names:
    """What stands directly in a folder."""

    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)


class View:
    """A folder: its name, its files' names, and its folders, which are listed when asked for."""

    def __init__(
        self,
        name: str,
        path: PurePosixPath,
        names: Callable[[PurePosixPath], Names],
        read: Read,
    ) -> None:
        self.name = name
        # Relative to the uppermost view.
        self.path = path
        self._names = names
        self._read = read

    @cached_property
    def _own(self) -> Names:
        return self._names(self.path)

    @property
    def files(self) -> list[str]:
        """Names of its files, in order; hidden ones and those that systems add left out."""
        return [name for name in self._own.files if not _is_hidden(name)]

    @cached_property
    def folders(self) -> dict[str, View]:
        """Its folders by name, in order, without hidden ones and those that systems add."""
        return {
            name: View(name, self.path / name, self._names, self._read)
            for name in self._own.folders
            if not _is_hidden(name)
        }

    def holds(self, name: str) -> bool:
        """Whether a file or a folder of this name, hidden or not, stands in it."""
        return name in self._own.files or name in self._own.folders

    def read(self, name: str, limit: int) -> bytes:
        """Return up to so many bytes of one of its files.

        Raises:
            SubmissionError: it can't be read.

        """
        return self._read(self.path / name, limit)


def view_folder(folder: Path, without: Path | None = None) -> View:
    """Look at a folder on disk; links are not there, nor is the folder `without`."""
    left_out = None if without is None else without.resolve()

    def names(path: PurePosixPath) -> Names:
        found = Names()
        try:
            with os.scandir(folder / path) as entries:
                for entry, _ in zip(entries, range(_ENTRIES), strict=False):
                    if entry.is_symlink() or _is(entry, left_out):
                        continue
                    (found.folders if entry.is_dir() else found.files).append(entry.name)
        except OSError:  # whose folder it is stays in the list, and says why when it is read
            return Names()
        found.files.sort()
        found.folders.sort()
        return found

    def read(path: PurePosixPath, limit: int) -> bytes:
        return OnDisk(path, folder / path).read(limit)

    return View(folder.name, PurePosixPath(), names, read)


def _is(entry: os.DirEntry[str], path: Path | None) -> bool:
    return path is not None and entry.name == path.name and Path(entry.path).resolve() == path


def view_members(
    name: str, paths: Iterable[PurePosixPath], folders: Iterable[PurePosixPath], read: Read
) -> View:
    """Look at an archive.

    Args:
        name: the archive's, without its ending.
        paths: of its files.
        folders: those that it lists of itself; those that its files stand in are known anyway.
        read: unpacks one of its files, up to a number of bytes.

    """
    tree: dict[PurePosixPath, tuple[set[str], set[str]]] = {}

    def enter(path: PurePosixPath, at: int) -> None:
        while path.name:
            parent = tree.setdefault(path.parent, (set(), set()))
            if path.name in parent[at]:
                return
            parent[at].add(path.name)
            path, at = path.parent, 1

    for path in paths:
        enter(path, 0)
    for path in folders:
        enter(path, 1)
    listing: Mapping[PurePosixPath, Names] = {
        path: Names(sorted(files - inner), sorted(inner)) for path, (files, inner) in tree.items()
    }
    return View(name, PurePosixPath(), lambda path: listing.get(path, Names()), read)


def is_work(name: str) -> bool:
    """Whether a file of this name would be graded, or is handed in by mistake for what would."""
    lower = name.lower()
    return is_notebook(lower) or is_script(lower) or is_archive(lower) or lower.endswith(REFUSED)


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name in NOBODYS
