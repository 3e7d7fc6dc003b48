"""Watch what is saved to the scratch folder and loaded from it: networks, weights, arrays.

Keras' own functions are watched for networks and weights; whatever else opens a file is seen by
Python's audit. What a file holds is a claim of this process, like all that it records.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras

from graders.runner.fitting import Fitting
from graders.runner.ledger import Action, Event, Kind, Ledger, measured
from graders.runner.legacy import mend_loading
from graders.runner.opens import Opens, is_hidden
from graders.runner.writer import Writer


@dataclass
class FileWatcher:
    """Fills the recording's files."""

    fitting: Fitting
    folder: Path
    ledger: Ledger = field(init=False)
    _opens: Opens = field(init=False)
    _depth: int = 0  # inside Keras' own functions
    # What a copy is about to open.
    _copying: set[tuple[str, Action]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.writer, self.folder)

    @property
    def writer(self) -> Writer:
        """The recording under way."""
        return self.fitting.writer

    def install(self) -> None:
        """Put the watcher into Keras, h5py and Python."""
        import h5py
        from keras.src.legacy.saving import legacy_h5_format as legacy
        from keras.src.saving import saving_lib as native

        mend_loading()
        # Below the functions that students call, which have many faces: these have one.
        native.save_model = self._around(native.save_model, self._saved_network)
        legacy.save_model_to_hdf5 = self._around(legacy.save_model_to_hdf5, self._saved_legacy)
        native.load_model = self._around(native.load_model, self._loaded_network)
        legacy.load_model_from_hdf5 = self._around(
            legacy.load_model_from_hdf5, self._loaded_network
        )
        native.save_weights_only = self._around(native.save_weights_only, self._saved_weights)
        native.load_weights_only = self._around(native.load_weights_only, self._loaded_weights)
        for name in ("load_weights_from_hdf5_group", "load_weights_from_hdf5_group_by_name"):
            setattr(legacy, name, self._around(getattr(legacy, name), self._loaded_group))
        keras.Model.export = self._around(keras.Model.export, self._exported)
        h5py.File.__init__ = self._around_h5py(h5py.File.__init__)
        self._opens = Opens.install(self.folder, self)

    def settle(self) -> None:
        """Record what has happened since the last time; the end of a cell is the time."""
        self._copying.clear()
        self.ledger.settle()

    @property
    def _busy(self) -> bool:
        return self._depth > 0 or self.ledger.settling

    # -- what Python opens --------------------------------------------------------------------

    def opened(self, path: str, *, writing: bool) -> None:
        """Take note of a file that is opened."""
        action: Action = "saved" if writing else "loaded"
        if (path, action) in self._copying:
            self._copying.discard((path, action))
        elif not self._busy:
            self.ledger.take(Event(action, path, self.writer.cell))

    def moved(self, source: str, target: str) -> None:
        """Let what was saved be known by its new name."""
        if not self._busy:
            self.ledger.move(source, target)

    def copied(self, source: str, target: str) -> None:
        """Let a copy of what was saved be known as that."""
        if not self._busy:
            self._copying |= {(source, "loaded"), (target, "saved")}
            self.ledger.take(Event("copied", target, self.writer.cell, source))

    def _around_h5py(self, original: Any) -> Any:
        @functools.wraps(original)
        def init(file: Any, *args: Any, **kwargs: Any) -> None:
            original(file, *args, **kwargs)
            if not self._depth:
                self.writer.quietly(self._file, self._opened_h5, file, (), {})

        return init

    def _opened_h5(self, file: Any) -> None:
        path = self._below(file.filename)
        if path is not None and not is_hidden(path):
            self.opened(path, writing=file.mode != "r")

    # -- what Keras saves and loads -----------------------------------------------------------

    def _around(self, original: Any, note: Callable[..., None]) -> Any:
        """Note what a function of Keras has done, unless it did so for another one of them."""

        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            self._depth += 1
            try:
                result = original(*args, **kwargs)
            finally:
                self._depth -= 1
            if not self._depth:
                self.writer.quietly(self._file, note, result, args, kwargs)
            return result

        return call

    def _file(self, note: Callable[..., None], result: Any, args: Any, kwargs: Any) -> None:
        """Note a file; by its own name, as that is said where it fails."""
        note(result, *args, **kwargs)

    def _saved_network(self, _: Any, model: Any, filepath: Any, *__: Any, **___: Any) -> None:
        self._save(model, filepath, "network", optimizer=_has_optimizer(model))

    def _saved_legacy(
        self,
        _: Any,
        model: Any,
        filepath: Any,
        overwrite: bool = True,
        include_optimizer: bool = True,
    ) -> None:
        optimizer = bool(include_optimizer) and _has_optimizer(model)
        self._save(model, filepath, "network", optimizer=optimizer)

    def _saved_weights(self, _: Any, model: Any, filepath: Any, *__: Any, **___: Any) -> None:
        self._save(model, filepath, "weights", optimizer=None)

    def _exported(self, _: Any, model: Any, filepath: Any, *__: Any, **___: Any) -> None:
        self._save(model, filepath, "other", optimizer=None)

    def _save(self, model: Any, given: Any, kind: Kind, *, optimizer: bool | None) -> None:
        path = self._below(given)
        if path is None:
            return
        # Before fit() has returned, its training has no record yet.
        under_way = len(self.writer.recording.trainings) if self.fitting.depth else None
        size, count = measured(self.folder / path)
        self.ledger.take(
            Event(
                "saved",
                path,
                self.writer.cell,
                kind=kind,
                model=self.fitting.networks.look_up(model).serial,
                after=self.fitting.training_of(model),
                under_way=under_way,
                optimizer=optimizer,
                size=size,
                count=count,
            )
        )

    def _loaded_network(self, model: Any, filepath: Any, *_: Any, **__: Any) -> None:
        self._load(model, filepath, "network", optimizer=_has_optimizer(model))

    def _loaded_weights(self, _: Any, model: Any, filepath: Any, *__: Any, **___: Any) -> None:
        self.fitting.take_note_of_weights(model)
        self._load(model, filepath, "weights", optimizer=None)

    def _loaded_group(self, _: Any, group: Any, model: Any, *__: Any, **___: Any) -> None:
        self.fitting.take_note_of_weights(model)
        self._load(model, group.file.filename, "weights", optimizer=None)

    def _load(self, model: Any, given: Any, kind: Kind, *, optimizer: bool | None) -> None:
        path = self._below(given)
        if path is None:
            return
        self.ledger.take(
            Event(
                "loaded",
                path,
                self.writer.cell,
                kind=kind,
                model=self.fitting.networks.look_up(model).serial,
                after=self.fitting.training_of(model),
                optimizer=optimizer,
            )
        )

    def _below(self, given: Any) -> str | None:
        # An open file of h5py has a name as well; other streams stay unknown.
        name = getattr(given, "filename", None)
        return self._opens.below(name if isinstance(name, str) else os.fspath(given))


def _has_optimizer(model: Any) -> bool:
    return getattr(model, "optimizer", None) is not None
