"""Every fixed sentence, word and symbol of the reports, so that one page shows them all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from graders.report.text import shorten
from graders.report.view import Audience, Exhibit, is_trained, is_unverified, kind_of
from graders.result import CheckResult, Execution, Outcome, TrainingSummary


class Sign(NamedTuple):
    """How a state is shown: never by colour alone."""

    symbol: str
    ascii: str  # where the terminal can't show the symbol
    word: str


OUTCOMES: dict[Outcome, Sign] = {
    Outcome.PASSED: Sign("✓", "+", "passed"),
    Outcome.FAILED: Sign("✗", "x", "failed"),
    Outcome.NOT_ATTEMPTED: Sign("○", "o", "not attempted"),
    Outcome.BLOCKED: Sign("⊘", "/", "blocked"),
    Outcome.ERROR: Sign("!", "!", "could not be checked"),
}
UNREAD = Sign("?", "?", "to be read")
READ = Sign("✎", "*", "read")

# Exercises as a whole, in the overview.
STATES: dict[str, str] = {
    "full": "all points",
    "partial": "some points lost",
    "lost": "no points",
    "pending": "pending",
    "error": "could not be checked",
}

HIDDEN = "This is a hidden check: its details are not shown."
GRADER_ERROR = (
    "This could not be checked. That is the grader's problem, not yours: "
    "no points are lost; a TA will look."
)

_MESSAGES: dict[Outcome, str] = {
    Outcome.NOT_ATTEMPTED: "Nothing to check was found.",
    Outcome.BLOCKED: "This could not be checked, because an earlier check did not pass.",
}
_HINTS: dict[Outcome, str] = {
    Outcome.FAILED: "Compare the two, mend it, and run the notebook once more from the top.",
    Outcome.NOT_ATTEMPTED: "Work on this part, then check again.",
    Outcome.BLOCKED: "Mend the earlier check first; then this one can be checked.",
}
_RUNS: dict[str, str] = {
    "timeout": "The run was stopped at its time limit. What had run until then was graded.",
    "stopped": "The run was stopped before its end. What had run until then was graded.",
    "unusable": "The submission can't be read, so nothing was graded.",
    "error": "The grader failed on this submission. That is our problem; a TA will look.",
}


NOT_VERIFIED = (
    "That a training is not verified is no mistake: "
    "some can only take place in your own process, and the grader can't repeat them. "
    "It measures the trained network itself wherever it can build it again; "
    "where it can't, a person looks, and nothing is lost."
)
_LONGEST_REASON = 200

_SUMMARIES = {
    "network": "Show the network",
    "grid": "Show the matrices",
    "training": "Show the learning curves",
}


def summary_of(exhibits: Sequence[Exhibit]) -> str:
    """Label what unfolds the evidence of a check that passed."""
    kinds = {kind_of(exhibit) for exhibit in exhibits}
    return _SUMMARIES[kinds.pop()] if len(kinds) == 1 else "Show what was looked at"


def message_of(check: CheckResult) -> str:
    """Say in one sentence what became of a check that did not pass."""
    if check.outcome is Outcome.ERROR:
        return GRADER_ERROR
    if check.hidden and not check.message:
        return HIDDEN
    return check.message or _MESSAGES.get(check.outcome, "")


def hint_of(check: CheckResult) -> str:
    """Name the one thing to try; nothing for hidden checks and for the grader's own errors."""
    if check.hint or check.hidden or check.outcome is Outcome.ERROR:
        return check.hint
    return _HINTS.get(check.outcome, "")


def how_trained(training: TrainingSummary, audience: Audience) -> str:
    """Say who trained, and who measured: an accuracy that is shown is always the grader's.

    That an equal training was known already is only said to staff: to students it's all one.
    """
    if training.status == "refused":
        return f"Not trained: {training.note.strip()}"
    if not is_trained(training):
        return "Not trained: this grading skips trainings"
    capped = ", on at most the capped epochs and items" if training.capped else ""
    if not is_unverified(training):
        known = training.cached and audience == "staff"
        return f"Trained by the grader{capped}{', known from an equal training' if known else ''}"
    note = training.note.strip().rstrip(".")
    why = f": {note}." if note else "."
    if training.fingerprint:
        # The grader has trained it, but what it began with is the student's.
        return f"Trained by the grader{capped}, but not verified{why}"
    whose = "your own" if audience == "student" else "the student's own"
    if training.status != "ok":
        return f"Trained in {whose} process{capped}, not verified{why}"
    if training.test_accuracy is not None:
        return f"Trained in {whose} process{capped}, measured by the grader{why}"
    return f"Trained in {whose} process{capped}, and not measured by the grader{why}"


def unverified_line(trainings: Sequence[TrainingSummary]) -> str:
    """Say how many trainings are not verified, and why; empty if all are."""
    trained = [training for training in trainings if is_trained(training)]
    unverified = [training for training in trained if is_unverified(training)]
    if not unverified:
        return ""
    notes = dict.fromkeys(training.note.strip().rstrip(".") for training in unverified)
    reasons = shorten("; ".join(note for note in notes if note), _LONGEST_REASON)
    which = (
        "The training" if len(trained) == 1 else f"{len(unverified)} of {len(trained)} trainings"
    )
    verb = "is" if len(unverified) == 1 else "are"
    return f"{which} {verb} not verified{f': {reasons}' if reasons else ''}."


def run_sentence(execution: Execution) -> str:
    """Say what went wrong with the run as a whole; empty if it is complete."""
    if execution.status == "complete":
        return ""
    return execution.message or _RUNS[execution.status]


def is_ungraded(execution: Execution) -> bool:
    """Tell whether there is no score to speak of: the file, the grader or the machine failed."""
    return execution.status in {"unusable", "error"}
