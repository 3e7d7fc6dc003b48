"""Find the submissions in what a TA points at: files, a folder of files, a folder per student."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from graders.errors import SubmissionError
from graders.submission.choose import (
    ARCHIVES,
    NOBODYS,
    NOTEBOOKS,
    SCRIPTS,
    choose,
    passed_over,
    printable,
    stem,
)
from graders.submission.submission import Submission

_READ = (*NOTEBOOKS, *SCRIPTS, *ARCHIVES)
# What students hand in by mistake, and must hear of; a roster or a read-me is nobody's work.
_REFUSED = (".7z", ".rar", ".gz", ".bz2", ".xz", ".pdf", ".html", ".docx", ".r", ".jl")


def find_submissions(paths: Iterable[Path], out: Path | None = None) -> list[Submission]:
    """List the submissions under the given paths, in order, one a student.

    A file is one submission, named after its stem; so is an archive, which isn't opened yet. In a
    folder each file is one, and each sub-folder is one student's; what can't be used stays in the
    list with its `problem`, so that nobody is lost. Passed over are hidden files, links, tables
    and texts, and `out`. A link is followed only where it is one of the given paths.

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
        if not (entry.is_symlink() or entry.name.startswith(".") or entry.name in NOBODYS)
    ]
    files = [
        entry
        for entry in entries
        if entry.is_file() and entry.name.lower().endswith((*_READ, *_REFUSED))
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
    name = printable(folder.name)
    try:
        chosen = choose(name, (path.relative_to(folder) for path in _own_files(folder)))
        if chosen is None:
            raise SubmissionError.no_code_in_folder(name)
    except SubmissionError as error:
        return Submission(folder.name, folder, str(error))
    except OSError as error:
        why = error.strerror or str(error)
        return Submission(folder.name, folder, str(SubmissionError.unreadable(name, why)))
    return Submission(folder.name, folder / chosen)


def _own_files(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.is_symlink() or passed_over(entry.name):
            continue
        if entry.is_dir():
            yield from _own_files(entry)
        else:
            yield entry


def _file(path: Path) -> Submission:
    problem = None
    if not path.name.lower().endswith(_READ):
        problem = str(SubmissionError.wrong_type(printable(path.name)))
    if path.is_symlink():
        # Named by the TA, so that it may be followed; what is read later must be no link.
        return Submission(stem(path.name), path.resolve(), problem, named=path.name)
    return Submission(stem(path.name), path, problem)


def _with_own_names(found: list[Submission]) -> Iterator[Submission]:
    """Give each submission a student name of its own, as near to the given one as can be.

    Two files of one stem go by their whole names (work.ipynb, work.py); two folders of one name
    by the folders that they stand in.
    """
    seen: set[str] = set()
    names = [submission.student for submission in found]
    for submission in found:
        name = submission.student
        given = submission.given_name
        if names.count(name) > 1 and stem(given) == name != given:
            name = given
        elif name in seen:
            folder = next((p for p in submission.path.parents if p.name == name), submission.path)
            name = f"{folder.parent.name}-{name}"
        while name in seen:
            name += "+"
        seen.add(name)
        yield replace(submission, student=printable(name))
