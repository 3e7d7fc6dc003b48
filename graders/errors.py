"""Everything that tensormark raises on purpose, and when to catch which.

TensormarkError                  any message that is meant for a person
├── AssignmentError              an assignment folder is broken: tell its author, grade nothing
├── SubmissionError              a submission can't be read: tell the student, grade the others
├── IntakeError                  a class's files can't be told apart: tell the TA, grade nothing
├── RosterError                  a class list, or a line of it, can't be used: tell the TA where
├── RunError                     the machine or the grader failed: tell the TA, never a zero
├── ClassError                   a class can't go on: tell the TA, keep what is finished
├── IsolationError               student code can't be kept in here: tell the TA, run nothing
├── TrainingError                a training is over the assignment's limits: tell the student
├── RecordingError               a recording is damaged or forged: never a pass, never a crash
├── ExpectationError             no expected value under that name, or none for these data
├── AuditError                   an assignment can't be audited: tell its author, run nothing
├── StoreError                   finished trainings can't be kept or found: tell the TA where
├── GradebookError               scores can't be kept, found or entered: tell the TA what to do
└── ExportError                  scores can't be handed on: tell the TA what to name or to mend

Messages say what happened, where, and what to do. They are worded here, in class methods, so
that one page shows every sentence that people may meet.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Self

_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG}


def is_about_the_disk(error: BaseException) -> bool:
    """Whether the disk takes no more, which is nobody's submission's fault."""
    return isinstance(error, OSError) and error.errno in _DISK


class TensormarkError(Exception):
    """Something went wrong that a person can understand and mend."""


class AssignmentError(TensormarkError):
    """An assignment folder can't be used."""

    @classmethod
    def unknown(cls, name: str, known: list[str]) -> Self:
        """There is no assignment under this name."""
        return cls(f"There is no assignment called {name!r}. Known: {', '.join(known) or 'none'}.")

    @classmethod
    def invalid(cls, path: Path, why: str) -> Self:
        """The folder's assignment.toml does not hold what it must."""
        return cls(f"{path} is not a valid assignment: {why}")

    @classmethod
    def points_differ(cls, exercise: str, declared: float, found: float) -> Self:
        """The checks and the manual part don't add up to the exercise's points."""
        return cls(
            f"Exercise {exercise} declares {declared:g} points, but its checks and its manual part "
            f"add up to {found:g}. Mend assignment.toml or the points of the checks."
        )


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


class RunError(TensormarkError):
    """The runner failed for a reason that is not the student's."""

    @classmethod
    def died(cls, how: str, attempts: int = 1) -> Self:
        """The process that ran the submission ended without finishing its recording."""
        again = f", each of {attempts} times" if attempts > 1 else ""
        return cls(
            f"The process that ran the submission ended early ({how}{again}). This can be the "
            "code's doing (a crash inside a library, os._exit, too much memory) or the machine's. "
            "A TA will look."
        )

    @classmethod
    def no_walls(cls, why: str) -> Self:
        """A process did not get behind its walls."""
        return cls(
            f"The submission was not run, because it could not be kept in ({why}). "
            "`tensormark doctor` shows what this machine offers."
        )

    @classmethod
    def workers_lost(cls) -> Self:
        """A submission outlived each worker that it was given to."""
        return cls(
            "Each worker of the cluster that this submission was given to has died. Its machine "
            "may be short of memory (--memory bounds a submission). Grade it again with --only."
        )

    @classmethod
    def not_brought(cls, why: str) -> Self:
        """What lies beside a submission can't be put into its working folder."""
        return cls(
            f"The files beside the submission could not be laid out for it ({why}). Grade it again."
        )

    @classmethod
    def trainer_died(cls, why: str) -> Self:
        """The trusted trainer ended without a result."""
        return cls(
            f"The trusted trainer failed on a training ({why}), so that it was trained in the "
            "student's process and isn't verified. Grade that submission again."
        )

    @classmethod
    def damaged(cls, path: Path) -> Self:
        """A file that grading has written can't be read any more."""
        return cls(f"{path} is damaged. Grade that submission again with `tensormark grade`.")

    @classmethod
    def nothing_graded(cls, out: Path) -> Self:
        """A folder that `grade` has not filled."""
        return cls(
            f"{out}: there are no graded submissions in it. Name the folder that "
            "`tensormark grade` was given with --out."
        )

    @classmethod
    def other_data(cls, name: str, source: str, fingerprint: str) -> Self:
        """The data of an earlier run are not here."""
        return cls(
            f"It was graded on {name} ({source}, {fingerprint}), and these data are not on this "
            "machine. Set TENSORMARK_DATA to the folder that holds them."
        )

    @classmethod
    def no_recording(cls, why: str) -> Self:
        """Nothing was written that could be checked."""
        return cls(f"The run left no recording that could be read: {why}")


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


class IsolationError(TensormarkError):
    """Student code can't be kept in on this machine."""

    @classmethod
    def missing(cls, layers: Sequence[str], why: str, advice: Sequence[str]) -> Self:
        """Layers that grading requires are not to be had."""
        steps = "".join(f"\n- {step}" for step in advice)
        return cls(
            f"Nothing was run: this machine can't keep student code in. Missing: "
            f"{', '.join(layers)}{f' ({why})' if why else ''}.{steps}\n"
            "- `tensormark doctor` shows each layer. For code that you trust as your own, "
            "`--isolation off` grades without."
        )


