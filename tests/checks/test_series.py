from __future__ import annotations

from typing import Any

import pytest

from graders.checks import Attempt, attempts_of, finals_of, series_of
from graders.recording.schema import TrainingRecord
from tests.builders.networks import compiled, dense_layers
from tests.builders.recordings import TEST, TRAIN, Run, pair

SMALL = dense_layers(10)


def last(run: Run) -> Attempt:
    return attempts_of(run.folder())[-1]


def looped(run: Run, epochs: int, **settings: Any) -> list[TrainingRecord]:
    """Call fit(epochs=1) again and again on the same network."""
    first = run.fit(SMALL, epochs=1, **settings)
    found = [first]
    for before in range(1, epochs):
        again = first.model_copy(
            deep=True, update={"id": first.id + 100 + before, "epochs_before": before}
        )
        run.recording.trainings.append(again)
        found.append(again)
    for count, training in enumerate(found, start=1):
        training.history = {"accuracy": [count / 10], "loss": [1 / count]}
    return found


def test_the_history_of_a_training_is_its_series():
    run = Run()
    run.fit(SMALL).history = {
        "accuracy": [0.5, 0.6, 0.7],
        "val_accuracy": [0.4, 0.5, None],
        "loss": [1.5, 1.2, 1.0],
    }
    assert series_of(last(run), "accuracy", "train") == [(0.5, 0.6, 0.7)]
    assert series_of(last(run), "accuracy", "test") == [(0.4, 0.5, None)]
    assert series_of(last(run), "loss", "train") == [(1.5, 1.2, 1.0)]
    assert series_of(last(run), "loss", "test") == []


@pytest.mark.parametrize("name", ["acc", "sparse_categorical_accuracy", "categorical_accuracy"])
def test_the_accuracy_has_many_names(name):
    run = Run()
    run.fit(SMALL).history = {f"val_{name}": [0.5]}
    assert series_of(last(run), "accuracy", "test") == [(0.5,)]


def test_a_validation_on_other_data_is_no_test_series():
    run = Run()
    run.fit(SMALL, validated=False).history = {"val_accuracy": [0.5, 0.6, 0.7]}
    assert series_of(last(run), "accuracy", "test") == []


def test_calls_of_fit_in_a_loop_are_one_series():
    run = Run()
    looped(run, 3)
    assert last(run).looped == 2
    assert [len(step.training.history) for step in last(run).chain] == [2, 2, 2]
    assert series_of(last(run), "accuracy", "train") == [(0.1, 0.2, 0.3)]


def test_a_loop_with_other_settings_is_another_training():
    run = Run()
    first = run.fit(SMALL, epochs=1)
    again = run.fit(SMALL, compiled("Adam"), epochs=1, epochs_before=1)
    again.model = first.model
    first.history, again.history = {"accuracy": [0.5]}, {"accuracy": [0.6]}
    assert last(run).looped == 0
    assert series_of(last(run), "accuracy", "train") == [(0.6,)]


def test_evaluations_after_each_epoch_of_a_loop_are_a_series_too():
    run = Run()
    for count, training in enumerate(looped(run, 3), start=1):
        run.evaluate(training, pair(TRAIN, "train"), accuracy=count / 5, loss=2.0)
        run.evaluate(training, pair(TEST, "test"), accuracy=count / 6, loss=3.0)
    assert series_of(last(run), "accuracy", "train") == [(0.1, 0.2, 0.3), (0.2, 0.4, 0.6)]
    (test,) = series_of(last(run), "accuracy", "test")
    assert test == pytest.approx((1 / 6, 2 / 6, 3 / 6))
    assert series_of(last(run), "loss", "test") == [(3.0, 3.0, 3.0)]


def test_a_loop_that_was_evaluated_now_and_then_gives_no_series_of_evaluations():
    run = Run()
    run.evaluate(looped(run, 3)[1], pair(TEST, "test"), accuracy=0.5)
    assert series_of(last(run), "accuracy", "test") == []


def test_evaluations_on_other_items_than_those_trained_on_do_not_count():
    run = Run()
    for training in looped(run, 2, items=1000):
        run.evaluate(training, pair(TRAIN, "train"), accuracy=0.9)
    assert series_of(last(run), "accuracy", "train") == [(0.1, 0.2)]


def test_equal_items_in_another_dress_are_the_same_data():
    run = Run()
    training = run.fit(SMALL, epochs=1)
    changed = pair(TRAIN, "train", top=255.0)
    assert changed.x is not None
    changed.x.digest = "another"
    run.evaluate(training, changed, accuracy=0.9)
    assert series_of(last(run), "accuracy", "train") == [(0.9,)]


def test_final_values_come_from_histories_from_evaluations_or_from_the_grader():
    run = Run()
    for items in (1000, 2000):
        training = run.fit(SMALL, items=items, accuracy=items / 5000)
        training.history = {"accuracy": [0.1, items / 4000], "val_accuracy": [0.1, items / 8000]}
        run.evaluate(training, pair(TEST, "test"), accuracy=items / 16000)
    attempts = attempts_of(run.folder())
    assert finals_of(attempts, "accuracy", "train") == [(0.25, 0.5)]
    assert finals_of(attempts, "accuracy", "test") == [(0.125, 0.25), (0.0625, 0.125), (0.2, 0.4)]


def test_final_values_of_one_source_fill_the_gaps_of_another():
    run = Run()
    one, two = run.fit(SMALL, accuracy=None), run.fit(SMALL, accuracy=None)
    one.history = {"accuracy": [0.5]}
    run.evaluate(two, pair(TRAIN, "train"), accuracy=0.7)
    assert finals_of(attempts_of(run.folder()), "accuracy", "train") == [(0.5, 0.7)]


def test_without_a_value_for_each_training_there_are_no_final_values():
    run = Run()
    run.fit(SMALL).history = {"accuracy": [0.5]}
    run.fit(SMALL)
    assert finals_of(attempts_of(run.folder()), "accuracy", "train") == []
    assert finals_of([], "accuracy", "train") == []


def test_a_network_that_was_never_trained_has_no_series():
    run = Run()
    run.build(SMALL)
    assert series_of(last(run), "accuracy", "train") == []
    assert finals_of([last(run)], "accuracy", "test") == []
