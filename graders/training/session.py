"""One submission's trainings: what its runner asks for, what it gets, and what is believed of it.

A network that could only be trained in the student's process can at least be measured here. What
the runner says is untrusted to the last byte. What the session keeps, `trainings.json` beside the
recording, comes from the requests that were carried out.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from graders.errors import RunError, TrainingError
from graders.recording.schema import TrainingStart
from graders.sandbox.server import StoppedError
from graders.tolerance import ATTEMPTS
from graders.training.entry import Finding, Finished, Measured, Trained, save_trained
from graders.training.measuring import Measuring
from graders.training.process import file_of
from graders.training.request import Array, Layer, Network, Part, Request
from graders.training.stock import Refused
from graders.training.trainer import Progress, Trainer

_P = TypeVar("_P", bound=Part)


@dataclass
class _Asked:
    """A request that was validated, and waits for its arrays."""

    request: Request
    name: str
    cell: int | None
    model: int | None
    first: str = ""  # its name where nothing equal came before


@dataclass
class _ToMeasure:
    """A network to measure, that waits for its weights."""

    request: Measuring
    cell: int | None
    model: int | None


@dataclass(frozen=True)
class Draws:
    """Which seeds the trainings of one run are given.

    Each is drawn from the training's own fingerprint and the number of the draw. So handing in the
    same again, or the same with another comment, gets the same seeds.
    """

    first: int = 0  # of a whole run
    attempt: int = 0  # at some of its trainings: 0 is the first one
    anew: frozenset[int] = frozenset()  # their requests, numbered from 0

    @property
    def of_others(self) -> int:
        """The draw of whatever isn't trained anew."""
        return self.first * ATTEMPTS

    def of(self, request: int) -> int:
        """Return the number of a request's draw."""
        return self.of_others + (self.attempt if request in self.anew else 0)


