"""Notice which files of one folder are opened, by whatever means, and whether to be written."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

# By names of our own: the student's code may put others in their places.
_getcwd, _fsdecode = os.getcwd, os.fsdecode
_join, _normpath = os.path.join, os.path.normpath
_WRITING = os.O_WRONLY | os.O_RDWR
# Python's own business, and that of its import system.
_CODE = (".py", ".pyc", ".pyi", ".so")


class Watches(Protocol):
    """Who is told of files. It may raise anything: nothing of it reaches the student's code."""

    def opened(self, path: str, *, writing: bool) -> None:
        """Take note of a file, by its path below the folder."""

    def moved(self, source: str, target: str) -> None:
        """Take note of a file that gets another name."""

    def copied(self, source: str, target: str) -> None:
        """Take note of a file that is copied."""


@dataclass(frozen=True)
class Opens:
    """Tells of the files in a folder; what starts with a dot is not the student's own."""

    folders: tuple[str, ...]  # the folder by all its names, each with a separator at its end
    tell: Watches

    @classmethod
    def install(cls, folder: Path, tell: Watches) -> Opens:
        """Begin to watch a folder; there is no end to it, as Python's audit hooks have none."""
        names = dict.fromkeys((str(folder.absolute()), str(folder.resolve())))
        opens = cls(tuple(name.rstrip(os.sep) + os.sep for name in names), tell)
        sys.addaudithook(_hook(opens))
        return opens

    def below(self, given: Any) -> str | None:
        """Return a path relative to the folder; None where it lies elsewhere, or is no path."""
        # By the type itself: a student's object may be a text and tell lies.
        if issubclass(type(given), str):
            path = str.__str__(given)
        elif type(given) is bytes:
            path = _fsdecode(given)
        else:
            return None
        path = _normpath(_join(_getcwd(), path))
        for folder in self.folders:
            if path.startswith(folder):
                return path[len(folder) :]
        return None

    def told(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Pass on what Python's audit says of a file."""
        path = self.below(arguments[0])
        if event == "open":
            writing = bool(arguments[2] & _WRITING)
            if path is not None and not is_hidden(path) and (writing or not is_code(path)):
                self.tell.opened(path, writing=writing)
            return
        target = self.below(arguments[1])
        if path is not None and target is not None:
            (self.tell.moved if event == "os.rename" else self.tell.copied)(path, target)


def is_hidden(path: str) -> bool:
    """Whether a file lies where programs keep what is theirs: caches, settings, temporary files."""
    return path.startswith(".") or f"{os.sep}." in path or "__pycache__" in path


def is_code(path: str) -> bool:
    """Whether it is a module, which is imported rather than loaded."""
    return path.endswith(_CODE)


def _hook(opens: Opens) -> Callable[[str, tuple[Any, ...]], None]:
    told = opens.told

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        # Called for whatever Python does: the common case must cost next to nothing.
        if event == "open" or event == "os.rename" or event == "shutil.copyfile":  # noqa: PLR1714
            try:  # noqa: SIM105 - a context manager costs more
                told(event, arguments)
            except Exception:  # noqa: BLE001, S110 - it would come up in the student's open()
                pass

    return hook
