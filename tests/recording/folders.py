"""Recordings on disk, honest and forged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graders.recording import RecordingFolder
from graders.recording.schema import ArrayRecord, PairRecord, Recording, TrainingRecord


def write(folder: Path, recording: Recording | None = None) -> Path:
    """Write recording.json and return its folder."""
    content = (recording or Recording()).model_dump_json()
    (folder / "recording.json").write_text(content, encoding="utf-8")
    return folder


def with_array(folder: Path, file: str, array: NDArray[Any] | bytes) -> RecordingFolder:
    """Open a recording whose variable `a` is said to stand in `file`."""
    if isinstance(array, bytes):
        (folder / "a.npy").write_bytes(array)
    else:
        np.save(folder / "a.npy", array, allow_pickle=True)
    record = ArrayRecord(shape=[1], dtype="int64", file=file)
    return RecordingFolder.open(write(folder, Recording(arrays={"a": record})))


def npy(header: str, body: bytes = b"") -> bytes:
    """An .npy file (version 1.0) with any text as its header."""
    text = header.encode().ljust(118 - 1) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + body


def training(**changes: Any) -> TrainingRecord:
    settings: dict[str, Any] = {
        "id": 1,
        "network": 1,
        "model": 1,
        "cell": 3,
        "status": "ok",
        "data": PairRecord(),
        "epochs": 3,
        "epochs_before": 0,
        "batch_size": 32,
    }
    return TrainingRecord(**(settings | changes))
