"""Watch Keras: every network that is built, compiled, trained, evaluated or asked to predict.

The watcher replaces methods of `keras.Model`, so it sees all networks, whatever they are called
and whichever of keras and tf.keras they came from.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from graders.describe.arrays import DataWatcher, Pair, take_pair
from graders.describe.measure import measure_training
from graders.describe.networks import count_parameters, describe_compile, describe_layers, kind_of
from graders.recording.schema import CallRecord, NetworkRecord, PairRecord, TrainingRecord
from graders.runner.calls import call_order
from graders.runner.fits import (
    batch_size_of,
    cap_arguments,
    history_of,
    integer,
    scores_of,
    untrained_history,
    validation_pair,
    weights_digest,
)
from graders.runner.trusted import Answer, TrainingLimitError, TrustedTrainer
from graders.runner.writer import Writer
from graders.training.describe import watch_weights
from graders.training.request import Cap
from graders.training.stock import Inexpressible

_UNCOMPILED_KEPT = 100
_SEQUENTIAL_FILE = os.path.join("models", "sequential.py")  # noqa: PTH118 - compared as text
_FRAMES_SEARCHED = 12


@dataclass
class _Seen:
    """What the watcher remembers of one Keras object."""

    serial: int
    network: int | None = None
    last_training: int | None = None


@dataclass
class _Call:
    """A call of fit under way."""

    model: Any
    arguments: dict[str, Any]
    weights_before: str | None
    started: float
    note: str = ""


@dataclass
class KerasWatcher:
    """Fills the recording's networks, trainings and calls."""

    writer: Writer
    data: DataWatcher
    progress: Callable[[dict[str, Any]], None]
    trusted: TrustedTrainer | None = None
    policy: str = "full"
    cap: Cap | None = None
    _seen: weakref.WeakKeyDictionary[Any, _Seen] = field(default_factory=weakref.WeakKeyDictionary)
    # A name that is reused frees the network before it was looked at, so new ones are held.
    _new: list[Any] = field(default_factory=list)
    _new_cells: dict[int, int | None] = field(default_factory=dict)
    _epochs_at: dict[str, int] = field(default_factory=dict)
    _depth: int = 0

    def install(self) -> None:
        """Put the watcher into Keras."""
        from keras.src.trainers.trainer import Trainer

        model = keras.Model
        if self.trusted is not None:
            watch_weights()
        Trainer.__init__ = self._after_init(Trainer.__init__)
        # Not on Model: load_model compiles only what inherits this very method.
        Trainer.compile = self._watch_compile(Trainer.compile)
        model.fit = self._watch_fit(model.fit)
        model.evaluate = self._watch_call(model.evaluate, "evaluate")
        model.predict = self._watch_call(model.predict, "predict")
        model.train_on_batch = self._watch_step(model.train_on_batch)

    def finish(self, namespace: dict[str, Any]) -> None:
        """Record the networks that were built and never used, and the names that hold networks."""
        inner = {id(part) for model in self._new for part in _parts(model)}
        for model in self._new:
            if self._look_up(model).network is None and id(model) not in inner:
                self._quietly(self._snapshot, model)
        self._new.clear()
        for name, value in namespace.items():
            seen = self._seen.get(value) if isinstance(value, keras.Model) else None
            if seen is not None and seen.network is not None:
                self.writer.recording.networks[seen.network].names.append(name[:80])

    def _after_init(self, original: Any) -> Any:
        @functools.wraps(original)
        def init(model: Any, *args: Any, **kwargs: Any) -> None:
            original(model, *args, **kwargs)
            if _is_inner_graph(model):
                return
            self._new.append(model)
            self._new_cells[id(model)] = self.writer.cell
            del self._new[:-_UNCOMPILED_KEPT]

        return init

    def _watch_compile(self, original: Any) -> Any:
        @functools.wraps(original)
        def compile_(model: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(model, *args, **kwargs)
            self._quietly(self._snapshot, model)
            return result

        return compile_

    def _watch_fit(self, original: Any) -> Any:
        signature = inspect.signature(original)

        @functools.wraps(original)
        def fit(model: Any, *args: Any, **kwargs: Any) -> Any:
            if self._depth:
                return original(model, *args, **kwargs)
            # A call that doesn't fit the signature raises its TypeError here, as it would there.
            bound = signature.bind(model, *args, **kwargs)
            bound.apply_defaults()
            return self._train(model, bound, original)

        return fit

    def _train(self, model: Any, bound: inspect.BoundArguments, original: Any) -> Any:
        """Have the grading process train; what it can't be asked for is trained here."""
        arguments = bound.arguments
        self.progress({"event": "fit", "epochs": integer(arguments.get("epochs"))})
        call = _Call(model, arguments, weights_digest(model), time.monotonic())
        if self.policy == "none":
            return self._skip(call)
        try:
            return self._trust(call)
        except Inexpressible as reason:
            call.note = str(reason)
        except TrainingLimitError as error:
            call.note = str(error)
            self._quietly(self._record_fit, call, "refused")
            raise
        if self.cap is not None:
            cap_arguments(arguments, self.cap)
        status = "error"
        try:
            with self._inside():
                result = original(*bound.args, **bound.kwargs)
            status = "ok"
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            status = "interrupted"
            raise
        finally:
            self._quietly(self._record_fit, call, status)
        return result

    def _trust(self, call: _Call) -> Any:
        if self.trusted is None:
            raise Inexpressible("there is no grading process that trains")
        serial = self._look_up(call.model).serial
        with self._inside():
            answer = self.trusted.fit(call.model, call.arguments, self.writer.cell, serial)
        self._quietly(self._record_answer, call, answer)
        return call.model.history

    def _skip(self, call: _Call) -> Any:
        """Leave the network untrained; its History repeats what it scores so."""
        with self._inside():
            history = untrained_history(call.model, call.arguments)
        call.note = "nothing was trained (--training none)"
        self._quietly(self._record_fit, call, "skipped")
        return history

    @contextmanager
    def _inside(self) -> Iterator[None]:
        """What Keras calls while it trains is no call of the student's."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    def _record_answer(self, call: _Call, answer: Answer) -> None:
        """Note which request this was; what the grading process found out stands on its side."""
        epochs, history = history_of(call.model)
        self._add(
            call,
            TrainingRecord(
                id=len(self.writer.recording.trainings),
                network=self._snapshot(call.model),
                model=self._look_up(call.model).serial,
                cell=self.writer.cell,
                status="ok",
                data=PairRecord(),
                epochs=epochs,
                epochs_before=self._epochs_at.get(call.weights_before or "", 0),
                batch_size=batch_size_of(call.arguments, Pair(None, None, "arrays")),
                history=history,
                seconds=answer.seconds,
                trained="trusted",
                request=answer.request,
                fingerprint=answer.fingerprint,
                reused=answer.reused,
            ),
        )

    def _record_fit(self, call: _Call, status: Any) -> None:
        arguments, model = call.arguments, call.model
        pair = take_pair(arguments.get("x"), arguments.get("y"))
        validation = validation_pair(arguments.get("validation_data"))
        epochs, history = history_of(model)
        record = TrainingRecord(
            id=len(self.writer.recording.trainings),
            network=self._snapshot(model, pair.x),
            model=self._look_up(model).serial,
            cell=self.writer.cell,
            status=status,
            data=self.data.describe(pair),
            validation=self.data.describe(validation) if validation else None,
            validation_split=float(arguments.get("validation_split") or 0.0),
            epochs=epochs,
            epochs_before=self._epochs_at.get(call.weights_before or "", 0),
            batch_size=batch_size_of(arguments, pair),
            history=history,
            seconds=time.monotonic() - call.started,
            capped=self.cap is not None,
            note=call.note,
        )
        if status == "ok":
            measurement = measure_training(
                model, self.data, (pair, record.data), (validation, record.validation)
            )
            if measurement is not None:
                record.measured = {"test_accuracy": measurement.accuracy}
                record.predictions = self.writer.keep_array(
                    f"predictions-{record.id}", measurement.classes
                )
        self._add(call, record)

    def _add(self, call: _Call, record: TrainingRecord) -> None:
        trainings = self.writer.recording.trainings
        if not self.writer.has_room("trainings", trainings, self.writer.limits.trainings):
            return
        digest = weights_digest(call.model) if record.status == "ok" else None
        if digest is not None:
            self._epochs_at[digest] = record.epochs_before + record.epochs
        trainings.append(record)
        self._look_up(call.model).last_training = record.id

    def _watch_call(self, original: Any, kind: Any) -> Any:
        @functools.wraps(original)
        def call(model: Any, *args: Any, **kwargs: Any) -> Any:
            if self._depth:
                return original(model, *args, **kwargs)
            with self._inside():
                result = original(model, *args, **kwargs)
            self._quietly(self._record_call, model, kind, args, kwargs, result)
            return result

        return call

    def _watch_step(self, original: Any) -> Any:
        @functools.wraps(original)
        def step(model: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(model, *args, **kwargs)
            self._quietly(self._count_step, model)
            return result

        return step

    def _count_step(self, model: Any) -> None:
        """Count a step of the student's own training loop; its network is looked at once."""
        network = self._look_up(model).network
        if network is None:
            network = self._snapshot(model)
        self.writer.recording.networks[network].custom_steps += 1

    def _record_call(
        self, model: Any, kind: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
    ) -> None:
        recording = self.writer.recording
        if not self.writer.has_room("calls", recording.calls, self.writer.limits.calls):
            return
        x = kwargs.get("x", args[0] if args else None)
        y = kwargs.get("y", args[1] if len(args) > 1 else None) if kind == "evaluate" else None
        seen = self._look_up(model)
        record = CallRecord(
            kind=kind,
            model=seen.serial,
            after_training=seen.last_training,
            cell=self.writer.cell,
            data=self.data.describe(take_pair(x, y)),
            scores=scores_of(model, result) if kind == "evaluate" else {},
        )
        classes = self._test_classes(record, result) if kind == "predict" else None
        if classes is not None:
            name = f"predict-{len(recording.calls)}"
            record.predictions = self.writer.keep_array(name, classes)
        recording.calls.append(record)

    def _test_classes(self, record: CallRecord, result: Any) -> NDArray[np.uint8] | None:
        """Return the classes that predict() gave to the whole test set, if it was given that."""
        form = self.data.form_of(record.data)
        if form is None or form[1].split != "test" or form[1].order != "first":
            return None
        outputs = np.asarray(result)
        whole = len(form[0].splits["test"].labels)
        if outputs.ndim != 2 or len(outputs) != whole or not 1 < outputs.shape[1] <= 256:
            return None
        classes: NDArray[np.uint8] = np.argmax(outputs, axis=1).astype(np.uint8)
        return classes

    def _look_up(self, model: Any) -> _Seen:
        if model not in self._seen:
            self._seen[model] = _Seen(serial=len(self._seen) + 1)
        return self._seen[model]

    def _snapshot(self, model: Any, inputs: NDArray[Any] | None = None) -> int:
        """Record the network's present state and return its id; an unchanged state is kept once.

        A subclassed model's layers are in the order of their attributes, until inputs show in
        which order it calls them.
        """
        recording = self.writer.recording
        seen = self._look_up(model)
        order = call_order(model, inputs) if inputs is not None else None
        layers, chain = describe_layers(model, order)
        total, trainable = count_parameters(model)
        record = NetworkRecord(
            id=len(recording.networks),
            model=seen.serial,
            cell=self.writer.cell
            if self.writer.cell is not None
            else self._new_cells.get(id(model)),
            kind=kind_of(model),
            chain=chain,
            layers=layers,
            parameters=total,
            trainable=trainable,
            compiled=describe_compile(model),
        )
        previous = recording.networks[seen.network] if seen.network is not None else None
        if previous is not None and _same_state(previous, record):
            # The same network, perhaps built since: keep its place, take the fuller record.
            kept = {"id": previous.id, "cell": previous.cell, "custom_steps": previous.custom_steps}
            record = record.model_copy(update=kept)
            recording.networks[previous.id] = record
        elif self.writer.has_room("networks", recording.networks, self.writer.limits.networks):
            recording.networks.append(record)
        else:
            return len(recording.networks) - 1
        seen.network = record.id
        return record.id

    def _quietly(self, action: Callable[..., Any], *arguments: Any) -> None:
        """Record without disturbing the student's code; what fails is said in the recording."""
        try:
            action(*arguments)
        except Exception as error:  # noqa: BLE001 - a student's class may break any look at it
            self.writer.note_failure(f"A {getattr(action, '__name__', 'call')[1:]}", error)


def _same_state(before: NetworkRecord, now: NetworkRecord) -> bool:
    """The layers agree, and nothing was compiled over an earlier training."""
    if len(_inner_layers(before)) != len(_inner_layers(now)):
        return False
    same_layers = all(
        a.type == b.type and a.config == b.config
        for a, b in zip(_inner_layers(before), _inner_layers(now), strict=True)
    )
    return same_layers and (before.compiled is None or before.compiled == now.compiled)


def _inner_layers(record: NetworkRecord) -> list[Any]:
    return [layer for layer in record.layers if layer.type != "InputLayer"]


def _parts(model: Any) -> list[Any]:
    """Models that are only a part of this one."""
    return [layer for layer in getattr(model, "layers", []) if isinstance(layer, keras.Model)]


def _is_inner_graph(model: Any) -> bool:
    """Tell the graphs that a Sequential makes for itself from the student's own networks."""
    if type(model).__name__ != "Functional":
        return False
    frame = sys._getframe(2)
    for _ in range(_FRAMES_SEARCHED):
        if frame is None:
            return False
        if frame.f_code.co_filename.endswith(_SEQUENTIAL_FILE):
            return True
        frame = frame.f_back  # type: ignore[assignment]  # None ends the search
    return False
