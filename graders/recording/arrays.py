"""Read an .npy file as what an untrusted process has left: numbers of a plain type, or nothing."""

from __future__ import annotations

import io
import math
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graders.recording.bounds import LIMITS

# Room for a header; what the runner writes has 128 bytes.
FILE_BYTES = LIMITS.array_bytes + 10_000
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,120}\.npy")
_AXES = 32
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def is_file_name(name: str) -> bool:
    """Tell whether the runner can have given this name to an array's file."""
    return _NAME.fullmatch(name) is not None


def parse_array(content: bytes) -> NDArray[Any]:
    """Make an array of an .npy file's content.

    Raises:
        ValueError: it is anything else, or not of a type and shape that the runner writes.

    """
    stream = io.BytesIO(content)
    try:
        shape, fortran, dtype = _HEADERS[np.lib.format.read_magic(stream)](stream)
    except Exception as error:
        # A forged header raises anything from KeyError and TokenError to MemoryError.
        raise ValueError("it is not a NumPy array") from error
    if dtype.kind not in "biuf" or not dtype.isnative:
        raise ValueError("it is not an array of numbers as this machine writes them")
    if not 0 < len(shape) <= _AXES or any(type(n) is not int or n < 0 for n in shape):
        raise ValueError("its shape can't be that of an array")
    body = content[stream.tell() :]
    # Where one axis is empty, the others may be of any length.
    if math.prod(shape) * dtype.itemsize != len(body) or max(shape) > FILE_BYTES:
        raise ValueError("it does not hold what its shape says")
    # A copy, which can be written to.
    return np.frombuffer(body, dtype).reshape(shape, order="F" if fortran else "C").copy()
