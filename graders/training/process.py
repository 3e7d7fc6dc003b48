"""The trainer's own process: clean, trusted, and gone after one training or measurement."""

from __future__ import annotations

import json
import os
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from graders.quiet import silence_descriptors
from graders.sandbox.job import ServedFile
from graders.training.limits import Limits
from graders.training.measuring import Measuring, measure_network
from graders.training.request import Request, Setting
from graders.training.test_sets import TestSet, add_test_sets


class Spec(BaseModel):
    """What a trainer's process is told."""

    model_config = ConfigDict(extra="forbid")

    request: Request | Measuring
    setting: Setting
    fingerprint: str = ""
    seed: int = 0
    folder: str = Field(description="where the student's side has put the arrays")
    data: list[ServedFile] = Field(default_factory=list)
    test_sets: list[TestSet] = Field(default_factory=list)
    cache: str = Field(default="", description="folder for what is drawn once for a class")
    limits: Limits
    operations: float = Field(description="multiplications of the submission before")


def file_of(digest: str) -> str:
    """Name of the file that holds an array."""
    return f"{digest}.f32"


def enter(spec_json: str, channel: Connection) -> None:
    """First function in the trainer's process."""
    if hasattr(os, "setsid"):
        os.setsid()
    silence_descriptors()
    try:
        _work(Spec.model_validate_json(spec_json), channel)
    except BaseException as error:  # noqa: BLE001 - it ends the process; the grader reads why
        _tell(channel, **_said_of(error))
    channel.close()
    # No library's clean-up is worth waiting for.
    os._exit(0)


def _work(spec: Spec, channel: Connection) -> None:
    from graders.describe.arrays import DataWatcher
    from graders.describe.origin import KnownData
    from graders.training.exchange import read_array
    from graders.training.work import Bounds, Work, carry_out, prepare

    prepare(spec.setting)
    data = DataWatcher([KnownData.read(Path(file.path), file.name) for file in spec.data])
    cache = Path(spec.cache) if spec.cache else None
    for file, known in zip(spec.data, data.known, strict=True):
        add_test_sets(known, spec.test_sets, file.fingerprint, cache)
    arrays = {}
    for array in spec.request.arrays:
        if array.digest not in arrays:
            path = Path(spec.folder) / file_of(array.digest)
            arrays[array.digest] = read_array(path, array, data.scan_anew)
    bounds = Bounds(
        parameters=spec.limits.parameters,
        operations=spec.limits.operations,
        operations_before=spec.operations,
        epochs=spec.limits.epochs,
    )
    if isinstance(spec.request, Measuring):
        files = measure_network(spec.request, arrays, data, bounds).to_files()
    else:
        work = Work(
            request=spec.request,
            setting=spec.setting,
            fingerprint=spec.fingerprint,
            seed=spec.seed,
            arrays=arrays,
            data=data,
            bounds=bounds,
            progress=lambda event: _tell(channel, **event),
        )
        files = carry_out(work).to_files()
    _tell(channel, event="done", files=list(files))
    for content in files.values():
        channel.send_bytes(content)


def _said_of(error: BaseException) -> dict[str, Any]:
    from graders.errors import TrainingError
    from graders.training.stock import Refused

    if isinstance(error, TrainingError):
        return {"event": "over", "why": str(error)}
    if isinstance(error, Refused):
        return {"event": "refused", "why": str(error)}
    if isinstance(error, MemoryError):
        return {"event": "memory"}
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(where.filename).name}, line {where.lineno}"
    return {"event": "failed", "why": f"{type(error).__name__}: {str(error)[:300]} ({place})"}


def _tell(channel: Connection, **event: Any) -> None:
    channel.send_bytes(json.dumps(event).encode())
