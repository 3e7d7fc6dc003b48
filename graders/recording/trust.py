"""Put what the grading process has trained in the place of what a recording claims about it.

A recording is written by the student's process. Each of its trainings that became a request is
replaced by the trusted trainer's own account: network, data, settings, history, accuracy. One that
took place in the student's process stays as it is claimed, as unverified; but its network and its
accuracy are those that were measured, and where nothing was measured it has no accuracy.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from graders.recording.schema import NetworkRecord, Recording, TrainingRecord

if TYPE_CHECKING:
    from graders.training.entry import Measured, NetworkFacts, Trained

GIVEN = "the training began with weights that were not trained in this submission"


def merge(recording: Recording, found: Sequence[Trained | Measured]) -> Recording:
    """Return the recording with trusted facts wherever there are any.

    Each fact backs one claim, the first. Trainings that the recording leaves out, as when the
    process was killed, are added; a measurement alone doesn't tell what the training was.
    """
    # Late: the trainings' own descriptions rest on this package.
    from graders.training.entry import Measured

    networks = list(recording.networks)
    by_request = {one.request: one for one in found}
    taken: dict[int, NetworkFacts] = {}
    trainings: list[TrainingRecord] = []
    for claimed in recording.trainings:
        fact = by_request.pop(claimed.request, None) if claimed.request is not None else None
        if fact is None:
            trainings.append(_unverified(claimed))
        elif isinstance(fact, Measured):
            place = _place(networks, taken, claimed, fact.found.network)
            trainings.append(_measured(claimed, fact, place))
        else:
            place = _place(networks, taken, claimed, fact.entry.network)
            trainings.append(_verified(claimed, fact, place))
    for fact in by_request.values():
        if isinstance(fact, Measured):
            continue
        number = _unused({one.id for one in trainings}, len(trainings))
        claimed = _missing(number, fact, networks)
        place = _place(networks, taken, claimed, fact.entry.network)
        trainings.append(_verified(claimed, fact, place))
    return recording.model_copy(update={"networks": networks, "trainings": trainings})


def _unverified(claimed: TrainingRecord) -> TrainingRecord:
    return claimed.model_copy(
        update={
            "trained": "here",
            "verified": False,
            "measured_by": "",
            "request": None,
            "reused": False,
            "fingerprint": "",
            "start": None,
            "repeats": [],
            "note": claimed.note[:300],
        }
    )


def _measured(claimed: TrainingRecord, fact: Measured, network: int) -> TrainingRecord:
    return _unverified(claimed).model_copy(
        update={
            "network": network,
            "measured": fact.found.measured,
            "measured_by": "grader",
            "predictions": fact.predictions,
            "repeats": fact.repeats,
            "request": fact.request,
        }
    )


def _verified(claimed: TrainingRecord, fact: Trained, network: int) -> TrainingRecord:
    entry, given = fact.entry, fact.start == "given"
    return TrainingRecord(
        id=claimed.id,
        network=network,
        model=claimed.model,
        cell=fact.cell,
        status="ok",
        data=entry.data,
        validation=entry.validation,
        validation_split=entry.validation_split,
        epochs=fact.epochs,
        epochs_before=max(fact.epochs_before, claimed.epochs_before)
        if given
        else fact.epochs_before,
        batch_size=entry.batch_size,
        steps_per_epoch=fact.steps_per_epoch,
        steps=fact.steps,
        history={k: v for k, v in entry.history.items() if k != "learning_rate"},
        seconds=entry.seconds,
        measured=entry.measured,
        measured_by="grader",
        predictions=fact.predictions,
        repeats=fact.repeats,
        trained="trusted",
        request=fact.request,
        start=fact.start,
        verified=not given,
        reused=fact.reused,
        fingerprint=entry.fingerprint,
        capped=entry.capped,
        note=GIVEN if given else "",
    )


def _place(
    networks: list[NetworkRecord],
    taken: dict[int, NetworkFacts],
    claimed: TrainingRecord,
    facts: NetworkFacts,
) -> int:
    """Put the network that was trained or measured where the recording has it, and return its id.

    Two trainings of one claimed network that turn out to be of different ones are kept apart.
    """
    # By id: networks that were left out have shifted the others.
    at = {network.id: position for position, network in enumerate(networks)}
    number = claimed.network
    base = networks[at[number]] if number in at else None
    if base is None or taken.get(number, facts) != facts:
        number = _unused(at.keys(), len(networks))
    record = NetworkRecord(
        id=number,
        model=claimed.model,
        cell=base.cell if base is not None else claimed.cell,
        kind=base.kind if base is not None else "Functional",
        chain=facts.chain,
        layers=facts.layers,
        parameters=facts.parameters,
        trainable=facts.trainable,
        compiled=facts.compiled or (base.compiled if base is not None else None),
        names=base.names if base is not None else [],
        custom_steps=base.custom_steps if base is not None else 0,
    )
    if number in at:
        networks[at[number]] = record
    else:
        networks.append(record)
    taken[number] = facts
    return number


def _unused(taken: Collection[int], number: int) -> int:
    """Return the first number from this one on that no record has."""
    while number in taken:
        number += 1
    return number


def _missing(number: int, fact: Trained, networks: list[NetworkRecord]) -> TrainingRecord:
    """Stand in for a training that the recording doesn't hold."""
    model = fact.model if fact.model is not None else -1 - number
    last = next((n.id for n in reversed(networks) if n.model == model), len(networks))
    return TrainingRecord(
        id=number,
        network=last,
        model=model,
        cell=fact.cell,
        status="ok",
        data=fact.entry.data,
        epochs=0,
        epochs_before=0,
        batch_size=None,
    )
