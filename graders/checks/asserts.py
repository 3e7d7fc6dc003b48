"""What check authors assert about networks and trainings.

Each says what was expected, what was found, where, and what to try.
"""

from __future__ import annotations

from collections.abc import Callable

from graders.checks.attempts import Attempt
from graders.checks.layers import Difference
from graders.checks.matching import Match, describe_layers
from graders.checks.outcome import CheckFailed, NotAttempted, Unscored, attach
from graders.expectations import Expectations, Range
from graders.result import NetworkEvidence, TrainingEvidence

# Said once, used by many checks.
HINTS = {
    "optimizer": "Pass optimizer='sgd' or keras.optimizers.SGD() to compile().",
    "learning_rate": "Set the rate with keras.optimizers.SGD(learning_rate=...).",
    "loss": "Integer labels go with sparse_categorical_crossentropy, one-hot labels with "
    "categorical_crossentropy.",
    "metrics": "Pass metrics=['accuracy'] to compile().",
    "items": "Look at the shape of what you pass to fit().",
    "labels": "Cut, shuffle and reshape images and labels together.",
    "epochs": "Pass epochs=3 to fit(); a second fit() goes on where the first ended.",
    "validation": "Pass validation_data=(x_test, y_test) to fit().",
    "scaling": "Divide the pixels by 255.0 once, before any training.",
    "vectorised": "Reshape the images to (number of images, 784) before fit().",
    "fresh": "Build the network again: compiling alone keeps the trained weights.",
}

_MEASURABLE = (
    "Nothing is lost; a person will look. Networks of Keras' own layers, on images that were "
    "scaled as a whole, can be measured at once."
)


def require(match: Match, what: str, *, trained: bool = True) -> Attempt:
    """Return the attempt that answers an experiment.

    Args:
        match: the experiment.
        what: the network in words, for the message.
        trained: whether a finished training is needed.

    Raises:
        NotAttempted: there is none.
        Unscored: there is one of which only the student's own process tells.

    """
    attempt = match.attempt
    if attempt is None:
        raise NotAttempted(
            f"No {what} was found.",
            expected=what,
            found="none",
            hint="Build and train it in a cell of its own; the name doesn't matter.",
        )
    if attempt.training is not None:
        attach(TrainingEvidence(training=attempt.training.id))
    if trained and attempt.training is None and attempt.network.custom_steps:
        _attach_network(match)
        raise Unscored(
            "This network was trained step by step with train_on_batch(), which can't be followed.",
            expected=what,
            found=attempt.title,
            where=attempt.where,
            hint="Nothing is lost; a person will look. A training with fit() is checked at once.",
        )
    if trained and not attempt.trained:
        _attach_network(match)
        problem = "was built but never trained"
        if attempt.training is not None:
            ended = attempt.training.status == "ok"
            problem = "was given to fit(), " + (
                "but for no epoch at all" if ended else "which did not come to its end"
            )
        raise NotAttempted(
            f"A network for this exercise {problem}.",
            expected=what,
            found=attempt.title,
            where=attempt.where,
            hint="Compile it and call fit(); if a cell failed, mend the error first.",
        )
    if trained and attempt.claimed:
        said = "The grader could neither carry out this training nor measure its network"
        raise Unscored(
            _because(said, attempt),
            expected="a network that the grader can build again, to train or to measure it",
            found=attempt.title,
            where=attempt.where,
            hint=_MEASURABLE,
        )
    return attempt


def assert_layers(
    match: Match,
    what: str,
    *,
    concerning: Callable[[Difference], bool] = lambda _: True,
    hint: str = "",
) -> None:
    """Assert that an attempt has the expected layers.

    Args:
        match: the experiment; its attempt must exist (see `require`).
        what: the layers in words, for the message.
        concerning: which differences this check is about.
        hint: one thing to try.

    Raises:
        CheckFailed: with the student's layers beside the expected ones. Where all differences
            are those of the experiment that this one varies, it follows from that exercise.

    """
    attempt = match.attempt
    assert attempt is not None, "call require() first"
    _attach_network(match)
    wrong = [d for d in match.layer_differences if concerning(d)]
    if not attempt.network.chain:
        raise CheckFailed(
            "The network has branches, where the exercise asks for one layer after the other.",
            expected=what,
            found=attempt.name,
            where=attempt.where,
            hint=hint or "Connect each layer to the one before it.",
        )
    if not wrong:
        return
    source = match.layers_inherited_from()
    raise CheckFailed(
        _sentence(describe_layers(wrong)),
        expected=what,
        found=attempt.name,
        where=attempt.where,
        hint=hint or "Compare your layer table with the expected one below.",
        follows_from=(source,) if source else (),
    )


