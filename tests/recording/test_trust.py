"""What the grading process has trained stands in the place of what a recording claims."""

from __future__ import annotations

from typing import Any

from graders.recording.schema import (
    DataRecord,
    NetworkRecord,
    PairRecord,
    Recording,
    TrainingRecord,
)
from graders.recording.trust import GIVEN, merge
from tests.builders.networks import layer
from tests.builders.recordings import network, training
from tests.builders.trainings import entry, facts, measured, trained


def made_up(number: int = 0, **changes: Any) -> NetworkRecord:
    layers = [layer("Forged").model_copy(update={"parameters": 10**6})]
    usual = {"model": 1, "cell": 2, "parameters": 10**6}
    return network(number, layers, **(usual | changes))


def claim(**changes: Any) -> TrainingRecord:
    settings = {"id": 0, "network": 0, "trained": "trusted", "request": 0}
    return training(**(settings | changes))


def recording(*claims: TrainingRecord, networks: int = 1) -> Recording:
    return Recording(networks=[made_up(k) for k in range(networks)], trainings=list(claims))


def test_a_claim_without_a_request_is_unverified_whatever_it_says() -> None:
    forged = claim(
        request=None,
        verified=True,
        fingerprint="f" * 64,
        start="fresh",
        reused=True,
        note="",
        measured={"test_accuracy": 0.99},
        measured_by="grader",
    )
    (found,) = merge(recording(forged), []).trainings
    assert (found.trained, found.verified, found.start) == ("here", False, None)
    assert (found.fingerprint, found.reused, found.request) == ("", False, None)
    assert found.measured_by == ""


def test_a_claim_of_a_request_that_never_was_is_unverified() -> None:
    (found,) = merge(recording(claim(request=7, verified=True)), []).trainings
    assert (found.trained, found.verified, found.request) == ("here", False, None)


def test_the_reason_that_the_runner_gives_is_kept() -> None:
    (found,) = merge(recording(claim(request=None, note="a custom loss")), []).trainings
    assert found.note == "a custom loss"


def test_a_training_by_us_is_verified() -> None:
    (found,) = merge(recording(claim()), [trained()]).trainings
    assert (found.trained, found.verified, found.start, found.note) == (
        "trusted",
        True,
        "fresh",
        "",
    )


def test_facts_take_the_place_of_forged_ones() -> None:
    forged = claim(
        epochs=100,
        epochs_before=50,
        batch_size=1,
        history={"accuracy": [1.0]},
        measured={"test_accuracy": 1.0},
        predictions="forged.npy",
        data=PairRecord(
            x=DataRecord(digest="f", shape=[1], dtype="f", minimum=0, maximum=0, mean=0)
        ),
        status="error",
        cell=99,
        validation_split=0.5,
        capped=True,
    )
    fact = trained(entry=entry(measured={"test_accuracy": 0.5}), predictions="predictions-0.npy")
    (found,) = merge(recording(forged), [fact]).trainings
    assert (found.epochs, found.epochs_before, found.batch_size) == (2, 0, 5)
    assert found.history == {"accuracy": [0.5, 0.75], "loss": [1.0, 0.5]}
    assert (found.measured, found.predictions) == ({"test_accuracy": 0.5}, "predictions-0.npy")
    assert found.measured_by == "grader"
    assert (found.data, found.status, found.cell) == (PairRecord(), "ok", 3)
    assert (found.validation_split, found.capped) == (0.0, False)


def test_the_steps_of_an_epoch_are_those_that_were_asked_for() -> None:
    claims = [claim(steps_per_epoch=1), claim(id=1, request=1)]
    facts_of = [trained(), trained(1, steps_per_epoch=2)]
    merged = merge(recording(*claims), facts_of)
    assert [found.steps_per_epoch for found in merged.trainings] == [None, 2]


