"""Describe what `fit` is given beside the data: epochs, batches, validation, callbacks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from graders.training.request import Data, Fit, Stock
from graders.training.stock import Inexpressible

# Callbacks that only look on: they are called again with the results, and change nothing.
_ONLOOKERS = frozenset({"History", "CSVLogger", "ProgbarLogger"})


def fit_of(
    model: Any,
    arguments: Mapping[str, Any],
    names: list[str],
    items: int,
    validation: Data | None,
) -> Fit:
    """Describe the arguments of a call of fit.

    Args:
        model: the network.
        arguments: every argument by name.
        names: the metrics in Keras' order.
        items: number of items that are trained on, a validation split included.
        validation: the validation_data, described.

    Raises:
        Inexpressible: a callback does more than can be repeated, or an argument isn't data.

    """
    shuffle = arguments.get("shuffle", True)
    if shuffle not in {True, False}:
        raise Inexpressible(f"shuffle={str(shuffle)[:20]!r} is for other data than arrays")
    split = float(arguments.get("validation_split") or 0.0)
    epochs, first = _whole(arguments.get("epochs"), 1), _whole(arguments.get("initial_epoch"), 0)
    frequency = arguments.get("validation_freq", 1)
    # validation_data takes precedence over a split.
    split = 0.0 if validation is not None else split
    kept = math.floor(items * (1 - split))
    tested = validation.items if validation is not None else items - kept
    steps = _maybe_whole(arguments.get("steps_per_epoch"))
    test_steps = _maybe_whole(arguments.get("validation_steps"))
    batch, test_batch = (arguments.get(key) for key in ("batch_size", "validation_batch_size"))
    return Fit(
        epochs=epochs,
        initial_epoch=first,
        # Without a size, Keras makes the batches as large as the steps ask for.
        batch_size=_whole(batch, math.ceil(kept / steps) if steps else 32),
        shuffle=bool(shuffle),
        steps_per_epoch=steps,
        validation_split=split,
        validation_steps=test_steps,
        validation_batch_size=math.ceil(tested / test_steps)
        if test_steps and test_batch is None and batch is None
        else 32
        if steps and test_batch is None and batch is None
        else _maybe_whole(test_batch),
        validation_freq=[int(f) for f in frequency]
        if isinstance(frequency, list | tuple)
        else _whole(frequency, 1),
        class_weight=_class_weight(arguments.get("class_weight")),
        callbacks=_callbacks(model, arguments.get("callbacks"), names, range(first, epochs)),
    )


def _callbacks(model: Any, given: Any, names: list[str], epochs: range) -> list[Stock]:
    found: list[Stock] = []
    for callback in flat(given):
        name = type(callback).__name__
        if not type(callback).__module__.startswith("keras."):
            raise Inexpressible(f"the callback {name} is the student's own")
        if name in _ONLOOKERS:
            continue
        own = sorted(key for key in vars(callback) if key.startswith("on_"))
        if own or name not in {"EarlyStopping", "ReduceLROnPlateau", "LearningRateScheduler"}:
            raise Inexpressible(f"the callback {name} does more than can be repeated")
        config: dict[str, Any]
        if name == "LearningRateScheduler":
            config = {"rates": _rates(model, callback, epochs)}
        else:
            config = {key: getattr(callback, key) for key in _SETTINGS[name]}
            config["min_delta"] = abs(float(config["min_delta"]))
            config["monitor"] = _position(str(callback.monitor), names)
        found.append(Stock(kind="callbacks", name=name, config=config))
    kinds = [stock.name for stock in found]
    if len(set(kinds)) < len(kinds) or {"LearningRateScheduler", "ReduceLROnPlateau"} <= set(kinds):
        raise Inexpressible("several callbacks change the same thing")
    return found


_SETTINGS = {
    "EarlyStopping": (
        *("monitor", "min_delta", "patience", "mode", "baseline"),
        *("restore_best_weights", "start_from_epoch"),
    ),
    "ReduceLROnPlateau": (
        *("monitor", "factor", "patience", "mode", "min_delta", "cooldown", "min_lr"),
    ),
}


def _position(monitor: str, names: list[str]) -> str:
    """Name what a callback watches by its place among the metrics: '#1' or 'val_#1'."""
    for prefix in ("", "val_"):
        name = monitor.removeprefix(prefix)
        if monitor.startswith(prefix) and name in names:
            return f"{prefix}#{names.index(name)}"
    raise Inexpressible(f"a callback watches {monitor[:40]!r}, which is no metric of the network")


def _rates(model: Any, callback: Any, epochs: Iterable[int]) -> list[float]:
    """Ask a schedule for its rates ahead; it may look at the epoch and at the rate before."""
    rates: list[float] = []
    rate = float(model.optimizer.learning_rate)
    for epoch in epochs:
        try:
            try:
                rate = callback.schedule(epoch, rate)
            except TypeError:
                rate = callback.schedule(epoch)
            rate = float(np.float32(rate))
        except Exception as error:
            raise Inexpressible("the learning rate's schedule can't be told ahead") from error
        if not math.isfinite(rate):
            raise Inexpressible("the learning rate's schedule gives no finite number")
        rates.append(rate)
    return rates


def _class_weight(given: Any) -> list[tuple[int, float]]:
    if not given:
        return []
    if not isinstance(given, dict):
        raise Inexpressible("class_weight is no dictionary")
    return sorted((int(key), float(value)) for key, value in given.items())


def flat(given: Any) -> list[Any]:
    """List what stands in nested lists; nothing for None."""
    if given is None:
        return []
    if isinstance(given, list | tuple):
        return [item for part in given for item in flat(part)]
    return [given]


def _whole(value: Any, default: int) -> int:
    return default if value is None else int(value)


def _maybe_whole(value: Any) -> int | None:
    return None if value is None else int(value)
