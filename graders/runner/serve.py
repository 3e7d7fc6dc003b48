"""Serve the course's data sets through `keras.datasets`, and tell of no others."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from graders.describe.origin import KnownData
from graders.recording.schema import DataSetRecord
from graders.runner.writer import Writer
from graders.sandbox.job import ServedFile

# The faces of one module: keras, tf.keras, and the source of both.
_FACES = ("keras.datasets", "keras._tf_keras.keras.datasets", "keras.src.datasets")


def serve(files: list[ServedFile], writer: Writer) -> list[KnownData]:
    """Replace load_data() of every Keras data set, and return the served ones.

    A served data set is given out as fresh copies, because students resize in place. The others
    raise an error that names the served ones, instead of waiting for a network.
    """
    known = []
    served = [file.name for file in files]
    for name in _names():
        _replace(name, _refuse(name, served))
    for file in files:
        data = KnownData.read(Path(file.path), file.name)
        record = DataSetRecord(name=file.name, source=file.source, fingerprint=file.fingerprint)
        writer.recording.data_sets.append(record)
        _replace(file.name, _load_data(data.arrays, record))
        known.append(data)
    return known


def _names() -> list[str]:
    package = importlib.import_module(_FACES[0])
    return [module.name for module in pkgutil.iter_modules(package.__path__)]


def _load_data(arrays: Any, record: DataSetRecord) -> Callable[..., Any]:
    def load_data(*_: Any, **__: Any) -> Any:
        record.loaded += 1
        return tuple(tuple(array.copy() for array in split) for split in arrays)

    return load_data


def _refuse(name: str, served: list[str]) -> Callable[..., Any]:
    def load_data(*_: Any, **__: Any) -> NoReturn:
        raise RuntimeError(
            f"keras.datasets.{name} is not part of this assignment, and there is no network while "
            f"work is graded. This assignment uses: {', '.join(served) or 'no data set'}."
        )

    return load_data


def _replace(name: str, load_data: Callable[..., Any]) -> None:
    for face in _FACES:
        try:
            module = importlib.import_module(f"{face}.{name}")
        except ImportError:
            continue
        if hasattr(module, "load_data"):
            module.load_data = load_data  # type: ignore[attr-defined]