def test_the_steps_that_were_made_and_the_scores_on_all_test_sets_are_ours() -> None:
    scores = {"test_accuracy": 0.5, "pretend_accuracy": 0.4}
    ours = trained(entry=entry(measured=scores), steps=8, repeats=[scores, None])
    lie = {"test_accuracy": 0.99, "pretend_accuracy": 0.99}
    forged = claim(steps=10**6, measured=lie, repeats=[lie], data=PairRecord(form="flow"))
    (found,) = merge(recording(forged), [ours]).trainings
    assert (found.steps, found.measured, found.repeats) == (8, scores, [scores, None])
    assert found.data.form == "arrays"


def test_further_attempts_that_a_recording_claims_are_worth_nothing() -> None:
    forged = claim(request=None, repeats=[{"test_accuracy": 0.99}])
    (found,) = merge(recording(forged), []).trainings
    assert found.repeats == []


def test_the_network_is_the_one_that_was_trained() -> None:
    merged = merge(recording(claim()), [trained()])
    (found,) = merged.networks
    assert (found.layers, found.parameters) == (facts().layers, 15)
    assert found.compiled == facts().compiled
    assert (found.kind, found.names) == ("Sequential", ["model"])


def test_a_request_that_is_claimed_twice_counts_once() -> None:
    merged = merge(recording(claim(), claim(id=1)), [trained()])
    assert [found.verified for found in merged.trainings] == [True, False]


def test_each_claim_gets_its_own_training() -> None:
    facts_of = [trained(k, epochs=k + 1) for k in range(2)]
    merged = merge(recording(claim(request=1), claim(id=1, request=0)), facts_of)
    assert [found.epochs for found in merged.trainings] == [2, 1]


def test_a_training_that_the_recording_leaves_out_is_added() -> None:
    (found,) = merge(recording(), [trained()]).trainings
    assert found.verified
    assert found.network == 0
    assert found.history["loss"] == [1.0, 0.5]


def test_a_training_of_an_empty_recording_brings_its_network() -> None:
    merged = merge(Recording(), [trained(), trained(1, entry=entry(network=facts(7)))])
    assert [n.id for n in merged.networks] == list(range(len(merged.networks)))
    layers = [merged.networks[t.network].layers for t in merged.trainings]
    assert layers == [facts().layers, facts(7).layers]


def test_a_training_of_no_known_object_is_added_too() -> None:
    (found,) = merge(Recording(), [trained(model=None, cell=None)]).trainings
    assert found.verified


def test_two_networks_under_one_claimed_number_are_kept_apart() -> None:
    other = trained(1, entry=entry(network=facts(9)))
    merged = merge(recording(claim(), claim(id=1, request=1)), [trained(), other])
    first, second = merged.trainings
    assert first.network != second.network
    assert merged.networks[first.network].layers == facts(3).layers
    assert merged.networks[second.network].layers == facts(9).layers


def test_two_trainings_of_one_network_share_it() -> None:
    merged = merge(recording(claim(), claim(id=1, request=1)), [trained(), trained(1)])
    assert len(merged.networks) == 1
    assert [found.network for found in merged.trainings] == [0, 0]


def test_numbers_of_networks_that_are_not_there_do_no_harm() -> None:
    for number in (-1, 5, 10**9):
        merged = merge(recording(claim(network=number)), [trained()])
        (found,) = merged.trainings
        assert merged.networks[found.network].layers == facts().layers


def test_a_network_that_lies_about_its_place_is_not_overwritten() -> None:
    lying = Recording(networks=[made_up(5)], trainings=[claim()])
    merged = merge(lying, [trained()])
    assert merged.networks[merged.trainings[0].network].layers == facts().layers


def test_a_network_is_found_by_its_number_where_others_were_left_out() -> None:
    left = Recording(
        networks=[made_up(1, names=["mine"]), made_up(2)], trainings=[claim(network=1)]
    )
    merged = merge(left, [trained()])
    assert [(n.id, n.names) for n in merged.networks] == [(1, ["mine"]), (2, ["model"])]
    assert merged.networks[0].layers == facts().layers
    assert merged.networks[1].layers == made_up().layers


