"""What check authors assert about numbers and matrices that a student's variables hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graders.checks.attempts import place
from graders.checks.outcome import CheckFailed, NotAttempted, Unscored, attach
from graders.checks.values import answer, is_number, mentions
from graders.recording import RecordingFolder
from graders.result import GridEvidence


def assert_answer(
    recording: RecordingFolder,
    key: str,
    expected: float,
    *,
    what: str,
    own: Sequence[tuple[float | None, str]] = (),
    tolerance: float = 1e-6,
    hint: str = "",
) -> None:
    """Assert that `answers[key]` is a number, however it is written.

    Args:
        recording: the run.
        key: the exercise's key in `answers`.
        expected: the right number.
        what: what was asked, in words.
        own: numbers that are right for the student's own network, each with the exercise in
            which that network lost its points.
        tolerance: relative; a count has to be met whatever it is.
        hint: one thing to try.

    Raises:
        NotAttempted: there is no answer.
        Unscored: several numbers stand there, and the right one is among them.
        CheckFailed: it is another number.

    """
    given = answer(recording, key)
    if given is None:
        raise NotAttempted(
            f"answers[{key!r}] holds no answer.",
            expected=what,
            found="nothing",
            hint=f"Write it into the dict: answers[{key!r}] = ...",
        )
    if is_number(given, expected, tolerance):
        return
    follows = tuple(
        exercise
        for value, exercise in own
        if value is not None and is_number(given, value, tolerance)
    )
    right = [expected, *(value for value, _ in own if value is not None)]
    if not follows and any(mentions(given, number, tolerance) for number in right):
        raise Unscored(
            f"Several numbers stand in answers[{key!r}]; a person will read it.",
            expected=what,
            found=_short(given),
            where=f"answers[{key!r}]",
            hint="Nothing is lost. The number alone can be checked at once.",
        )
    raise CheckFailed(
        f"answers[{key!r}] is {_short(given)}, which is not the {what}.",
        expected=what,
        found=_short(given),
        where=f"answers[{key!r}]",
        hint=hint,
        follows_from=follows,
    )


def assert_matrix(
    recording: RecordingFolder,
    name: str,
    expected: Sequence[Sequence[float]],
    hint: str = "",
    others: Mapping[str, Sequence[Sequence[float]]] | None = None,
) -> None:
    """Assert that a variable holds a matrix, as list, array or tensor, extra axes of one aside.

    Args:
        recording: the run.
        name: of the variable.
        expected: the matrix, by rows.
        hint: one thing to try, where no known mistake is recognised.
        others: other results of the exercise, to tell when they were confused.

    Raises:
        NotAttempted: there is no such variable.
        CheckFailed: it holds something else; mistakes that can be recognised are named.

    """
    wanted = np.asarray(expected, dtype=float)
    found = _matrix(recording, name)
    title = name
    if found is None:
        raise NotAttempted(
            f"There is no matrix called {name}.",
            expected=f"a {wanted.shape[0]} x {wanted.shape[1]} matrix",
            found="nothing",
            hint=f"Assign your result to the name {name}.",
        )
    if found.shape != wanted.shape:
        attach(GridEvidence(title=title, expected=wanted.tolist(), found=None))
        raise CheckFailed(
            f"{name} has shape {_shape(found)}; with a repeated border it keeps the image's "
            f"{_shape(wanted)}.",
            expected=_shape(wanted),
            found=_shape(found),
            where=name,
            hint="Repeat the border before convolving, so that the result keeps the image's size.",
        )
    numbers = [[float(v) if np.isfinite(v) else None for v in row] for row in found]
    attach(GridEvidence(title=title, expected=wanted.tolist(), found=numbers))
    if np.allclose(found, wanted, atol=1e-6):
        return
    wrong = int(np.sum(~np.isclose(found, wanted, atol=1e-6)))
    raise CheckFailed(
        f"{name}: {wrong} of {wanted.size} numbers differ.",
        expected=_rows(wanted),
        found=_recognised(found, wanted),
        where=name,
        hint=_confused(found, others or {}) or _matrix_hint(found, wanted) or hint,
    )


def find_array(recording: RecordingFolder, name: str) -> NDArray[Any] | None:
    """Return an array by the name that the sheet asks for, written in any case, or in a dict."""
    wanted = name.lower().replace("_", "")
    for candidate in [name, *recording.data.arrays]:
        bare = candidate.lower().replace("_", "").replace(" ", "")
        inner = bare.rsplit("[", 1)[-1].strip("]'\"")
        if candidate == name or wanted in {bare, inner}:
            found = recording.array(candidate)
            if found is not None:
                return found
    return None


def describe_indices(found: Sequence[int]) -> str:
    """Show the first of a list of positions, and how many there are."""
    shown = ", ".join(str(int(i)) for i in list(found)[:5])
    return f"{len(found):,} positions ({shown}{', ...' if len(found) > 5 else ''})"


def where_defined(recording: RecordingFolder, name: str) -> str:
    """Name the last code cell that mentions a variable."""
    cells = [c for c in recording.data.cells if c.kind == "code" and name in c.source]
    return place(cells[-1].index) if cells else ""


def _matrix(recording: RecordingFolder, name: str) -> NDArray[Any] | None:
    found = find_array(recording, name)
    if found is None or found.dtype.kind not in "biuf":
        return None
    found = np.squeeze(found).astype(float)
    return found if found.ndim == 2 and found.size <= 10_000 else found.reshape(1, -1)[:, :100]


def _confused(found: NDArray[Any], others: Mapping[str, Sequence[Sequence[float]]]) -> str:
    for name, matrix in others.items():
        if np.any(matrix) and np.array_equal(found, np.asarray(matrix)):
            return f"That is {name}: the kernel or the image was taken for the other."
    return ""


def _recognised(found: NDArray[Any], wanted: NDArray[Any]) -> str:
    if not np.isfinite(found).all():
        return "numbers that are not finite"
    if np.allclose(found, -wanted):
        return "the same numbers with the opposite sign"
    if np.allclose(found, wanted.T):
        return "the transposed matrix"
    if np.max(np.abs(found)) > 200 and np.allclose(found % 256, wanted % 256):
        return "numbers that wrapped around at 256"
    return _rows(found)


def _matrix_hint(found: NDArray[Any], wanted: NDArray[Any]) -> str:
    if not np.isfinite(found).all():
        return "Look for a division by zero, or a value that was never set."
    if np.any(wanted) and np.allclose(found, -wanted):
        return (
            "That is a correlation. A convolution turns the kernel by 180 degrees first; "
            "scipy.ndimage.convolve does it."
        )
    if np.max(np.abs(found)) > 200 and np.allclose(found % 256, wanted % 256):
        return "Unsigned integers can't be negative: make image and kernel int or float."
    inside = (slice(1, -1), slice(1, -1))
    if np.allclose(found[inside], wanted[inside]):
        return "Only the border differs: repeat the border rows and columns instead of zeros."
    if np.any(wanted) and np.allclose(found[inside], -wanted[inside]):
        return "Turn the kernel by 180 degrees, and repeat the border instead of zeros."
    if not np.any(found) and np.any(wanted):
        return "All zero: was it the other kernel, or the other image?"
    return ""


def _shape(array: NDArray[Any]) -> str:
    return " x ".join(str(size) for size in array.shape)


def _rows(matrix: NDArray[Any]) -> str:
    """Write a small matrix in one line, rows between bars; a larger one as its shape."""
    if matrix.size > 30:
        return f"a {_shape(matrix)} matrix"
    return " | ".join(" ".join(f"{number:g}" for number in row) for row in matrix)


def _short(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
