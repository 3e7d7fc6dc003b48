"""Fresh weights are told from others, as in a runner."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def keras_watched() -> Iterator[None]:
    """Keras, with each new weight's value noted, as KerasWatcher.install does."""
    from graders.training.describe import watch_weights

    stop = watch_weights()
    yield
    stop()
