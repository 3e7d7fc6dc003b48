"""Checks of part 3: pretend data, and what networks make of them."""

from __future__ import annotations

from graders.checks import (
    CheckContext,
    CheckFailed,
    Matches,
    NotAttempted,
    Unscored,
    assert_accuracy,
    assert_aspects,
    assert_augmentation,
    assert_better,
    assert_layers,
    assert_saved_arrays,
    assert_saved_network,
    augmentations_of,
    exercise,
    made_arrays,
    require,
    tried_on,
)
from graders.checks.attempts import is_served
from graders.recording import RecordingFolder
from reference.fashion_training import PRETEND, PRETEND_ITEMS

CNN = "convolutional network with a dense layer of 64 units"
# 20,000 images of 784 numbers, however small they are stored.
_LEAST_BYTES = 1_000_000
_MADE = 2 * PRETEND_ITEMS
_LEAST, _MOST = 0.85 * _MADE, 1.5 * _MADE


@exercise("3a", points=1)
def test_settings(check_context: CheckContext) -> None:
    """The images are transformed at random as the sheet says."""
    settings = next(s.generator for s in check_context.assignment.test_sets if s.name == PRETEND)
    assert_augmentation(check_context, settings)


@exercise("3a", points=1)
def test_twenty_thousand_images(recording: RecordingFolder, check_context: CheckContext) -> None:
    """About 20,000 images are made of the first 10,000 training items."""
    found = augmentations_of(recording)
    made = [one for one in found if one.items]
    if not made:
        arrays = made_arrays(check_context)
        if arrays or found:
            raise Unscored(
                "How many images were made, and of which, can't be told.",
                expected=f"about {_MADE:,} images made of the first {PRETEND_ITEMS:,} items",
                found=f"{len(arrays)} arrays of images that are none of the data set's",
                hint="Nothing is lost; a person will look. What an ImageDataGenerator's flow() "
                "gives, or what preprocessing layers make of an array, can be checked at once.",
            )
        raise NotAttempted(
            "No images were made.",
            expected=f"about {_MADE:,} images made of the first {PRETEND_ITEMS:,} items",
            found="nothing",
            hint="Go through the iterator that flow() returns, and collect its batches.",
        )
    best = max(made, key=lambda one: (_LEAST <= one.items <= _MOST, one.items))
    if not _LEAST <= best.items <= _MOST:
        raise CheckFailed(
            f"{best.items:,} images were made.",
            expected=f"about {_MADE:,}",
            found=f"{best.items:,}",
            where=best.where,
            hint="Count the images of the batches, and stop the loop at 20,000: the iterator "
            "itself never ends.",
        )
    if best.origin is None:
        raise Unscored(
            "Which images were transformed can't be told.",
            expected=f"the first {PRETEND_ITEMS:,} training items",
            found="images that are not recognised",
            where=best.where,
            hint="Nothing is lost; a person will look.",
        )
    source = f"{best.origin.items:,} items of the {best.origin.split} set"
    first = best.origin.order == "first" and best.origin.split == "train"
    if not first or abs(best.origin.items - PRETEND_ITEMS) > 0.01 * PRETEND_ITEMS:
        raise CheckFailed(
            f"The images were made of {source}.",
            expected=f"the first {PRETEND_ITEMS:,} training items",
            found=source,
            where=best.where,
            hint=f"Pass x_train[:{PRETEND_ITEMS}] and y_train[:{PRETEND_ITEMS}] to flow().",
        )


@exercise("3a", points=1)
def test_halves(check_context: CheckContext) -> None:
    """The images are halved into a training set and a test set."""
    arrays = made_arrays(check_context)
    halves = [a for a in arrays if 0.85 * PRETEND_ITEMS <= a.items <= 1.15 * PRETEND_ITEMS]
    if len({half.digest for half in halves}) >= 2:
        return
    expected = f"two arrays of about {PRETEND_ITEMS:,} images that you have made"
    if not arrays:
        raise NotAttempted(
            "No array holds images that were made.",
            expected=expected,
            found="nothing",
            hint="Join the batches with np.concatenate, and cut the result in the middle.",
        )
    sizes = sorted({array.items for array in arrays}, reverse=True)
    raise CheckFailed(
        "The images that were made are not halved.",
        expected=expected,
        found=f"arrays of {', '.join(f'{size:,}' for size in sizes[:4])} images",
        hint="The first half is the training set, the second half the test set.",
    )


@exercise("3a", points=1)
def test_saved(recording: RecordingFolder) -> None:
    """The images are saved to disk."""
    assert_saved_arrays(recording, at_least_bytes=_LEAST_BYTES, what="the pretend data")


@exercise("3b", points=1)
def test_network(matches: Matches) -> None:
    """The network of part 1, compiled with Adam at the rate 0.01."""
    match = matches["orig"]
    require(match, f"{CNN}, trained with Adam", trained=False)
    assert_layers(match, "the network of part 1, with Dense 64 relu")
    assert_aspects(match, "optimizer", "learning_rate", "loss")


@exercise("3b", points=1)
def test_one_epoch_on_the_original_data(matches: Matches) -> None:
    """A new network is trained for one epoch on all original training items."""
    match = matches["orig"]
    require(match, f"{CNN}, trained with Adam on all items")
    assert_aspects(match, "items", "labels", "scaling", "epochs", "fresh")


