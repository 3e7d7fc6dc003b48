"""Reference solution of Problem Set 10: dense networks, convolutions, CNNs on Fashion-MNIST.

Every network, result and experiment of the sheet is built here; nothing is typed that can be
computed. The published figures come from the course's own solution sheet (Problem Set 10: Deep
Neural Networks, 2019), which trained each network once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from reference.experiment import Comparison, Experiment, Published

IMAGE_A = np.zeros((5, 5), dtype=int)
IMAGE_A[:, 2] = 1
IMAGE_B = IMAGE_A.T.copy()
KERNEL_X = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
KERNEL_Y = KERNEL_X.T.copy()
ANKLE_BOOT = 9
FEWER_ITEMS = 20_000


def dense(units: int) -> Any:
    """Build 784 inputs, two hidden relu layers of the same width, and 10 softmax outputs."""
    import keras

    return keras.Sequential(
        [
            keras.Input((784,)),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


def pooled_cnn(units: int | None = None) -> Any:
    """Build the convolutional network of exercise 3: two convolutions, each with a pooling.

    Args:
        units: of a dense relu layer before the output, as the next sheet has one; None: none.

    """
    import keras

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(16, 3, activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(8, 3, activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            *([] if units is None else [keras.layers.Dense(units, activation="relu")]),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


def strided_cnn() -> Any:
    """Build the network of exercise 4: strides of 2 take the place of the poolings."""
    import keras

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(16, 3, strides=2, activation="relu"),
            keras.layers.Conv2D(8, 3, strides=2, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


def convolutions() -> dict[str, NDArray[np.int_]]:
    """Convolve both images with both kernels, borders repeated; four (5, 5) arrays by name."""
    images, kernels = {"A": IMAGE_A, "B": IMAGE_B}, {"x": KERNEL_X, "y": KERNEL_Y}
    return {
        f"K{k}I{i}": ndimage.convolve(image, kernel, mode="nearest")
        for i, image in images.items()
        for k, kernel in kernels.items()
    }


def default_learning_rate() -> float:
    """Ask Keras for the learning rate of plain SGD."""
    import keras

    return round(float(keras.optimizers.SGD().learning_rate), 9)


NETWORKS = {
    "small": lambda: dense(10),
    "wide": lambda: dense(64),
    "cnn": pooled_cnn,
    "strided": strided_cnn,
}


def _adam(name: str, network: str, items: int | None = None) -> Experiment:
    return Experiment(
        name, "4b", network=network, optimizer="Adam", learning_rate=0.001, items=items
    )


EXPERIMENTS = [
    Experiment("small", "1f", network="small", published=Published(train=0.768, test=0.771)),
    Experiment(
        "slow",
        "1g",
        network="small",
        learning_rate=0.005,
        published=Published(train=0.731, test=0.732),
    ),
    Experiment("wide", "1h", network="wide", published=Published(train=0.818, test=0.818)),
    Experiment(
        "fewer",
        "1i",
        network="small",
        items=FEWER_ITEMS,
        published=Published(train=0.767, test=0.752),
    ),
    Experiment("cnn", "3b", network="cnn", published=Published(train=0.8553, test=0.8577)),
    # Who keeps the reduced training data of 1i trains the CNN on them; the sheet allows it.
    Experiment("cnn_fewer", "3b", network="cnn", items=FEWER_ITEMS),
    Experiment("strided", "4a", network="strided"),
    Experiment("strided_fewer", "4a", network="strided", items=FEWER_ITEMS),
    # Exercise 4b leaves open on which of the two networks Adam takes the place of SGD.
    _adam("adam", "strided"),
    _adam("adam_fewer", "strided", items=FEWER_ITEMS),
    _adam("cnn_adam", "cnn"),
    _adam("cnn_adam_fewer", "cnn", items=FEWER_ITEMS),
]

# What students usually train with: Keras' own choice, and its next multiples.
BATCH_SIZES = (32, 64, 128)

COMPARISONS = [
    Comparison("1h", better="wide", worse="small"),
    # The sheet only asks whether it is: no check takes points for it.
    Comparison("3b", better="cnn", worse="small"),
    Comparison("3b", better="cnn", worse="wide"),
    Comparison("4b", better="adam", worse="strided"),
    Comparison("4b", better="adam_fewer", worse="strided_fewer"),
    Comparison("4b", better="cnn_adam", worse="cnn"),
    Comparison("4b", better="cnn_adam_fewer", worse="cnn_fewer"),
]


def facts() -> dict[str, Any]:
    """Compute every exact answer of the sheet."""
    from graders.describe.networks import count_parameters, describe_layers

    found: dict[str, Any] = {"sgd.learning_rate": default_learning_rate()}
    for name, build in NETWORKS.items():
        network = build()
        layers, _ = describe_layers(network)
        found[f"{name}.parameters"] = count_parameters(network)[1]
        found[f"{name}.layers"] = [layer.model_dump() for layer in layers]
    for name, result in convolutions().items():
        found[name] = result.tolist()
    return found
