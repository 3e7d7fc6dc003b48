"""`tensormark reference` and `tensormark calibrate`: what the reference reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from graders.errors import TensormarkError
from graders.options import (
    INTERRUPTED,
    AssignmentArgument,
    Data,
    DataOption,
    Device,
    DeviceOption,
    Training,
    TrainingOption,
    console,
    load,
    stop,
)

if TYPE_CHECKING:
    from reference.suite import Policy


def reference(
    assignment: AssignmentArgument,
    seeds: Annotated[
        int,
        typer.Option(help="Train each experiment so often now; 0: show what is stored.", min=0),
    ] = 1,
    data: DataOption = Data.auto,
    training: TrainingOption = Training.full,
    device: DeviceOption = Device.auto,
) -> None:
    """Run the reference suite and print it beside the published figures."""
    from graders.reference_report import run_reference

    try:
        policy = _policy(assignment, data, training, device)
        run_reference(policy, 0 if training is Training.none else seeds, console)
    except KeyboardInterrupt:
        stop("Interrupted.", INTERRUPTED)
    except TensormarkError as error:
        stop(str(error))


def calibrate(  # noqa: PLR0917 - typer takes options as parameters
    assignment: AssignmentArgument,
    seeds: Annotated[
        int,
        typer.Option(
            help="Scores that each range shall rest on; at least 19. With 59, 95% of right "
            "solutions lie above the smallest with 95% confidence.",
            min=0,
        ),
    ] = 59,
    data: DataOption = Data.auto,
    training: TrainingOption = Training.full,
    device: DeviceOption = Device.auto,
    batch_size: Annotated[
        list[int] | None,
        typer.Option(
            help="Batch size to measure; may be repeated; default: the usual ones.", min=1
        ),
    ] = None,
    experiment: Annotated[
        list[str] | None,
        typer.Option(help="Experiment to measure; may be repeated; default: all that checks need."),
    ] = None,
    workers: Annotated[
        int, typer.Option(help="Trainings at once; 0: one a core, on a GPU one.", min=0)
    ] = 0,
) -> None:
    """Measure the ranges that accuracies are compared with. It goes on where it was interrupted."""
    from graders.calibration import calibrate as measure

    if training is Training.none:
        stop("Calibrating needs trainings: --training full or capped.")
    try:
        measure(
            _policy(assignment, data, training, device),
            seeds,
            console,
            batch_sizes=batch_size or (),
            only=experiment or (),
            workers=workers,
        )
    except KeyboardInterrupt:
        stop("Interrupted. What was measured is kept; run it again to go on.", INTERRUPTED)
    except TensormarkError as error:
        stop(str(error))


def _policy(name: str, data: Data, training: Training, device: Device) -> Policy:
    """Say under which circumstances the reference is trained."""
    from graders.training.trainer import device_of
    from reference.datasets import locate
    from reference.suite import Policy

    sheet = load(name)
    return Policy(
        sheet.id,
        locate(sheet.data_sets[0], data.value),
        cap=sheet.training.cap if training is Training.capped else None,
        device=device_of(device.value),
    )
