"""Checks of exercise 1j: the items that a network calls ankle boots."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graders.checks import (
    CheckContext,
    CheckFailed,
    Matches,
    NotAttempted,
    Unscored,
    describe_indices,
    exercise,
    find_array,
    is_number,
    mentioned,
    readings,
    true_labels_of,
    where_defined,
)
from graders.checks.attempts import Attempt
from graders.recording import RecordingFolder
from graders.recording.schema import CallRecord, TrainingRecord

ANKLE_BOOT = 9
# Batches of another size round differently, which can turn an image on the border of two classes.
TOLERATED_DISAGREEMENTS = 3


@exercise("1j", points=1)
def test_predicted_boots(
    matches: Matches, recording: RecordingFolder, check_context: CheckContext
) -> None:
    """All test items that a trained network calls ankle boots are found."""
    found = _boots(recording, len(check_context.test_labels()))
    candidates, claimed = _boots_by_network(check_context), _boots_by_claim(check_context)
    if not candidates and not claimed:
        raise NotAttempted(
            "There is no trained network whose predictions could be compared.",
            expected="the predictions of one of your networks",
            found=describe_indices(found.tolist()),
            hint="Train a network first; if a cell failed, mend the error.",
        )
    if any(_agree(found, c) for c in candidates):
        return
    if not candidates or any(_agree(found, c) for c in claimed):
        raise _unconfirmed("boots", describe_indices(found.tolist()), recording)
    nearest = min(candidates, key=lambda c: len(np.setxor1d(found, c)))
    disagreements = np.setxor1d(found, nearest)
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
    right = {_first_wrong(boots, labels) for boots in _boots_by_network(check_context)}
    claimed = {_first_wrong(boots, labels) for boots in _boots_by_claim(check_context)}
    if given is None and (right or claimed) and _none_is_wrong(recording, labels):
        _accept_that_none_is_wrong(right, claimed, recording)
        return
    if not readings(given) and mentioned(given):
        raise Unscored(
            "Several numbers stand in first_wrong; a person will read it.",
            expected="the index, in the test set, of the first item wrongly called an ankle boot",
            found=str(given)[:80],
            where=where_defined(recording, "first_wrong"),
            hint="Nothing is lost. Write the number alone.",
        )
    if given is None or not readings(given):
        raise NotAttempted(
            "first_wrong holds no number.",
            expected="the index, in the test set, of the first item wrongly called an ankle boot",
            found="nothing",
            hint="Go through boots and stop where the true label is not 9.",
        )
    if not right and not claimed:
        raise NotAttempted(
            "There is no trained network whose predictions could be compared.",
            expected="the predictions of one of your networks",
            found=f"first_wrong = {readings(given)[0]:g}",
            hint="Train a network first; if a cell failed, mend the error.",
        )
    position = int(readings(given)[0])
    if position in right - {None}:
        return
    if position in claimed or (claimed and not right):
        raise _unconfirmed("first_wrong", str(position), recording)
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
    """What each network calls ankle boots after each training, by the grader's own predictions.

    One that was shown a single class only calls everything so, which nobody has to find out.
    """
    attempts = [attempt for attempt in context.attempts if _tells_classes_apart(attempt)]
    trained = [attempt.predicted for attempt in attempts]
    return [true_labels_of(classes, ANKLE_BOOT) for classes in trained if classes is not None]


def _tells_classes_apart(attempt: Attempt) -> bool:
    labels = attempt.training.data.y if attempt.training is not None else None
    return labels is None or labels.classes > 1


def _boots_by_claim(context: CheckContext) -> list[NDArray[np.int64]]:
    """What the student's process says that networks call ankle boots; anyone can write that."""
    recording = context.recording
    sources: list[TrainingRecord | CallRecord] = [
        training for training in recording.data.trainings if training.measured_by != "grader"
    ]
    sources += recording.data.calls
    claimed = [recording.predictions(source) for source in sources]
    return [true_labels_of(classes, ANKLE_BOOT) for classes in claimed if classes is not None]


def _agree(found: NDArray[np.int64], boots: NDArray[np.int64]) -> bool:
    # Their numbers first, because a list may be as long as its author liked.
    near = abs(len(found) - len(boots)) <= TOLERATED_DISAGREEMENTS
    return near and len(np.setxor1d(found, boots)) <= TOLERATED_DISAGREEMENTS


def _unconfirmed(name: str, found: str, recording: RecordingFolder) -> Unscored:
    return Unscored(
        f"{name} can be compared only with predictions that were made in your own process; the "
        "grader has none of its own of that network.",
        expected="a network that the grader can build again, to let it predict the test images",
        found=found,
        where=where_defined(recording, name),
        hint="Nothing is lost; a person will look. What a network predicts right after fit() can "
        "be checked at once.",
    )


def _accept_that_none_is_wrong(
    right: set[int | None], claimed: set[int | None], recording: RecordingFolder
) -> None:
    """Accept that nothing is called an ankle boot wrongly, if that is so for one of the networks.

    Raises:
        Unscored: only the student's process says so.
        CheckFailed: it isn't so.

    """
    if None in right:
        return
    if None in claimed or (claimed and not right):
        raise _unconfirmed("first_wrong", "nothing", recording)
    raise CheckFailed(
        "first_wrong holds no number, though your networks do call some items ankle boots wrongly.",
        expected=str(min((p for p in right if p is not None), default="an index")),
        found="nothing",
        hint="Compare the true labels with 9 in the order of the test set.",
        # Right for the boots that were found, wrong only because those are.
        follows_from=("1j",),
    )


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
    # What is no position at all, infinity among it, disagrees as a whole.
    return np.unique(np.nan_to_num(flat.astype(float), nan=-1.0).clip(-1, items).astype(np.int64))


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