def test_a_network_that_is_added_takes_no_number_that_is_taken() -> None:
    left = Recording(networks=[made_up(2), made_up(3)], trainings=[claim(network=9)])
    merged = merge(left, [trained()])
    assert [n.id for n in merged.networks] == [2, 3, merged.trainings[0].network]
    assert len({n.id for n in merged.networks}) == 3
    assert merged.networks[2].layers == facts().layers


def test_a_training_that_is_added_takes_no_number_that_is_taken() -> None:
    left = recording(claim(id=1, request=None))
    merged = merge(left, [trained()])
    assert [found.id for found in merged.trainings] == [1, 2]


def test_weights_from_elsewhere_are_not_verified_and_it_says_why() -> None:
    (found,) = merge(recording(claim()), [trained(start="given")]).trainings
    assert (found.verified, found.trained, found.note) == (False, "trusted", GIVEN)


def test_epochs_before_a_given_start_are_at_least_those_that_are_claimed() -> None:
    given = trained(start="given", epochs_before=2)
    (found,) = merge(recording(claim(epochs_before=9)), [given]).trainings
    assert found.epochs_before == 9


def test_the_rates_are_no_part_of_the_history() -> None:
    logs: list[dict[str, float | None]] = [{"learning_rate": 0.1, "loss": 1.0}]
    (found,) = merge(recording(claim()), [trained(entry=entry(logs=logs))]).trainings
    assert set(found.history) == {"loss"}


def test_the_recording_itself_is_left_alone() -> None:
    claimed = recording(claim())
    before = claimed.model_dump_json()
    merge(claimed, [trained()])
    assert claimed.model_dump_json() == before


# Measurements of what was trained in the student's process.


def here(number: int = 0, **changes: Any) -> TrainingRecord:
    forged = {
        "measured": {"test_accuracy": 0.99},
        "measured_by": "grader",
        "predictions": "forged.npy",
    }
    return claim(**({"id": number, "trained": "here", "note": "a callback"} | forged | changes))


def test_a_measurement_gives_a_claim_our_accuracy_and_leaves_it_unverified() -> None:
    (found,) = merge(recording(here(epochs=3)), [measured(accuracy=0.5)]).trainings
    assert (found.measured, found.measured_by) == ({"test_accuracy": 0.5}, "grader")
    assert found.predictions == "predictions-0.npy"
    assert (found.trained, found.verified, found.note) == ("here", False, "a callback")
    assert found.epochs == 3


def test_the_network_of_a_measurement_is_the_one_that_was_measured() -> None:
    merged = merge(recording(here()), [measured(units=7)])
    (found,) = merged.networks
    assert (found.layers, found.parameters) == (facts(7).layers, 35)
    assert found.names == ["model"]


def test_a_measurement_backs_one_training_only() -> None:
    merged = merge(recording(here(), here(1, network=1), networks=2), [measured()])
    assert [found.measured_by for found in merged.trainings] == ["grader", ""]
    assert merged.networks[1].layers[0].type == "Forged"


def test_a_measurement_of_another_network_does_not_lend_its_accuracy() -> None:
    """A trained network is claimed once more, with the measurement of a better one."""
    forged = here(1, request=1)
    merged = merge(recording(claim(), forged), [trained(), measured(1, accuracy=0.9, units=64)])
    honest, lent = merged.trainings
    assert merged.networks[honest.network].layers == facts().layers
    assert merged.networks[lent.network].layers == facts(64).layers


def test_how_a_measured_network_was_compiled_stays_as_it_is_claimed() -> None:
    claimed = recording(here())
    claimed.networks[0].compiled = facts().compiled
    assert merge(claimed, [measured()]).networks[0].compiled == facts().compiled


def test_a_measurement_that_no_training_claims_is_left_out() -> None:
    merged = merge(recording(here(request=None)), [measured()])
    assert [found.measured_by for found in merged.trainings] == [""]
