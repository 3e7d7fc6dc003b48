"""Find the submissions in what a TA points at: files, a folder of files, a folder per student."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from graders.errors import SubmissionError

SUFFIXES = (".ipynb", ".py")
SIZE_LIMIT_MB = 64.0
# What students hand in by mistake, and must hear of; a roster or a read-me is nobody's work.
_HANDED_IN = {".zip", ".7z", ".rar", ".tar", ".gz", ".pdf", ".html", ".docx", ".r", ".jl"}
_NOBODYS = {"__pycache__", "__MACOSX", "node_modules"}
# Never a student's own work: checkpoints, environments, caches, what archives and systems add.
_PASSED_OVER = _NOBODYS | {"venv", "env", "site-packages"}


@dataclass(frozen=True)
class Submission:
    """One student's work: who, and which file; or why there is none."""

    student: str
    path: Path
    problem: str | None = None

    @property
    def file_name(self) -> str:
        """The file's name, fit to be printed and written."""
        return _printable(self.path.name)

    def read(self) -> bytes:
        """Return the file's bytes.

        Raises:
            SubmissionError: nothing can be read; the message says what to do.

        """
        if self.problem:
            raise SubmissionError(self.problem)
        if not self.path.is_file():
            raise SubmissionError.missing(self.path.name)
        try:
            megabytes = self.path.stat().st_size / 1e6
            if megabytes > SIZE_LIMIT_MB:
                raise SubmissionError.too_large(self.file_name, megabytes, SIZE_LIMIT_MB)
            return self.path.read_bytes()
        except OSError as error:
            why = error.strerror or str(error)
            raise SubmissionError.unreadable(self.path.name, why) from error

    def sha256(self) -> str:
        """Fingerprint of the file's content, or of the path where there is none."""
        try:
            return hashlib.sha256(self.read()).hexdigest()
        except SubmissionError:
            return hashlib.sha256(str(self.path.name).encode()).hexdigest()


def find_submissions(paths: Iterable[Path], out: Path | None = None) -> list[Submission]:
    """List the submissions under the given paths, in order, one a student.

    A file is one submission, named after its stem. In a folder each file is one, and each
    sub-folder is one student's; what can't be used stays in the list with its `problem`, so that
    nobody is lost. Passed over are hidden files, links, tables and texts, and `out`.

    Raises:
        SubmissionError: a path that doesn't exist, or results would go among the submissions.

    """
    found: list[Submission] = []
    for path in paths:
        if not path.exists():
            raise SubmissionError.missing(str(path))
        if out is not None and path.resolve() == out.resolve():
            raise SubmissionError.among_submissions(str(out))
        found.extend(_in_folder(path, out) if path.is_dir() else [_file(path)])
    return list(_with_own_names(found))


def _in_folder(folder: Path, out: Path | None) -> list[Submission]:
    entries = [
        entry
        for entry in sorted(folder.iterdir())
        if not (entry.is_symlink() or entry.name.startswith(".") or entry.name in _NOBODYS)
    ]
    files = [
        entry
        for entry in entries
        if entry.is_file() and entry.suffix.lower() in {*SUFFIXES, *_HANDED_IN}
    ]
    folders = [
        entry
        for entry in entries
        if entry.is_dir() and not (out is not None and entry.resolve() == out.resolve())
    ]
    found = [_file(file) for file in files] + [_student_folder(inner) for inner in folders]
    if not found:
        return [
            Submission(folder.name, folder, SubmissionError.no_code_in_folder(folder.name).args[0])
        ]
    return found


def _student_folder(folder: Path) -> Submission:
    try:
        candidates = sorted(_code_files(folder))
    except OSError as error:
        why = error.strerror or str(error)
        return Submission(folder.name, folder, SubmissionError.unreadable(folder.name, why).args[0])
    # A notebook is the work, a script beside it its helper or its export.
    notebooks = [path for path in candidates if path.suffix.lower() == ".ipynb"]
    candidates = notebooks or candidates
    if not candidates:
        problem = SubmissionError.no_code_in_folder(folder.name).args[0]
        return Submission(folder.name, folder, problem)
    if len(candidates) > 1:
        names = [str(path.relative_to(folder)) for path in candidates]
        problem = SubmissionError.several_files(folder.name, names).args[0]
        return Submission(folder.name, folder, problem)
    return Submission(folder.name, candidates[0])


def _code_files(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if _passed_over(entry):
            continue
        if entry.is_dir():
            yield from _code_files(entry)
        elif entry.suffix.lower() in SUFFIXES:
            yield entry


def _file(path: Path) -> Submission:
    problem = None
    if path.suffix.lower() not in SUFFIXES:
        problem = SubmissionError.wrong_type(path.name).args[0]
    return Submission(path.stem, path, problem)


def _passed_over(entry: Path) -> bool:
    return entry.is_symlink() or entry.name.startswith(".") or entry.name in _PASSED_OVER


def _with_own_names(found: list[Submission]) -> Iterator[Submission]:
    """Give each submission a student name of its own, as near to the given one as can be.

    Two files of one stem go by their whole names (work.ipynb, work.py); two folders of one name
    by the folders that they stand in.
    """
    seen: set[str] = set()
    names = [submission.student for submission in found]
    for submission in found:
        name = submission.student
        if names.count(name) > 1 and submission.path.stem == name and submission.path.suffix:
            name = submission.path.name
        elif name in seen:
            folder = next((p for p in submission.path.parents if p.name == name), submission.path)
            name = f"{folder.parent.name}-{name}"
        while name in seen:
            name += "+"
        seen.add(name)
        yield Submission(_printable(name), submission.path, submission.problem)


def _printable(name: str) -> str:
    """Replace bytes of a file name that are no UTF-8, as old archives leave them."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
