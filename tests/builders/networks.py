"""Descriptions of layers and networks, as a recording holds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graders.recording.schema import CompileRecord, LayerRecord

PIXELS = 784


def layer(type_: str, **config: Any) -> LayerRecord:
    """Describe a layer of any kind."""
    return LayerRecord(type=type_, config=config)


def dense(units: int, activation: str = "relu", **config: Any) -> LayerRecord:
    """Describe a dense layer."""
    return layer("Dense", units=units, activation=activation, use_bias=True, **config)


def conv(filters: int, size: int = 3, *, strides: int = 1, **config: Any) -> LayerRecord:
    """Describe a convolution with square kernels."""
    settings: dict[str, Any] = {
        "filters": filters,
        "kernel_size": [size, size],
        "strides": [strides, strides],
        "padding": "valid",
        "activation": "relu",
        "use_bias": True,
    }
    return layer("Conv2D", **(settings | config))


def pool(size: int = 2, **config: Any) -> LayerRecord:
    """Describe a pooling layer with square windows."""
    settings: dict[str, Any] = {
        "pool_size": [size, size],
        "strides": [size, size],
        "padding": "valid",
    }
    return layer("MaxPooling2D", **(settings | config))


def inputs(*shape: int) -> LayerRecord:
    """Describe the inputs of a network."""
    return LayerRecord(type="InputLayer", output_shape=[None, *shape])


def dense_layers(*hidden: int) -> list[LayerRecord]:
    """Describe 784 inputs, hidden relu layers and 10 softmax outputs."""
    return [inputs(PIXELS), *(dense(units) for units in hidden), dense(10, "softmax")]


def pooled_layers(first: int = 16, second: int = 8) -> list[LayerRecord]:
    """Describe the convolutional network of fashion_cnn, with pooling."""
    return [
        inputs(28, 28, 1),
        conv(first),
        pool(),
        conv(second),
        pool(),
        layer("Flatten"),
        dense(10, "softmax"),
    ]


def strided_layers(first: int = 16, second: int = 8) -> list[LayerRecord]:
    """Describe the convolutional network of fashion_cnn, with strides."""
    return [
        inputs(28, 28, 1),
        conv(first, strides=2),
        conv(second, strides=2),
        layer("Flatten"),
        dense(10, "softmax"),
    ]


def compiled(
    optimizer: str = "SGD",
    rate: float | None = None,
    *,
    loss: str = "sparse_categorical_crossentropy",
    metrics: Sequence[str] = ("accuracy",),
    **more: Any,
) -> CompileRecord:
    """Make compile settings; the learning rate is Keras' default where none is given."""
    default = 0.01 if optimizer == "SGD" else 0.001
    return CompileRecord(
        optimizer=optimizer,
        learning_rate=default if rate is None else rate,
        loss=loss,
        metrics=list(metrics),
        **more,
    )
