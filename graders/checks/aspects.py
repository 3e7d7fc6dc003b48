"""In which respects, other than its layers, a training is not the wanted one.

Data, labels, scaling, optimizer, learning rate, loss, metrics, epochs, validation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from graders.checks.attempts import USUAL_BATCH, Attempt, count_of, is_served
from graders.recording.schema import CompileRecord, TrainingRecord

LOSS_FOR_INTEGERS = "sparse_categorical_crossentropy"
LOSS_FOR_ONE_HOT = "categorical_crossentropy"


# Key of an aspect: images were reshaped so that each holds pixels of many images.
SCRAMBLED = "scrambled"


@dataclass(frozen=True)
class Aspect:
    """One respect in which a training is not the wanted one."""

    name: str
    expected: str
    found: str
    key: str  # equal keys mean: the same mistake


@dataclass(frozen=True)
class Unknown:
    """One respect in which nobody but a person can tell whether a training is the wanted one."""

    name: str
    why: str


@dataclass(frozen=True)
class Wanted:
    """An experiment that the sheet asks for.

    None means that the sheet leaves it open. `based_on` is the experiment that this one varies:
    what a student got wrong there and carries on counts there, not here.
    """

    name: str
    exercise: str
    networks: tuple[str, ...] = ()  # names in the expected file; empty: any of the family
    family: Literal["dense", "convolutional"] = "dense"
    optimizer: str | None = None
    learning_rate: float | None = None
    # Served: the data set's own. Made: images that students have made of them, which have no known
    # origin. Augmented: either of these, transformed anew in each batch.
    images: Literal["served", "made", "augmented"] = "served"
    items: tuple[int, ...] = ()  # accepted numbers of training items; empty: all of them
    about: float = 0.0  # by which share a number of items, or of images seen, may differ
    epochs: int | None = None
    images_seen: int | None = None  # in all steps together, where they count and not the epochs
    fresh: bool = False
    continues: int = 0  # epochs that the weights have seen before, in another training
    bonus: bool = False
    owners: dict[str, str] = field(default_factory=dict)  # aspect to the exercise that asks for it
    free: tuple[str, ...] = ()  # aspects in which carrying on one's own earlier choice is right
    based_on: Wanted | None = None

    def but(self, name: str, exercise: str, **changes: Any) -> Wanted:
        """Vary this experiment; what isn't named stays as it is."""
        return replace(self, name=name, exercise=exercise, based_on=self, **changes)


@dataclass(frozen=True)
class Course:
    """What the data sets of a recording allow to ask: how many training items there are."""

    training_items: int | None


def aspects_of(wanted: Wanted, attempt: Attempt, course: Course) -> Iterator[Aspect]:
    """List the respects, other than the layers, in which an attempt is not the wanted one."""
    if attempt.compiled is not None:
        yield from _compile_aspects(wanted, attempt, attempt.compiled)
    elif wanted.optimizer:
        yield Aspect("optimizer", wanted.optimizer, "not compiled", "none")
    if attempt.training is not None:
        yield from _data_aspects(wanted, attempt, attempt.training, course)
        # A network that had to be new has its earlier epochs as a mistake of their own.
        epochs = attempt.own_epochs if wanted.fresh or wanted.continues else attempt.epochs
        if wanted.epochs is not None and (epochs != wanted.epochs or attempt.cut_short):
            found = _epochs(epochs)
            if attempt.cut_short:
                steps = attempt.training.steps_per_epoch or 0
                found += f" of {steps:,} step{'' if steps == 1 else 's'}, less than one pass each"
            yield Aspect("epochs", _epochs(wanted.epochs), found, found)
        if wanted.fresh and attempt.foreign_epochs:
            found = f"a network already trained for {_epochs(attempt.foreign_epochs)}"
            yield Aspect("fresh", "a new network", found, "continued")
        if wanted.continues and attempt.foreign_epochs != wanted.continues:
            expected = f"a network already trained for {_epochs(wanted.continues)}"
            found = f"one already trained for {_epochs(attempt.foreign_epochs)}"
            found = found if attempt.foreign_epochs else "a new network"
            yield Aspect("start", expected, found, found)
        yield from _augmentation_aspects(wanted, attempt)
        # A pipeline that can't be looked into may well have been the test set.
        unknown = attempt.training.validation is not None and attempt.training.validation.x is None
        if not attempt.tested and not unknown:
            yield Aspect("validation", "the test set", _validation_text(attempt), "other")


