"""What keeps a class from being graded, kept or handed on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Self

from graders.errors.base import TensormarkError


class ClassError(TensormarkError):
    """A class can't be graded, or not to its end; what is finished is kept."""

    @classmethod
    def in_use(cls, out: Path) -> Self:
        """Two runs would write to one folder."""
        return cls(
            f"{out}: another tensormark is grading into this folder. Wait for its end, or name "
            "another folder with --out."
        )

    @classmethod
    def not_a_folder(cls, out: Path) -> Self:
        """OUT is something else than a folder."""
        return cls(f"{out}: that is a file, and results go into a folder. Name one with --out.")

    @classmethod
    def nobody_called(cls, pattern: str, known: Sequence[str]) -> Self:
        """--only names nobody."""
        close = get_close_matches(pattern, known, 3)
        return cls(
            f"--only {pattern}: nobody is called so. "
            + (f"Did you mean {', '.join(close)}?" if close else "Names are those of the class.")
        )

    @classmethod
    def no_cluster(cls) -> Self:
        """The extra is not installed."""
        return cls(
            "--executor dask needs dask.distributed. Install it: pip install 'tensormark[cluster]'"
        )

    @classmethod
    def no_address(cls) -> Self:
        """A cluster without its scheduler."""
        return cls(
            "--executor dask needs --scheduler ADDRESS (such as tcp://node1:8786), or the path of "
            "a scheduler file. Start one: dask scheduler"
        )

    @classmethod
    def no_scheduler(cls, address: str, why: str) -> Self:
        """Nobody answers at the address."""
        return cls(
            f"--scheduler {address}: no Dask scheduler answers there ({why}). Start one with "
            "`dask scheduler`, or mend the address."
        )

    @classmethod
    def no_workers(cls, address: str) -> Self:
        """A scheduler without workers."""
        return cls(
            f"The scheduler at {address} has no worker. Start one on each machine: "
            f"dask worker {address}"
        )

    @classmethod
    def no_gpu_workers(cls, address: str) -> Self:
        """Workers, and none with a GPU."""
        return cls(
            f"No worker of the scheduler at {address} offers a GPU. Start those that have one with "
            "--resources GPU=1, or grade with --device cpu."
        )

    @classmethod
    def workers_gone(cls, seconds: float) -> Self:
        """The last worker left, and no other came."""
        return cls(
            f"The cluster has had no worker for {seconds / 60:.0f} minutes. What is finished is "
            "kept; start workers, and the same command again."
        )

    @classmethod
    def worker_says(cls, machine: str, what: str) -> Self:
        """A worker has something to say that ends nothing."""
        return cls(f"The worker on {machine} says: {what}")

    @classmethod
    def scheduler_lost(cls, why: str) -> Self:
        """The scheduler went away while a class was graded."""
        return cls(
            f"The scheduler is gone{f' ({why})' if why else ''}. What is finished is kept; start "
            "the scheduler, and the same command again."
        )

    @classmethod
    def worker(cls, machine: str, why: str) -> Self:
        """A worker can't grade."""
        return cls(f"The worker on {machine} can't take part: {why}")

    @classmethod
    def other_version(cls, machine: str, assignment: str) -> Self:
        """Checks on a worker differ from ours."""
        return cls(
            f"The worker on {machine} has another version of tensormark, or of the checks of "
            f"{assignment}. Install the same there, and start the worker again."
        )

    @classmethod
    def other_data(cls, machine: str, ours: Sequence[str], theirs: Sequence[str]) -> Self:
        """Data on a worker differ from ours."""
        return cls(
            f"The worker on {machine} has other data ({', '.join(theirs)} in place of "
            f"{', '.join(ours)}). Set TENSORMARK_DATA there to the same data, or grade with "
            "--data builtin."
        )

    @classmethod
    def disk(cls, out: Path, error: OSError) -> Self:
        """Nothing more can be written."""
        where = error.filename or out
        return cls(
            f"{where}: {error.strerror}. Nothing more can be written there; what is finished is "
            "kept. Make room or mend the permissions, and start the same command again: it goes on "
            "where it stopped."
        )


