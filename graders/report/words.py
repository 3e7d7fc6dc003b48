"""Every fixed sentence, word and symbol of the reports, so that one page shows them all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from graders.report.strips import Figures
from graders.report.text import count, shorten
from graders.report.view import (
    WITHOUT_SCORE,
    Audience,
    Exhibit,
    is_partial,
    is_trained,
    is_unverified,
    kind_of,
)
from graders.result import CheckResult, Execution, Outcome, ScoreEvidence, TrainingSummary
from graders.tolerance import ATTEMPTS


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
    Outcome.UNSCORED: Sign("◌", "-", "left open"),
    Outcome.ERROR: Sign("!", "!", "could not be checked"),
}
# A check that failed with a part of its points; `sign_of` tells it from one without any.
PARTIAL = Sign("◐", "~", "in part")
# As they are listed.
SIGNS: tuple[Sign, ...] = (
    OUTCOMES[Outcome.PASSED],
    PARTIAL,
    *(sign for outcome, sign in OUTCOMES.items() if outcome is not Outcome.PASSED),
)
FLAG = Sign("⚑", "^", "noted for a person")
UNREAD = Sign("?", "?", "to be read")
READ = Sign("✎", "*", "read")
SET = Sign("✍", "%", "set by a person")

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
    "missing": "Nothing was handed in.",
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
    "score": "Show the score",
    "plot": "Show what was plotted",
    "training": "Show the learning curves",
}


def summary_of(exhibits: Sequence[Exhibit]) -> str:
    """Label what unfolds the evidence of a check that passed."""
    kinds = {kind_of(exhibit) for exhibit in exhibits}
    return _SUMMARIES[kinds.pop()] if len(kinds) == 1 else "Show what was looked at"


def sign_of(check: CheckResult) -> Sign:
    """Choose the sign of a check."""
    return PARTIAL if is_partial(check) else OUTCOMES[check.outcome]


def score_sentence(evidence: ScoreEvidence) -> str:
    """Say what was observed, where the points begin and end, and how sure that is."""
    observed = f"{_observed(evidence)}; {_limits(evidence)}."
    chance = bound_in_percent(evidence.chance)
    if not chance:
        return observed
    trainings = count(len(evidence.reference), "training")
    rests_on = [f"{trainings} of the reference"] if evidence.reference else []
    rests_on.append(f"up to {ATTEMPTS} attempts")
    return (
        f"{observed} A right solution fails here with a chance of at most {chance} "
        f"({', '.join(rests_on)})."
    )


def score_in_short(evidence: ScoreEvidence) -> str:
    """Say the same for a terminal: observed, attempts, cutoff, chance."""
    figures, chance = Figures.of(evidence), bound_in_percent(evidence.chance)
    observed = ", ".join(map(figures.write, evidence.observed)) or "not observed"
    attempts = f"{len(evidence.observed)} of up to {ATTEMPTS} attempts"
    further = ", a further one could still be made" if evidence.again else ""
    parts = [
        f"{evidence.title} {observed} ({attempts}{further})",
        f"all points from {figures.write(evidence.cutoff)}",
        f"a right solution fails with a chance of at most {chance}" if chance else "",
    ]
    return "; ".join(filter(None, parts))


def _observed(evidence: ScoreEvidence) -> str:
    figures = [Figures.of(evidence).write(score) for score in evidence.observed]
    said = f"Observed {figures[0]}" if figures else "Nothing was observed"
    if others := figures[1:]:
        *rest, last = others
        listed = f"{', '.join(rest)} and {last}" if rest else last
        said += f", then {listed} in {'further attempts' if rest else 'a further attempt'}"
    return f"{said}, and a further attempt could still be made" if evidence.again else said


def _limits(evidence: ScoreEvidence) -> str:
    figures = Figures.of(evidence)
    cutoff = f"all points from {figures.write(evidence.cutoff)} on"
    if evidence.floor >= evidence.cutoff:
        return f"{cutoff}, none below"
    if math.isnan(evidence.floor) or evidence.floor < (-1 if figures.signed else 0):
        # No score lies so low.
        return f"{cutoff}, part of them below"
    return f"{cutoff}, none up to {figures.write(evidence.floor)}"


def bound_in_percent(chance: float) -> str:
    """Write a bound in percent, rounded up to two digits; empty where it isn't known."""
    if not 0 < chance <= 1:
        return ""
    percent = max(100 * chance, 0.001)
    unit = 10.0 ** (math.floor(math.log10(percent)) - 1)
    return f"{math.ceil(percent / unit - 1e-9) * unit:.2g}%" if percent < 99 else "100%"


def message_of(check: CheckResult) -> str:
    """Say in one sentence what became of a check that did not pass."""
    if check.outcome is Outcome.ERROR:
        return GRADER_ERROR
    if check.hidden and not check.message:
        return HIDDEN
    return check.message or _MESSAGES.get(check.outcome, "")


def hint_of(check: CheckResult) -> str:
    """Name the one thing to try; nothing for hidden checks and for the grader's own errors."""
    if check.hint or check.hidden or check.outcome.is_open:
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
    return execution.status in WITHOUT_SCORE
