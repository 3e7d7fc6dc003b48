"""What files are called: which are work, which are nobody's, and how a name is shown."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath, PurePosixPath

NOTEBOOKS = (".ipynb",)
SCRIPTS = (".py",)
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
READ = (*NOTEBOOKS, *SCRIPTS, *ARCHIVES)
# What students hand in by mistake, and must hear of; a roster or a read-me is nobody's work.
REFUSED = (".7z", ".rar", ".gz", ".bz2", ".xz", ".pdf", ".html", ".docx", ".r", ".jl")
NOBODYS = {"__pycache__", "__MACOSX", "node_modules"}
# Never a student's own work: checkpoints, environments, caches, what archives and systems add.
_PASSED_OVER = NOBODYS | {"venv", "env", "site-packages"}
# An environment has one of these in its uppermost folder, whatever that is called.
_ENVIRONMENT = {"pyvenv.cfg", "conda-meta"}


def passed_over(name: str) -> bool:
    """Whether a file or a folder of this name, and all that is in it, is nobody's work."""
    return name.startswith(".") or name in _PASSED_OVER


def is_environment(names: Iterable[str]) -> bool:
    """Whether a folder that holds these names is a Python environment, whatever it is called."""
    return not _ENVIRONMENT.isdisjoint(names)


def environments(paths: Iterable[PurePosixPath]) -> set[PurePosixPath]:
    """Return the folders among these files' folders that are environments; never the top."""
    top = PurePosixPath()
    return {
        folder
        for path in paths
        for part, folder in zip(path.parts, reversed(path.parents), strict=True)
        if part in _ENVIRONMENT and folder != top
    }


def is_notebook(name: str) -> bool:
    """Whether a file of this name is a notebook."""
    return name.lower().endswith(NOTEBOOKS)


def is_script(name: str) -> bool:
    """Whether a file of this name is a Python script."""
    return name.lower().endswith(SCRIPTS)


def is_archive(name: str) -> bool:
    """Whether a file of this name is an archive that can be looked into."""
    return name.lower().endswith(ARCHIVES)


def stem(name: str) -> str:
    """Return a file's name without its ending, which is two-fold in `alice.tar.gz`."""
    for ending in sorted(ARCHIVES, key=len, reverse=True):
        if name.lower().endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)]
    return PurePath(name).stem


def plain(name: str) -> str:
    """Leave of a name what people agree on: letters and digits, in lower case."""
    return "".join(char for char in name.casefold() if char.isalnum())


def printable(name: str) -> str:
    """Replace bytes of a file name that are no UTF-8, as old archives leave them."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def shown(name: str, length: int = 80) -> str:
    """Make any name, however hostile, fit for a message of one line."""
    clean = "".join(char if char.isprintable() else "?" for char in name[: length + 1])
    return clean if len(clean) <= length else f"{clean[: length - 1]}…"


def listed(names: Iterable[str], most: int = 5) -> str:
    """Write names as a sentence does: `a, b and c`; of many only the first."""
    all_names = [shown(name) for name in names]
    few, more = all_names[:most], len(all_names) - most
    if more > 0:
        return f"{', '.join(few)} and {more} more"
    return " and ".join(filter(None, [", ".join(few[:-1]), few[-1]]))
