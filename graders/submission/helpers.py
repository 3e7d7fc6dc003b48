"""Find the modules next to a file that it imports, where no folder was handed in as a whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from graders.errors import SubmissionError
from graders.submission.choose import is_archive, listed
from graders.submission.limits import BESIDE_FILE_MB, BESIDE_FILES
from graders.submission.peek import peek
from graders.submission.submission import Submission
from graders.submission.work import OnDisk


def with_helpers(submission: Submission) -> Submission:
    """Lay beside a file the modules of its folder that it imports, and those that these import.

    Of a folder that somebody works in, nothing else is taken: it may be their home.
    """
    if submission.problem is not None or is_archive(submission.given_name):
        return submission
    work = submission.path
    found: dict[str, OnDisk] = {}
    waiting = [OnDisk(PurePosixPath(work.name), work)]
    while waiting and len(found) < BESIDE_FILES:
        for word in sorted(_imports(waiting.pop())):
            source = work.parent / f"{word}.py"
            if source.name in found or source == work or source.is_symlink():
                continue
            if source.is_file():
                found[source.name] = OnDisk(PurePosixPath(source.name), source)
                waiting.append(found[source.name])
    if not found:
        return submission
    said = f"{listed(sorted(found))} lay beside it, as it imports {_them(len(found))}."
    return replace(
        submission,
        beside=tuple((name, file.source) for name, file in sorted(found.items())),
        chosen=f"{submission.chosen} {said}".strip(),
    )


def _imports(file: OnDisk) -> frozenset[str]:
    try:
        content = file.read(int(BESIDE_FILE_MB * 1e6))
    except SubmissionError:
        return frozenset()
    seen = peek(file.path.name, content)
    return seen.imports if seen is not None else frozenset()


def _them(count: int) -> str:
    return "it" if count == 1 else "them"
