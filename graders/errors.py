"""Everything that tensormark raises on purpose, and when to catch which.

TensormarkError                  any message that is meant for a person
├── AssignmentError              an assignment folder is broken: tell its author, grade nothing
├── SubmissionError              a submission can't be read: tell the student, grade the others
├── RunError                     the machine or the grader failed: tell the TA, never a zero
├── IsolationError               student code can't be kept in here: tell the TA, run nothing
├── TrainingError                a training is over the assignment's limits: tell the student
├── RecordingError               a recording is damaged or forged: never a pass, never a crash
├── ExpectationError             no expected value under that name, or none for these data
├── AuditError                   an assignment can't be audited: tell its author, run nothing
└── StoreError                   finished trainings can't be kept or found: tell the TA where

Messages say what happened, where, and what to do. They are worded here, in class methods, so
that one page shows every sentence that people may meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self


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
            "Leave only the file to be graded in it, or name that file itself."
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