class TrainingError(TensormarkError):
    """A training asks for more than the assignment allows; the sentence is for the student."""

    @classmethod
    def too_many_parameters(cls, found: int, limit: int) -> Self:
        """The network is too large."""
        return cls(
            f"The network has more than {limit:,} parameters ({found:,} so far), which is the "
            "limit of this assignment. Use smaller layers."
        )

    @classmethod
    def too_many_epochs(cls, found: int, limit: int) -> Self:
        """One call of fit asks for too many epochs."""
        return cls(
            f"fit() was asked for {found:,} epochs, and the limit of this assignment is {limit:,}. "
            "Use fewer epochs."
        )

    @classmethod
    def too_many_trainings(cls, limit: int) -> Self:
        """One submission calls fit too often."""
        return cls(
            f"This is training number {limit + 1:,}, and the limit of this assignment is "
            f"{limit:,} for one submission. Train fewer networks."
        )

    @classmethod
    def too_much_data(cls, megabytes: float, limit: float) -> Self:
        """One call of fit is given too much."""
        return cls(
            f"fit() was given {megabytes:,.0f} MB of data (as float32), and the limit of this "
            f"assignment is {limit:,.0f} MB. Use fewer or smaller items."
        )

    @classmethod
    def too_much_work(cls, operations: float, limit: float) -> Self:
        """The trainings of one submission would take too long."""
        return cls(
            f"This training would bring the submission to {operations:.2g} multiplications, and "
            f"the limit of this assignment is {limit:.2g}. Use a smaller network, fewer items or "
            "fewer epochs."
        )

    @classmethod
    def too_slow(cls, seconds: float) -> Self:
        """One training did not end in its time."""
        return cls(
            f"This training was stopped after {seconds:,.0f} s, which is the limit of this "
            "assignment. Use a smaller network, fewer items or fewer epochs."
        )

    @classmethod
    def too_much_memory(cls, gigabytes: float) -> Self:
        """One training used up its memory."""
        return cls(
            f"This training needed more than {gigabytes:g} GB of memory, which is the limit of "
            "this assignment. Use a smaller network or smaller batches."
        )


class RecordingError(TensormarkError):
    """A recording can't be read as what it must be."""

    @classmethod
    def unreadable(cls, path: Path, why: str) -> Self:
        """The file is missing, too large, not regular or not valid."""
        # The name may be the student's doing.
        return cls(f"{path.name[:80]} of the recording can't be used: {why}")


class ExpectationError(TensormarkError):
    """An expected value is missing."""

    @classmethod
    def unknown(cls, key: str, path: Path) -> Self:
        """No fact or range under this name."""
        return cls(f"{path.name} holds nothing under {key!r}. Run tensormark calibrate again.")

    @classmethod
    def missing(cls, path: Path, assignment: str) -> Self:
        """Nothing was ever computed or measured for an assignment."""
        return cls(f"{path} is missing. Make it: tensormark calibrate {assignment}")

    @classmethod
    def damaged(cls, path: Path, why: str) -> Self:
        """The file of expected values can't be read."""
        return cls(f"{path} is damaged: {why}. Take it back from version control.")

    @classmethod
    def read_only(cls, path: Path, why: str) -> Self:
        """The installed package can't be written to."""
        return cls(
            f"{path} can't be written ({why}). Calibrate in a source checkout, installed with "
            "pip install -e."
        )

    @classmethod
    def no_reference(cls, assignment: str) -> Self:
        """There is no reference solution for an assignment."""
        return cls(
            f"{assignment} has no reference solution: there is no module reference.{assignment}."
        )

    @classmethod
    def no_experiment(cls, name: str, known: Sequence[str]) -> Self:
        """The reference has no experiment of this name."""
        return cls(f"There is no experiment {name!r}. There are: {', '.join(known)}.")

    @classmethod
    def process_died(cls) -> Self:
        """A process that trains the reference ended by itself."""
        return cls(
            "A training's process died, most likely for want of memory. What was measured is kept; "
            "run it again with fewer workers."
        )


class AuditError(TensormarkError):
    """The grader can't be audited with this assignment."""

    @classmethod
    def no_spec(cls, assignment: str) -> Self:
        """The assignment says nothing of its audit."""
        return cls(
            f"{assignment} has no audit.toml, so there is nothing to audit it with. Write one "
            "that names its reference solution."
        )

    @classmethod
    def no_solution(cls, name: str) -> Self:
        """The reference solution is missing."""
        return cls(
            f"reference/solutions/{name}: there is no such file. Write the reference solution, or "
            "mend its name in audit.toml."
        )

    @classmethod
    def invalid(cls, name: str, why: str) -> Self:
        """The audit's own files do not hold what they must."""
        return cls(f"{name} can't be used for an audit: {why}. Mend it and start again.")

    @classmethod
    def pattern_without_mutant(cls, pattern: str) -> Self:
        """A line of audit.toml has no effect."""
        return cls(
            f"audit.toml names {pattern!r}, and no mutant is called so. Remove it, or mend it: "
            "names are in audit.json of a former run."
        )

    @classmethod
    def nothing_called(cls, part: str) -> Self:
        """A selection is empty."""
        return cls(f"No variant and no mutant has {part!r} in its name. Try a shorter text.")


class StoreError(TensormarkError):
    """The folder that keeps finished trainings can't be used."""

    @classmethod
    def cannot_write(cls, root: Path, why: str) -> Self:
        """The folder can't be made, or nothing can be put into it or removed from it."""
        return cls(
            f"{root}: finished trainings can't be kept there ({why}). Free space or mend the "
            "folder's permissions, or set TENSORMARK_STORE to another folder."
        )

    @classmethod
    def cannot_read(cls, root: Path, why: str) -> Self:
        """Something is there, but it can't be listed as a folder."""
        return cls(
            f"{root}: the folder of finished trainings can't be read ({why}). Mend its "
            "permissions, or set TENSORMARK_STORE to another folder."
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
