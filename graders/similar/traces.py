"""Read what one graded submission leaves to compare: its code, and weights that are its own."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graders.errors import RunError
from graders.files import read_untrusted
from graders.ran import Ran
from graders.similar.fingerprint import Fingerprint, Starter, fingerprint
from graders.training.entry import Measured, Trained, load_trained

_TRAINED = "trained"
_PREDICTIONS_BYTES = 1_000_000
# Predictions tell networks apart only where they are neither all alike nor all right.
_CLASSES, _RIGHT, _WRONG = 5, 500, 200


@dataclass(frozen=True)
class Traces:
    """What of one submission is compared with others."""

    code: Fingerprint
    weights: tuple[str, ...]  # names of the networks that the grader did not train from fresh


def fingerprint_of(folder: Path, starter: Starter) -> Traces | None:
    """Read the traces of one student's folder of results.

    Args:
        folder: with `run.json`, and `trained/` beside the recording.
        starter: see `starter_of`.

    Returns:
        None where there is no run, or what it left is damaged.

    """
    try:
        ran = Ran.load(folder)
        trained = load_trained(folder / _TRAINED)
    except RunError:
        return None
    script = any(name.lower().endswith(".py") for name in ran.submission.files[:1])
    code = fingerprint(ran.cells, starter, file=ran.submission.sha256, script=script)
    # With the same fixed seed, honest students come to the same weights.
    if code.fixes_seed and not code.loads:
        return Traces(code, ())
    names = {name for one in trained for name in _weights(folder / _TRAINED, one)}
    return Traces(code, tuple(sorted(names)))


def _weights(folder: Path, training: Trained | Measured) -> list[str]:
    """Name the weights that a network had and the grader did not train from fresh."""
    if isinstance(training, Measured):
        accuracy = training.found.measured.get("test_accuracy")
        told = _told_by_predictions(folder, training.predictions, accuracy)
        return [f"own:{told}"] if told else []
    if training.start != "given":
        return []
    return [f"given:{training.given}"]


def _told_by_predictions(folder: Path, name: str, accuracy: float | None) -> str:
    """Name a network by what it calls every test item; empty where that tells too little."""
    try:
        content = read_untrusted(folder, name, _PREDICTIONS_BYTES)
        classes = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    except (OSError, ValueError):
        return ""
    if accuracy is None or classes.dtype != np.uint8 or len(np.unique(classes)) < _CLASSES:
        return ""
    right = round(accuracy * classes.size)
    if right < _RIGHT or classes.size - right < _WRONG:
        return ""
    return hashlib.sha256(classes.tobytes()).hexdigest()
