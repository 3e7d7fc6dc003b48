"""Images that were reshaped so that each holds pixels of many, in the checks of fashion_cnn."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from graders.checks.aspects import SCRAMBLED
from graders.recording.schema import PairRecord
from graders.result import CheckResult, Outcome
from tests.builders.fashion_cnn import Solution, graded, lost_in, right


def _lay_out(pairs: Iterable[PairRecord | None], layout: str) -> None:
    for pair in pairs:
        if pair is not None and pair.x is not None and pair.x.origin is not None:
            pair.x.origin = pair.x.origin.model_copy(update={"layout": layout})


def _with(student: Solution, layout: str, *, training: bool, validation: bool) -> Solution:
    for one in student.run.recording.trainings:
        _lay_out([one.data] if training else [], layout)
        _lay_out([one.validation] if validation else [], layout)
    return student


def _of_1a(results: list[CheckResult]) -> CheckResult:
    (result,) = (result for result in results if result.exercise == "1a")
    return result


def test_transposed_images_are_right_vectors(data):
    student = _with(right(), "transposed", training=True, validation=True)
    assert lost_in(graded(data, student)) == set()


@pytest.mark.parametrize("training", [True, False])
def test_scrambled_images_lose_1a_with_their_cause(data, training):
    student = _with(right(), "scrambled", training=training, validation=True)

    result = _of_1a(graded(data, student))

    assert result.outcome is Outcome.FAILED
    which = "training" if training else "test"
    assert f"The {which} images were scrambled" in result.message
    assert "reshape(len(x), 784)" in result.hint


def test_scrambled_test_images_of_accuracies_that_are_right_lose_1a_alone(data):
    student = _with(right(), "scrambled", training=False, validation=True)
    assert lost_in(graded(data, student)) == {"1a"}


def test_who_validated_on_the_right_images_afterwards_keeps_1a(data):
    student = _with(right(), "scrambled", training=False, validation=True)
    _lay_out([student.run.recording.trainings[2].validation], "in place")
    assert _of_1a(graded(data, student)).outcome is Outcome.PASSED


def test_who_never_validated_keeps_1a(data):
    unvalidated = {"validated": False}
    names = ("small", "slow", "wide", "fewer")
    student = right(**dict.fromkeys(names, unvalidated))
    assert _of_1a(graded(data, student)).outcome is Outcome.PASSED


def test_scrambled_training_images_are_no_vectors_of_images(data):
    student = _with(right(), "scrambled", training=True, validation=True)
    matches = student.matches
    assert {m.aspect("vectorised").key for m in matches} == {SCRAMBLED}
    assert matches["small"].owner("vectorised") == "1a"
    assert {m.sources("vectorised")[:1] for m in matches if m.wanted.name != "small"} == {("1a",)}


def test_what_scrambled_images_reach_costs_where_they_were_scrambled(data):
    names = ("small", "slow", "wide", "fewer", "cnn", "strided", "adam")
    low = {name: {"accuracy": 0.1, "repeats": (0.1, 0.1)} for name in names}
    student = _with(right(**low), "scrambled", training=True, validation=True)
    assert lost_in(graded(data, student)) == {"1a"}


def test_a_training_that_failed_on_scrambled_images_was_not_refused_for_them(data):
    failed = {"status": "error", "epochs": 0, "accuracy": None}
    student = _with(right(slow=failed), "scrambled", training=True, validation=True)
    assert lost_in(graded(data, student)) == {"1a", "1g"}
