"""Follow calls of `fit`: have them carried out by the grading process, or here, and record them."""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from graders.describe.arrays import DataWatcher, Pair, take_pair
from graders.describe.measure import measure_training, origin_by_range
from graders.recording.schema import CallRecord, PairRecord, TrainingRecord
from graders.runner.fits import (
    batch_size_of,
    cap_arguments,
    fill_up,
    history_of,
    integer,
    untrained_history,
    validation_pair,
    weights_digest,
)
from graders.runner.networks import Networks
from graders.runner.scores import KnownScores
from graders.runner.trusted import Answer, TrainingLimitError, TrustedTrainer
from graders.runner.writer import Writer
from graders.training.measuring import Form, form_of
from graders.training.request import Cap
from graders.training.stock import Inexpressible


@dataclass
class _Call:
    """A call of fit under way."""

    model: Any
    arguments: dict[str, Any]  # as the student gave them, whatever a cap makes of them
    weights_before: str | None
    iterations: int | None
    started: float
    capped: bool = False
    note: str = ""


@dataclass
class Fitting:
    """Fills the recording's trainings."""

    writer: Writer
    data: DataWatcher
    networks: Networks
    progress: Callable[[dict[str, Any]], None]
    trusted: TrustedTrainer | None = None
    policy: str = "full"
    cap: Cap | None = None
    own_images: bool = False
    depth: int = 0
    under_way: bool = False  # a training in this process
    # What callbacks have asked the network that is being trained.
    during: list[CallRecord] = field(default_factory=list)
    scores: KnownScores | None = field(init=False, default=None)
    _epochs_at: dict[str, int] = field(default_factory=dict)
    # Which training left weights of this content.
    _left_by: dict[str, int] = field(default_factory=dict)
    # How items of a shape were prepared last, for trainings on what can't be looked into.
    _forms: dict[tuple[int, ...], Form] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.trusted is not None:
            self.scores = KnownScores(self.trusted.data_of)

    def train(self, model: Any, bound: inspect.BoundArguments, original: Any) -> Any:
        """Have the grading process train; what it can't be asked for is trained here."""
        arguments = bound.arguments
        self.progress({"event": "fit", "epochs": integer(arguments.get("epochs"))})
        call = _Call(
            model, dict(arguments), weights_digest(model), _iterations(model), time.monotonic()
        )
        if self.policy == "none":
            return self._skip(call)
        try:
            return self._trust(call)
        except Inexpressible as reason:
            call.note = str(reason)
        except TrainingLimitError as error:
            call.note = str(error)
            self.writer.quietly(self._record_fit, call, "refused")
            raise
        if self.cap is not None:
            call.capped = cap_arguments(arguments, self.cap)
        status = "error"
        self.during.clear()
        try:
            with self.inside():
                self.under_way = True
                result = original(*bound.args, **bound.kwargs)
            if call.capped:
                self.writer.quietly(fill_up, model, call.arguments)
            status = "ok"
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            status = "interrupted"
            raise
        finally:
            self.under_way = False
            self.writer.quietly(self._record_fit, call, status)
        return result

    def _trust(self, call: _Call) -> Any:
        if self.trusted is None:
            raise Inexpressible("there is no grading process that trains")
        serial = self.networks.look_up(call.model).serial
        with self.inside():
            answer = self.trusted.fit(call.model, call.arguments, self.writer.cell, serial)
        if self.scores is not None and answer.logs:
            last = answer.logs[-1]
            self.scores.remember(call.model, call.arguments, answer.validation, last)
        self.writer.quietly(self._record_answer, call, answer)
        return call.model.history

    def _skip(self, call: _Call) -> Any:
        """Leave the network untrained; its History repeats what it scores so."""
        with self.inside():
            history = untrained_history(call.model, call.arguments)
        call.note = "nothing was trained (--training none)"
        self.writer.quietly(self._record_fit, call, "skipped")
        return history

    def training_of(self, model: Any) -> int | None:
        """Return the id of a network's last training, if any.

        One that was never trained itself, as it was just loaded, may hold what another's left.
        """
        seen = self.networks.look_up(model)
        if seen.last_training is None and self._left_by:
            return self._left_by.get(weights_digest(model) or "")
        return seen.last_training

    def take_note_of_weights(self, model: Any) -> None:
        """Tell whose weights a network holds that has just loaded some."""
        found = self._left_by.get(weights_digest(model) or "")
        if found is not None:
            self.networks.look_up(model).last_training = found

    @contextmanager
    def inside(self) -> Iterator[None]:
        """What Keras calls while it trains is no call of the student's."""
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1

    def _record_answer(self, call: _Call, answer: Answer) -> None:
        """Note which request this was; what the grading process found out stands on its side."""
        epochs, history = self._epochs_of(call)
        if self.own_images:
            self.writer.quietly(self._note_form, call)
        self._add(
            call,
            TrainingRecord(
                id=len(self.writer.recording.trainings),
                network=self.networks.snapshot(call.model),
                model=self.networks.look_up(call.model).serial,
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

    def _note_form(self, call: _Call) -> None:
        """Remember how the images of a training were prepared, where a later one doesn't tell."""
        pair = self.data.describe(take_pair(call.arguments.get("x"), call.arguments.get("y")))
        with suppress(Inexpressible):
            form = self._form_of(call.model, [pair])
            self._forms[tuple(form.shape)] = form

    def _record_fit(self, call: _Call, status: Any) -> None:
        arguments, model = call.arguments, call.model
        with self.inside():  # a student's pipeline may ask a network
            pair = take_pair(arguments.get("x"), arguments.get("y"))
            validation = validation_pair(arguments.get("validation_data"))
        epochs, history = self._epochs_of(call)
        record = TrainingRecord(
            id=len(self.writer.recording.trainings),
            network=self.networks.snapshot(model, pair.x),
            model=self.networks.look_up(model).serial,
            cell=self.writer.cell,
            status=status,
            data=self.data.describe(pair),
            validation=self.data.describe(validation) if validation else None,
            validation_split=float(arguments.get("validation_split") or 0.0),
            epochs=epochs,
            epochs_before=self._epochs_at.get(call.weights_before or "", 0),
            batch_size=batch_size_of(arguments, pair),
            steps_per_epoch=integer(arguments.get("steps_per_epoch")),
            steps=self._steps_of(call, pair),
            history=history,
            seconds=time.monotonic() - call.started,
            capped=call.capped,
            note=call.note,
        )
        if status == "ok":
            try:
                record.request = self._have_measured(model, record)
            except Inexpressible as reason:
                self._measure_here(model, record, (pair, validation), str(reason))
        self._add(call, record)

    def _epochs_of(self, call: _Call) -> tuple[int, dict[str, list[float | None]]]:
        """Return the epochs of a call, and its metrics; where the cap ended it, those asked for."""
        ran, history = history_of(call.model)
        stopped = getattr(call.model, "stop_training", False)
        if self.cap is None or ran < self.cap.epochs or stopped:
            return ran, history
        first, last = (integer(call.arguments.get(k)) or 0 for k in ("initial_epoch", "epochs"))
        return max(last - first, ran), history

    def _steps_of(self, call: _Call, pair: Pair) -> int | None:
        """Return the steps that the optimizer made; where the cap cut any, those asked for."""
        made = _iterations(call.model)
        if made is None or call.iterations is None:
            return None
        if not call.capped:
            return made - call.iterations
        asked = integer(call.arguments.get("steps_per_epoch"))
        if asked is None and pair.x is not None and pair.batch_size:
            asked = math.ceil(len(pair.x) / pair.batch_size)
        return None if asked is None else asked * self._epochs_of(call)[0]

    def _have_measured(self, model: Any, record: TrainingRecord) -> int:
        """Have the grading process measure what was trained here; returns the request's number.

        Raises:
            Inexpressible: it can't, and why.

        """
        if self.trusted is None:
            raise Inexpressible("there is no grading process that trains")
        form = self._form_of(model, [record.data, record.validation])
        return self.trusted.measure(model, form, record.cell, record.model)

    def _form_of(self, model: Any, pairs: Sequence[PairRecord | None]) -> Form:
        """Say how test images have to be prepared for a network.

        Raises:
            Inexpressible: it can't be told.

        """
        given = [pair for pair in pairs if pair is not None]
        for pair in given:
            found = self.data.form_of(pair)
            if found is not None:
                return form_of(found[1], found[2])
        for pair in given if self.own_images else []:
            for known in self.data.known:
                origin = origin_by_range(pair, known)
                if origin is not None and pair.x is not None:
                    return form_of(origin, pair.x.shape[1:])
        last = self._forms.get(tuple(getattr(model, "input_shape", ())[1:]))
        if last is None or any(pair.x is not None for pair in given):
            raise Inexpressible("it can't be told how the test images are prepared for it")
        return last

    def _measure_here(
        self, model: Any, record: TrainingRecord, pairs: tuple[Pair, Pair | None], why: str
    ) -> None:
        """Note what the network reaches here: a claim, for a person to look at."""
        if why not in record.note:
            record.note = f"{record.note}; not measured: {why}"
        measurement = measure_training(
            model, self.data, (pairs[0], record.data), (pairs[1], record.validation)
        )
        if measurement is not None:
            record.measured = measurement.scores
            name = f"predictions-{record.id}"
            record.predictions = self.writer.keep_array(name, measurement.classes)

    def _add(self, call: _Call, record: TrainingRecord) -> None:
        trainings = self.writer.recording.trainings
        if not self.writer.has_room("trainings", trainings, self.writer.limits.trainings):
            return
        digest = weights_digest(call.model) if record.status == "ok" else None
        if digest is not None:
            self._epochs_at[digest] = record.epochs_before + record.epochs
            self._left_by[digest] = record.id
        trainings.append(record)
        for asked in self.during:
            asked.after_training = record.id
        self.during.clear()
        self.networks.look_up(call.model).last_training = record.id


def _iterations(model: Any) -> int | None:
    """Return the steps that a network's optimizer has made; None without one."""
    return integer(getattr(getattr(model, "optimizer", None), "iterations", None))
