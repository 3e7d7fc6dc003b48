"""Checks of exercise 1j: the items that a network calls ankle boots."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

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
    where_defined,
)
from graders.checks.predicted import TOLERATED, Predictions, disagreements, predictions_of
from graders.recording import RecordingFolder

ANKLE_BOOT = 9
ASKED_FIRST = "the index, in the test set, of the first item wrongly called an ankle boot"


@exercise("1j", points=1)
def test_predicted_boots(
    recording: RecordingFolder, check_context: CheckContext, matches: Matches
) -> None:
    """All test items that a trained network calls ankle boots are found."""
    labels = check_context.test_labels()
    found, known = _boots(recording, len(labels)), predictions_of(check_context, ANKLE_BOOT)
    verdict, _ = _judged(found, known)
    if verdict is Verdict.RIGHT:
        return
    if verdict is Verdict.NOTHING_TRAINED:
        raise _nothing_trained(found.text)
    if verdict is Verdict.OPEN:
        raise _left_open("boots", found.text, recording)
    if verdict is Verdict.UNTRAINED:
        raise CheckFailed(
            "boots is what a network predicts that was never trained in this run.",
            expected="what one of your dense networks predicts after its training",
            found=found.text,
            where=where_defined(recording, "boots"),
            hint="Predict with a network after its fit(); one that is built again begins anew. If "
            "fit() failed, mend that error first.",
            follows_from=_exercises_without_training(matches),
        )
    nearest = _nearest(found, known)
    wrong = disagreements(found.positions, nearest)
    raise CheckFailed(
        f"boots differs from what your networks predict: {wrong:,} positions are missing or too "
        "many.",
        expected=describe_indices(nearest.tolist()),
        found=found.text,
        where=where_defined(recording, "boots"),
        hint=_hint(found, known, labels),
    )


@exercise("1j", points=1)
def test_first_wrong_boot(recording: RecordingFolder, check_context: CheckContext) -> None:
    """The first item that is wrongly called an ankle boot is found."""
    labels = check_context.test_labels()
    given, where = recording.data.values.get("first_wrong"), where_defined(recording, "first_wrong")
    found, known = _boots_if_any(recording, len(labels)), predictions_of(check_context, ANKLE_BOOT)
    verdict, right = _judged_first(found, known, labels)
    own = _first_wrong(found.positions, labels) if found is not None else None
    if not readings(given) and mentioned(given):
        raise Unscored(
            "Several numbers stand in first_wrong; a person will read it.",
            expected=ASKED_FIRST,
            found=str(given)[:80],
            where=where,
            hint="Nothing is lost. Write the number alone.",
        )
    none_wrong = found is not None and (own is None or None in right) and bool(known.networks)
    if not readings(given) and (given is not None or not none_wrong):
        raise NotAttempted(
            "first_wrong holds no number.",
            expected=ASKED_FIRST,
            found="nothing",
            hint="Go through boots and stop where the true label is not 9.",
        )
    told = f"{readings(given)[0]:.10g}" if readings(given) else "None"
    if verdict is Verdict.NOTHING_TRAINED:
        raise _nothing_trained(f"first_wrong = {told}")
    if _is_one_of(given, right):
        return
    if verdict is Verdict.OPEN:
        raise _left_open("first_wrong", told, recording)
    if found is not None and _is_one_of(given, {own}):
        nearest = _nearest(found, known)
        raise CheckFailed(
            f"first_wrong is right for your boots ({told}), but those are not what your networks "
            "predict.",
            expected=str(_first_wrong(nearest, labels))
            if len(nearest)
            else "that of a trained network",
            found=told,
            where=where,
            hint="Find the boots that the network predicts first.",
            follows_from=("1j",),
        )
    expected = own if own is not None else min((p for p in right if p is not None), default=None)
    hint = "Compare the true labels with 9 in the order of the test set."
    if found is not None and own is not None and _is_position_within(found, given, own):
        hint = "That is a position within boots; asked for is the index into the test set."
    raise CheckFailed(
        f"first_wrong is {told}, which is not the first item wrongly called an ankle boot.",
        expected=str(expected) if expected is not None else "None: no boot is wrong",
        found=f"{told}, {_label(readings(given)[0], labels)}",
        where=where,
        hint=hint,
    )


def _exercises_without_training(matches: Matches) -> tuple[str, ...]:
    """Exercises whose network came to no training, and those whose mistakes are why."""
    missing = [m for m in matches if m.attempt is not None and not m.attempt.trained]
    found = [e for m in missing for e in (*m.refused_because_of(), m.wanted.exercise)]
    return tuple(dict.fromkeys(found))


class Verdict(Enum):
    """What can be said of a student's boots."""

    RIGHT = "they are what a network predicts"
    OPEN = "the grader can't tell"
    UNTRAINED = "they are what a network predicts that was never trained"
    WRONG = "no network predicts them"
    NOTHING_TRAINED = "there is no network to compare with"


