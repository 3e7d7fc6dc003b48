"""Watch Keras: every network that is built, compiled, trained, evaluated or asked to predict.

The watcher replaces methods of `keras.Model`, so it sees all networks, whatever they are called
and whichever of keras and tf.keras they came from.
"""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from graders.describe.arrays import take_pair
from graders.recording.schema import CallRecord
from graders.runner.fits import scores_of
from graders.runner.fitting import Fitting
from graders.runner.networks import Networks
from graders.runner.writer import Writer
from graders.training.describe import watch_weights


@dataclass
class KerasWatcher:
    """Puts itself into Keras, and tells networks, trainings and calls to those who record them."""

    fitting: Fitting

    @property
    def writer(self) -> Writer:
        """The recording under way."""
        return self.fitting.writer

    @property
    def networks(self) -> Networks:
        """The networks that were seen."""
        return self.fitting.networks

    def install(self) -> None:
        """Put the watcher into Keras."""
        from keras.src.trainers.trainer import Trainer

        model = keras.Model
        if self.fitting.trusted is not None:
            watch_weights()
        Trainer.__init__ = self._after_init(Trainer.__init__)
        # Not on Model: load_model compiles only what inherits this very method.
        Trainer.compile = self._watch_compile(Trainer.compile)
        model.fit = self._watch_fit(model.fit)
        model.evaluate = self._watch_call(model.evaluate, "evaluate")
        model.predict = self._watch_call(model.predict, "predict")
        model.train_on_batch = self._watch_step(model.train_on_batch)

    def _after_init(self, original: Any) -> Any:
        @functools.wraps(original)
        def init(model: Any, *args: Any, **kwargs: Any) -> None:
            original(model, *args, **kwargs)
            self.networks.begin(model)

        return init

    def _watch_compile(self, original: Any) -> Any:
        @functools.wraps(original)
        def compile_(model: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(model, *args, **kwargs)
            self.writer.quietly(self.networks.snapshot, model)
            return result

        return compile_

    def _watch_fit(self, original: Any) -> Any:
        signature = inspect.signature(original)

        @functools.wraps(original)
        def fit(model: Any, *args: Any, **kwargs: Any) -> Any:
            if self.fitting.depth:
                return original(model, *args, **kwargs)
            # A call that doesn't fit the signature raises its TypeError here, as it would there.
            bound = signature.bind(model, *args, **kwargs)
            bound.apply_defaults()
            return self.fitting.train(model, bound, original)

        return fit

    def _watch_call(self, original: Any, kind: Any) -> Any:
        signature = inspect.signature(original)

        @functools.wraps(original)
        def call(model: Any, *args: Any, **kwargs: Any) -> Any:
            if self.fitting.depth:
                result = original(model, *args, **kwargs)
                # Keras' own validation says that it is that; else it is a callback's.
                own = kind != "evaluate" or "_use_cached_eval_dataset" in kwargs
                if self.fitting.under_way and not own:
                    self.writer.quietly(self._record_call, model, kind, args, kwargs, result)
                return result
            with self.fitting.inside():
                result = None
                if kind == "evaluate" and self.fitting.scores is not None:
                    given = signature.bind(model, *args, **kwargs).arguments
                    result = self.fitting.scores.evaluate(model, given)
                if result is None:
                    result = original(model, *args, **kwargs)
            self.writer.quietly(self._record_call, model, kind, args, kwargs, result)
            return result

        return call

    def _watch_step(self, original: Any) -> Any:
        @functools.wraps(original)
        def step(model: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(model, *args, **kwargs)
            self.writer.quietly(self._count_step, model)
            return result

        return step

    def _count_step(self, model: Any) -> None:
        """Count a step of the student's own training loop; its network is looked at once."""
        network = self.networks.look_up(model).network
        if network is None:
            network = self.networks.snapshot(model)
        self.writer.recording.networks[network].custom_steps += 1

    def _record_call(
        self, model: Any, kind: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
    ) -> None:
        recording = self.writer.recording
        if not self.writer.has_room("calls", recording.calls, self.writer.limits.calls):
            return
        x = kwargs.get("x", args[0] if args else None)
        y = kwargs.get("y", args[1] if len(args) > 1 else None) if kind == "evaluate" else None
        seen = self.networks.look_up(model)
        record = CallRecord(
            kind=kind,
            model=seen.serial,
            after_training=None if self.fitting.under_way else self.fitting.training_of(model),
            during=self.fitting.under_way,
            cell=self.writer.cell,
            data=self.fitting.data.describe(take_pair(x, y)),
            scores=scores_of(model, result) if kind == "evaluate" else {},
        )
        classes = self._test_classes(record, result) if kind == "predict" else None
        if classes is not None:
            name = f"predict-{len(recording.calls)}"
            record.predictions = self.writer.keep_array(name, classes)
        recording.calls.append(record)
        if record.during:
            self.fitting.during.append(record)

    def _test_classes(self, record: CallRecord, result: Any) -> NDArray[np.uint8] | None:
        """Return the classes that predict() gave to the whole test set, if it was given that."""
        form = self.fitting.data.form_of(record.data)
        if form is None or form[1].split != "test" or form[1].order != "first":
            return None
        outputs = np.asarray(result)
        whole = len(form[0].splits["test"].labels)
        if outputs.ndim != 2 or len(outputs) != whole or not 1 < outputs.shape[1] <= 256:
            return None
        classes: NDArray[np.uint8] = np.argmax(outputs, axis=1).astype(np.uint8)
        return classes
