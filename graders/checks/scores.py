"""What check authors assert about measured accuracies: against ranges, never against a number.

A right solution is trained up to three times before it fails, and the chance that it fails all
the same is stated (`graders.tolerance`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from graders.checks.aspects import SCRAMBLED, Aspect
from graders.checks.asserts import MEASURABLE, because, hint_for, in_words
from graders.checks.attempts import Attempt
from graders.checks.context import CheckContext
from graders.checks.matching import Match, describe_layers
from graders.checks.outcome import CheckFailed, Unscored, attach, flag
from graders.result import ScoreEvidence
from graders.tolerance import ATTEMPTS, Range

# Respects that move an accuracy, and can have lost their points in another exercise.
_ACCURACY_ASPECTS = (
    *("scaling", "optimizer", "loss", "learning_rate", "epochs", "items", "labels"),
    *("fresh", "start", "augmentation", "steps"),
)


@dataclass(frozen=True)
class _Score:
    """An accuracy, or a difference of two, as every attempt reached it."""

    title: str
    observed: list[float | None]  # None: the attempt came to no end
    matches: tuple[Match, ...]  # whose trainings it was made of, the one in question first
    failure: str  # what is to be said of the best where it is too low
    found: str
    hint: str
    explained_by: tuple[str, ...] = ()  # exercises beside those that the trainings show

    @property
    def reached(self) -> list[float]:
        return _reached(self.observed)

    @property
    def requests(self) -> list[int]:
        trainings = [m.attempt.training for m in self.matches if m.attempt is not None]
        return [t.request for t in trainings if t is not None and t.request is not None]


def assert_accuracy(
    context: CheckContext,
    match: Match,
    experiment: str,
    what: str,
    *,
    on: str = "test",
    explained_by: Sequence[str] = (),
) -> None:
    """Assert that a training reaches the accuracy of the reference.

    Args:
        context: knows the ranges.
        match: the experiment; its attempt must be trained (see `require`).
        experiment: its name in the reference.
        what: the network in words.
        on: the test set that it is scored on: the data set's own, or one that assignment.toml
            names.
        explained_by: earlier exercises whose mistakes may make it low and don't show in this
            training, such as the one that made the images.

    Raises:
        CheckFailed: the accuracy of every attempt lies below the range; between cutoff and floor
            with part of the points. Where the training differs from the reference in something
            that earns its points elsewhere, it follows from there.
        Unscored: the grader couldn't measure the network, its weights were brought along, there
            is no range for these data, this policy or this device, or attempts are missing.

    """
    attempt = _judged(match)
    if attempt.accuracy_on(on) is None:
        raise _unmeasured(f"The grader couldn't measure the {on} accuracy itself", attempt)
    observed = attempt.accuracies_on(on)
    best = max(_reached(observed), default=0.0)
    score = _Score(
        title=f"{on} accuracy",
        observed=observed,
        matches=(match,),
        failure=f"The {what} reaches {_times(best, observed)} on {_place(on)}, less than a right "
        "solution does.",
        found=f"{best:.3f} with {attempt.title}",
        hint="Check the scaling of the pixels, the labels, the optimizer and the epochs.",
        explained_by=tuple(explained_by),
    )
    _judge(
        context,
        score,
        context.expected.range(experiment, context.fingerprint, attempt.batch_size, on),
        (experiment,),
    )


def assert_better(
    context: CheckContext,
    better: Match,
    worse: Match,
    experiments: tuple[str, str],
    words: tuple[str, str],
    *,
    hint: str,
    on: tuple[str, str] = ("test", "test"),
    explained_by: Sequence[str] = (),
) -> None:
    """Assert that one training is ahead of another by as much as the reference's are.

    Where the other can't be compared with, because it wasn't measured or is another training than
    the reference's, the first is judged by its own accuracy.

    Args:
        context: knows the ranges.
        better: the experiment that should win; its attempt must be trained (see `require`).
        worse: the other one.
        experiments: the names of both in the reference.
        words: both in words, such as "the network with 64 units".
        hint: one thing to try.
        on: the test sets that the two are scored on.
        explained_by: as for `assert_accuracy`.

    Raises:
        CheckFailed: the difference of every attempt lies below the range.
        Unscored: as for `assert_accuracy`.

    """
    attempt, other = _judged(better), worse.attempt
    if attempt.accuracy_on(on[0]) is None:
        said = f"Whether {words[0]} is better can't be told: the grader couldn't measure it itself"
        raise _unmeasured(said, attempt)
    comparable = other is not None and other.accuracy_on(on[1]) is not None
    if other is None or not comparable or other.brought_along or differs(worse):
        what = words[0].removeprefix("the ")
        assert_accuracy(context, better, experiments[0], what, on=on[0], explained_by=explained_by)
        return
    pairs = list(zip(attempt.accuracies_on(on[0]), other.accuracies_on(on[1]), strict=False))
    observed = [None if one is None or two is None else one - two for one, two in pairs]
    best = max(_reached(observed), default=-1.0)
    one, two = pairs[observed.index(best)] if best in observed else pairs[0]
    score = _Score(
        title=f"{words[0]} minus {words[1]}",
        observed=observed,
        matches=(better, worse),
        failure=f"{_capital(words[0])} is not ahead of {words[1]} as in a right solution: "
        f"{one:.3f} against {two:.3f} on {_places(on)}"
        + (f", the best of {len(pairs)} attempts." if len(pairs) > 1 else "."),
        found=f"{best:+.3f}",
        hint=hint,
        explained_by=tuple(explained_by),
    )
    _judge(
        context,
        score,
        context.expected.difference(
            (experiments[0], attempt.batch_size, on[0]),
            (experiments[1], other.batch_size, on[1]),
            context.fingerprint,
        ),
        experiments,
    )


def _place(on: str) -> str:
    """Name a test set as students know it; further ones are the grader's own."""
    return "the test set" if on == "test" else f"our {on} images"


