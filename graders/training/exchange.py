"""Arrays between the two sides: files that the student's side writes and the trusted side reads.

The reader hashes what it has read and trains from that same memory, so a file that is changed
afterwards, or that never held what it was announced as, can't slip anything in.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from graders.describe.arrays import Scan, in_parts, scan, single_precision
from graders.files import UntrustedFileError, open_regular
from graders.training.request import Array
from graders.training.state import check_numbers
from graders.training.stock import Refused


def write_array(folder: Path, value: NDArray[np.generic], name: str) -> Path:
    """Write an array's canonical values; returns the file."""
    path = folder / name
    partial = path.with_name(name + ".partial")
    check_numbers(value)
    with partial.open("wb") as file:
        for part in in_parts(value if value.ndim else value.reshape(1)):
            single_precision(part).tofile(file)
    partial.replace(path)
    return path


def read_array(
    path: Path, described: Array, scanned: Callable[[NDArray[np.float32]], Scan] = scan
) -> NDArray[np.float32]:
    """Read an array that the student's side has written, as what it must be.

    Args:
        path: its file.
        described: what was announced.
        scanned: hashes it; one that remembers what it has found saves a second look.

    Raises:
        Refused: the file is missing, no regular file, of another size, or of another content.

    """
    try:
        with (
            open_regular(path) as descriptor,
            os.fdopen(descriptor, "rb", buffering=0, closefd=False) as file,
        ):
            if os.fstat(descriptor).st_size != 4 * described.size:
                raise Refused("an array's file is not what was announced")
            array = np.empty(described.size, dtype=np.float32)
            _fill(file, array)
    except UntrustedFileError as error:
        raise Refused("an array's file is not what was announced") from error
    except OSError as error:
        raise Refused(f"an array can't be read ({error.strerror})") from error
    array = array.reshape(described.shape)
    if scanned(array).digest != described.digest:
        raise Refused("an array's content is not what was announced")
    return array


def _fill(file: object, array: NDArray[np.float32]) -> None:
    view = memoryview(array.view(np.uint8).data)
    position = 0
    while position < len(view):
        count = file.readinto(view[position:])  # type: ignore[attr-defined]  # a raw file
        if not count:
            raise Refused("an array's file is shorter than was announced")
        position += count
