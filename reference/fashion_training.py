"""Reference solution of Problem Set 11: learning rates, overfitting, augmentation, transfer.

The published figures come from the course's own solution sheet (Problem Set 11: Deep Neural
Networks 2, 2019), which trained each network once. It says besides that the rate 1 doesn't learn
at all, that 0.1 and 0.01 do well and smaller rates are slower; that from 30,000 to 500 items the
test accuracy falls by almost 10 points; and that outcomes are sometimes different.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from reference.experiment import Comparison, Experiment, Published
from reference.fashion_cnn import pooled_cnn

RATES = (1.0, 0.1, 0.01, 0.001, 0.0001)
RATE_ITEMS = 20_000
SIZES = (30_000, 15_000, 2500, 500)
EPOCHS = 10
# What the sheet calls pretend data, and the grader's own test set of such images.
PRETEND = "pretend"
PRETEND_ITEMS = 10_000
FEW = 500
# The sheet's 4,000 batches of 32: thirteen times through 10,000 images are 4,069.
AUGMENTED_EPOCHS = 13


NETWORKS: dict[str, Callable[[], Any]] = {
    "cnn": lambda: pooled_cnn(64),
    "wider": lambda: pooled_cnn(128),
}


def rate_name(rate: float) -> str:
    """Name the experiment of exercise 1a with a learning rate."""
    return f"rate_{rate:g}"


def items_name(items: int) -> str:
    """Name the experiment of exercise 2a with so many training items."""
    return f"items_{items}"


def _on_pretend(figure: float) -> Published:
    return Published(others={PRETEND: figure})


_ORIG = Experiment(
    "orig",
    "3b",
    network="cnn",
    optimizer="Adam",
    learning_rate=0.01,
    epochs=1,
    validated=False,
    published=Published(test=0.85, others={PRETEND: 0.61}),
)
_PRET = replace(_ORIG, name="pret", exercise="3d", made_as=PRETEND, published=_on_pretend(0.72))
_AUGMENTED = replace(
    _PRET,
    name="augmented",
    exercise="3e",
    augmented_as=PRETEND,
    epochs=AUGMENTED_EPOCHS,
    published=_on_pretend(0.77),
)

EXPERIMENTS = [
    *(
        Experiment(
            rate_name(rate),
            "1a",
            network="cnn",
            learning_rate=rate,
            items=RATE_ITEMS,
            epochs=EPOCHS,
            validated=False,
        )
        for rate in RATES
    ),
    *(
        Experiment(
            items_name(items),
            "2a",
            network="wider",
            optimizer="Adam",
            learning_rate=0.001,
            items=items,
            epochs=EPOCHS,
            validated=False,
            ranged=items in {SIZES[0], SIZES[-1]},
        )
        for items in SIZES
    ),
    _ORIG,
    _PRET,
    _AUGMENTED,
    # The sheet can be read so that the generator flows over the original images again.
    replace(_AUGMENTED, name="augmented_original", made_as="", items=PRETEND_ITEMS),
    replace(
        _PRET,
        name="transfer_500",
        exercise="4b",
        items=FEW,
        after="orig",
        published=_on_pretend(0.67),
    ),
    replace(_PRET, name="novo_500", exercise="4b", items=FEW, published=_on_pretend(0.36)),
    replace(_PRET, name="transfer_all", exercise="4b", after="orig", published=_on_pretend(0.74)),
    # The same as `pret`; the sheet asks for it once more.
    replace(_PRET, name="novo_all", exercise="4b", published=_on_pretend(0.70)),
]

# The sheet leaves the batch size at Keras' own.
BATCH_SIZES = (32,)

_BOTH = (PRETEND, PRETEND)
COMPARISONS = [
    Comparison("1a", rate_name(0.1), rate_name(1.0)),
    Comparison("1a", rate_name(0.01), rate_name(0.001)),
    Comparison("1a", rate_name(0.001), rate_name(0.0001)),
    Comparison("2a", items_name(SIZES[0]), items_name(SIZES[-1])),
    Comparison("3c", "orig", "orig", on=("test", PRETEND)),
    Comparison("3d", "pret", "orig", on=_BOTH),
    Comparison("3e", "augmented", "pret", on=_BOTH),
    Comparison("3e", "augmented_original", "pret", on=_BOTH),
    Comparison("4b", "transfer_500", "novo_500", on=_BOTH),
    Comparison("4b", "transfer_all", "novo_all", on=_BOTH),
]


def facts() -> dict[str, Any]:
    """Compute every exact fact of the sheet."""
    from graders.describe.networks import count_parameters, describe_layers

    found: dict[str, Any] = {}
    for name, build in NETWORKS.items():
        network = build()
        layers, _ = describe_layers(network)
        found[f"{name}.parameters"] = count_parameters(network)[1]
        found[f"{name}.layers"] = [layer.model_dump() for layer in layers]
    return found