def unknowns_of(wanted: Wanted, attempt: Attempt) -> Iterator[Unknown]:
    """List the respects in which it can't be told what a training was.

    What is wrong for sure is wrong nevertheless: see `aspects_of`.
    """
    if attempt.training is None:
        return
    x, labels = attempt.training.data.x, attempt.training.data.y
    if wanted.images == "augmented" and x is None:
        yield Unknown("augmentation", "The training data came from a generator or pipeline")
        if attempt.images_seen is None:
            yield Unknown("steps", "It can't be told how many batches there were")
    elif x is None:
        why = "The training data came from a generator or pipeline, which can't be looked into"
        for name in ("items", "labels", "scaling", "vectorised"):
            yield Unknown(name, why)
    elif wanted.images != "served" and not is_served(x.origin):
        pass  # nothing else was to be expected; their accuracy will show whether they are right
    elif x.origin is None:
        why = "The training data can't be recognised as images of the data set"
        yield Unknown("items", why)
        yield Unknown("labels", why)
    elif x.origin.by == "values" and (labels is None or labels.agreement is None):
        yield Unknown("labels", "The labels can't be compared with those of the data set")
    if attempt.tested_unrecognised:
        why = "The images for validation have the labels of the test set, but not its pixels as far"
        yield Unknown("validation", f"{why} as can be told")
    if attempt.cut_short and attempt.seen < (attempt.items or 0) - (attempt.batch_size or 0):
        yield Unknown("items", "In so few steps, not all items that were given can have been seen")
    if attempt.cut_short is None or attempt.cut_before:
        why = "It can't be told whether an epoch, of as many steps as were given, was a whole pass"
        yield Unknown("epochs", why)


def _compile_aspects(wanted: Wanted, attempt: Attempt, compiled: CompileRecord) -> Iterator[Aspect]:
    optimizer = _optimizer_name(compiled)
    if wanted.optimizer is not None and optimizer != wanted.optimizer:
        yield Aspect("optimizer", wanted.optimizer, optimizer, optimizer)
    rate = compiled.learning_rate
    goal = wanted.learning_rate
    if goal is not None and rate is not None and abs(rate - goal) > 1e-3 * goal:
        found = f"{rate:.4g}"
        yield Aspect("learning_rate", f"{goal:g}", found, found)
    problem = _loss_problem(attempt, compiled)
    if problem:
        labels = attempt.training.data.y if attempt.training else None
        fitting = LOSS_FOR_ONE_HOT if labels and labels.one_hot else LOSS_FOR_INTEGERS
        yield Aspect("loss", fitting, problem, problem)
    if not any("acc" in metric for metric in compiled.metrics):
        found = ", ".join(compiled.metrics) or "missing"
        yield Aspect("metrics", "accuracy", found, found)


def _data_aspects(
    wanted: Wanted, attempt: Attempt, training: TrainingRecord, course: Course
) -> Iterator[Aspect]:
    yield from _item_aspects(wanted, attempt, course)
    labels = training.data.y
    if labels is not None and labels.agreement is not None and labels.agreement < 0.99:
        share = f"{labels.agreement:.0%} of the labels belong to their images"
        yield Aspect("labels", "each image with its own label", share, "labels")
    x = training.data.x
    if x is None:
        return
    problem = _scaling_of(attempt, training)
    if problem:
        yield Aspect("scaling", "pixels from 0 to 1", problem, "scaling")
    shape = " x ".join(str(size) for size in x.shape)
    if attempt.scrambled:
        found = f"{shape}, in which each item holds pixels of many images"
        yield Aspect("vectorised", "one whole image in each item", found, SCRAMBLED)
    elif wanted.family == "dense" and len(x.shape) != 2:
        yield Aspect("vectorised", f"(n, {math.prod(x.shape[1:])})", shape, "vectorised")


