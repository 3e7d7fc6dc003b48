"""Carry out a training request: build the network, train it, measure it.

This runs in a clean process of its own, on a request that was validated. It uses what every
backend of Keras has; what is TensorFlow's alone stands in `prepare`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graders.describe.arrays import DataWatcher, Pair
from graders.describe.measure import measure_training
from graders.describe.networks import count_parameters, describe_compile, describe_layers
from graders.errors import TrainingError
from graders.recording.schema import PairRecord
from graders.sandbox.device import use_device
from graders.training.entry import Entry, Finished, NetworkFacts
from graders.training.generators import make_flow, without_deprecations
from graders.training.graph import build, single
from graders.training.request import Compiled, Data, Fit, Network, Request, Setting, Stock
from graders.training.state import (
    canonical_array,
    digest,
    read_state,
    write_optimizer,
    write_weights,
)
from graders.training.stock import Refused, make

# Steps that Keras makes between two looks at Python. Beyond 100 nothing is gained, and each
# epoch's last round may be shorter without a new trace.
_STEPS_PER_EXECUTION = 100

Arrays = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Bounds:
    """The largest training that an assignment allows."""

    parameters: int = 20_000_000
    operations: float = 1e14
    operations_before: float = 0.0  # of the same submission
    epochs: int = 1000


@dataclass
class Work:
    """A request with everything that carrying it out needs."""

    request: Request
    setting: Setting
    fingerprint: str
    seed: int
    arrays: Arrays
    data: DataWatcher = field(default_factory=lambda: DataWatcher([]))
    bounds: Bounds = field(default_factory=Bounds)
    progress: Callable[[dict[str, Any]], None] = lambda _: None


def prepare(setting: Setting) -> None:
    """Bring a fresh process into the setting, before the first operation of the backend."""
    if setting.backend != "tensorflow":
        return
    import tensorflow as tf

    # It warns of tracing anew, which each network of a suite must.
    tf.get_logger().setLevel("ERROR")
    # One thread gives the same bits whatever the machine's cores are, and on small networks it is
    # the fastest as well; several trainings run side by side instead.
    use_device(setting.device, setting.threads)
    if setting.device != "cpu" or setting.threads > 1:
        tf.config.experimental.enable_op_determinism()


def carry_out(work: Work) -> Finished:
    """Train what is asked for.

    Raises:
        Refused: the request doesn't make a network that can be trained.
        TrainingError: it asks for more than the bounds allow.

    """
    import keras

    request = work.request
    fit, items = _capped(work)
    keras.utils.set_random_seed(work.seed)
    built = build(request.network, work.bounds.parameters)
    model, layers = built.model, built.layers
    operations = built.operations * items * max(fit.epochs - fit.initial_epoch, 0)
    whole = work.bounds.operations_before + operations
    if whole > work.bounds.operations:
        raise TrainingError.too_much_work(whole, work.bounds.operations)
    x, y, weights = _given(request.data, work.arrays, items)
    flow = request.data.flow
    validation = _given(request.validation, work.arrays) if request.validation else None
    load_weights(layers, request.network, work.arrays)
    # At least one, for a request without an epoch to train.
    steps = max(min(request.steps(items), _STEPS_PER_EXECUTION), 1)
    _compile(model, request.compiled, steps)
    _build(model, x, y, weights)
    if request.compiled.state is not None:
        slots = [_taken(work.arrays, a) for a in request.compiled.state.slots]
        _fitting(write_optimizer, model, layers, slots, request.compiled.state.iterations)
    names = [str(name) for name in model.get_metrics_result()]
    described, chain = describe_layers(model)
    total, trainable = count_parameters(model)
    compiled = describe_compile(model)
    assert compiled is not None, "it was compiled above"
    report = _report(work, fit)
    before = int(model.optimizer.iterations)
    started = time.monotonic()
    if flow is None:
        given = {"x": single(x), "y": single(y), "batch_size": fit.batch_size}
        given["sample_weight"] = single(weights) if weights else None
    else:
        given = {"x": make_flow(flow, x[0], y[0], fit.batch_size)}
    _train(model, fit, given, validation, [*_callbacks(fit, names), report])
    seconds = time.monotonic() - started
    pairs = [_pair(data, work.arrays) for data in (request.data, request.validation)]
    records = [work.data.describe(pair) if pair else None for pair in pairs]
    if flow is not None and records[0] is not None:
        config = {name: value for name, value in flow.generator.config.items() if value}
        records[0] = records[0].model_copy(update={"augmentation": config})
    measured = measure_training(model, work.data, (pairs[0], records[0]), (pairs[1], records[1]))
    state = read_state(model, layers)
    entry = Entry(
        fingerprint=work.fingerprint,
        setting=work.setting,
        network=NetworkFacts(
            layers=described, chain=chain, parameters=total, trainable=trainable, compiled=compiled
        ),
        data=records[0] or PairRecord(),
        validation=records[1],
        validation_split=fit.validation_split,
        batch_size=fit.batch_size,
        names=names,
        first_epoch=fit.initial_epoch,
        logs=report.logs,
        stopped=bool(model.stop_training),
        capped=fit != request.fit or items != request.data.items,
        weights=[digest(canonical_array(array)) for array in state.weights],
        slots=[digest(canonical_array(array)) for array in state.slots],
        measured=measured.scores if measured else {},
        steps=state.iterations - before,
        operations=operations,
        seconds=round(seconds, 3),
    )
    return Finished(entry, state.to_bytes(), measured.classes if measured else None)


def _capped(work: Work) -> tuple[Fit, int]:
    fit, items = work.request.fit, work.request.data.items
    if fit.epochs - fit.initial_epoch > work.bounds.epochs:
        raise TrainingError.too_many_epochs(fit.epochs - fit.initial_epoch, work.bounds.epochs)
    return work.setting.cap.applied(fit, items) if work.setting.cap else (fit, items)


def load_weights(layers: list[Any], network: Network, arrays: Arrays) -> None:
    """Put weights that aren't fresh into place.

    Raises:
        Refused: they are another network's.

    """
    given = [weight for layer in network.layers for weight in layer.weights]
    values = [None if weight is None else _taken(arrays, weight) for weight in given]
    _fitting(write_weights, layers, values)


def _compile(model: Any, compiled: Compiled, steps: int) -> None:
    outputs = len(compiled.losses)
    losses = [None if loss is None else make(loss) for loss in compiled.losses]
    try:
        model.compile(
            optimizer=make(compiled.optimizer),
            loss=losses[0] if outputs == 1 else losses,
            loss_weights=compiled.loss_weights,
            metrics=_metrics(compiled.metrics, outputs),
            weighted_metrics=_metrics(compiled.weighted_metrics, outputs),
            steps_per_execution=steps,
            # It made convolutions eight times slower on CPUs.
            jit_compile=False,
        )
    except (TypeError, ValueError) as error:
        raise Refused(f"it can't be compiled: {str(error)[:200]}") from error


def _build(model: Any, x: Any, y: Any, weights: Any) -> None:
    first = [[array[:2] for array in part] for part in (x, y, weights)]
    try:
        model._symbolic_build(data_batch=tuple(single(part) if part else None for part in first))
    except Exception as error:
        # Keras raises anything here; the student's own fit will say it in Keras' words.
        raise Refused(f"data and network don't fit: {str(error)[:200]}") from error


def _train(
    model: Any, fit: Fit, data: dict[str, Any], validation: Any, callbacks: list[Any]
) -> None:
    try:
        with without_deprecations():
            _fit(model, fit, data, validation, callbacks)
    except MemoryError:
        raise
    except Exception as error:
        raise Refused(f"fit failed: {type(error).__name__}: {str(error)[:200]}") from error


def _fit(model: Any, fit: Fit, data: dict[str, Any], validation: Any, callbacks: list[Any]) -> None:
    model.fit(
        **data,
        epochs=fit.epochs,
        initial_epoch=fit.initial_epoch,
        shuffle=fit.shuffle,
        steps_per_epoch=fit.steps_per_epoch,
        validation_split=fit.validation_split,
        validation_data=tuple(single(part) for part in validation if part) if validation else None,
        validation_steps=fit.validation_steps,
        validation_batch_size=fit.validation_batch_size,
        validation_freq=fit.validation_freq,
        class_weight=dict(fit.class_weight) or None,
        callbacks=callbacks,
        verbose=0,
    )


def _callbacks(fit: Fit, names: list[str]) -> list[Any]:
    import keras

    found = []
    for stock in fit.callbacks:
        config = dict(stock.config)
        if stock.name == "LearningRateScheduler":
            found.append(keras.callbacks.LearningRateScheduler(_schedule(config, fit)))
            continue
        prefix, _, place = str(config.get("monitor", "")).partition("#")
        if prefix not in {"", "val_"} or not place.isdigit() or int(place) >= len(names):
            raise Refused("a callback watches nothing")
        config["monitor"] = prefix + names[int(place)]
        found.append(make(Stock(kind="callbacks", name=stock.name, config=config)))
    return found


def _schedule(config: dict[str, Any], fit: Fit) -> Callable[[int], float]:
    rates = config.get("rates")
    if not isinstance(rates, list) or not all(isinstance(rate, int | float) for rate in rates):
        raise Refused("the learning rate's schedule is no list of numbers")
    if len(rates) < fit.epochs - fit.initial_epoch:
        raise Refused("the learning rate's schedule is too short")
    return lambda epoch: float(rates[epoch - fit.initial_epoch])


def _report(work: Work, fit: Fit) -> Any:
    """Make a callback that keeps each epoch's logs, and tells of the progress."""
    import keras

    class Report(keras.callbacks.Callback):  # type: ignore[misc]  # keras is untyped
        def __init__(self) -> None:
            super().__init__()
            self.logs: list[dict[str, float | None]] = []

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.logs.append({str(name): float(value) for name, value in (logs or {}).items()})
            work.progress({"event": "epoch", "epoch": epoch + 1, "of": fit.epochs})

    return Report()


def _given(data: Data, arrays: Arrays, items: int | None = None) -> Any:
    return tuple(
        [_taken(arrays, array)[:items] for array in part] for part in (data.x, data.y, data.weights)
    )


def _pair(data: Data | None, arrays: Arrays) -> Pair | None:
    if data is None:
        return None
    x = _taken(arrays, data.x[0]) if len(data.x) == 1 else None
    y = _taken(arrays, data.y[0]) if len(data.y) == 1 else None
    if data.flow is None:
        return Pair(x, y, "arrays")
    # As the network sees them, but for what is random.
    factor = data.flow.generator.config.get("rescale")
    return Pair(x if not factor or x is None else x * np.float32(factor), y, "flow")


def _taken(arrays: Arrays, described: Any) -> NDArray[np.float32]:
    return arrays[described.digest].reshape(described.shape)


def _metrics(rows: list[list[Any]], outputs: int) -> Any:
    made = [[make(m) if isinstance(m, Stock) else m for m in row] for row in rows]
    if not made:
        return None
    return made[0] if outputs == 1 else made


def _fitting(action: Callable[..., Any], *arguments: Any) -> None:
    try:
        action(*arguments)
    except ValueError as error:
        raise Refused("the state is another network's") from error