@dataclass
class Session:
    """Answers one runner."""

    trainer: Trainer
    exchange: Path  # the runner puts arrays here
    keep: Path  # what is believed goes here
    progress: Progress | None = None
    draws: Draws = field(default_factory=Draws)
    trained: list[Trained] = field(default_factory=list)
    measured: list[Measured] = field(default_factory=list)
    _waiting: _Asked | _ToMeasure | None = None
    _requests: int = 0
    _measurings: int = 0
    _asked: dict[str, int] = field(default_factory=dict)
    _operations: float = 0.0
    _lock: Lock = field(default_factory=Lock)
    _closed: bool = False

    def answer(self, event: dict[str, Any]) -> Iterator[bytes] | None:
        """Answer what a runner asks; None where it only tells something."""
        match event.get("event"):
            case "train":
                return self._guarded(self._fit(event))
            case "measure":
                return self._guarded(self._measure(event))
            case "arrays":
                return self._guarded(self._arrays())
            case _:
                return None

    def close(self) -> None:
        """Take note that the runner is gone: nothing that comes later counts."""
        with self._lock:
            self._closed = True

    @contextmanager
    def _keeping(self) -> Iterator[None]:
        """Write what is believed of this submission's trainings, as long as its run goes on.

        Its checks begin as soon as it has ended, and a second attempt writes to the same folder.
        """
        with self._lock:
            if self._closed:
                raise StoppedError
            self.keep.mkdir(parents=True, exist_ok=True)
            yield
            save_trained([*self.trained, *self.measured], self.keep)

    def _guarded(self, replies: Iterator[bytes]) -> Iterator[bytes]:
        """Turn whatever goes wrong into an answer; the runner waits for one."""
        try:
            yield from replies
        except TrainingError as error:
            yield _message(over=str(error))
        except Refused as error:
            yield _message(refused=str(error))
        except StoppedError:
            yield _message(refused="grading was ended")
        except RunError as error:
            self.trainer.warn(str(error))
            yield _message(refused="the trusted trainer failed on it")
        except Exception as error:  # noqa: BLE001 - whatever it is, the runner waits
            self.trainer.warn(str(RunError.trainer_died(f"{type(error).__name__}: {error}")))
            yield _message(refused="the grading process failed on it")

    def _fit(self, event: dict[str, Any]) -> Iterator[bytes]:
        self._waiting = None
        limits = self.trainer.limits
        self._requests += 1
        if self._requests > limits.trainings:
            raise TrainingError.too_many_trainings(limits.trainings)
        asked = _Asked(
            _validated(event.get("request"), Request),
            "",
            _number(event.get("cell")),
            _number(event.get("model")),
        )
        fit = asked.request.fit
        if fit.epochs - fit.initial_epoch > limits.epochs:
            raise TrainingError.too_many_epochs(fit.epochs - fit.initial_epoch, limits.epochs)
        self._check_size(asked.request.arrays)
        asked.first = self.trainer.name(asked.request)
        times = self._asked.get(asked.first, 0)
        asked.name = self.trainer.name(asked.request, times, self.draws.of(self._next))
        found = self.trainer.find(asked.name)
        if found is not None:
            yield from self._trained(asked, found, reused=True)
            return
        yield self._wait(asked)

    def _measure(self, event: dict[str, Any]) -> Iterator[bytes]:
        self._waiting = None
        self._measurings += 1
        # One for each training is enough.
        if self._measurings > self.trainer.limits.trainings:
            raise Refused("too many networks of this submission were measured already")
        asked = _ToMeasure(
            _validated(event.get("request"), Measuring),
            _number(event.get("cell")),
            _number(event.get("model")),
        )
        self._check_size(asked.request.arrays)
        yield self._wait(asked)

    def _check_size(self, arrays: list[Array]) -> None:
        """Assert that arrays are no larger than they may be, before anything is read."""
        megabytes = sum(array.size for array in arrays) * 4 / 1e6
        if megabytes > self.trainer.limits.megabytes:
            raise TrainingError.too_much_data(megabytes, self.trainer.limits.megabytes)

    def _wait(self, asked: _Asked | _ToMeasure) -> bytes:
        """Wait for the arrays of a request; returns a message that says which are missing."""
        self._waiting = asked
        wanted = dict.fromkeys(array.digest for array in asked.request.arrays)
        return _message(need=[d for d in wanted if not _is_there(self.exchange / file_of(d))])

    def _arrays(self) -> Iterator[bytes]:
        asked, self._waiting = self._waiting, None
        if asked is None:
            raise Refused("nothing was asked for")
        if isinstance(asked, _ToMeasure):
            yield self._measured(
                asked, self.trainer.measure(asked.request, self.exchange, self._operations)
            )
            return
        finished, reused = self.trainer.train(
            asked.name, asked.request, self.exchange, self._operations, self._tell
        )
        yield from self._trained(asked, finished, reused=reused)

    def _measured(self, asked: _ToMeasure, finding: Finding) -> bytes:
        self._operations += finding.network.operations
        number = self._next
        with self._keeping():
            self.measured.append(
                Measured(
                    request=number,
                    cell=asked.cell,
                    model=asked.model,
                    found=finding.network,
                    predictions=self._keep_predictions(number, finding.predictions),
                )
            )
        return _message(measured={"request": number})

    @property
    def _next(self) -> int:
        """Number of the next training or measurement: the two are told apart by it."""
        return len(self.trained) + len(self.measured)

    def _keep_predictions(self, number: int, classes: NDArray[np.uint8]) -> str:
        """Write what a network called each test item; returns the file's name."""
        name = f"predictions-{number}.npy"
        np.save(self.keep / name, classes, allow_pickle=False)
        return name

    def _trained(self, asked: _Asked, finished: Finished, *, reused: bool) -> Iterator[bytes]:
        entry = finished.entry
        # The same bounds whether it was reused or not: a grade must not depend on who was first.
        limits = self.trainer.limits
        if entry.network.parameters > limits.parameters:
            raise TrainingError.too_many_parameters(entry.network.parameters, limits.parameters)
        if self._operations + entry.operations > limits.operations:
            total = self._operations + entry.operations
            raise TrainingError.too_much_work(total, limits.operations)
        self._operations += entry.operations
        # Only what was carried out counts: else seeds could be picked by asking and not sending.
        self._asked[asked.first] = self._asked.get(asked.first, 0) + 1
        start, before = self._start(asked)
        fit = asked.request.fit
        epochs, steps = entry.epochs, entry.steps
        if entry.capped and not entry.stopped:
            # What was asked for, and not what the cap has left of it.
            epochs = max(fit.epochs - fit.initial_epoch, 0)
            steps = asked.request.steps(asked.request.data.items) * epochs
            # The last epoch stands for those that were cut: students' code counts on as many
            # values as epochs, in plots for instance.
            missing = epochs - len(entry.logs)
            entry = entry.model_copy(update={"logs": [*entry.logs, *entry.logs[-1:] * missing]})
        number = self._next
        record = Trained(
            request=number,
            cell=asked.cell,
            model=asked.model,
            entry=entry,
            reused=reused,
            start=start,
            given=_digest_of(asked.request.network) if start == "given" else "",
            epochs=epochs,
            epochs_before=before,
            steps_per_epoch=fit.steps_per_epoch,
            steps=steps,
        )
        with self._keeping():
            if finished.predictions is not None:
                record.predictions = self._keep_predictions(number, finished.predictions)
            self.trained.append(record)
        yield _message(
            trained={
                "request": number,
                "fingerprint": entry.fingerprint,
                "names": entry.names,
                "logs": entry.logs,
                "reused": reused,
                "seconds": entry.seconds,
            }
        )
        yield finished.state

    def _start(self, asked: _Asked) -> tuple[TrainingStart, int]:
        """Tell where the weights come from, and how many epochs they have seen here."""
        layers = _trained_layers(asked.request.network)
        given = [w.digest for layer in layers for w in layer.weights if w is not None]
        state = asked.request.compiled.state
        slots = [slot.digest for slot in state.slots] if state is not None else []
        if not given and not slots:
            return "fresh", 0
        sources = [self._source(digest) for digest in given]
        known = [source for source in sources if source is not None]
        foreign = len(known) < len(given) or any(not self._left(slot) for slot in slots)
        if foreign or any(source.start == "given" for source in known):
            return "given", max((s.epochs_before + s.entry.epochs for s in known), default=0)
        fresh = any(w is None for layer in layers if layer.trainable for w in layer.weights)
        if fresh or len({source.request for source in known}) > 1:
            # Whatever part of it was trained before, it isn't fresh.
            return "transferred", max(s.epochs_before + s.entry.epochs for s in known)
        return "continued", known[0].epochs_before + known[0].entry.epochs

    def _left(self, slot: str) -> bool:
        """Tell whether a training of this submission left an optimizer's slot so."""
        return any(slot in trained.entry.slots for trained in self.trained)

    def _source(self, digest: str) -> Trained | None:
        """Return the last training of this submission that left a weight so."""
        return next((t for t in reversed(self.trained) if digest in t.entry.weights), None)

    def _tell(self, event: dict[str, Any]) -> None:
        if self.progress is not None:
            self.progress(event)


def _validated(given: Any, kind: type[_P]) -> _P:
    try:
        # By way of JSON, so that the strict rules are those of JSON.
        return kind.model_validate_json(json.dumps(given))
    except (ValidationError, ValueError, TypeError, RecursionError) as error:
        detail = ""
        if isinstance(error, ValidationError):
            first = error.errors(include_url=False, include_input=False)[0]
            detail = f" ({first['msg']})"
        raise Refused(f"the request is not valid{detail}") from error


def _is_there(path: Path) -> bool:
    """Whether there is a plain file; a link there would tell what else is on the machine."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and 0 <= value < 10**6 else None


def _trained_layers(network: Network) -> list[Layer]:
    """Leave out what was not trained, here or elsewhere: what Normalization has seen of data."""
    return [layer for layer in network.layers if layer.stock.name != "Normalization"]


def _digest_of(network: Network) -> str:
    """Name the weights that a network came with."""
    digests = [w.digest for x in _trained_layers(network) for w in x.weights if w is not None]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _message(**content: Any) -> bytes:
    return json.dumps(content, allow_nan=False).encode()
