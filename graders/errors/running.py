"""What goes wrong while a submission runs, is trained and is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from graders.errors.base import TensormarkError


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