@dataclass(frozen=True)
class Boots:
    """What a student's boots holds."""

    positions: NDArray[np.float64]  # distinct, ascending; whatever numbers stand there
    text: str
    classes: bool = False  # the classes of items, not their positions


def _judged(found: Boots, known: Predictions) -> tuple[Verdict, list[NDArray[np.int64]]]:
    """Say what becomes of boots, and which networks' boots they are."""
    agreeing = [n for n in known.networks if n.items is not None and _agree(found, n.items)]
    # That there are none is said too easily to be tied to any network that happens to have none.
    few = len(found.positions) <= TOLERATED
    sure = [n for n in agreeing if n.chosen or not (few or n.convolutional)]
    dense = [n for n in agreeing if not n.convolutional]
    if not known.called and dense == known.likely:
        sure = dense  # whichever was meant
    if sure:
        return Verdict.RIGHT, [n.items for n in sure if n.items is not None]
    if (agreeing and not known.called) or any(_agree(found, boots) for boots in known.claimed):
        return Verdict.OPEN, []
    if not few and any(_agree(found, boots) for boots in known.untrained):
        return Verdict.UNTRAINED, []
    if not known.networks:
        return Verdict.NOTHING_TRAINED, []
    if any(n.items is None for n in known.likely):
        return Verdict.OPEN, []
    return Verdict.WRONG, []


def _judged_first(
    found: Boots | None, known: Predictions, labels: NDArray[Any]
) -> tuple[Verdict, set[int | None]]:
    """Say what becomes of boots, and what first_wrong may be."""
    if not known.networks:
        return Verdict.NOTHING_TRAINED, set()
    likely = {_first_wrong(n.items, labels) for n in known.likely if n.items is not None}
    if found is None:
        dense = [n for n in known.networks if n.chosen or not n.convolutional]
        right = {_first_wrong(n.items, labels) for n in dense if n.items is not None}
        unknown = known.claimed or not right or any(n.items is None for n in known.likely)
        return (Verdict.OPEN if unknown else Verdict.WRONG), right - {None}
    verdict, agreeing = _judged(found, known)
    own = _first_wrong(found.positions, labels)
    if verdict is Verdict.RIGHT:
        return verdict, {own, *(_first_wrong(boots, labels) for boots in agreeing)}
    if own is not None:
        return verdict, likely & {own}
    # Wrong boots that hold no wrong one say nothing of the first; the network that was chosen does.
    return verdict, set() if verdict is Verdict.OPEN else likely


def _agree(found: Boots, boots: NDArray[np.int64]) -> bool:
    return disagreements(found.positions, boots) <= TOLERATED


def _nearest(found: Boots, known: Predictions) -> NDArray[np.int64]:
    """What the network predicts that comes nearest, of those that the student means."""
    likely = [n.items for n in known.likely if n.items is not None]
    unknown = np.empty(0, np.int64)
    return min(likely, key=lambda boots: disagreements(found.positions, boots), default=unknown)


