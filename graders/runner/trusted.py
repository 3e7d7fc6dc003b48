"""Let the grading process train, and go on as if it had happened here; or let it measure.

A call of `fit` becomes a request. Its answer is loaded into the student's network, and the
student's callbacks, History and progress lines see the epochs that took place elsewhere.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import keras
from numpy.typing import NDArray

from graders.describe.arrays import DataWatcher
from graders.training.describe import Described, data_of, request_of
from graders.training.exchange import write_array
from graders.training.measuring import Form, measuring_of
from graders.training.process import file_of
from graders.training.request import REQUEST_BYTES, Array, Data
from graders.training.state import State, check_numbers, describe_array, write_state
from graders.training.stock import Inexpressible

# Bytes below which an array is not worth remembering.
_SMALL = 100_000


class TrainingLimitError(RuntimeError):
    """A training asks for more than the assignment allows."""


@dataclass
class Answer:
    """What the grading process says of a training."""

    request: int
    fingerprint: str
    logs: list[dict[str, float]]
    first_epoch: int
    steps: int
    reused: bool
    seconds: float
    state: State
    validation: Data | None


@dataclass
class TrustedTrainer:
    """Asks the grading process to train."""

    channel: Connection
    exchange: Path
    data: DataWatcher
    pause: Callable[[], Any]  # a context in which the student's time doesn't pass

    def fit(
        self, model: Any, arguments: Mapping[str, Any], cell: int | None, serial: int
    ) -> Answer:
        """Have a network trained, and bring it into the state that this left.

        Args:
            model: a compiled network.
            arguments: every argument of fit.
            cell: where it was called.
            serial: the watcher's number of the network.

        Raises:
            Inexpressible: it has to be trained here, and why.
            TrainingLimitError: it is over the assignment's limits.

        """
        try:
            with _no_warnings():
                described = request_of(model, arguments, self._describe)
        except Inexpressible:
            raise
        except Exception as error:
            # What can't be looked at may well be trained: no error of ours is one of the student's.
            raise Inexpressible(f"it can't be described ({type(error).__name__})") from error
        content = json.loads(described.request.model_dump_json())
        event = {"event": "train", "request": content, "cell": cell, "model": serial}
        header = self._ask(described.arrays, event, "trained")
        answer = self._taken_in(header, described)
        _replay(model, arguments, described, answer)
        return answer

    def measure(self, model: Any, form: Form, cell: int | None, serial: int) -> int:
        """Have a network measured that was trained here; returns the number of the request.

        Args:
            model: a trained network.
            form: how test images have to be brought to it.
            cell: where it was trained.
            serial: the watcher's number of the network.

        Raises:
            Inexpressible: it can't be measured, and why.

        """
        with _no_warnings():
            described = measuring_of(model, form, self._describe)
        content = json.loads(described.request.model_dump_json())
        event = {"event": "measure", "request": content, "cell": cell, "model": serial}
        try:
            reply = self._ask(described.arrays, event, "measured")
        except TrainingLimitError as error:
            # The training itself has taken place: it is no error of the student's.
            raise Inexpressible(str(error)) from error
        except OSError as error:
            raise Inexpressible("its weights can't be handed over") from error
        finally:
            # In a loop of trainings, each leaves weights that nobody asks for again.
            for digest in described.arrays:
                (self.exchange / file_of(digest)).unlink(missing_ok=True)
        return int(reply["measured"]["request"])

    def _ask(
        self, arrays: Mapping[str, NDArray[Any]], event: dict[str, Any], wanted: str
    ) -> dict[str, Any]:
        with self.pause():
            reply = self._send(event)
            if "need" in reply:
                for digest in reply["need"]:
                    if digest in arrays:
                        write_array(self.exchange, arrays[digest], file_of(digest))
                reply = self._send({"event": "arrays"})
            if "trained" in reply:
                reply["state"] = self.channel.recv_bytes()
        if "over" in reply:
            raise TrainingLimitError(reply["over"])
        if wanted not in reply:
            raise Inexpressible(str(reply.get("refused", "the grading process didn't answer")))
        return reply

    def _send(self, event: dict[str, Any]) -> dict[str, Any]:
        message = json.dumps(event).encode()
        if len(message) > REQUEST_BYTES:
            raise Inexpressible("the network is too large to be described")
        try:
            self.channel.send_bytes(message)
            reply: dict[str, Any] = json.loads(self.channel.recv_bytes())
        except (OSError, EOFError) as error:
            raise Inexpressible("the grading process didn't answer") from error
        return reply

    def _taken_in(self, header: dict[str, Any], described: Described) -> Answer:
        trained = header["trained"]
        # The trainer knows its metrics by names of its own; their order is the same.
        names = dict(zip(trained["names"], described.names, strict=True))
        fit = described.request.fit
        return Answer(
            request=trained["request"],
            fingerprint=trained["fingerprint"],
            logs=[_renamed(log, names) for log in trained["logs"]],
            first_epoch=fit.initial_epoch,
            steps=described.request.steps(described.request.data.items),
            reused=trained["reused"],
            seconds=trained["seconds"],
            state=State.from_bytes(header["state"]),
            validation=described.request.validation,
        )

    def data_of(self, model: Any, x: Any, y: Any) -> Data:
        """Describe inputs and targets by their content."""
        return data_of(model, x, y, self._describe)

    def _describe(self, value: NDArray[Any]) -> Array:
        """Describe an array, and remember those that it has already seen unchanged."""
        if value.nbytes < _SMALL:
            return describe_array(value)
        check_numbers(value)
        return Array(digest=self.data.scan(value).digest, shape=list(value.shape))


def _renamed(log: dict[str, float | None], names: dict[str, str]) -> dict[str, float]:
    """Bring a log into the student's names, in the order that Keras gives them."""
    found = {}
    for name, value in log.items():
        prefix = "val_" if name.startswith("val_") and name not in names else ""
        own = names.get(name.removeprefix(prefix), name.removeprefix(prefix))
        found[prefix + own] = math.nan if value is None else value
    training = sorted(name for name in found if not name.startswith("val_"))
    return {name: found[name] for name in [*training, *sorted(set(found) - set(training))]}