@exercise("3b", points=1)
def test_accuracy_on_the_original_test_set(matches: Matches, check_context: CheckContext) -> None:
    """The test accuracy is that of a right solution."""
    match = matches["orig"]
    require(match, f"{CNN}, trained with Adam on all items")
    assert_accuracy(check_context, match, "orig", "network trained on the original data")


@exercise("3b", points=1)
def test_saved_whole(matches: Matches, recording: RecordingFolder) -> None:
    """The trained network is saved with architecture, weights and optimizer."""
    attempt = require(matches["orig"], f"{CNN}, trained with Adam on all items")
    assert_saved_network(recording, attempt, what="the network of 3b")


@exercise("3c", points=1)
def test_evaluated_on_both(matches: Matches, check_context: CheckContext) -> None:
    """The network of 3b is evaluated on the original and on the pretend test set."""
    attempt = require(matches["orig"], f"{CNN}, trained with Adam on all items")
    tried = tried_on(check_context, attempt)
    missing = [
        name
        for name, there in (
            ("original test set", tried.served),
            ("pretend test set", tried.made),
        )
        if not there
    ]
    if missing:
        raise CheckFailed(
            f"The network of 3b was not evaluated on the {' nor on the '.join(missing)}.",
            expected="evaluate() on the original test set and on the pretend one",
            found=f"{tried.calls} calls of evaluate() and predict() after its training",
            where=attempt.where,
            hint="Call evaluate() on the trained network for each of the two test sets.",
        )


@exercise("3c", points=1)
def test_worse_on_pretend_images(matches: Matches, check_context: CheckContext) -> None:
    """It does much worse on pretend images than on the original ones."""
    match = matches["orig"]
    require(match, f"{CNN}, trained with Adam on all items")
    assert_better(
        check_context,
        match,
        match,
        ("orig", "orig"),
        ("the network of 3b on the original images", "the same on pretend ones"),
        hint="Train it on the original images alone, which stand upright in the middle.",
        on=("test", PRETEND),
    )


@exercise("3d", points=1)
def test_trained_on_pretend_images(matches: Matches) -> None:
    """A new network of the same kind is trained on the pretend training set for one epoch."""
    match = matches["pret"]
    require(match, f"{CNN}, trained on the pretend training set")
    assert_layers(match, "the network of part 1, with Dense 64 relu")
    assert_aspects(
        match, "items", "optimizer", "learning_rate", "loss", "scaling", "epochs", "fresh"
    )


@exercise("3d", points=1)
def test_accuracy_on_pretend_images(matches: Matches, check_context: CheckContext) -> None:
    """Its accuracy on pretend images is that of a right solution."""
    match = matches["pret"]
    require(match, f"{CNN}, trained on the pretend training set")
    what = "network trained on pretend images"
    assert_accuracy(check_context, match, "pret", what, on=PRETEND, explained_by=("3a",))


@exercise("3d", points=1)
def test_better_than_the_original_network(matches: Matches, check_context: CheckContext) -> None:
    """On pretend images it is ahead of the network of 3b."""
    match = matches["pret"]
    require(match, f"{CNN}, trained on the pretend training set")
    assert_better(
        check_context,
        match,
        matches["orig"],
        ("pret", "orig"),
        ("the network trained on pretend images", "the one trained on the original ones"),
        hint="Look at the labels of the pretend images: they belong to them one by one.",
        on=(PRETEND, PRETEND),
        explained_by=("3a",),
    )


@exercise("3e", points=1)
def test_trained_with_augmentation(matches: Matches, recording: RecordingFolder) -> None:
    """A new network is trained on images that are transformed anew in each batch."""
    match = matches["augmented"]
    attempt = require(match, f"{CNN}, trained with augmentation")
    assert_layers(match, "the network of part 1, with Dense 64 relu")
    respects = ["items", "augmentation", "optimizer", "learning_rate", "loss", "scaling", "fresh"]
    if attempt.x is None and augmentations_of(recording):
        # A generator of the student's own around one of Keras': what it does shows in the score.
        respects.remove("augmentation")
    assert_aspects(match, *respects)


@exercise("3e", points=1)
def test_four_thousand_batches(matches: Matches) -> None:
    """About 4,000 batches of 32 are drawn."""
    match = matches["augmented"]
    require(match, f"{CNN}, trained with augmentation")
    assert_aspects(
        match,
        "steps",
        hint="In Keras 3, an iterator of flow() ends an epoch after one round, whatever "
        "steps_per_epoch says: 13 epochs of 10,000 images are about 4,000 batches.",
    )


@exercise("3e", points=1)
def test_better_than_without(matches: Matches, check_context: CheckContext) -> None:
    """On pretend images it is ahead of the network of 3d."""
    match = matches["augmented"]
    attempt = require(match, f"{CNN}, trained with augmentation")
    origin = attempt.x.origin if attempt.x is not None else None
    original = is_served(origin)
    assert_better(
        check_context,
        match,
        matches["pret"],
        ("augmented_original" if original else "augmented", "pret"),
        ("the network trained with augmentation", "the one of 3d"),
        hint="Let it see about 4,000 batches, each transformed anew.",
        on=(PRETEND, PRETEND),
        explained_by=("3a", "3d"),
    )