class RosterError(TensormarkError):
    """A class list can't be used, or one of its lines; the sentence is for the TA."""

    @classmethod
    def unreadable(cls, name: str, why: str) -> Self:
        """There is no file, or the operating system refuses to read it."""
        return cls(f"{name}: the roster can't be read ({why}). Check the path.")

    @classmethod
    def too_large(cls, name: str, limit: float) -> Self:
        """No class list is so long."""
        return cls(
            f"{name}: the file has more than {limit:.0f} MB, so it is no roster. Name the CSV file "
            "that your learning platform has exported."
        )

    @classmethod
    def no_columns(cls, name: str) -> Self:
        """No line names a column that tells who somebody is."""
        return cls(
            f"{name}: none of its first lines names the columns of a roster. Name the CSV file "
            "that your learning platform has exported (not .xlsx), or write one whose first line "
            "is: name,email,id,section"
        )

    @classmethod
    def nobody(cls, name: str) -> Self:
        """The columns are there, and no line beneath them can be used."""
        return cls(
            f"{name}: there is nobody on the roster. Export it once more, with its students."
        )

    @classmethod
    def too_many_cells(cls, file: str, line: int, found: int, columns: int) -> Self:
        """A line has more cells than there are columns, so that none can be trusted."""
        return cls(
            f"Line {line} of {file} was left out: it has {found} cells, and there are "
            f"{columns} columns. Put names that hold the separator in quotation marks."
        )

    @classmethod
    def open_quote(cls, file: str, line: int) -> Self:
        """A quotation mark is never closed."""
        return cls(
            f"Line {line} of {file} was left out: a quotation mark in it isn't closed. Mend it "
            "there, or export the file once more."
        )

    @classmethod
    def nameless(cls, file: str, line: int) -> Self:
        """A line names nobody."""
        return cls(
            f"Line {line} of {file} was left out: it has neither a name nor an id. Fill it in, "
            "or remove the line."
        )

    @classmethod
    def twice(cls, file: str, line: int, name: str, before: int) -> Self:
        """Two lines can't be told apart."""
        return cls(
            f"Line {line} of {file} was left out: nothing tells {name} from who stands in line "
            f"{before}. If these are two people, give each an id of their own."
        )

    @classmethod
    def no_time(cls, file: str, line: int, name: str, column: str, value: str) -> Self:
        """A time can't be read, or might be meant in any time zone."""
        return cls(
            f"Line {line} of {file}: {column} of {name} is {value!r}, which is no time with an "
            "offset from UTC, so it was passed over. Write it as 2026-05-11T23:59+02:00."
        )

    @classmethod
    def too_many(cls, file: str, limit: int) -> Self:
        """Lines from some line on are not read."""
        return cls(
            f"Only the first {limit:,} lines of {file} were read. Split it into smaller files."
        )


class GradebookError(TensormarkError):
    """The file of a class's scores can't be used, or a score can't be entered as it was asked."""

    @classmethod
    def missing(cls, path: Path) -> Self:
        """There is no gradebook in this folder."""
        return cls(
            f"{path}: there is no gradebook. Name the folder that `tensormark grade` was given "
            "with --out."
        )

    @classmethod
    def damaged(cls, path: Path, why: str) -> Self:
        """The file is cut off, overwritten, or something else."""
        return cls(
            f"{path} can't be read as a gradebook ({why}). Move it away and run `tensormark grade` "
            "again: results are taken from the students' folders. Keep the damaged file: scores "
            "that people entered stand in it alone."
        )

    @classmethod
    def newer(cls, path: Path, found: int, known: int) -> Self:
        """A later version of tensormark has written the file."""
        return cls(
            f"{path} was written by a newer tensormark (version {found} of the gradebook; this one "
            f"knows up to {known}). Install that version of tensormark; nothing was changed."
        )

    @classmethod
    def disk_full(cls, path: Path) -> Self:
        """Nothing more can be written."""
        return cls(
            f"{path}: the disk is full, so nothing more can be kept. Free space and run the "
            "command again: it goes on where it was, and what was kept before is intact."
        )

    @classmethod
    def cannot_write(cls, path: Path, why: str) -> Self:
        """Permissions, a read-only disk, or something else in its place."""
        return cls(
            f"{path} can't be opened or written ({why}). Mend the permissions of the file and of "
            "its folder, or name another folder with --out."
        )

    @classmethod
    def locked(cls, path: Path, seconds: float) -> Self:
        """Another process keeps it for itself."""
        return cls(
            f"{path}: another program has kept the gradebook locked for {seconds:g} s. Close what "
            "has it open, then run the command again; what was kept before is intact."
        )

    @classmethod
    def failed(cls, path: Path, why: str) -> Self:
        """Anything else that SQLite or the machine says."""
        return cls(
            f"{path}: the gradebook could not be used ({why}). Check the disk; a folder on a local "
            "disk is safest. What was kept before is intact."
        )

    @classmethod
    def changed(cls, path: Path, attempt: int) -> Self:
        """What was begun isn't there any more."""
        return cls(
            f"{path}: run {attempt} is not in it, so the file was replaced meanwhile. Run "
            "`tensormark grade` again."
        )

    @classmethod
    def old_result(cls) -> Self:
        """What is kept of a result is in a form that isn't read any more."""
        return cls(
            "What the gradebook keeps of this result can't be read. Run `tensormark regrade` on "
            "the class; nobody loses points by it."
        )

    @classmethod
    def bad_folder(cls, name: str) -> Self:
        """A student's folder that can't be one."""
        return cls(f"{name!r} can't be a student's folder: it must be one plain name, and free.")

    @classmethod
    def unknown_student(cls, said: str, near: Sequence[str] = ()) -> Self:
        """Nobody is called so."""
        hint = f" Did you mean {', or '.join(near)}?" if near else ""
        return cls(
            f"Nobody in the gradebook is called {said!r}.{hint} Name a student's key, folder or "
            "name, as in grades.csv."
        )

    @classmethod
    def ambiguous_student(cls, said: str, keys: Sequence[str]) -> Self:
        """Several students are called so."""
        return cls(
            f"{len(keys)} students are called {said!r}. Name one of them by key: "
            f"{', '.join(keys[:5])}{', ...' if len(keys) > 5 else ''}."
        )

    @classmethod
    def no_result(cls, path: Path) -> Self:
        """A student without a readable result can't be scored."""
        return cls(
            f"{path} is missing or can't be read, so points can't be checked. Run "
            "`tensormark grade` again for this student."
        )

    @classmethod
    def unknown_exercise(cls, said: str, known: Sequence[str]) -> Self:
        """The sheet has no such exercise."""
        return cls(f"There is no exercise {said!r}. There are: {', '.join(known) or 'none'}.")

    @classmethod
    def not_manual(cls, exercise: str, manual: Sequence[str]) -> Self:
        """The exercise has no part that a person reads."""
        return cls(
            f"Exercise {exercise} has no part that a person reads (these have: "
            f"{', '.join(manual) or 'none'}). With --whole its whole score is set by hand."
        )

    @classmethod
    def out_of_range(cls, exercise: str, points: float, limit: float) -> Self:
        """More points than there are, or fewer than none."""
        return cls(
            f"{points:g} points are not possible for exercise {exercise}: name 0 to {limit:g}."
        )

    @classmethod
    def not_points(cls, said: str) -> Self:
        """Points that are no number."""
        return cls(f"{said!r} is not a number of points. Write it as 1.5.")

    @classmethod
    def not_yes_or_no(cls, column: str, said: str) -> Self:
        """A column that says yes or no says something else."""
        return cls(
            f"{said[:40]!r} in the column {column} is neither yes nor no. Write x, or nothing."
        )

    @classmethod
    def bad_table(cls, name: str, why: str) -> Self:
        """A table of scores can't be used at all."""
        return cls(
            f"{name}: {why}. Write a CSV with the columns student, exercise, points, comment, by."
        )

    @classmethod
    def line(cls, number: int, why: str) -> Self:
        """One line of a table is wrong; the others count."""
        return cls(f"Line {number}: {why}")