def _places(on: tuple[str, str]) -> str:
    return _place(on[0]) if on[0] == on[1] else f"{_place(on[0])} and {_place(on[1])}"


def differs(match: Match) -> bool:
    """Tell whether a training is another than the reference's, in what moves an accuracy."""
    return bool(_moving(match) or match.layer_differences)


def _moving(match: Match) -> list[Aspect]:
    """List what moves an accuracy; another shape of the same images doesn't."""
    return [a for a in match.aspects if a.name in _ACCURACY_ASPECTS or a.key == SCRAMBLED]


def _judge(
    context: CheckContext, score: _Score, expected: Range | None, experiments: Sequence[str]
) -> None:
    best, match = max(score.reached, default=-1.0), score.matches[0]
    attempt = match.attempt
    assert attempt is not None, "it was measured"
    if expected is None:
        raise _calibrate_first(context, score, experiments)
    if context.cap is not None and any(m.attempt and m.attempt.looped for m in score.matches):
        # The cap bounds the epochs of one call: a loop of calls has had more of them.
        expected = replace(expected, outside=True)
    right = not any(differs(one) for one in score.matches)
    again = right and best < expected.low and not expected.outside
    again = again and len(score.observed) < ATTEMPTS
    attach(
        ScoreEvidence(
            title=score.title,
            observed=score.reached,
            cutoff=expected.low,
            floor=expected.floor,
            high=expected.high,
            reference=list(expected.scores),
            chance=expected.chance,
            again=score.requests if again else [],
        )
    )
    if best >= expected.low:
        if right and best > expected.high and not expected.outside:
            flag(
                f"{_capital(score.title)}: {best:.3f}, where right "
                f"solutions reach {expected.high:.3f} at most. No points are taken; a person will "
                "look."
            )
        return
    if right and expected.outside:
        raise _calibrate_first(context, score, experiments)
    left_open = ""
    if again:
        left_open = "and not all of them were made. Run tensormark grade once more"
    elif right and None in score.observed:
        left_open = "and this one can't be repeated: run again, it doesn't train the same"
    if left_open:
        raise Unscored(
            f"{score.failure} A right solution is given up to {ATTEMPTS} attempts, {left_open}.",
            expected=_wanted(expected),
            found=score.found,
            where=attempt.where,
            hint="Nothing is lost; a person will look.",
        )
    raise CheckFailed(
        score.failure,
        expected=_wanted(expected),
        found=score.found,
        where=attempt.where,
        hint=_reason(match) or score.hint,
        follows_from=tuple(dict.fromkeys([*_explaining(match), *score.explained_by])),
        credit=expected.credit(best),
    )


