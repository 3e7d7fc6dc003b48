"""Take the files that are one student's together, and pick the work among them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from graders.errors import IntakeError, SubmissionError
from graders.submission.choose import (
    READ,
    is_environment,
    listed,
    passed_over,
    plain,
    printable,
    stem,
)
from graders.submission.layouts import Hand, Layout
from graders.submission.layouts.view import is_work
from graders.submission.limits import ENTRIES_LIMIT
from graders.submission.pick import pick
from graders.submission.submission import Submission
from graders.submission.work import OnDisk, Wish


def file_submission(path: Path, wish: Wish) -> Submission:
    """Take a file for one student's, named after its stem."""
    problem = None
    if not path.name.lower().endswith(READ):
        problem = str(SubmissionError.wrong_type(printable(path.name)))
    if path.is_symlink():
        # Named by the TA, so that it may be followed; what is read later must be no link.
        return Submission(stem(path.name), path.resolve(), problem, named=path.name, wish=wish)
    return Submission(stem(path.name), path, problem, wish=wish)


@dataclass(frozen=True)
class ClassFolder:
    """A class on disk: the folder that it stands in, and what was refused on the way there."""

    folder: Path
    wish: Wish
    refused: dict[PurePosixPath, str] = field(default_factory=dict)
    left: dict[PurePosixPath, list[str]] = field(default_factory=dict)

    def submissions(self, layout: Layout) -> list[Submission]:
        """List a platform's download: who the platform names, and what stands about."""
        found = [self._hand(hand) for hand in layout.hands]
        for stray in layout.strays:
            path = self.folder / stray
            if stray in self.refused:
                found.append(Submission(stem(stray.name), path, self.refused[stray]))
            elif path.is_dir():
                found.append(self.student(path))
            elif path.is_file():
                found.append(file_submission(path, self.wish))
        return [one for one in found if not is_feedback(one)]

    def student(self, folder: Path) -> Submission:
        """Take a folder for one student's."""
        return self._picked(Submission(folder.name, folder, wish=self.wish), _Files.within(folder))

    def _hand(self, hand: Hand) -> Submission:
        parts = [part for part in hand.parts if not part.aside]
        shown_at = parts[0].path if parts else PurePosixPath()
        one = Submission(
            hand.student,
            self.folder / shown_at,
            handed=hand.handed,
            chosen=hand.note,
            wish=self.wish,
        )
        refused = next((self.refused[p.path] for p in hand.parts if p.path in self.refused), None)
        if refused is not None:
            return replace(one, problem=refused)
        files = _Files()
        aside = {part.path for part in hand.parts if part.aside}
        for part in parts:
            if part.name:
                files.add(PurePosixPath(part.name), self.folder / part.path)
            else:
                files.walk(self.folder / part.path)
        files.leave({self.folder / path for path in aside})
        left = [name for part in parts for name in self.left.get(part.path, [])]
        here, slash, rest = self.wish.notebook.partition("/")
        if slash and hand.handed.platform == "nbgrader" and plain(here) == plain(shown_at.name):
            one = replace(one, wish=replace(self.wish, notebook=rest))
        picked = self._picked(one, files)
        if left:
            said = f"{listed(left)} stayed in the archive for {_its(left)} size."
            picked = replace(picked, chosen=f"{picked.chosen} {said}".strip())
        return picked

    def _picked(self, one: Submission, files: _Files) -> Submission:
        owner = printable(one.student)
        try:
            picked = pick(owner, files.found(owner), one.wish)
            if picked is None:
                raise SubmissionError.no_code_in_folder(owner)
        except (SubmissionError, IntakeError) as error:
            return replace(one, problem=str(error))
        work = picked.work
        return replace(
            one,
            path=work.source,
            named=work.path.name if work.path.name != work.source.name else None,
            beside=tuple(
                (str(file.path.relative_to(work.path.parent)), file.source)
                for file in picked.beside
            ),
            chosen=" ".join(filter(None, (picked.why, one.chosen))),
        )


def _its(names: list[str]) -> str:
    return "its" if len(names) == 1 else "their"


class _Files:
    """One student's files on disk, without what is nobody's work."""

    def __init__(self) -> None:
        self._files: list[OnDisk] = []
        self._problem: OSError | None = None
        self._entries = 0

    @classmethod
    def within(cls, folder: Path) -> _Files:
        """List a folder."""
        files = cls()
        files.walk(folder)
        return files

    def add(self, path: PurePosixPath, source: Path) -> None:
        """Add one file under the name that the student gave it."""
        if not passed_over(path.name) and not source.is_symlink() and source.is_file():
            self._files.append(OnDisk(path, source))

    def walk(self, folder: Path) -> None:
        """Add the files of a folder, and of the folders in it; links lead nowhere."""
        waiting = [folder]
        while waiting and self._entries <= ENTRIES_LIMIT:
            inner = waiting.pop()
            try:
                entries = sorted(inner.iterdir())
            except FileNotFoundError:  # an empty one, of which an archive gives nothing
                continue
            except OSError as error:
                self._problem = error
                return
            if inner != folder and is_environment(entry.name for entry in entries):
                continue
            self._entries += len(entries)
            entries = [e for e in entries if not (e.is_symlink() or passed_over(e.name))]
            for entry in entries:
                if entry.is_dir():
                    waiting.append(entry)
                # A pipe in the work's place is refused with a sentence, one beside it is left.
                elif entry.is_file() or is_work(entry.name):
                    self._files.append(OnDisk(PurePosixPath(entry.relative_to(folder)), entry))

    def leave(self, sources: set[Path]) -> None:
        """Leave out what the platform wrote itself."""
        self._files = [file for file in self._files if file.source not in sources]

    def found(self, owner: str) -> list[OnDisk]:
        """Return the files in the order of their names.

        Raises:
            SubmissionError: a folder can't be listed.
            IntakeError: there are more than any student has.

        """
        if self._problem is not None:
            why = self._problem.strerror or str(self._problem)
            raise SubmissionError.unreadable(owner, why)
        if self._entries > ENTRIES_LIMIT:
            raise IntakeError.too_many_entries(owner, ENTRIES_LIMIT)
        return sorted(self._files, key=lambda file: file.path)


def is_feedback(one: Submission) -> bool:
    """Whether it is what graders put beside submissions, and not a student of that name."""
    return one.problem is not None and one.path.name.casefold() == "feedback" and one.path.is_dir()
