"""Checks of exercise 1j: the items that a network calls ankle boots."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graders.checks import (
    CheckContext,
    CheckFailed,
    Matches,
    NotAttempted,
    describe_indices,
    exercise,
    find_array,
    is_number,
    readings,
    true_labels_of,
    where_defined,
)
from graders.recording import RecordingFolder

ANKLE_BOOT = 9
# Batches of another size round differently, which can turn an image on the border of two classes.
TOLERATED_DISAGREEMENTS = 3


@exercise("1j", points=1)
def test_predicted_boots(
    matches: Matches, recording: RecordingFolder, check_context: CheckContext
) -> None:
    """All test items that a trained network calls ankle boots are found."""
    found = _boots(recording, len(check_context.test_labels()))
    candidates = _boots_by_network(check_context)
    if not candidates:
        raise NotAttempted(
            "There is no trained network whose predictions could be compared.",
            expected="the predictions of one of your networks",
            found=describe_indices(found.tolist()),
            hint="Train a network first; if a cell failed, mend the error.",
        )
    nearest = min(candidates, key=lambda c: len(np.setxor1d(found, c)))
    disagreements = np.setxor1d(found, nearest)
    if len(disagreements) <= TOLERATED_DISAGREEMENTS:
        return
    true = np.flatnonzero(check_context.test_labels() == ANKLE_BOOT)
    hint = "Take argmax over the ten outputs, and the positions where it is 9."
    if np.array_equal(found, true):
        hint = "These are the true ankle boots; asked for are those that the network predicts."
    raise CheckFailed(
        f"boots differs from what your networks predict: {len(disagreements):,} positions are "
        "missing or too many.",
        expected=describe_indices(nearest.tolist()),
        found=describe_indices(found.tolist()),
        where=where_defined(recording, "boots"),
        hint=hint,
    )


@exercise("1j", points=1)
def test_first_wrong_boot(recording: RecordingFolder, check_context: CheckContext) -> None:
    """The first item that is wrongly called an ankle boot is found."""
    labels = check_context.test_labels()
    given = recording.data.values.get("first_wrong")
    if given is None and _none_is_wrong(recording, labels):
        return
    if given is None or not readings(given):
        raise NotAttempted(
            "first_wrong holds no number.",
            expected="the index, in the test set, of the first item wrongly called an ankle boot",
            found="nothing",
            hint="Go through boots and stop where the true label is not 9.",
        )
    position = int(readings(given)[0])
    right = {_first_wrong(boots, labels) for boots in _boots_by_network(check_context)}
    if position in right - {None}:
        return
    own = _first_wrong_of_own(recording, labels)
    expected = sorted(p for p in right if p is not None)
    hint = "Compare the true labels with 9 in the order of the test set."
    if own is not None and _is_position_within(recording, position, labels):
        hint = "That is a position within boots; asked for is the index into the test set."
    raise CheckFailed(
        f"first_wrong is {position}, which is not the first item wrongly called an ankle boot.",
        expected=str(own if own is not None else expected[0] if expected else "an index"),
        found=f"{position}, whose true label is {_label(position, labels)}",
        where=where_defined(recording, "first_wrong"),
        hint=hint,
        # Right for the boots that were found, wrong only because those are.
        follows_from=("1j",) if own is not None and is_number(given, own) else (),
    )


def _boots_by_network(context: CheckContext) -> list[NDArray[np.int64]]:
    """What each network calls ankle boots: after each training, and in each predict()."""
    trained = [attempt.predicted for attempt in context.attempts]
    asked = [context.recording.predictions(call) for call in context.recording.data.calls]
    return [
        true_labels_of(classes, ANKLE_BOOT) for classes in [*trained, *asked] if classes is not None
    ]


def _boots(recording: RecordingFolder, items: int) -> NDArray[np.int64]:
    """Read boots as ascending indices; a mask of the whole test set counts as well."""
    found = find_array(recording, "boots")
    if found is None and readings(recording.data.values.get("boots")):
        found = np.array([readings(recording.data.values["boots"])[0]])
    if found is None or found.dtype.kind not in "biuf":
        held = "boots" in recording.data.arrays or recording.data.values.get("boots") is not None
        raise NotAttempted(
            "boots is not a list of positions." if held else "There is no list called boots.",
            expected="the indices, in the test set, of all items predicted to be ankle boots",
            found="nothing",
            hint="np.flatnonzero(predicted == 9) makes it; assign it to the name boots.",
        )
    flat = found.reshape(-1)
    if len(flat) == items and np.isin(flat, (0, 1)).all():
        return np.flatnonzero(flat)
    finite = flat[np.isfinite(flat.astype(float))]
    return np.unique(finite.astype(np.int64))


def _first_wrong(boots: NDArray[np.int64], labels: NDArray[np.int_]) -> int | None:
    inside = boots[(boots >= 0) & (boots < len(labels))]
    wrong = inside[labels[inside] != ANKLE_BOOT]
    return int(wrong[0]) if len(wrong) else None


def _first_wrong_of_own(recording: RecordingFolder, labels: NDArray[np.int_]) -> int | None:
    try:
        return _first_wrong(_boots(recording, len(labels)), labels)
    except NotAttempted:
        return None


def _none_is_wrong(recording: RecordingFolder, labels: NDArray[np.int_]) -> bool:
    """Whether the boots that were found are all true ones, or there are none at all."""
    try:
        return _first_wrong(_boots(recording, len(labels)), labels) is None
    except NotAttempted:
        return False


def _is_position_within(
    recording: RecordingFolder, position: int, labels: NDArray[np.int_]
) -> bool:
    boots = _boots(recording, len(labels))
    own = _first_wrong(boots, labels)
    return 0 <= position < len(boots) and int(boots[position]) == own


def _label(position: int, labels: NDArray[np.int_]) -> str:
    return str(labels[position]) if 0 <= position < len(labels) else "unknown"
