"""Fresh weights are told from others, as in a runner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module")
def keras_watched() -> Iterator[None]:
    """Keras, with each new weight's value noted, as TrustedTrainer.install does."""
    import keras

    from graders.training.describe import remember_fresh

    original = keras.layers.Layer.add_weight

    def add_weight(layer: Any, *args: Any, **kwargs: Any) -> Any:
        variable = original(layer, *args, **kwargs)
        remember_fresh(variable)
        return variable

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.layers.Layer, "add_weight", add_weight)
        yield
