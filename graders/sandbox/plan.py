"""Which walls stand around student code, and what is free inside: plain data, on every system."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from graders.sandbox.view import View

# The layers by the names that results and `tensormark doctor` show.
USER_NAMESPACE, OTHER_USER = "user namespace", "another user"
PROCESSES, FILES, NETWORK = "PID namespace", "own file tree", "network namespace"
SHARED_MEMORY, NAMES = "IPC namespace", "UTS and cgroup namespaces"
LANDLOCK, FILTER = "Landlock", "system call filter"
NO_PRIVILEGES, LIMITS = "no new privileges", "resource limits"
DESCRIPTORS, ENVIRONMENT = "closed descriptors", "clean environment"
CONTROL_GROUP = "control group"
# Without one of these nobody's work is graded, unless a person says so. User and Landlock stand
# behind the file tree as second walls.
REQUIRED = (
    *(PROCESSES, FILES, NETWORK, SHARED_MEMORY, FILTER, NO_PRIVILEGES, LIMITS),
    *(DESCRIPTORS, ENVIRONMENT),
)

# An exit status above this says which signal ended a process.
SIGNALLED = 128


class Bounds(BaseModel):
    """What the processes of a submission may use up together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    memory: int = Field(gt=0, description="bytes, of each process and of all together")
    disk: int = Field(gt=0, description="bytes of files")
    processes: int = Field(gt=0, description="processes and threads")
    cpu_seconds: int = Field(gt=0, description="processor time of all together")


class Walls(BaseModel):
    """Which walls to put up, and what is left free inside."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    namespaces: bool
    other_user: bool = Field(description="with namespaces: another user's number, not a namespace")
    landlock: bool
    filter: bool
    view: View
    mount_point: str = Field(description="an empty folder, to lay the runner's own tree on")
    write: list[str] = Field(description="folders that may be written to, by their names inside")
    bounds: Bounds