def _hint(found: Boots, known: Predictions, labels: NDArray[Any]) -> str:
    """Name a mistake that can be recognised."""
    networks = known.networks
    of_all = [n.items for n in networks if n.items is not None]
    if not len(found.positions):
        return "Take argmax over the ten outputs of each image: np.argmax(outputs, axis=1)."
    if found.classes:
        return "These are classes; asked for are the positions at which the class is 9."
    if np.array_equal(found.positions, np.flatnonzero(labels == ANKLE_BOOT)):
        return "These are the true ankle boots; asked for are those that the network predicts."
    for step, direction in ((1, "high"), (-1, "low")):
        if any(_agree(found, boots + step) for boots in of_all):
            return f"All positions are one too {direction}: count from 0."
    if any(n.convolutional and n.items is not None and _agree(found, n.items) for n in networks):
        return "A convolutional network predicts these; asked for is one of the dense networks."
    beyond = found.positions[found.positions >= len(labels)]
    if np.isfinite(beyond).any():
        return (
            f"Positions beyond {len(labels) - 1:,} are positions in the training set; asked for is "
            "the test set."
        )
    return "Take argmax over the ten outputs, and the positions where it is 9."


def _nothing_trained(found: str) -> NotAttempted:
    return NotAttempted(
        "There is no trained network whose predictions could be compared.",
        expected="the predictions of one of your networks",
        found=found,
        hint="Train a network first; if a cell failed, mend the error.",
    )


def _left_open(name: str, found: str, recording: RecordingFolder) -> Unscored:
    return Unscored(
        f"The grader can't tell which of your networks {name} comes from, or has no predictions of "
        "its own of it.",
        expected="a network that the grader can build again, to let it predict the test images",
        found=found,
        where=where_defined(recording, name),
        hint="Nothing is lost; a person will look. What model.predict() says of the whole test set "
        "right after fit() can be checked at once.",
    )


def _boots(recording: RecordingFolder, items: int) -> Boots:
    """Read boots as positions; a mask of the whole test set counts as well.

    Raises:
        NotAttempted: it holds no numbers.

    """
    array = find_array(recording, "boots")
    if array is None and readings(recording.data.values.get("boots")):
        array = np.array([readings(recording.data.values["boots"])[0]])
    if array is None or array.dtype.kind not in "biuf":
        held = "boots" in recording.data.arrays or recording.data.values.get("boots") is not None
        raise NotAttempted(
            "boots is not a list of positions." if held else "There is no list called boots.",
            expected="the indices, in the test set, of all items predicted to be ankle boots",
            found="nothing",
            hint="np.flatnonzero(predicted == 9) makes it; assign it to the name boots.",
        )
    flat = array.reshape(-1)
    distinct = np.unique(flat)
    if len(flat) == items and np.isin(distinct, (0, 1)).all():
        flat = distinct = np.flatnonzero(flat)
    with np.errstate(all="ignore"):  # longer floats become infinite
        positions, first = distinct.astype(float), flat[:5].astype(float)
    different = "" if len(positions) == len(flat) else f", {len(positions):,} of them different"
    shown = ", ".join(f"{number:.10g}" for number in first) + (", ..." if len(flat) > 5 else "")
    text = f"{len(flat):,} positions{different}" + (f" ({shown})" if shown else "")
    classes = len(flat) > 10 >= len(positions) and bool(np.isin(positions, range(10)).all())
    return Boots(positions, text, classes)


def _boots_if_any(recording: RecordingFolder, items: int) -> Boots | None:
    """Read boots; None where it holds no positions."""
    try:
        found = _boots(recording, items)
    except NotAttempted:
        return None
    return None if found.classes else found


def _first_wrong(boots: NDArray[Any], labels: NDArray[Any]) -> int | None:
    inside = boots[(boots >= 0) & (boots < len(labels))]
    whole = inside[inside % 1 == 0].astype(np.int64)
    wrong = whole[labels[whole] != ANKLE_BOOT]
    return int(wrong[0]) if len(wrong) else None


def _is_one_of(given: Any, right: set[int | None]) -> bool:
    if given is None:
        return None in right
    return any(position is not None and is_number(given, position) for position in right)


def _is_position_within(found: Boots, given: Any, own: int) -> bool:
    return is_number(given, int(np.searchsorted(found.positions, own)))


def _label(position: float, labels: NDArray[Any]) -> str:
    if not (position % 1 == 0 and 0 <= position < len(labels)):
        return "which is no position in the test set"
    return f"whose true label is {labels[int(position)]}"
