"""One student's submission: whose it is, which file, and what is in it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from graders.errors import SubmissionError
from graders.files import UntrustedFileError, open_regular
from graders.result import Handed
from graders.submission.archive import read_archive
from graders.submission.choose import is_archive, printable
from graders.submission.limits import SIZE_LIMIT_MB

# Ids that tell students apart, the most lasting first.
KEYS = ("canvas", "moodle", "gradescope", "sid", "email", "login", "github")


@dataclass(frozen=True)
class _Seen:
    """What is kept of an archive that was looked into: never its content, which may be large."""

    file_name: str
    sha256: str = ""
    problem: str | None = None


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

    @property
    def key(self) -> str:
        """Tells students apart, from one download to the next, whatever they are called."""
        ids = self.handed.ids
        kind = next((kind for kind in KEYS if ids.get(kind)), None)
        return f"{kind}:{ids[kind]}" if kind else f"name:{self.student}"

    @property
    def given_name(self) -> str:
        """The name of what was handed in, be it an archive, as the system has it."""
        return self.named or self.path.name

    @property
    def file_name(self) -> str:
        """The name of the file to be run, in an archive or not, fit to be printed and written."""
        return self._seen.file_name if self._in_archive else printable(self.given_name)

    def read(self) -> bytes:
        """Return the bytes of the file to be run.

        Raises:
            SubmissionError: nothing can be read; the message says what to do.

        """
        # An archive that was refused once is not unpacked again.
        problem = self.problem or (self._seen.problem if self._in_archive else None)
        if problem:
            raise SubmissionError(problem)
        return self._open()[1]

    def sha256(self) -> str:
        """Fingerprint of the content to be run, or of the name where there is none."""
        if self._in_archive and self._seen.sha256:
            return self._seen.sha256
        try:
            return hashlib.sha256(self.read()).hexdigest()
        except SubmissionError:
            return hashlib.sha256(printable(self.given_name).encode()).hexdigest()

    @property
    def _in_archive(self) -> bool:
        return self.problem is None and is_archive(self.given_name)

    @cached_property
    def _seen(self) -> _Seen:
        try:
            name, content = self._open()
        except SubmissionError as error:
            return _Seen(printable(self.given_name), problem=str(error))
        return _Seen(name, hashlib.sha256(content).hexdigest())

    def _open(self) -> tuple[str, bytes]:
        name = printable(self.given_name)
        try:
            with (
                open_regular(self.path) as descriptor,
                os.fdopen(descriptor, "rb", closefd=False) as file,
            ):
                if is_archive(name):
                    return read_archive(name, file)
                return name, _read_whole(name, file)
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
