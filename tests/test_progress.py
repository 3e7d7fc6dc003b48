"""What the terminal says of a class's trainings."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from graders.progress import duration, print_class, trained_in_words
from graders.result import AssignmentInfo, Execution, Result, SubmissionInfo, TrainingSummary


def training(name: str = "a", **changes: object) -> TrainingSummary:
    usual = {"id": 0, "title": "net", "fingerprint": name * 64, "seconds": 60.0, "verified": True}
    return TrainingSummary.model_validate(usual | changes)


def result(*trainings: TrainingSummary) -> Result:
    return Result(
        tensormark="0",
        graded_at="2026-01-01T00:00:00+00:00",
        assignment=AssignmentInfo(id="sheet", title="A sheet"),
        submission=SubmissionInfo(student="alice", files=["a.ipynb"]),
        score=1,
        points=2,
        execution=Execution(status="complete"),
        trainings=list(trainings),
    )


def said(*results: Result, trained: bool = True) -> str:
    text = io.StringIO()
    print_class(results, Path("out"), Console(file=text, width=200), trained=trained)
    return text.getvalue()


def test_trained_and_reused_and_unverified_trainings_are_counted_apart():
    here = training(verified=False, fingerprint="")
    assert trained_in_words([training(), training(cached=True), here]) == (
        "1 trained, 1 reused, 1 not verified"
    )


@pytest.mark.parametrize("status", ["skipped", "refused"])
def test_what_was_not_trained_is_not_called_unverified(status):
    left_out = training(verified=False, fingerprint="", status=status)
    assert trained_in_words([left_out]) == ""
    assert "1 trainings: none carried out." in said(result(left_out))


def test_a_class_hears_how_much_time_reuse_has_saved():
    text = said(result(training()), result(training(cached=True), training("b")))
    assert "3 trainings: 2 trained, 1 reused; 2 distinct, 2 min of training, 60 s saved." in text


def test_a_class_that_was_only_checked_again_hears_nothing_of_it():
    assert "trainings" not in said(result(training()), trained=False)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (99, "99 s"), (130, "2 min"), (7300, "2 h 2 min")]
)
def test_a_time_is_said_as_people_say_it(seconds, words):
    assert duration(seconds) == words
