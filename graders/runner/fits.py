"""Read from Keras what a call of fit or evaluate was given, and what came of it."""

from __future__ import annotations

import hashlib
from typing import Any

import keras
import numpy as np

from graders.describe.arrays import Pair, batches_of, number, take_pair
from graders.training.request import Cap


def weights_digest(model: Any) -> str | None:
    """Identify a state of the weights, so that a continued training is told from a fresh one."""
    weights = getattr(model, "weights", None)
    if not weights:
        return None
    hasher = hashlib.sha256()
    for weight in weights:
        hasher.update(np.ascontiguousarray(weight.numpy()).tobytes())
    return hasher.hexdigest()


def history_of(model: Any) -> tuple[int, dict[str, list[float | None]]]:
    """Return the epochs that the last fit ran, and its metrics by epoch; NaN becomes None."""
    history = getattr(model, "history", None)
    if history is None:
        return 0, {}
    values = {
        str(name)[:80]: [number(value) for value in series[:1000]]
        for name, series in list(history.history.items())[:40]
        if name != "learning_rate"
    }
    return len(history.epoch), values


def validation_pair(given: Any) -> Pair | None:
    """Read fit's validation_data: a pair of arrays, or a pipeline."""
    if given is None:
        return None
    if isinstance(given, list | tuple) and len(given) >= 2:
        return take_pair(given[0], given[1])
    return take_pair(given)


def batch_size_of(arguments: dict[str, Any], pair: Pair) -> int | None:
    """Items in a step; None where a pipeline or generator doesn't say."""
    given = arguments.get("batch_size")
    if pair.batch_size is not None or pair.form != "arrays":
        return pair.batch_size
    return integer(given) if given is not None else 32


def integer(value: Any) -> int | None:
    """Return a whole number, or None."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def scores_of(model: Any, result: Any) -> dict[str, float | None]:
    """Name what evaluate() returned: a dict, a list in the order of the metrics, or one loss."""
    if isinstance(result, dict):
        return {str(k)[:80]: number(v) for k, v in result.items()}
    names = list(getattr(model, "metrics_names", []))
    # Keras calls all compiled metrics by one name here; the metrics know their own.
    own = [metric.name for metric in getattr(model, "metrics", []) if metric.name != "loss"]
    own = [
        inner.name
        for metric in getattr(model, "metrics", [])
        for inner in getattr(metric, "metrics", [])
    ] or own
    names = ["loss", *own] if names else names
    values = result if isinstance(result, list | tuple) else [result]
    return {name: number(value) for name, value in zip(names, values, strict=False)}


def cap_arguments(arguments: dict[str, Any], cap: Cap) -> bool:
    """Bound epochs and items of a fit that has to take place here; tell whether that cut any."""
    given = dict(arguments)
    first = integer(arguments.get("initial_epoch")) or 0
    epochs = integer(arguments.get("epochs"))
    if epochs is not None:
        arguments["epochs"] = min(epochs, first + cap.epochs)
    named: dict[str, Any] = {name: arguments.get(name) for name in ("x", "y", "sample_weight")}
    parts = {name: part for name, part in named.items() if part is not None}
    # NumPy's arrays, tensors, tables.
    if all(hasattr(part, "__array__") and hasattr(part, "shape") for part in parts.values()):
        for name, part in parts.items():
            if len(part) > cap.samples:
                arguments[name] = getattr(part, "iloc", part)[: cap.samples]
    else:
        _cap_steps(arguments, cap)
    return any(value is not given.get(name) for name, value in arguments.items())


def fill_up(model: Any, arguments: dict[str, Any]) -> None:
    """Let the last epoch's scores stand for epochs that a cap has cut.

    Students' code counts on as many values as epochs, in plots for instance.
    """
    history = model.history
    first, last = (integer(arguments.get(name)) or 0 for name in ("initial_epoch", "epochs"))
    missing = last - first - len(history.epoch)
    if missing <= 0 or getattr(model, "stop_training", False):
        return
    history.epoch.extend(range(last - missing, last))
    for series in history.history.values():
        series.extend(series[-1:] * missing)


def _cap_steps(arguments: dict[str, Any], cap: Cap) -> None:
    """Bound the steps so that all epochs together see what the cap allows."""
    size, count = batches_of(arguments.get("x"))
    epochs = (integer(arguments.get("epochs")) or 1) - (
        integer(arguments.get("initial_epoch")) or 0
    )
    images = cap.samples * cap.epochs // max(min(epochs, cap.epochs), 1)
    steps = max(images // (size or integer(arguments.get("batch_size")) or 32), 1)
    asked = integer(arguments.get("steps_per_epoch")) or count
    if asked is None or asked > steps:
        arguments["steps_per_epoch"] = steps


def untrained_history(model: Any, arguments: dict[str, Any]) -> Any:
    """Make the History of a training that is left out: each epoch scores as the network stands."""
    x, y = arguments.get("x"), arguments.get("y")
    scores: dict[str, float] = {"loss": float("nan")}
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
        batch = integer(arguments.get("batch_size")) or 32
        scores = model.test_on_batch(x[:batch], y[:batch], return_dict=True)
    logs = {name: float(value) for name, value in sorted(scores.items())}
    if arguments.get("validation_data") is not None or arguments.get("validation_split"):
        logs |= {f"val_{name}": value for name, value in logs.items()}
    callbacks = keras.callbacks.CallbackList(None, add_history=True, model=model)
    callbacks.on_train_begin()
    first, epochs = (integer(arguments.get(name)) or 0 for name in ("initial_epoch", "epochs"))
    for epoch in range(first, epochs):
        callbacks.on_epoch_end(epoch, dict(logs))
    callbacks.on_train_end(logs)
    return model.history
