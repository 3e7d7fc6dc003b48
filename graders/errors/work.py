"""What is wrong with what students and platforms hand in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from graders.errors.base import TensormarkError


class SubmissionError(TensormarkError):
    """A submission can't be read; the sentence tells the student what to do."""

    @classmethod
    def missing(cls, name: str) -> Self:
        """The path does not exist."""
        return cls(f"{name}: there is no such file. Check the path.")

    @classmethod
    def empty(cls, name: str) -> Self:
        """The file holds nothing."""
        return cls(f"{name}: the file is empty. Save the notebook again and hand in that file.")

    @classmethod
    def too_large(cls, name: str, megabytes: float, limit: float) -> Self:
        """The file is larger than any notebook has to be."""
        size, most = f"{megabytes:.0f} MB, ", f"{limit:.0f} MB"
        # Of some files no more was read than the limit, and a little above it rounds to it.
        size = "" if size.startswith(most) else size
        return cls(
            f"{name}: the file has {size}more than the {most} that are read. "
            "Clear the outputs (Kernel > Restart & Clear Output), save it, and hand it in again."
        )

    @classmethod
    def not_utf8(cls, name: str, position: int) -> Self:
        """The bytes are not UTF-8 text."""
        return cls(
            f"{name}: the file is not UTF-8 text (byte {position:,} is not valid). "
            "Save it again as UTF-8, or export it from Jupyter once more."
        )

    @classmethod
    def merge_conflict(cls, name: str, line: int) -> Self:
        """Git left its conflict markers in the file."""
        return cls(
            f"{name}: line {line} holds a git merge-conflict marker. Resolve the conflict "
            "(choose one version), check that the file opens and runs, and hand it in again."
        )

    @classmethod
    def not_json(cls, name: str, line: int, why: str) -> Self:
        """An .ipynb that does not hold JSON."""
        return cls(
            f"{name}: this is not a notebook file: its JSON breaks off at line {line} ({why}). "
            "Open it in Jupyter; if that fails too, save your work as a new notebook."
        )

    @classmethod
    def not_notebook(cls, name: str, why: str) -> Self:
        """JSON, but not a notebook."""
        return cls(
            f"{name}: the file is not a Jupyter notebook ({why}). Hand in the .ipynb or .py file."
        )

    @classmethod
    def other_language(cls, name: str, language: str) -> Self:
        """A notebook for another kernel."""
        return cls(
            f"{name}: the notebook is written for {language}, and this assignment is in Python. "
            "Choose a Python kernel, check that every cell runs, and hand it in again."
        )

    @classmethod
    def unreadable_code(cls, name: str) -> Self:
        """Reading it took too long, or brought Python's own compiler down."""
        return cls(
            f"{name}: Python itself can't read the file: an expression or a block in it is nested "
            "too deeply, or far too long. Check that it opens and runs, and hand it in again."
        )

    @classmethod
    def no_code(cls, name: str) -> Self:
        """There is nothing to run."""
        return cls(f"{name}: there is no code in it. Hand in the notebook that holds your work.")

    @classmethod
    def no_code_in_folder(cls, name: str) -> Self:
        """A folder without any notebook or script."""
        return cls(
            f"{name}: the folder holds no notebook (.ipynb) and no script (.py). "
            "Put the file with your work into it."
        )

    @classmethod
    def several_files(cls, name: str, files: list[str]) -> Self:
        """A student's folder or archive holds several notebooks, and none stands out."""
        return cls(
            f"{name}: it holds {len(files)} candidates ({', '.join(files[:5])}). "
            "Leave only the file to be graded in it, or name it with --notebook."
        )

    @classmethod
    def among_submissions(cls, out: str) -> Self:
        """Results would be written among the submissions."""
        return cls(
            f"{out}: the submissions stand in it, so results can't go there as well. "
            "Name another folder with --out."
        )

    @classmethod
    def wrong_type(cls, name: str) -> Self:
        """Neither a notebook nor a script."""
        return cls(
            f"{name}: only notebooks (.ipynb) and Python scripts (.py) can be graded, also in a "
            ".zip or .tar.gz that holds one of them."
        )

    @classmethod
    def unreadable(cls, name: str, why: str) -> Self:
        """The operating system refuses to read the file."""
        return cls(f"{name}: the file can't be read ({why}). Check its permissions.")

    @classmethod
    def not_a_file(cls, name: str) -> Self:
        """Something else than a file stands under that name."""
        return cls(
            f"{name}: this is a link, a pipe, a folder or a device, and no ordinary file. "
            "Put the file itself in its place."
        )

    @classmethod
    def damaged_archive(cls, name: str) -> Self:
        """The archive can't be unpacked."""
        return cls(
            f"{name}: the archive is damaged, cut off, or of another kind than its name says. "
            "Pack your work again, check that it opens, and hand it in once more."
        )

    @classmethod
    def archive_too_large(cls, name: str, limit: float) -> Self:
        """The archive as a whole is too large, as it is or unpacked."""
        return cls(
            f"{name}: the archive has more than {limit:.0f} MB, as it is or unpacked. Pack only "
            "the notebook with your work, without data and environments."
        )

    @classmethod
    def too_many_members(cls, name: str, limit: int) -> Self:
        """The archive's list of files is too long."""
        return cls(
            f"{name}: the archive's list of files is too long (up to {limit:,} files are read). "
            "Pack only the notebook with your work, without data and environments."
        )

    @classmethod
    def bomb(cls, name: str) -> Self:
        """The archive is made to unpack to far more than it is."""
        return cls(
            f"{name}: files in the archive overlap, or unpack to hundreds of times their size. "
            "Clear the outputs of the notebook, pack it with your system's own tool, and hand it "
            "in again."
        )

    @classmethod
    def leads_out(cls, name: str, member: str) -> Self:
        """A path in the archive doesn't stay inside it."""
        return cls(
            f"{name}: the path {member} leads out of the archive, or has a backslash in it. "
            "Pack the folder with your work again, with your system's own tool."
        )

    @classmethod
    def odd_name(cls, name: str, member: str) -> Self:
        """A name in the archive can't be a file's name everywhere."""
        return cls(
            f"{name}: a name in the archive ({member}) is too long, is not UTF-8, or holds "
            "control characters. Rename that file, and pack your work again."
        )

    @classmethod
    def twice_in_archive(cls, name: str, member: str) -> Self:
        """Two files in the archive stand under one path."""
        return cls(
            f"{name}: the archive holds {member} twice, and it can't be told which one counts. "
            "Pack your work into a new archive."
        )

    @classmethod
    def encrypted(cls, name: str) -> Self:
        """The file in the archive needs a password."""
        return cls(f"{name}: the file is locked with a password. Pack your work without one.")

    @classmethod
    def other_compression(cls, name: str) -> Self:
        """The file in the archive is compressed by a method that isn't unpacked."""
        return cls(
            f"{name}: the file is compressed in an unusual way. Pack your work again with your "
            "system's own tool, or choose Deflate as the method."
        )

    @classmethod
    def no_code_in_archive(cls, name: str) -> Self:
        """An archive without any notebook or script."""
        return cls(
            f"{name}: the archive holds no notebook (.ipynb) and no script (.py). "
            "Pack the file with your work."
        )

    @classmethod
    def only_archives(cls, name: str, inner: str) -> Self:
        """An archive in an archive, and no notebook beside it."""
        return cls(
            f"{name}: the archive holds another archive ({inner}) in place of a notebook or "
            "script. Pack the file with your work itself."
        )


