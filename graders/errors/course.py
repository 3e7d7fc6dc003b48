"""What is wrong with an assignment, its expected values, or its audit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from graders.errors.base import TensormarkError


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
