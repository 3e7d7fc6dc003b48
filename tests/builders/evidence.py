"""Evidence of checks, and summaries of trainings, as results of fashion_cnn show them."""

from __future__ import annotations

from typing import Any

from graders.result import (
    GridEvidence,
    LayerRow,
    NetworkEvidence,
    ScoreEvidence,
    TrainingEvidence,
    TrainingSummary,
)

EDGES = [[0.0, -4.0, 0.0, 4.0, 0.0]] * 5
NOTHING = [[0.0] * 5] * 5
ROWS = [[0.0] * 5, [-4.0] * 5, [0.0] * 5, [4.0] * 5, [0.0] * 5]


def shown_training(id_: int) -> TrainingEvidence:
    """Point at a training of the result."""
    return TrainingEvidence(training=id_)


def grid(title: str, expected: list[Any], found: list[Any] | None) -> GridEvidence:
    """Make a matrix beside the expected one."""
    return GridEvidence(title=title, expected=expected, found=found)


# What twenty trainings of the reference reached, three of them equal, and with Adam against SGD.
REFERENCE = [
    *(0.7605, 0.7622, 0.7639, 0.7651, 0.7660, 0.7668, 0.7680, 0.7687, 0.7700, 0.7712),
    *(0.7713, 0.7713, 0.7713, 0.7724, 0.7731, 0.7745, 0.7758, 0.7780, 0.7802, 0.7925),
]
AHEAD = [round(0.9 * (score - 0.765), 4) for score in REFERENCE]


def accuracy(*observed: float, **changes: Any) -> ScoreEvidence:
    """Make accuracies beside those of the reference."""
    usual = {
        "title": "test accuracy",
        "observed": list(observed),
        "cutoff": 0.7605,
        "floor": 0.7285,
        "high": 0.8245,
        "reference": REFERENCE,
        "chance": 1 / 1771,
    }
    return ScoreEvidence.model_validate(usual | changes)


def difference(*observed: float, **changes: Any) -> ScoreEvidence:
    """Make differences of two accuracies beside those of the reference."""
    usual = {
        "title": "Adam minus SGD",
        "cutoff": AHEAD[0],
        "floor": 2 * AHEAD[0] - AHEAD[-1],
        "high": 2 * AHEAD[-1] - AHEAD[0],
        "reference": AHEAD,
    }
    return accuracy(*observed, **(usual | changes))


def negated(rows: list[list[float]]) -> list[list[float | None]]:
    return [[-value for value in row] for row in rows]


def dense_network() -> NetworkEvidence:
    layers = [("Dense 10 relu", 7850), ("Dense 10 relu", 110), ("Dense 10 softmax", 110)]
    rows = [layer_row(layer, layer, "(10)", "(10)") for layer in layers]
    return NetworkEvidence(
        title="The small dense network", rows=rows, expected_parameters=8070, found_parameters=8070
    )


def wrong_dense_network() -> NetworkEvidence:
    rows = [
        layer_row(("Dense 10 relu", 7850), ("Dense 20 relu", 15_700), "(10)", "(20)"),
        layer_row(None, ("Dropout 0.2", 0), "", "(20)"),
        layer_row(("Dense 10 relu", 110), ("Dense 20 relu", 420), "(10)", "(20)"),
        layer_row(("Dense 10 softmax", 110), ("Dense 10 softmax", 210), "(10)", "(10)", same=True),
    ]
    return NetworkEvidence(
        title="The small dense network",
        rows=rows,
        expected_parameters=8070,
        found_parameters=16_330,
    )


def layer_row(
    expected: tuple[str, int] | None,
    found: tuple[str, int] | None,
    expected_shape: str,
    found_shape: str,
    *,
    same: bool | None = None,
) -> LayerRow:
    return LayerRow(
        expected=expected[0] if expected else None,
        found=found[0] if found else None,
        expected_shape=expected_shape,
        found_shape=found_shape,
        expected_parameters=expected[1] if expected else None,
        found_parameters=found[1] if found else None,
        same=expected == found if same is None else same,
    )


def summary(id_: int = 0, **changes: Any) -> TrainingSummary:
    """Make a summary of three epochs on all items."""
    usual = {
        "id": id_,
        "title": "784-10-10-10, SGD 0.01, batch 64",
        "items": 60_000,
        "epochs": 3,
        "batch_size": 64,
    }
    return TrainingSummary(**(usual | changes))


def dense_training(id_: int) -> TrainingSummary:
    return summary(
        id_,
        exercise="1f",
        cell=11,
        history={
            "accuracy": [0.4871, 0.7162, 0.7680],
            "loss": [1.5023, 0.8344, 0.6801],
            "val_accuracy": [0.6730, 0.7391, 0.7713],
            "val_loss": [0.9990, 0.7444, 0.6519],
        },
        test_accuracy=0.7713,
        train_accuracy=0.768,
        seconds=6.4,
        verified=True,
        fingerprint="4f1a09c7e2b85d36" * 4,
    )


def unscaled_training(id_: int) -> TrainingSummary:
    history: dict[str, list[float | None]] = {
        "accuracy": [0.4012, 0.6205, 0.6803],
        "loss": [41.2, 0.994, 0.862],
        "val_accuracy": [0.5830, 0.6611, 0.6880],
        "val_loss": [1.11, 0.921, 0.841],
    }
    return dense_training(id_).model_copy(
        update={"history": history, "test_accuracy": 0.688, "fingerprint": "91c6d2f80a7b3e54" * 4}
    )


def adam_training(id_: int) -> TrainingSummary:
    return summary(
        id_,
        title="Conv 16, Conv 8, stride 2, Adam 0.001, batch 64",
        exercise="4b",
        cell=29,
        history={
            "accuracy": [0.7482, 0.8422, 0.8610],
            "loss": [0.7012, 0.4433, 0.3892],
            "val_accuracy": [0.8210, 0.8501, 0.8644],
            "val_loss": [0.5002, 0.4210, 0.3811],
        },
        test_accuracy=0.8644,
        seconds=21.0,
        cached=True,
        verified=True,
        fingerprint="b07d3e915a2c6f48" * 4,
    )


def long_training(id_: int) -> TrainingSummary:
    accuracy = [0.9 - 0.42 / (epoch + 1) for epoch in range(40)]
    return summary(
        id_,
        title="784-64-64-10, SGD 0.01, batch 128",
        cell=24,
        items=20_000,
        epochs=40,
        batch_size=128,
        history={
            "accuracy": accuracy,
            "loss": [2.2 * 0.93**epoch for epoch in range(40)],
            "val_accuracy": [a - 0.004 * i**0.5 for i, a in enumerate(accuracy)],
            "val_loss": [2.1 * 0.94**epoch + 0.05 for epoch in range(40)],
        },
        test_accuracy=0.8645,
        seconds=31.0,
        note="the callback StopWhenGood is the student's own",
    )


def skipped_training(id_: int) -> TrainingSummary:
    """What `--training none` leaves: the scores of an untrained network, over and over."""
    return summary(
        id_,
        exercise="1f",
        cell=11,
        status="skipped",
        history={"accuracy": [0.101] * 3, "loss": [2.34] * 3},
        seconds=0.4,
        note="nothing was trained (--training none)",
    )