class IntakeError(TensormarkError):
    """What the TA points at can't be taken apart into students' submissions."""

    @classmethod
    def several_assignments(cls, name: str, found: Sequence[str]) -> Self:
        """A course's folder holds more than one assignment, and none is called as the sheet is."""
        return cls(
            f"{name}: it holds several assignments ({', '.join(found[:8])}). Name the one to be "
            f"graded, such as --notebook '{found[0]}/*'."
        )

    @classmethod
    def no_metadata(cls, name: str, why: str) -> Self:
        """The file that says whose each submission is can't be read."""
        return cls(
            f"{name}: it says whose each submission is, and it can't be read ({why}). Export the "
            "submissions from Gradescope once more."
        )

    @classmethod
    def too_large(cls, name: str, megabytes: float, limit: float) -> Self:
        """A class's download is larger than what may be, or can be, unpacked."""
        return cls(
            f"{name}: unpacked it has {megabytes:,.0f} MB, and there is room for {limit:,.0f} MB. "
            "Free space on that disk, or unpack it yourself and name the folder."
        )

    @classmethod
    def cannot_unpack(cls, name: str, why: str) -> Self:
        """A class's download can't be written to disk."""
        return cls(
            f"{name}: it can't be unpacked ({why}). Free space or mend the folder's permissions, "
            "or unpack it yourself and name the folder."
        )

    @classmethod
    def too_many_entries(cls, name: str, limit: int) -> Self:
        """A student's folder is larger than any work."""
        return cls(
            f"{name}: it holds more than {limit:,} files and folders. Hand in only the notebook "
            "with your work, without environments."
        )
