"""How a submission was run: what `regrade` needs beside the recording; `run.json`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graders.errors import RunError
from graders.files import write_whole
from graders.recording.schema import Cell, EnvironmentRecord
from graders.result import DataSetUse, SubmissionInfo
from graders.training.request import Cap

RUN = "run.json"
# What a submission can have too much of.
Limit = Literal["time", "memory", "disk", "processor", "processes"]


class Ended(BaseModel):
    """How a submission's process ended."""

    model_config = ConfigDict(extra="forbid")

    how: Literal["finished", "killed", "died"]
    seconds: float
    detail: str = Field(default="", description="for killed and died: what happened")
    limit: Limit | None = Field(default=None, description="for killed: what was passed")
    isolation: list[str] = Field(default_factory=list, description="layers that were in force")
    cuts: list[str] = Field(default_factory=list, description="what of the recording was left out")
    attempts: int = Field(default=1, description="a process that dies is tried once more")


class Ran(BaseModel):
    """One run of one submission, or why there was none."""

    model_config = ConfigDict(extra="forbid")

    schema_version: Literal[1] = 1
    assignment: str = Field(description="the assignment's name, or its folder")
    submission: SubmissionInfo
    ended: Ended | None = Field(default=None, description="None: it could not be run")
    problem: str = Field(default="", description="why it could not be run")
    blame: Literal["", "unusable", "error"] = Field(
        default="", description="unusable: the file; error: the grader or the machine"
    )
    cells: list[Cell] = Field(default_factory=list, description="of the file that was handed in")
    environment: EnvironmentRecord | None = None
    data_sets: list[DataSetUse] = Field(default_factory=list)
    training: Literal["full", "capped", "none"] = "full"
    cap: Cap | None = None
    run_key: str = Field(default="", description="of all that it depends on beside the submission")

    @property
    def device(self) -> str:
        """Where its networks were trained."""
        return self.environment.device if self.environment is not None else "cpu"

    def save(self, folder: Path) -> None:
        """Write run.json whole or not at all."""
        write_whole(folder / RUN, self.model_dump_json(indent=1))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a folder's run.json.

        Raises:
            RunError: there is none, or it is damaged.

        """
        try:
            return cls.model_validate_json((folder / RUN).read_bytes())
        except (OSError, ValidationError) as error:
            raise RunError.damaged(folder / RUN) from error
