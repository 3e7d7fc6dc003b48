"""Image generators as plain data: `ImageDataGenerator(...).flow(x, y)` described, and made again.

Keras 3 keeps the generator for old code (`tensorflow.keras.preprocessing.image`). Where its source
and its settings are known, a training on it can be asked for like any other: the trainer draws the
transformed images itself, with a seed of its own.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graders.training.request import Flow, Stock
from graders.training.stock import Inexpressible, Refused, from_config, make, stock_class

GENERATOR = "ImageDataGenerator"
_ITERATOR = "NumpyArrayIterator"
# What a generator does to each image; the rest of its settings needs more than the image.
SETTINGS = (
    *("rotation_range", "width_shift_range", "height_shift_range", "brightness_range"),
    *("shear_range", "zoom_range", "channel_shift_range", "fill_mode", "cval"),
    *("horizontal_flip", "vertical_flip", "rescale", "data_format", "interpolation_order"),
)
_FITTED = (
    *("featurewise_center", "featurewise_std_normalization", "zca_whitening"),
    *("samplewise_center", "samplewise_std_normalization"),
)


@dataclass(frozen=True)
class DescribedFlow:
    """A flow as data, with the arrays that it draws from."""

    x: NDArray[Any]
    y: NDArray[Any]
    batch_size: int
    flow: Flow


def describe_flow(iterator: Any) -> DescribedFlow:
    """Describe what `ImageDataGenerator.flow` returned.

    Raises:
        Inexpressible: it does more than can be said as plain data.

    """
    generator = iterator.image_data_generator
    if type(generator) is not stock_class("generators", GENERATOR):
        raise Inexpressible("the generator is a class of the student's own")
    if type(iterator) is not stock_class("generators", _ITERATOR):
        raise Inexpressible("the generator's batches are a class of the student's own")
    own = {name for name in vars(generator) if callable(vars(generator)[name])}
    own |= {name for name in vars(iterator) if hasattr(type(iterator), name)} - {"lock"}
    if generator.preprocessing_function is not None or own:
        raise Inexpressible("the generator calls a function of the student's own")
    if any(getattr(generator, name) for name in _FITTED):
        raise Inexpressible("the generator standardises the images by others")
    if iterator.y is None or iterator.x_misc or iterator.sample_weight is not None:
        raise Inexpressible("the generator draws something else than images with labels")
    if iterator.save_to_dir:
        raise Inexpressible("the generator writes its images to files")
    if np.dtype(iterator.dtype).kind != "f":
        raise Inexpressible("the generator draws whole numbers")
    settings = {name: getattr(generator, name) for name in SETTINGS}
    seed = None if iterator.seed is None else int(iterator.seed)
    config = from_config(settings, None, GENERATOR)
    return DescribedFlow(
        x=iterator.x,
        y=iterator.y,
        batch_size=int(iterator.batch_size),
        flow=Flow(
            generator=Stock(kind="generators", name=GENERATOR, config=config),
            shuffle=bool(iterator.shuffle),
            seed=seed,
        ),
    )


def make_flow(flow: Flow, x: NDArray[Any], y: NDArray[Any], batch_size: int) -> Any:
    """Make the iterator that a description stands for.

    Args:
        flow: the description.
        x: images, shape (items, height, width, channels).
        y: their labels.
        batch_size: images in a batch.

    Raises:
        Refused: the settings or the images are none that the generator takes.

    """
    foreign = sorted(flow.generator.config.keys() - set(SETTINGS))
    if foreign:
        raise Refused(f"the generator has no setting {foreign[0][:40]}")
    generator = make(flow.generator)
    try:
        return generator.flow(x, y, batch_size=batch_size, shuffle=flow.shuffle, seed=flow.seed)
    except MemoryError:
        raise
    except Exception as error:
        raise Refused(f"the generator can't draw from these images: {str(error)[:200]}") from error


def draw(flow: Flow, x: NDArray[Any], y: NDArray[Any], seed: int) -> tuple[Any, Any]:
    """Let a generator go through its source once.

    Returns:
        Transformed images and their labels, as many as the source has, in the order drawn.

    """
    state = np.random.get_state()
    try:
        np.random.seed(seed)
        iterator = make_flow(flow, x, y, batch_size=len(x))
        with without_deprecations():
            return next(iterator)  # type: ignore[no-any-return]  # keras is untyped
    finally:
        np.random.set_state(state)


def settings_of(generator: Any) -> dict[str, Any]:
    """List a generator's settings that aren't Keras' defaults, for people to read."""
    defaults = inspect.signature(stock_class("generators", GENERATOR)).parameters
    found = {}
    for name in SETTINGS:
        value = getattr(generator, name, None)
        default = defaults[name].default
        if name == "zoom_range":
            default = [1.0 - default, 1.0 + default]
        if name != "data_format" and value != default:
            found[name] = value
    return found


@contextmanager
def without_deprecations() -> Iterator[None]:
    """Keras' generator calls SciPy by an old name, with a warning for each image."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield
