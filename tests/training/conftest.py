"""Fresh weights are told from others, as in a runner."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def keras_watched() -> Iterator[None]:
    """Keras, with each new weight's value noted, as KerasWatcher.install does."""
    import keras  # noqa: F401

    from graders.training.describe import watch_weights

    # Its objects stay, so collections needn't walk through them again and again.
    gc.collect()
    gc.freeze()
    stop = watch_weights()
    yield
    stop()
