"""Find the submissions in what a TA points at: files, folders, a learning platform's download."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from graders.errors import SubmissionError
from graders.submission.choose import NOBODYS, READ, REFUSED, is_archive, plain, printable, stem
from graders.submission.download import unpack_class
from graders.submission.gather import ClassFolder, file_submission, is_feedback
from graders.submission.layouts import View, detect, view_folder
from graders.submission.layouts.detect import only_folder
from graders.submission.layouts.view import is_work
from graders.submission.submission import KEYS, Submission
from graders.submission.work import Wish

# What people and platforms call a folder that holds a class.
_CLASSES = ("submissions", "submitted", "export", "abgaben")
_FIRST = datetime.min.replace(tzinfo=UTC)


def find_submissions(
    paths: Iterable[Path],
    out: Path | None = None,
    *,
    assignment: str = "",
    starter: Path | None = None,
    notebook: str | None = None,
    unpack_into: Path | None = None,
) -> list[Submission]:
    """List the submissions under the given paths by name, one a student.

    A file is one submission, named after its stem; so is an archive. In a folder each file is one,
    and each sub-folder is one student's; downloads of Moodle, Canvas and Gradescope, nbgrader's
    folders and GitHub Classroom's clones are known by their names, and give each student's name
    and number. What can't be used stays in the list with its `problem`, so that nobody is lost.
    Passed over are hidden files, links, tables and texts, and `out`. A link is followed only where
    it is one of the given paths.

    Args:
        paths: what the TA points at.
        out: where results go, which is nobody's work.
        assignment: its id; tells its files from others.
        starter: the notebook that students were given; a copy without any change is no work.
        notebook: name or pattern of the file to be graded, where a student has several.
        unpack_into: folder for the content of a whole class's archive, a folder in it for each.
            Without it every archive is one student's.

    Raises:
        SubmissionError: a path that doesn't exist or can't be read, or results would go among
            the submissions.
        IntakeError: a class's download that can't be unpacked, or that doesn't say enough.

    """
    wish = Wish.of(assignment, starter, notebook)
    paths = list(paths)
    for path in paths:
        if not path.exists():
            raise SubmissionError.missing(str(path))
        if out is not None and path.resolve() == out.resolve():
            raise SubmissionError.among_submissions(str(out))
    found = _of_archives(paths, wish, unpack_into)
    if found is None:
        found = [
            one
            for path in paths
            for one in (
                _in_folder(path, out, wish) if path.is_dir() else [file_submission(path, wish)]
            )
        ]
    named = _with_own_names(_latest(found))
    return [one.looked_into() for one in sorted(named, key=lambda one: one.student.casefold())]


def _of_archives(paths: list[Path], wish: Wish, into: Path | None) -> list[Submission] | None:
    """Take the paths for classes' archives; None unless all of them are.

    One among students' own archives could be made by a student, to speak for the others.
    """
    if into is None or not all(path.is_file() and is_archive(path.name) for path in paths):
        return None
    found = []
    for path in paths:
        download = unpack_class(path, wish, into)
        if download is None:
            return None
        ours = ClassFolder(download.folder, wish, download.refused, download.left)
        found += ours.submissions(download.layout)
    return found


def _in_folder(folder: Path, out: Path | None, wish: Wish) -> list[Submission]:
    view = view_folder(folder, out)
    layout = detect(view, wish)
    if layout is not None:
        return ClassFolder(folder, wish).submissions(layout)
    inner = only_folder(view)
    if inner is not None and _is_class(inner, wish):
        folder = folder / inner.path
    return _plain_class(folder, out, wish)


def _is_class(view: View, wish: Wish) -> bool:
    """Whether the only folder in a folder is a class, and not one student's."""
    name = view.name.casefold()
    if name.endswith(_CLASSES) or (wish.assignment and plain(name) == plain(wish.assignment)):
        return True
    return (
        len(view.folders) > 1
        and not any(map(is_work, view.files))
        and all(any(map(is_work, folder.files)) for folder in view.folders.values())
    )


def _plain_class(folder: Path, out: Path | None, wish: Wish) -> list[Submission]:
    try:
        everything = sorted(folder.iterdir())
    except OSError as error:
        why = error.strerror or str(error)
        raise SubmissionError.unreadable(printable(folder.name), why) from error
    entries = [
        entry
        for entry in everything
        if not (entry.is_symlink() or entry.name.startswith(".") or entry.name in NOBODYS)
    ]
    files = [
        entry
        for entry in entries
        if entry.is_file() and entry.name.lower().endswith((*READ, *REFUSED))
    ]
    folders = [
        entry
        for entry in entries
        if entry.is_dir() and not (out is not None and entry.resolve() == out.resolve())
    ]
    ours = ClassFolder(folder, wish)
    found = [file_submission(file, wish) for file in files] + [
        ours.student(inner) for inner in folders
    ]
    found = [one for one in found if not is_feedback(one)]
    if not found:
        why = str(SubmissionError.no_code_in_folder(printable(folder.name)))
        return [Submission(folder.name, folder, why)]
    return found


def _latest(found: list[Submission]) -> list[Submission]:
    """Keep of each student that a platform names the latest submission, and say so."""
    by_key: defaultdict[str, list[int]] = defaultdict(list)
    for at, one in enumerate(found):
        if any(one.handed.ids.get(kind) for kind in KEYS):
            by_key[one.key].append(at)
    kept = list(found)
    gone: set[int] = set()
    for several in by_key.values():
        if len(several) == 1:
            continue
        *before, last = sorted(several, key=lambda at: (*_when(found[at]), at))
        gone.update(before)
        if len({found[at].path for at in several}) > 1:
            said = f"It was handed in {len(several)} times; the latest counts."
            one = found[last]
            kept[last] = replace(one, chosen=f"{one.chosen} {said}".strip())
    return [one for at, one in enumerate(kept) if at not in gone]


def _when(one: Submission) -> tuple[datetime, int]:
    return one.handed.submitted_at or _FIRST, one.handed.attempt or 0


def _with_own_names(found: list[Submission]) -> Iterator[Submission]:
    """Give each submission a student name of its own, as near to the given one as can be.

    Students of one name get their number behind it. Two files of one stem go by their whole names
    (work.ipynb, work.py); two folders of one name by the folders that they stand in.
    """
    seen: set[str] = set()
    count = Counter(one.student for one in found)
    for submission in found:
        name = submission.student
        given = submission.given_name
        if count[name] > 1 and not submission.key.startswith("name:"):
            name = f"{name} ({submission.key.partition(':')[2]})"
        elif count[name] > 1 and stem(given) == name != given:
            name = given
        elif name in seen:
            folder = next((p for p in submission.path.parents if p.name == name), submission.path)
            name = f"{folder.parent.name}-{name}"
        while name in seen:
            name += "+"
        seen.add(name)
        yield replace(submission, student=printable(name))