def assert_aspects(match: Match, *names: str, hint: str = "") -> None:
    """Assert that a training was set up as wanted, in the respects that are named.

    Raises:
        CheckFailed: names each difference. A mistake carried over from an earlier exercise
            follows from that one.
        Unscored: nothing is wrong here for sure, but one of the respects can't be judged.

    """
    attempt = match.attempt
    assert attempt is not None, "call require() first"
    wrong = [
        aspect
        for aspect in match.aspects
        if aspect.name in names and not match.is_own_choice(aspect.name)
    ]
    sources = [match.sources(aspect.name) for aspect in wrong]
    own = [a for a, source in zip(wrong, sources, strict=True) if not source]
    settled = {aspect.name for aspect in wrong}
    unknown = [u for u in match.unknowns if u.name in names and u.name not in settled]
    # A mistake of an earlier exercise may keep its points here, and must not hide anything.
    if unknown and not own:
        raise Unscored(
            f"{unknown[0].why}.",
            found=attempt.title,
            where=attempt.where,
            hint="Nothing is lost; a person will look. Arrays of the images that were served, "
            "passed to fit() with their labels, can be checked at once.",
        )
    if not wrong:
        return
    first = own[0] if own else wrong[0]
    raise CheckFailed(
        _sentence("; ".join(f"{_WORDS[a.name]} {a.found}, not {a.expected}" for a in wrong)),
        expected="; ".join(aspect.expected for aspect in wrong),
        found="; ".join(aspect.found for aspect in wrong),
        where=attempt.where,
        hint=hint or HINTS.get(first.name, ""),
        follows_from=() if own else tuple(dict.fromkeys(e for s in sources for e in s)),
    )


def assert_accuracy(match: Match, expected: Range | None, nearest: Range | None, what: str) -> None:
    """Assert that a training reaches the test accuracy of the reference.

    Args:
        match: the experiment; its attempt must be trained.
        expected: where a right solution lies; None where it was never measured.
        nearest: a range for orientation, where `expected` is None.
        what: the network in words.

    Raises:
        CheckFailed: the accuracy lies below the range. Where the training differs from the
            reference in something that earns its points elsewhere, it follows from there.
        Unscored: the grader couldn't measure the network, its weights were brought along, or
            there is no range for these data or this batch size.

    """
    attempt = match.attempt
    assert attempt is not None, "call require() first"
    if attempt.brought_along:
        raise _brought_along(attempt)
    accuracy = attempt.test_accuracy
    if accuracy is None:
        raise _unmeasured("The grader couldn't measure the test accuracy itself", attempt)
    low = expected.low if expected else (nearest.low if nearest else None)
    if low is not None and accuracy >= low:
        return
    if expected is None:
        raise Unscored(
            f"The reference was never measured on these data with batches of "
            f"{attempt.batch_size}, so {accuracy:.3f} can't be judged.",
            found=f"test accuracy {accuracy:.3f}",
            where=attempt.where,
            hint="Nothing is lost; a person will look. Batches of 32 to 128 can be scored.",
        )
    raise CheckFailed(
        f"The {what} reaches {accuracy:.3f} on the test set, less than a right solution does.",
        expected=f"at least {expected.low:.3f} (the reference reaches {expected.mean:.3f} "
        f"with a spread of {expected.spread:.3f}, {expected.seeds} trainings)",
        found=f"{accuracy:.3f} with {attempt.title}",
        where=attempt.where,
        hint="Check the scaling of the pixels, the labels, the optimizer and the epochs.",
        follows_from=_explaining(match),
    )


