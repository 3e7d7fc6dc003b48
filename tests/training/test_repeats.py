"""Further attempts: which trainings are drawn anew, and which second run counts."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

import pytest

from graders.recording.schema import DataRecord, LabelRecord, Origin, PairRecord
from graders.result import Outcome, Result, ScoreEvidence, TrainingEvidence
from graders.training.entry import Measured, Trained
from graders.training.repeats import (
    own_seed_matters,
    wanted_again,
    with_attempt,
    with_origins,
)
from graders.training.request import VERSION, Request, canonical, fingerprint, seed_of
from graders.training.session import Draws
from tests.builders.evidence import accuracy
from tests.builders.results import check, exercise, result
from tests.builders.trainings import SETTING, asked, entry, facts, measured, trained

Status = Literal["complete", "timeout", "stopped", "unusable", "error"]

# -- which are wanted -----------------------------------------------------------------------


def score(*again: int) -> ScoreEvidence:
    return accuracy(0.5, again=list(again))


def asking(*evidence: ScoreEvidence | TrainingEvidence, status: Status = "complete") -> Result:
    """The result of a submission with one check for each piece of evidence."""
    checks = [check("1f", Outcome.ERROR, evidence=[one]) for one in evidence]
    return result(exercise("1f", "f", *checks), status=status)


def test_every_training_is_wanted_that_a_check_asks_for() -> None:
    assert wanted_again(asking(score(0), TrainingEvidence(training=7), score(2, 0))) == {0, 2}


def test_nothing_is_wanted_where_no_check_asks() -> None:
    assert wanted_again(asking(score(), TrainingEvidence(training=1))) == frozenset()


@pytest.mark.parametrize("status", ["timeout", "stopped", "unusable", "error"])
def test_nothing_is_wanted_of_a_run_that_did_not_come_to_its_end(status: Status) -> None:
    assert wanted_again(asking(score(0), status=status)) == frozenset()


# -- from the start -------------------------------------------------------------------------


def chain(*starts: str) -> list[Trained | Measured]:
    return [trained(number, start=start) for number, start in enumerate(starts)]


def test_a_training_from_fresh_weights_is_drawn_alone() -> None:
    assert with_origins(chain("fresh", "fresh", "fresh"), frozenset({1})) == {1}


@pytest.mark.parametrize("start", ["continued", "transferred", "given"])
def test_what_a_training_goes_on_from_is_drawn_as_well(start: str) -> None:
    assert with_origins(chain("fresh", start), frozenset({1})) == {0, 1}


def test_a_fit_in_a_loop_is_drawn_from_its_first_epoch() -> None:
    loop = chain("fresh", "continued", "continued")
    assert with_origins(loop, frozenset({2})) == {0, 1, 2}


def test_what_comes_later_keeps_its_draw() -> None:
    loop = chain("fresh", "continued", "continued")
    assert with_origins(loop, frozenset({1})) == {0, 1}


def test_the_students_own_seed_matters_where_one_was_trained_in_his_process() -> None:
    found = [trained(0), measured(1)]
    assert own_seed_matters(found, frozenset({1}))
    assert not own_seed_matters(found, frozenset({0}))


# -- which draw -----------------------------------------------------------------------------


def test_only_the_requests_that_are_trained_anew_are_drawn_anew() -> None:
    draws = Draws(attempt=2, anew=frozenset({1}))
    assert [draws.of(request) for request in range(3)] == [0, 2, 0]


def test_no_draw_of_one_run_is_a_draw_of_another() -> None:
    anew = frozenset({0})
    numbers = [Draws(first, attempt, anew).of(0) for first in range(4) for attempt in range(3)]
    assert len(set(numbers)) == len(numbers)


def test_without_further_attempts_every_draw_is_the_first() -> None:
    assert Draws().of(0) == Draws().of_others == 0


def request() -> Request:
    return Request.model_validate_json(json.dumps(asked()))


def test_every_draw_is_a_training_of_its_own_with_a_seed_of_its_own() -> None:
    names = {fingerprint(request(), SETTING, times, n) for times in range(3) for n in range(3)}
    assert len(names) == 9
    assert len({seed_of(name) for name in names}) == 9


def test_the_first_draw_keeps_the_name_that_trainings_had_before_there_were_draws() -> None:
    """So that stores that exist already go on to be used."""
    asked_for = request().model_dump()
    del asked_for["data"]["flow"]  # nor were there image generators
    content = {
        "version": VERSION,
        "request": asked_for,
        "items": None,
        "repetition": 0,
        "setting": SETTING.model_dump(exclude={"cap"}),
    }
    before = hashlib.sha256(canonical(content).encode()).hexdigest()
    assert fingerprint(request(), SETTING, draw=0) == before


# -- what a second run says -----------------------------------------------------------------


def reached(accuracy: float | None, request: int = 0, **changes: Any) -> Trained:
    """A training with its accuracy; changes of its entry begin with `entry_`."""
    own = {key: value for key, value in changes.items() if not key.startswith("entry_")}
    inner = {key.removeprefix("entry_"): v for key, v in changes.items() if key not in own}
    of = entry(**({"measured": {"test_accuracy": accuracy}} | inner))
    return trained(request, entry=of, **own)


def repeats(first: Any, second: Any, attempt: int = 1) -> list[float | None]:
    """The test accuracies of all attempts, None for one that came to no end."""
    found = [first] if first is not None else []
    again = [second] if second is not None else []
    draws = Draws(attempt=attempt, anew=frozenset({0}))
    scores = with_attempt(found, again, draws)[0].repeats
    return [(one or {}).get("test_accuracy") for one in scores]


def test_an_equal_training_counts_with_its_accuracy() -> None:
    assert repeats(reached(0.5), reached(0.7)) == [0.7]


def test_a_second_attempt_stands_behind_the_first() -> None:
    assert repeats(reached(0.5, repeats=[0.6]), reached(0.7), attempt=2) == [0.6, 0.7]


def test_an_attempt_that_is_made_again_replaces_itself() -> None:
    """As after an interrupt."""
    assert repeats(reached(0.5, repeats=[0.6]), reached(0.6), attempt=1) == [0.6]


def test_an_attempt_that_was_not_wanted_of_a_training_has_no_accuracy() -> None:
    assert repeats(reached(0.5), reached(0.7), attempt=2) == [None, 0.7]


def test_only_what_was_trained_anew_gets_an_attempt() -> None:
    found = [reached(0.5, 0), reached(0.5, 1)]
    again = [reached(0.6, 0), reached(0.7, 1)]
    drawn = with_attempt(found, again, Draws(attempt=1, anew=frozenset({1})))
    assert [one.repeats for one in drawn] == [[], [{"test_accuracy": 0.7}]]


def test_an_attempt_counts_with_its_accuracies_on_all_test_sets() -> None:
    measured = {"test_accuracy": 0.7, "pretend_accuracy": 0.6}
    again = reached(None, entry_measured=measured)
    draws = Draws(attempt=1, anew=frozenset({0}))
    assert with_attempt([reached(0.5)], [again], draws)[0].repeats == [measured]


def test_an_attempt_leaves_everything_else_as_it_was() -> None:
    first = reached(0.5)
    (after,) = with_attempt([first], [reached(0.7)], Draws(attempt=1, anew=frozenset({0})))
    assert after.model_copy(update={"repeats": []}) == first


def test_a_second_run_that_did_not_train_it_counts_as_no_end() -> None:
    assert repeats(reached(0.5), None) == [None]


def test_a_second_training_without_an_accuracy_counts_as_no_end() -> None:
    assert repeats(reached(0.5), reached(None)) == [None]


def data(**changes: Any) -> PairRecord:
    """Inputs and labels with an origin that is known."""
    origin = Origin(
        data_set="drawn", split="train", order="first", items=100, scale=1 / 255, offset=0.0
    )
    x = DataRecord(digest="a", shape=[100, 4], dtype="float32", minimum=0.0, maximum=1.0, mean=0.3)
    y = LabelRecord(shape=[100], dtype="uint8", one_hot=False, classes=3, agreement=1.0)
    x = x.model_copy(update={"origin": origin} | changes.pop("x", {}))
    if "origin" in changes:
        x = x.model_copy(update={"origin": origin.model_copy(update=changes.pop("origin"))})
    return PairRecord(x=x, y=y.model_copy(update=changes.pop("y", {})))


DATA = data()


@pytest.mark.parametrize(
    "other",
    [
        {"entry_network": facts(units=4)},
        {"entry_batch_size": 6},
        {"entry_validation_split": 0.1},
        {"epochs": 3},
        {"epochs_before": 2},
        {"start": "continued"},
        {"steps_per_epoch": 7},
        {"entry_data": data(origin={"split": "test"})},
        {"entry_data": data(origin={"split": "mixed"})},
        {"entry_data": data(origin={"items": 90})},
        {"entry_data": data(origin={"scale": 1.0})},
        {"entry_data": data(x={"origin": None})},
        {"entry_data": data(x={"shape": [90, 4]})},
        {"entry_data": data(x={"maximum": 255.0})},
        {"entry_data": data(y={"agreement": 0.9})},
        {"entry_data": PairRecord()},
        {"entry_data": DATA.model_copy(update={"form": "flow"})},
        {"entry_data": DATA.model_copy(update={"augmentation": {"rotation_range": 20}})},
    ],
    ids=str,
)
def test_another_training_at_the_same_place_counts_as_no_end(other: dict[str, Any]) -> None:
    same = {"entry_data": DATA}
    assert repeats(reached(0.5, **same), reached(0.9, **(same | other))) == [None]


def test_compiled_otherwise_it_is_another_training() -> None:
    compiled = facts().compiled
    assert compiled is not None
    faster = facts().model_copy(
        update={"compiled": compiled.model_copy(update={"learning_rate": 0.5})}
    )
    assert repeats(reached(0.5), reached(0.9, entry_network=faster)) == [None]


def test_who_shuffles_the_same_items_otherwise_trains_the_same() -> None:
    shuffled = data(x={"digest": "b", "mean": 0.3}, origin={"order": "selected"})
    other = data(x={"digest": "c", "mean": 0.3}, origin={"order": "first"})
    assert repeats(reached(0.5, entry_data=shuffled), reached(0.7, entry_data=other)) == [0.7]


def test_a_network_that_was_measured_counts_where_its_layers_are_the_same() -> None:
    assert repeats(measured(0, 0.5), measured(0, 0.7)) == [0.7]
    assert repeats(measured(0, 0.5), measured(0, 0.9, units=4)) == [None]


def test_what_was_trained_by_us_and_what_was_only_measured_are_two_things() -> None:
    assert repeats(reached(0.5), measured(0, 0.9)) == [None]
    assert repeats(measured(0, 0.5), reached(0.9)) == [None]
