"""Put what the grading process has trained in the place of what a recording claims about it.

A recording is written by the student's process. Each of its trainings that became a request is
replaced by the trusted trainer's own account: network, data, settings, history, accuracy. What a
recording claims without a request stays, as unverified.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from graders.recording.schema import NetworkRecord, Recording, TrainingRecord

if TYPE_CHECKING:
    from graders.training.entry import NetworkFacts, Trained

GIVEN = "the training began with weights that were not trained in this submission"


def merge(recording: Recording, trained: Sequence[Trained]) -> Recording:
    """Return the recording with trusted facts wherever there are any.

    Trainings that the recording leaves out, as when the process was killed, are added.
    """
    networks = list(recording.networks)
    by_request = {one.request: one for one in trained}
    taken: dict[int, NetworkFacts] = {}
    trainings: list[TrainingRecord] = []
    for claimed in recording.trainings:
        fact = by_request.pop(claimed.request, None) if claimed.request is not None else None
        trainings.append(
            _unverified(claimed)
            if fact is None
            else _verified(claimed, fact, _place(networks, taken, claimed, fact))
        )
    for fact in by_request.values():
        claimed = _missing(len(trainings), fact, networks)
        trainings.append(_verified(claimed, fact, _place(networks, taken, claimed, fact)))
    return recording.model_copy(update={"networks": networks, "trainings": trainings})


def _unverified(claimed: TrainingRecord) -> TrainingRecord:
    return claimed.model_copy(
        update={
            "trained": "here",
            "verified": False,
            "request": None,
            "reused": False,
            "fingerprint": "",
            "start": None,
            "note": claimed.note[:300],
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
        history={k: v for k, v in entry.history.items() if k != "learning_rate"},
        seconds=entry.seconds,
        measured=entry.measured,
        predictions=fact.predictions,
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
    fact: Trained,
) -> int:
    """Put the trained network where the recording has it, and return its id.

    Two trainings of one claimed network that turn out to be of different ones are kept apart.
    """
    facts = fact.entry.network
    base = networks[claimed.network] if 0 <= claimed.network < len(networks) else None
    number = claimed.network
    if base is None or base.id != number or taken.get(number, facts) != facts:
        number = len(networks)
    record = NetworkRecord(
        id=number,
        model=claimed.model,
        cell=base.cell if base is not None else fact.cell,
        kind=base.kind if base is not None else "Functional",
        chain=facts.chain,
        layers=facts.layers,
        parameters=facts.parameters,
        trainable=facts.trainable,
        compiled=facts.compiled,
        names=base.names if base is not None else [],
        custom_steps=base.custom_steps if base is not None else 0,
    )
    if number == len(networks):
        networks.append(record)
    else:
        networks[number] = record
    taken[number] = facts
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
