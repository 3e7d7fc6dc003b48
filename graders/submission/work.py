"""What a choice is made among, files on disk or in an archive, and what is known beforehand."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Protocol

from graders.errors import SubmissionError
from graders.files import UntrustedFileError, open_regular
from graders.submission.choose import plain, printable, shown, stem
from graders.submission.peek import Peek, peek


class Work(Protocol):
    """A file of a student's, wherever it is."""

    @property
    def path(self) -> PurePosixPath:
        """Where the student put it, relative to all of the student's files."""

    @property
    def size(self) -> int:
        """In bytes, as far as is known."""

    def read(self, limit: int, /) -> bytes:
        """Return up to so many bytes of it. Raises anything where it can't be read."""


@dataclass(frozen=True)
class OnDisk:
    """A student's file that lies on disk, maybe under a name that a platform gave it."""

    path: PurePosixPath
    source: Path

    @cached_property
    def size(self) -> int:
        """In bytes; 0 where it can't be told."""
        try:
            return self.source.lstat().st_size
        except OSError:
            return 0

    def read(self, limit: int, /) -> bytes:
        """Return up to so many bytes of it.

        Raises:
            SubmissionError: it is a link or a device, went away, or can't be read.

        """
        name = printable(self.path.name)
        try:
            with (
                open_regular(self.source) as descriptor,
                os.fdopen(descriptor, "rb", closefd=False) as file,
            ):
                return file.read(limit)
        except UntrustedFileError as error:
            raise SubmissionError.not_a_file(name) from error
        except FileNotFoundError as error:
            raise SubmissionError.missing(name) from error
        except OSError as error:
            raise SubmissionError.unreadable(name, error.strerror or str(error)) from error


@dataclass(frozen=True)
class Wish:
    """What is known of the work before it is looked for."""

    # The assignment's id.
    assignment: str = ""
    # The file to be graded, a name or a pattern, as the TA gave it.
    notebook: str = ""
    # The notebook that students were given.
    handout_name: str = ""
    handout: Peek | None = None

    @classmethod
    def of(cls, assignment: str, starter: Path | None, notebook: str | None) -> Wish:
        """Read the starter; without one that can be read, nothing is compared with it."""
        name, handout = "", None
        if starter is not None:
            name = starter.name
            with contextlib.suppress(SubmissionError):
                content = OnDisk(PurePosixPath(name), starter.resolve()).read(_STARTER_BYTES)
                handout = peek(name, content)
        return cls(assignment, notebook or "", name, handout)

    @property
    def names(self) -> set[str]:
        """What a file of the sheet's own name is called, without its ending."""
        return {plain(name) for name in (self.assignment, stem(self.handout_name)) if plain(name)}

    @property
    def exercises(self) -> frozenset[str]:
        """Ids of the sheet's exercises, as far as the starter names them."""
        return self.handout.marks if self.handout else frozenset()

    def described(self) -> str:
        """Return what the TA asked for, as it was given on the command line."""
        return f"--notebook {shown(self.notebook)}"


_STARTER_BYTES = 32_000_000