def _replay(model: Any, arguments: Mapping[str, Any], described: Described, answer: Answer) -> None:
    """Show the epochs to the student's callbacks, and leave the network as the trainer did."""
    verbose = arguments.get("verbose", "auto")
    given = arguments.get("callbacks")
    callbacks = keras.callbacks.CallbackList(
        given,
        add_history=True,
        add_progbar=verbose != 0,
        verbose=verbose,
        epochs=arguments.get("epochs", 1),
        steps=answer.steps,
        model=model,
    )
    model.stop_training = False
    callbacks.on_train_begin()
    logs: dict[str, float] = {}
    rates = iter([log.get("learning_rate") for log in answer.logs])
    with _known_rates(callbacks, rates):
        for epoch, logs in enumerate(answer.logs, start=answer.first_epoch):
            callbacks.on_epoch_begin(epoch)
            own = {name: value for name, value in logs.items() if not name.startswith("val_")}
            callbacks.on_train_batch_end(answer.steps - 1, own)
            callbacks.on_epoch_end(epoch, dict(logs))
    callbacks.on_train_end(logs)
    with _no_warnings():
        write_state(model, described.layers, answer.state)
    for callback in callbacks.callbacks:
        # It has kept the weights of before the training, where it would have kept the best.
        if getattr(callback, "best_weights", None) is not None:
            callback.best_weights = model.get_weights()


@contextmanager
def _no_warnings() -> Iterator[None]:
    """Look at a network in peace, even where the student's program makes errors of warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _known_rates(callbacks: Any, rates: Iterator[float | None]) -> Iterator[None]:
    """Let a LearningRateScheduler repeat its rates instead of asking the student's code again."""
    kept = []
    for callback in callbacks.callbacks:
        if type(callback).__name__ == "LearningRateScheduler":
            kept.append((callback, callback.schedule))
            callback.schedule = lambda _, rate: next(rates, None) or rate
    try:
        yield
    finally:
        for callback, schedule in kept:
            callback.schedule = schedule
