"""What check authors assert about networks and how they were trained.

Each says what was expected, what was found, where, and what to try.
"""

from __future__ import annotations

from collections.abc import Callable

from graders.checks.aspects import SCRAMBLED, Aspect
from graders.checks.attempts import Attempt
from graders.checks.layers import Difference
from graders.checks.matching import Match, describe_layers
from graders.checks.outcome import CheckFailed, NotAttempted, Unscored, attach
from graders.result import NetworkEvidence, TrainingEvidence

# Said once, used by many checks; {expected} is what was wanted.
_HINTS = {
    "optimizer": "Pass optimizer=keras.optimizers.{expected}() to compile().",
    "learning_rate": "Set the rate where the optimizer is made: learning_rate={expected}.",
    "loss": "Integer labels go with sparse_categorical_crossentropy, one-hot labels with "
    "categorical_crossentropy.",
    "metrics": "Pass metrics=['accuracy'] to compile().",
    "items": "Look at what you pass to fit(), and at its shape.",
    "labels": "Cut, shuffle and reshape images and labels together.",
    "epochs": "It takes {expected} in fit(); a second fit() goes on where the first ended.",
    "validation": "Pass validation_data=(x_test, y_test) to fit().",
    "scaling": "Divide the pixels by 255.0 once, before any training.",
    "vectorised": "Reshape each image to a vector before fit(): the shape {expected}.",
    "fresh": "Build the network again: compiling alone keeps the trained weights.",
    "start": "Load the saved network again before this training, or it goes on from elsewhere.",
    "augmentation": "Pass the iterator of a generator's flow() to fit() in place of the images.",
    "steps": "Look at how many batches each epoch really had: fit() shows them.",
}


def hint_for(aspect: Aspect) -> str:
    """Say what to try where a training differs in one respect; an empty text if nothing helps."""
    if aspect.key == SCRAMBLED:
        return "Reshape each image by itself: x.reshape(len(x), -1), with no .T after it."
    return _HINTS.get(aspect.name, "").format(expected=aspect.expected)


MEASURABLE = (
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
        CheckFailed: Keras refused to train it for a mistake that earns no points elsewhere, from
            where this one follows.
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
        exercise = match.wanted.exercise
        attach(TrainingEvidence(training=attempt.training.id, exercise=exercise))
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
        if attempt.failed and (refused := match.refused_because_of()):
            raise CheckFailed(
                f"Keras refused this training because of a mistake in {' and '.join(refused)}.",
                expected=what,
                found=attempt.title,
                where=attempt.where,
                hint=f"Mend {refused[0]}, and this is trained as well.",
                follows_from=refused,
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
            because(said, attempt),
            expected="a network that the grader can build again, to train or to measure it",
            found=attempt.title,
            where=attempt.where,
            hint=MEASURABLE,
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
        _sentence("; ".join(in_words(aspect) for aspect in wrong)),
        expected="; ".join(aspect.expected for aspect in wrong),
        found="; ".join(aspect.found for aspect in wrong),
        where=attempt.where,
        hint=hint or hint_for(first),
        follows_from=() if own else tuple(dict.fromkeys(e for s in sources for e in s)),
    )


def in_words(aspect: Aspect) -> str:
    """Say a difference in words, such as 'the loss is mse, not categorical_crossentropy'."""
    return f"{_WORDS[aspect.name]} {aspect.found}, not {aspect.expected}"


def because(sentence: str, attempt: Attempt) -> str:
    """Add the reason that the runner gives for a training of the student's own process."""
    why = attempt.training.note.strip().rstrip(".") if attempt.training else ""
    return f"{sentence}: {why}." if why else f"{sentence}."


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
    "start": "it began with",
    "augmentation": "it was trained on",
    "steps": "it has seen",
}


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
