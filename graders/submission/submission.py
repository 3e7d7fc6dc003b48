"""One student's submission: whose it is, which file, and what is in it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from graders.errors import SubmissionError
from graders.files import UntrustedFileError, open_regular
from graders.result import Handed, SubmissionInfo
from graders.submission.archive import Unpacked, read_archive
from graders.submission.choose import is_archive, printable
from graders.submission.limits import BESIDE_FILE_MB, BESIDE_FILES, BESIDE_MB, SIZE_LIMIT_MB
from graders.submission.work import OnDisk, Wish

# Ids that tell students apart, the most lasting first.
KEYS = ("canvas", "moodle", "gradescope", "sid", "email", "login", "github")


def key_of(ids: Mapping[str, str], name: str) -> str:
    """Return what tells a student apart: the most lasting of the ids, or else the name."""
    kind = next((kind for kind in KEYS if ids.get(kind)), "name")
    value = ids[kind] if kind in KEYS else name
    # What no gradebook can hold, such as NUL, tells nobody apart.
    return f"{kind}:{''.join(c if c.isprintable() else '?' for c in value)}"


@dataclass(frozen=True)
class _Seen:
    """What is kept of an archive that was looked into: never its content, which may be large."""

    file_name: str
    sha256: str = ""
    problem: str | None = None
    why: str = ""


@dataclass(frozen=True)
class Held:
    """What is in a submission, in memory."""

    file_name: str
    content: bytes
    brought: Mapping[str, bytes]
    sha256: str
    problem: str = ""  # why there is no content


@dataclass(frozen=True)
class Submission:
    """One student's work: who, and which file; or why there is none."""

    student: str
    path: Path
    problem: str | None = None
    # What the file is called, where a link's target or a platform gives it another name.
    named: str | None = None
    # What else the student handed in, to lie beside the file when it runs: by relative path.
    beside: tuple[tuple[str, Path], ...] = ()
    # Why this file, where there were several.
    chosen: str = ""
    handed: Handed = field(default_factory=Handed)
    # What tells the work from other files in an archive.
    wish: Wish = field(default_factory=Wish, repr=False, compare=False)
    # Its key where its ids say another: the key of a student who is known already.
    keyed: str = ""
    # All of it, where it has been read.
    held: Held | None = field(default=None, repr=False, compare=False)

    @property
    def key(self) -> str:
        """Tells students apart, from one download to the next, whatever they are called."""
        return self.keyed or key_of(self.handed.ids, self.student)

    @property
    def given_name(self) -> str:
        """The name of what was handed in, be it an archive, as the system has it."""
        return self.named or self.path.name

    @property
    def file_name(self) -> str:
        """The name of the file to be run, in an archive or not, fit to be printed and written."""
        if self.held is not None:
            return self.held.file_name
        return self._seen.file_name if self._in_archive else printable(self.given_name)

    def read(self) -> bytes:
        """Return the bytes of the file to be run.

        Raises:
            SubmissionError: nothing can be read; the message says what to do.

        """
        self._refuse()
        return self.held.content if self.held is not None else self._open().content

    def brought(self) -> dict[str, bytes]:
        """Return what lies beside the file to be run.

        Returns:
            Contents by path, with `/`, relative to the file's own folder: at most 200 files of
            at most 20 MB each and 50 MB in all.

        Raises:
            SubmissionError: some of it can't be read, or is not what it was when it was found.

        """
        self._refuse()
        if self.held is not None:
            return dict(self.held.brought)
        if self._in_archive:
            return self._open().brought
        room, contents = int(BESIDE_MB * 1e6), {}
        for name, path in self.beside[:BESIDE_FILES]:
            limit = min(room, int(BESIDE_FILE_MB * 1e6))
            content = OnDisk(PurePosixPath(name), path).read(limit + 1)
            if len(content) > limit:
                raise SubmissionError.too_large(name, len(content) / 1e6, limit / 1e6)
            room -= len(content)
            contents[name] = content
        return contents

    def sha256(self) -> str:
        """Fingerprint of what is run and of what lies beside it; of the name if there is none."""
        if self.held is not None:
            return self.held.sha256
        if self._in_archive and self._seen.sha256:
            return self._seen.sha256
        try:
            return _fingerprint(self.read(), self.brought())
        except SubmissionError:
            return hashlib.sha256(printable(self.given_name).encode()).hexdigest()

    def info(self) -> SubmissionInfo:
        """Say whose it is and what it is, for the result."""
        return SubmissionInfo(
            student=self.student,
            files=[self.file_name],
            sha256=self.sha256(),
            key=self.key,
            chosen=self.chosen,
            brought=sorted(self.held.brought if self.held else (name for name, _ in self.beside)),
            handed=self.handed,
        )

    def loaded(self) -> Submission:
        """Return the same with all of it in memory: read once, and fit to travel."""
        same = self.looked_into()
        try:
            same._refuse()
            found = same._open() if same._in_archive else None
            content = found.content if found else same.read()
            brought = found.brought if found else same.brought()
        except SubmissionError as error:
            held = Held(same.file_name, b"", {}, same.sha256(), str(error))
            return replace(same, held=held)
        digest = _fingerprint(content, brought)
        return replace(same, held=Held(same.file_name, content, brought, digest))

    def looked_into(self) -> Submission:
        """Return the same with what looking into its archive tells of the choice, if it is one."""
        if not self._in_archive:
            return self
        why = " ".join(filter(None, (self.chosen, self._seen.why)))
        same = replace(self, chosen=why)
        vars(same)["_seen"] = self._seen  # so that it isn't unpacked again
        return same

    def _refuse(self) -> None:
        # An archive that was refused once is not unpacked again.
        problem = self.held.problem if self.held is not None else self.problem
        if self.held is None and self._in_archive:
            problem = self._seen.problem
        if problem:
            raise SubmissionError(problem)

    @property
    def _in_archive(self) -> bool:
        return self.problem is None and is_archive(self.given_name)

    @cached_property
    def _seen(self) -> _Seen:
        try:
            found = self._open()
        except SubmissionError as error:
            return _Seen(printable(self.given_name), problem=str(error))
        return _Seen(found.name, _fingerprint(found.content, found.brought), why=found.why)

    def _open(self) -> Unpacked:
        name = printable(self.given_name)
        try:
            with (
                open_regular(self.path) as descriptor,
                os.fdopen(descriptor, "rb", closefd=False) as file,
            ):
                if is_archive(name):
                    return read_archive(name, file, self.wish)
                return Unpacked(name, _read_whole(name, file), {}, "")
        except UntrustedFileError as error:
            raise SubmissionError.not_a_file(name) from error
        except FileNotFoundError as error:
            raise SubmissionError.missing(name) from error
        except OSError as error:
            why = error.strerror or str(error)
            raise SubmissionError.unreadable(name, why) from error


def _read_whole(name: str, file: BinaryIO) -> bytes:
    limit = int(SIZE_LIMIT_MB * 1e6)
    size = os.fstat(file.fileno()).st_size
    content = b"" if size > limit else file.read(limit + 1)
    # It may have grown while it was read.
    size = max(size, len(content))
    if size > limit:
        raise SubmissionError.too_large(name, size / 1e6, SIZE_LIMIT_MB)
    return content


def _fingerprint(content: bytes, brought: Mapping[str, bytes]) -> str:
    own = hashlib.sha256(content).hexdigest()
    if not brought:
        return own
    whole = hashlib.sha256(own.encode())
    for name in sorted(brought):
        # No name holds a line's end, and hashes have one length: nothing can be shifted.
        whole.update(f"\n{hashlib.sha256(brought[name]).hexdigest()} {name}".encode())
    return whole.hexdigest()