def _wanted(expected: Range) -> str:
    place = {1: "the smallest", 2: "the second smallest", 3: "the third smallest"}
    rank = place.get(expected.rank, f"number {expected.rank} from below")
    return f"at least {expected.low:.3f}, {rank} of {len(expected.scores)} right trainings"


def _calibrate_first(context: CheckContext, score: _Score, experiments: Sequence[str]) -> Unscored:
    """Say what was never measured, and the command that measures it."""
    attempts = [match.attempt for match in score.matches if match.attempt is not None]
    measured = [context.expected.batch_sizes(name, context.fingerprint) for name in experiments]
    pairs = zip(attempts, measured, strict=True)
    size = next((a.batch_size for a, known in pairs if _is_outside(a.batch_size, known)), None)
    on = f" with batches of {size}" if size else ""
    return Unscored(
        f"Calibrate first: for these data{on}, trained as here, the reference has no range for "
        f"{' and '.join(experiments)}, so {max(score.reached, default=0.0):.3f} can't be judged.",
        found=score.found,
        where=attempts[0].where,
        hint=f"Nothing is lost. To have it scored: {context.calibrate_command(size)}",
    )


def _is_outside(size: int | None, measured: Sequence[int]) -> bool:
    return size is not None and bool(measured) and not measured[0] <= size <= measured[-1]


def _reached(observed: Sequence[float | None]) -> list[float]:
    """Leave out attempts that came to no end, or to no number."""
    return [score for score in observed if score is not None and math.isfinite(score)]


def _judged(match: Match) -> Attempt:
    """Return a match's attempt, if what it reached is its own.

    Raises:
        Unscored: it began with weights that someone brought along.

    """
    attempt = match.attempt
    assert attempt is not None, "call require() first"
    if attempt.brought_along:
        raise Unscored(
            "The training began with weights that were not trained in this submission, so what it "
            "reached can't be told from what was brought along.",
            expected="a training from fresh weights, or one that goes on from another fit()",
            found=attempt.title,
            where=attempt.where,
            hint="Nothing is lost; a person will look. A new network that is trained with fit() "
            "alone can be judged at once.",
        )
    return attempt


def _unmeasured(sentence: str, attempt: Attempt) -> Unscored:
    """Leave a check open: what only the student's own process says earns and costs nothing."""
    if attempt.skipped:
        return Unscored(
            "Nothing was trained this time, so there is no accuracy to judge.",
            found=attempt.title,
            where=attempt.where,
            hint="Nothing is lost. Leave out --training none to have it judged.",
        )
    return Unscored(
        because(sentence, attempt),
        expected="a network that the grader can build again, to let it classify the test images",
        found=attempt.title,
        where=attempt.where,
        hint=MEASURABLE,
    )


def _times(best: float, observed: Sequence[float | None]) -> str:
    return f"{best:.3f}" + (f" at best, in {len(observed)} attempts," if len(observed) > 1 else "")


def _capital(words: str) -> str:
    """Begin a sentence; names keep their capitals, as str.capitalize() would not."""
    return words[:1].upper() + words[1:]


def _reason(match: Match) -> str:
    """Name what is known to make an accuracy low; an empty text where nothing is."""
    if wrong := _moving(match):
        return f"What may explain it: {in_words(wrong[0])}. {hint_for(wrong[0])}".strip()
    if match.layer_differences:
        return f"What may explain it: {describe_layers(match.layer_differences)}."
    return ""


def _explaining(match: Match) -> tuple[str, ...]:
    """Exercises whose mistakes in this training may explain a low score.

    This one is among them: a mistake for which another check of it takes points is paid for.
    """
    names = [aspect.name for aspect in _moving(match)]
    return match.charged([*names, *(["layers"] if match.layer_differences else [])])
