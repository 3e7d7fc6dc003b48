"""What comes along with the work: helper modules and data in its own folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from graders.submission.choose import is_notebook, is_script, stem
from graders.submission.limits import BESIDE_FILE_MB, BESIDE_FILES, BESIDE_MB
from graders.submission.work import Work

# Handed in beside the work, and of no use to it when it runs.
_NO_USE = (".ipynb", ".pdf", ".html", ".htm", ".docx", ".doc", ".pptx", ".7z", ".rar")

AnyWork = TypeVar("AnyWork", bound=Work)


def lie_beside(
    work: AnyWork, files: Sequence[AnyWork]
) -> tuple[tuple[AnyWork, ...], list[AnyWork]]:
    """Return what may lie beside the work when it runs, and what is left out for its size."""
    folder = work.path.parent
    wanted = [
        file
        for file in files
        if file.path != work.path
        and file.path.is_relative_to(folder)
        and not file.path.name.lower().endswith(_NO_USE)
        and not is_export(file, work)
        and all(_is_plain(part) for part in file.path.parts)
    ]
    wanted.sort(key=lambda file: (not is_script(file.path.name), file.path))
    kept: list[AnyWork] = []
    left: list[AnyWork] = []
    room = BESIDE_MB * 1e6
    for file in wanted:
        fits = file.size <= min(room, BESIDE_FILE_MB * 1e6) and len(kept) < BESIDE_FILES
        (kept if fits else left).append(file)
        room -= file.size if fits else 0
    return tuple(kept), left


def is_export(file: Work, work: Work) -> bool:
    """Whether a script is what Jupyter has exported the notebook to, by its name."""
    return (
        is_script(file.path.name)
        and is_notebook(work.path.name)
        and stem(file.path.name).casefold() == stem(work.path.name).casefold()
    )


def _is_plain(part: str) -> bool:
    if part in {"..", "."} or "\\" in part or not part.isprintable():
        return False
    return len(part.encode("utf-8", "replace")) <= 255
