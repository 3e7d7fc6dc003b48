"""What a runner is told: plain data, sent as JSON."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from graders.recording.schema import Cell, Limits
from graders.sandbox.plan import Walls
from graders.training.request import Cap


class ServedFile(BaseModel):
    """A data set on disk that `keras.datasets.<name>.load_data()` will return."""

    model_config = ConfigDict(extra="forbid")

    name: str
    path: str = Field(description=".npz with x_train, y_train, x_test, y_test")
    source: str
    fingerprint: str


class Job(BaseModel):
    """One submission to run. It holds no check, no answer and no other student's data."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="file name of the submission, for tracebacks")
    cells: list[Cell]
    recording: str = Field(default="", description="folder that the recording goes to")
    scratch: str = Field(default="", description="the student code's working folder")
    hidden: list[str] = Field(
        default_factory=list, description="folders that must not be seen, wherever they stand"
    )
    data: list[ServedFile] = Field(default_factory=list)
    limits: Limits = Field(default_factory=Limits)
    seed: int = Field(description="from the submission's fingerprint, so that a run repeats")
    device: Literal["auto", "cpu", "gpu"] = "auto"
    exchange: str = Field(
        default="", description="folder for arrays to be trained on; empty: all is trained here"
    )
    training: Literal["full", "capped", "none"] = "full"
    cap: Cap | None = Field(default=None, description="bounds of each fit that is trained here")
    own_images: bool = Field(
        default=False, description="the sheet has students make images, which have no known origin"
    )
    walls: Walls | None = Field(default=None, description="what to go behind before it begins")
    threads: int = Field(default=0, description="TensorFlow's threads; 0: its own choice")
