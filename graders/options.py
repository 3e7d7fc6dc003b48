"""What the commands of tensormark share: options, exit statuses, where they print."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from graders.errors import TensormarkError

if TYPE_CHECKING:
    from graders.assignment import Assignment

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

# Exit statuses of every command; `check` adds 1 for work that lost points.
UNUSABLE = 2
INTERRUPTED = 130


class Device(StrEnum):
    """Where networks are trained."""

    auto = "auto"
    cpu = "cpu"
    gpu = "gpu"


class Data(StrEnum):
    """Which data a run is served."""

    auto = "auto"
    local = "local"
    builtin = "builtin"


class Training(StrEnum):
    """How much is trained."""

    full = "full"
    capped = "capped"
    none = "none"


class Executor(StrEnum):
    """Where the submissions of a class run."""

    local = "local"
    dask = "dask"


class IsolationWish(StrEnum):
    """How student code is kept in."""

    require = "require"
    auto = "auto"
    off = "off"


AssignmentArgument = Annotated[
    str, typer.Argument(help="Name of an assignment (see `tensormark list`), or its folder.")
]
DeviceOption = Annotated[Device, typer.Option(help="Where networks are trained.")]
TimeoutOption = Annotated[
    float | None,
    typer.Option(help="Seconds for one submission; default: the assignment's limit.", min=1),
]
DataOption = Annotated[
    Data,
    typer.Option(
        help="auto: $TENSORMARK_DATA, else Keras' cache or download, else the built-in look-alike; "
        "local: no download; builtin: the look-alike."
    ),
]

TrainingOption = Annotated[
    Training,
    typer.Option(
        help="full: as the submission asks; capped: few epochs on few items, for a quick look; "
        "none: networks stay untrained, and accuracies are left open."
    ),
]
MemoryOption = Annotated[
    float | None,
    typer.Option(
        help="GB of memory for one submission, its files included; default: the assignment's.",
        min=0.5,
    ),
]
IsolationOption = Annotated[
    IsolationWish,
    typer.Option(
        help="How student code is kept in. require: run nothing where a layer is missing; auto: as "
        "far as this machine can; off: not at all."
    ),
]
StoreOption = Annotated[
    Path | None,
    typer.Option(
        help="Folder of finished trainings, which may be shared between machines; default: "
        "$TENSORMARK_STORE, else the user's cache."
    ),
]
DrawOption = Annotated[
    int,
    typer.Option(
        help="Draw other seeds for every training, to see how much grades depend on them; 0 is the "
        "draw that counts.",
        min=0,
    ),
]


def load(name: str) -> Assignment:
    """Load an assignment, or end the command with a sentence."""
    from graders.assignment import load_assignment

    try:
        return load_assignment(name)
    except TensormarkError as error:
        stop(str(error))


def begin_tensorflow(device: Device) -> None:
    """Have TensorFlow imported beside us; nothing waits for it before the first submission."""
    from graders.sandbox.server import ForkServer

    ForkServer(device.value).warm_up()


def stop(message: str, status: int = UNUSABLE) -> NoReturn:
    """End the command: say why, and exit with this status."""
    errors.print(Text(message, style="red"))
    raise typer.Exit(status)
