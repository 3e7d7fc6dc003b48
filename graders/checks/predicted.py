"""Which items of the test set a submission's networks put into a class, and who says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graders.checks.attempts import Attempt, true_labels_of
from graders.checks.context import CheckContext
from graders.recording.schema import CallRecord

# Batches of another size round differently, which can turn an image on the border of two classes.
TOLERATED = 3


@dataclass(frozen=True, eq=False)
class Predicted:
    """What a network puts into the class after one of its trainings."""

    items: NDArray[np.int64] | None  # ascending, by the grader's own predictions; None: it has none
    convolutional: bool
    chosen: bool  # predict() was called on it with the test set


@dataclass(frozen=True)
class Predictions:
    """What a student's list of items can be compared with."""

    networks: list[Predicted]
    claimed: list[NDArray[np.int64]]  # of trained networks, by the student's process; no proof
    untrained: list[NDArray[np.int64]]  # likewise, of networks that were never trained
    called: bool  # predict() was called with the test set, on whatever network

    @property
    def likely(self) -> list[Predicted]:
        """The networks that the student means: those that predict() was called on, else dense."""
        chosen = [network for network in self.networks if network.chosen]
        return chosen or [n for n in self.networks if not n.convolutional] or self.networks


def predictions_of(context: CheckContext, label: int) -> Predictions:
    """Gather what networks put into a class.

    One that was shown a single class only calls everything so, which nobody has to find out.

    Raises:
        RecordingError: predictions can't be read.

    """
    recording, size = context.recording, len(context.test_labels())
    calls = [call for call in recording.data.calls if _may_be_of_test_set(call, size)]
    said = [(call, recording.predictions(call)) for call in calls]
    trained = [attempt for attempt in context.attempts if _is_trained(attempt)]
    shown = [attempt for attempt in trained if _tells_classes_apart(attempt)]
    networks = [
        Predicted(
            None if attempt.predicted is None else true_labels_of(attempt.predicted, label),
            attempt.convolutional,
            any(_is_of(call, classes, attempt) for call, classes in said),
        )
        for attempt in shown
    ]
    dense = [a.training for a in shown if a.training is not None and not a.convolutional]
    claimed = [recording.predictions(t) for t in dense if t.measured_by != "grader"]
    untrained: list[NDArray[Any] | None] = []
    for call, classes in said:
        anew = not any(_is_of(call, classes, attempt) for attempt in trained)
        (untrained if anew else claimed).append(classes)
    return Predictions(networks, _items(claimed, label), _items(untrained, label), bool(calls))


def disagreements(found: NDArray[Any], items: NDArray[np.int64]) -> int:
    """Count what stands in one of two ascending lists only; found may be as long as it likes."""
    places = np.searchsorted(found, items)
    inside = places < len(found)
    common = np.count_nonzero(found[places[inside]] == items[inside])
    return len(found) + len(items) - 2 * int(common)


def _items(claims: list[NDArray[Any] | None], label: int) -> list[NDArray[np.int64]]:
    return [true_labels_of(classes, label) for classes in claims if classes is not None]


def _may_be_of_test_set(call: CallRecord, size: int) -> bool:
    """Tell whether a call is a predict over as many images as the test set has."""
    x = call.data.x
    whole = call.predictions is not None or x is None or x.shape[:1] == [size]
    return call.kind == "predict" and whole


def _is_of(call: CallRecord, classes: NDArray[Any] | None, attempt: Attempt) -> bool:
    """Tell whether a call is of a network after a training, or of its copy or a wrapper."""
    if attempt.training is None:
        return call.model == attempt.network.model
    if call.after_training == attempt.training.id:
        return True
    own = attempt.predicted
    if own is None or classes is None or own.shape != classes.shape:
        return False
    return int(np.count_nonzero(own != classes)) <= TOLERATED


def _is_trained(attempt: Attempt) -> bool:
    """Tell whether a network learned anything, if only in a loop of its own."""
    steps = attempt.training is None and attempt.network.custom_steps > 0
    return attempt.trained or attempt.epochs > 0 or steps


def _tells_classes_apart(attempt: Attempt) -> bool:
    labels = attempt.training.data.y if attempt.training is not None else None
    return labels is None or labels.classes > 1
