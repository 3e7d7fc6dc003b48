"""Find a data set, and bring it into one form: an .npz file and its fingerprint."""

from __future__ import annotations

import gzip
import hashlib
import importlib
import os
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from platformdirs import user_cache_path

from graders.errors import TensormarkError

Split = tuple[tuple[NDArray[Any], NDArray[Any]], tuple[NDArray[Any], NDArray[Any]]]
Choice = Literal["auto", "local", "builtin"]

LOOKALIKE = "built-in look-alike"
_KEYS = ("x_train", "y_train", "x_test", "y_test")
_DOWNLOAD_SECONDS = 180
_RETRY_DOWNLOAD_AFTER = 3600.0
# Raise when the drawing changes, so that cached files are drawn again.
_LOOKALIKE_VERSION = 1
_IDX_FILES = {
    "x_train": ("train-images-idx3-ubyte.gz", 16),
    "y_train": ("train-labels-idx1-ubyte.gz", 8),
    "x_test": ("t10k-images-idx3-ubyte.gz", 16),
    "y_test": ("t10k-labels-idx1-ubyte.gz", 8),
}


class DataSetError(TensormarkError):
    """A data set is missing or damaged; the message says which file and what to do."""


@dataclass(frozen=True)
class DataSet:
    """A data set on this machine."""

    name: str
    source: str
    path: Path
    fingerprint: str

    def load(self) -> Split:
        """Return ((x_train, y_train), (x_test, y_test)), as Keras' load_data() does."""
        return _load(self.path)


def locate(name: str, choice: Choice = "auto") -> DataSet:
    """Find a data set under its Keras name, such as "fashion_mnist".

    Args:
        name: the module's name in keras.datasets.
        choice: "local" downloads nothing; "builtin" takes the drawn look-alike even where the
            real data are at hand.

    Raises:
        DataSetError: the file that TENSORMARK_DATA points at is damaged, or there is no
            such data set at all.

    """
    folder = os.environ.get("TENSORMARK_DATA", "")
    return _locate(name, choice, folder)


@lru_cache(maxsize=8)
def _locate(name: str, choice: Choice, folder: str) -> DataSet:
    if choice != "builtin":
        finders = [_in_folder, _in_keras_cache]
        for find in [*finders, _by_download] if choice == "auto" else finders:
            found = find(name, folder)
            if found is not None:
                return found
    return _lookalike(name)


def _in_folder(name: str, folder: str) -> DataSet | None:
    if not folder:
        return None
    path = Path(folder).expanduser().resolve() / f"{name}.npz"
    if not path.is_file():
        return None
    return _data_set(name, "TENSORMARK_DATA", path)


def _in_keras_cache(name: str, _folder: str) -> DataSet | None:
    if name != "fashion_mnist":
        return None
    home = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
    cache = home / "datasets" / "fashion-mnist"
    if not all((cache / file).is_file() for file, _ in _IDX_FILES.values()):
        return None
    path = _made_once("fashion_mnist-keras.npz", lambda: _read_idx(cache))
    return _data_set(name, "Keras' cache", path)


def _by_download(name: str, folder: str) -> DataSet | None:
    """Let Keras fetch the data into its cache; a failed try is not repeated for an hour."""
    marker = _cache() / f"{name}.download-failed"
    if marker.exists() and time.time() - marker.stat().st_mtime < _RETRY_DOWNLOAD_AFTER:
        return None
    code = f"import keras; keras.datasets.{name}.load_data()"
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    print(f"{name}: not on this machine; asking Keras to download it ...", file=sys.stderr)
    try:
        subprocess.run(  # noqa: S603 - our own interpreter, our own code
            [sys.executable, "-c", code],
            check=True,
            timeout=_DOWNLOAD_SECONDS,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment,
        )
    except (subprocess.SubprocessError, OSError):
        marker.touch()
        print(
            f"{name}: the download failed; the built-in look-alike is used instead. "
            "Put the file into a folder and set TENSORMARK_DATA to grade on real data.",
            file=sys.stderr,
        )
        return None
    return _in_keras_cache(name, folder)


def _lookalike(name: str) -> DataSet:
    drawers = {"fashion_mnist": "reference.datasets.garments"}
    if name not in drawers:
        raise DataSetError(
            f"The data set {name!r} is not on this machine. Put {name}.npz (x_train, y_train, "
            "x_test, y_test) into a folder and set TENSORMARK_DATA to that folder."
        )
    module = importlib.import_module(drawers[name])
    path = _made_once(f"{name}-lookalike-{_LOOKALIKE_VERSION}.npz", module.draw)
    return _data_set(name, LOOKALIKE, path)


def _data_set(name: str, source: str, path: Path) -> DataSet:
    return DataSet(name, source, path, _fingerprint(path))


def _fingerprint(path: Path) -> str:
    """Identify the content: the first 16 hex digits of SHA-256 over shapes and bytes."""
    hasher = hashlib.sha256()
    for split in _load(path):
        for array in split:
            hasher.update(f"{array.shape}{array.dtype.str}".encode())
            hasher.update(np.ascontiguousarray(array).data)
    return hasher.hexdigest()[:16]


@lru_cache(maxsize=2)
def _load(path: Path) -> Split:
    try:
        # Opened here, because np.load leaves a damaged file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            x_train, y_train, x_test, y_test = (archive[key] for key in _KEYS)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataSetError(
            f"{path} can't be read as a data set ({error}). It must be an .npz with "
            f"{', '.join(_KEYS)}; get it again, or take the file away to use another source."
        ) from error
    for array in (x_train, y_train, x_test, y_test):
        array.setflags(write=False)
    if len(x_train) != len(y_train) or len(x_test) != len(y_test) or not len(x_test):
        raise DataSetError(f"{path}: items and labels differ in number. Get the file again.")
    return (x_train, y_train), (x_test, y_test)


def _read_idx(folder: Path) -> Split:
    arrays = {}
    for key, (file, offset) in _IDX_FILES.items():
        try:
            content = gzip.decompress((folder / file).read_bytes())
            values = np.frombuffer(content, np.uint8, offset=offset)
            arrays[key] = values.reshape(-1, 28, 28) if key.startswith("x") else values
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise DataSetError(
                f"{folder / file} in Keras' cache is damaged ({error}). Delete it, and it will be "
                "downloaded again."
            ) from error
    return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])


def _made_once(file: str, make: Callable[[], Split]) -> Path:
    """Make a data file in the cache, whole or not at all, one process at a time."""
    path = _cache() / file
    with FileLock(str(path) + ".lock"):
        if not path.is_file():
            train, test = make()
            partial = path.with_suffix(".partial.npz")
            np.savez(partial, x_train=train[0], y_train=train[1], x_test=test[0], y_test=test[1])
            partial.replace(path)
    return path


def _cache() -> Path:
    return user_cache_path("tensormark", ensure_exists=True)