def assert_better(better: Match, worse: float | None, what: str, than: str, hint: str) -> None:
    """Assert that one training reaches a higher test accuracy than another.

    Args:
        better: the experiment that should win.
        worse: the accuracy to beat, 0..1; None where the grader couldn't measure it.
        what: the first in words.
        than: the second in words, with its figure's origin.
        hint: one thing to try.

    Raises:
        CheckFailed: it does not.
        Unscored: the grader couldn't measure one of the two, or the weights of the first were
            brought along.

    """
    attempt = better.attempt
    assert attempt is not None, "call require() first"
    if attempt.brought_along:
        raise _brought_along(attempt)
    accuracy = attempt.test_accuracy
    if accuracy is None:
        said = f"{what} can't be compared: the grader couldn't measure its test accuracy itself"
        raise _unmeasured(said, attempt)
    if worse is None:
        raise Unscored(
            f"{what} can't be compared: the grader couldn't measure the other accuracy itself.",
            found=f"test accuracy {accuracy:.3f} with {attempt.title}",
            where=attempt.where,
            hint=_MEASURABLE,
        )
    if accuracy > worse:
        return
    found, compared = f"{accuracy:.3f}", f"{worse:.3f}"
    raise CheckFailed(
        f"{what} reaches {found} on the test set, {than} {compared}.",
        expected=f"more than {compared}",
        found=found,
        where=attempt.where,
        hint=hint,
        follows_from=_explaining(better),
    )


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
        _because(sentence, attempt),
        expected="a network that the grader can build again, to let it classify the test images",
        found=attempt.title,
        where=attempt.where,
        hint=_MEASURABLE,
    )


def _brought_along(attempt: Attempt) -> Unscored:
    return Unscored(
        "The training began with weights that were not trained in this submission, so what it "
        "reached can't be told from what was brought along.",
        expected="a training from fresh weights, or one that goes on from another fit()",
        found=attempt.title,
        where=attempt.where,
        hint="Nothing is lost; a person will look. A new network that is trained with fit() alone "
        "can be judged at once.",
    )


def _because(sentence: str, attempt: Attempt) -> str:
    """Add the reason that the runner gives for a training of the student's own process."""
    why = attempt.training.note.strip().rstrip(".") if attempt.training else ""
    return f"{sentence}: {why}." if why else f"{sentence}."


def expected_accuracy(
    expected: Expectations, experiment: str, data: str, attempt: Attempt
) -> tuple[Range | None, Range | None]:
    """Return the range for an attempt's batch size, and the nearest one for orientation."""
    return (
        expected.range(experiment, data, attempt.batch_size),
        expected.nearest_range(experiment, data, attempt.batch_size),
    )


_WORDS = {
    "optimizer": "the optimizer is",
    "learning_rate": "the learning rate is",
    "loss": "the loss is",
    "metrics": "the metrics are",
    "items": "it was trained on",
    "labels": "only",
    "epochs": "it was trained for",
    "validation": "it was validated on",
    "scaling": "it was trained on",
    "vectorised": "it was trained on the shape",
    "fresh": "the training went on with",
}

# Respects that move an accuracy, and can have lost their points in another exercise.
_ACCURACY_ASPECTS = ("scaling", "optimizer", "loss", "learning_rate", "epochs", "items", "labels")


def _explaining(match: Match) -> tuple[str, ...]:
    """Exercises, other than this one, whose mistakes in this training may explain a low score."""
    found = [
        exercise
        for a in match.aspects
        if a.name in _ACCURACY_ASPECTS
        for exercise in (match.sources(a.name) or (match.owner(a.name),))
    ]
    if match.layer_differences:
        found.append(match.layers_inherited_from() or match.owner("layers"))
    return tuple(dict.fromkeys(e for e in found if e != match.wanted.exercise))


def _attach_network(match: Match) -> None:
    if match.comparison is None or match.attempt is None:
        return
    attach(
        NetworkEvidence(
            title=f"{match.attempt.name} ({match.attempt.where or 'at the end'})",
            rows=match.comparison.rows,
            expected_parameters=match.comparison.expected_parameters,
            found_parameters=match.comparison.found_parameters,
        )
    )


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith(".") else text + "."