class ExportError(TensormarkError):
    """Scores can't be handed on in the way that was asked for."""

    @classmethod
    def cannot_read(cls, path: Path, why: str) -> Self:
        """The template can't be read."""
        return cls(
            f"{path}: the template can't be read ({why}). Export it from the platform again, and "
            "name that file with --template."
        )

    @classmethod
    def cannot_write(cls, path: Path, why: str) -> Self:
        """The disk refuses."""
        return cls(
            f"{path} can't be written ({why}). Free space, close the program that has it open, or "
            "name another place with -o."
        )

    @classmethod
    def not_a_table(cls, name: str, why: str) -> Self:
        """The template's content is no table."""
        return cls(
            f"{name} is not a table ({why}). Export it from the platform again, as CSV, and don't "
            "save it from a spreadsheet in between."
        )

    @classmethod
    def not_from(cls, name: str, platform: str, lacks: str) -> Self:
        """The template is a table of something else."""
        return cls(
            f"{name} is not what {platform} exports: it has no {lacks}. Name the file that "
            f"{platform} has made."
        )

    @classmethod
    def no_column(cls, name: str, wanted: str, columns: Iterable[str]) -> Self:
        """It can't be told which column the scores go into."""
        listed = "".join(f"\n- {' '.join(column.split())[:120]}" for column in columns)
        return cls(
            f"{name}: it can't be told which column is {wanted!r}. Name one with --column. "
            f"Columns that take scores:{listed or ' none'}"
        )

    @classmethod
    def into_template(cls, path: Path) -> Self:
        """The template itself was named as the target."""
        return cls(f"{path} is the template, which stays as it is. Name another file with -o.")

    @classmethod
    def needs_folder(cls, path: Path, kind: str) -> Self:
        """A format of many files is given one."""
        return cls(
            f"{path} is a file, and {kind} takes a folder with a file for each student. Name a "
            "folder with -o."
        )

    @classmethod
    def needs_file(cls, path: Path, kind: str) -> Self:
        """A format of one file is given a folder."""
        return cls(f"{path} is a folder, and {kind} is one file. Name that file with -o.")

    @classmethod
    def no_use(cls, option: str, kind: str) -> Self:
        """An option that the format doesn't have."""
        return cls(f"{option} has no meaning for {kind}. Leave it out.")

    @classmethod
    def not_final(cls, sentences: Sequence[str]) -> Self:
        """Points are pending, and final ones were asked for."""
        return cls(
            "Nothing was written, because not every score is final. "
            + " ".join(sentences)
            + " Enter what is missing with `tensormark score`, or leave out --final."
        )
