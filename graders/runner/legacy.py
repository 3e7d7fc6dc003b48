"""Let networks from .h5 files be trained on, which Keras 3 can't do by itself.

`load_model` builds their optimizers for no weights at all, so the next fit() fails, and it throws
the optimizer's state away that stands in the file.
"""

from __future__ import annotations

import functools
import os
import warnings
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray


def mend_loading() -> None:
    """Give each network that is loaded from an .h5 file its optimizer as it was saved."""
    from keras.src.legacy.saving import legacy_h5_format as legacy

    original = legacy.load_model_from_hdf5

    @functools.wraps(original)
    def load(filepath: Any, *args: Any, **kwargs: Any) -> Any:
        model = original(filepath, *args, **kwargs)
        # Where it can't be mended, the network is as Keras leaves it.
        with suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _mend(model, filepath)
        return model

    legacy.load_model_from_hdf5 = load


def _mend(model: Any, file: Any) -> None:
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not optimizer.built or optimizer._trainable_variables:
        return
    # Its steps and its rate it has; the slots are made now.
    optimizer.built = False
    optimizer.build(model.trainable_variables)
    saved = _saved(file)
    if len(saved) == len(optimizer.variables):  # else it had been built for none when it was saved
        optimizer.set_weights(saved)


def _saved(given: Any) -> list[NDArray[Any]]:
    """Read an optimizer's variables, in the order in which it makes them."""
    import h5py
    from keras.src.legacy.saving import legacy_h5_format as legacy

    if isinstance(given, h5py.File):
        return [np.asarray(one) for one in legacy.load_optimizer_weights_from_hdf5_group(given)]
    with h5py.File(os.fspath(given), "r") as file:
        return [np.asarray(one) for one in legacy.load_optimizer_weights_from_hdf5_group(file)]
