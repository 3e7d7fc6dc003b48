"""Choose a student's work among the files of a folder or of an archive."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from typing import TypeVar

from graders.errors import SubmissionError

NOTEBOOKS = (".ipynb",)
SCRIPTS = (".py",)
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
# What stands further ahead is the work; what stands behind it is its helper, export or copy.
_KINDS = (NOTEBOOKS, SCRIPTS, ARCHIVES)
NOBODYS = {"__pycache__", "__MACOSX", "node_modules"}
# Never a student's own work: checkpoints, environments, caches, what archives and systems add.
_PASSED_OVER = NOBODYS | {"venv", "env", "site-packages"}

AnyPath = TypeVar("AnyPath", bound=PurePath)


def choose(owner: str, files: Iterable[AnyPath]) -> AnyPath | None:
    """Return the one file that is the work; None where there is no candidate.

    Args:
        owner: the folder's or the archive's name, for the message.
        files: all of its files that aren't passed over, relative to it.

    Raises:
        SubmissionError: several files have the same claim to be it.

    """
    files = sorted(files)
    for kind in _KINDS:
        candidates = [file for file in files if file.name.lower().endswith(kind)]
        if len(candidates) > 1:
            raise SubmissionError.several_files(owner, [shown(str(file)) for file in candidates])
        if candidates:
            return candidates[0]
    return None


def passed_over(name: str) -> bool:
    """Whether a file or a folder of this name, and all that is in it, is nobody's work."""
    return name.startswith(".") or name in _PASSED_OVER


def is_archive(name: str) -> bool:
    """Whether a file of this name is an archive that can be looked into."""
    return name.lower().endswith(ARCHIVES)


def stem(name: str) -> str:
    """Return a file's name without its ending, which is two-fold in `alice.tar.gz`."""
    for ending in sorted(ARCHIVES, key=len, reverse=True):
        if name.lower().endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)]
    return PurePath(name).stem


def printable(name: str) -> str:
    """Replace bytes of a file name that are no UTF-8, as old archives leave them."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def shown(name: str, length: int = 80) -> str:
    """Make any name, however hostile, fit for a message of one line."""
    clean = "".join(char if char.isprintable() else "?" for char in name[: length + 1])
    return clean if len(clean) <= length else f"{clean[: length - 1]}…"