def _item_aspects(wanted: Wanted, attempt: Attempt, course: Course) -> Iterator[Aspect]:
    x = attempt.x
    if x is None:
        return
    accepted = wanted.items or ((course.training_items,) if course.training_items else ())
    which = "images that you have made" if wanted.images == "made" else "training items"
    about = "about " if wanted.about else ""
    expected = " or ".join(f"{about}{count:,} {which}" for count in accepted)
    if attempt.augmented and wanted.images != "augmented":
        found = "images that are transformed anew in each batch"
        yield Aspect("items", expected, found, "augmented")
    elif wanted.images == "made" and x.origin is not None and is_served(x.origin):
        split = "test" if x.origin.split == "test" else "training"
        found = f"{count_of(x):,} original {split} items"
        yield Aspect("items", expected, found, found)
    elif x.origin is not None and x.origin.split != "train":
        found = f"the {x.origin.split} set"
        found = "training and test items mixed" if x.origin.split == "mixed" else found
        yield Aspect("items", expected, found, x.origin.split)
    elif accepted and not any(_is_about(count_of(x), one, wanted.about) for one in accepted):
        # A validation split is another matter, with an aspect of its own.
        found = f"{count_of(x):,} items"
        yield Aspect("items", expected, found, found)
    elif x.origin is not None and x.origin.by == "values" and x.origin.items < 0.95 * count_of(x):
        found = f"{count_of(x):,} items, of which {x.origin.items:,} are different"
        yield Aspect("items", expected, found, found)


def _augmentation_aspects(wanted: Wanted, attempt: Attempt) -> Iterator[Aspect]:
    if wanted.images == "augmented" and attempt.x is not None and not attempt.augmented:
        found = "the same images in every epoch"
        yield Aspect("augmentation", "images transformed anew in each batch", found, found)
    goal, seen = wanted.images_seen, attempt.images_seen
    if goal is not None and seen is not None and not _is_about(seen, goal, wanted.about):
        about = "about " if wanted.about else ""
        size = attempt.batch_size or USUAL_BATCH
        found = f"{seen:,} images ({math.ceil(seen / size):,} batches)"
        yield Aspect("steps", f"{about}{goal:,} images", found, found)


def _is_about(found: int, wanted: int, share: float) -> bool:
    return abs(found - wanted) <= share * wanted


def _epochs(count: int) -> str:
    return f"{count} epoch{'' if count == 1 else 's'}"


def _scaling_of(attempt: Attempt, training: TrainingRecord) -> str:
    """Look at the training images, and at the test images where they were given."""
    factor = attempt.rescaled
    if factor is None:
        return ""
    x = training.data.x
    problem = _scaling_problem(x.minimum, x.maximum, factor) if x else ""
    test = training.validation.x if training.validation else None
    if not problem and test is not None and test.minimum is not None:
        problem = _scaling_problem(test.minimum, test.maximum, factor)
        return f"{problem} in the test images" if problem else ""
    return problem


def _scaling_problem(low: float | None, high: float | None, factor: float) -> str:
    """Say how inputs miss the range 0..1; an empty text if they don't."""
    if low is None or high is None:
        return "pixels that are not numbers"
    low, high = low * factor, high * factor
    found = f"pixels from {low:.3g} to {high:.3g}"
    if low < -1e-6 or high > 1 + 1e-6:
        return found
    return "" if high > 0.5 else found


def _optimizer_name(compiled: CompileRecord) -> str:
    """Name the optimizer; momentum makes another one of SGD."""
    momentum = compiled.optimizer_config.get("momentum")
    if compiled.optimizer == "SGD" and isinstance(momentum, int | float) and momentum > 0:
        return f"SGD with momentum {momentum:g}"
    return compiled.optimizer


def _loss_problem(attempt: Attempt, compiled: CompileRecord) -> str:
    """Say what is wrong with the loss; integer and one-hot labels each have their own."""
    if compiled.loss not in {LOSS_FOR_INTEGERS, LOSS_FOR_ONE_HOT}:
        return compiled.loss or "none"
    labels = attempt.training.data.y if attempt.training else None
    if labels is not None:
        fitting = LOSS_FOR_ONE_HOT if labels.one_hot else LOSS_FOR_INTEGERS
        if compiled.loss != fitting:
            kind = "one-hot" if labels.one_hot else "integer"
            return f"{compiled.loss} with {kind} labels"
    softmax = bool(attempt.parts) and attempt.parts[-1].get("activation") == "softmax"
    if compiled.loss_config.get("from_logits") is True and softmax:
        return f"{compiled.loss} with from_logits=True after a softmax"
    return ""


def _validation_text(attempt: Attempt) -> str:
    training = attempt.training
    if training is None:
        return "no training"
    if training.validation_split:
        return f"a validation split of {training.validation_split:g}"
    if training.validation is None:
        return "no validation data"
    x = training.validation.x
    if x is None:
        return "data that could not be recognised"
    if x.origin is None:
        return f"{count_of(x):,} items that are not the test set's"
    whole = "" if x.origin.split != "test" else "part of "
    return f"{whole}the {x.origin.split} set ({count_of(x):,} items)"
