"""What the terminal says of a class's trainings."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from graders import progress
from graders.batch import Outcomes
from graders.progress import ClassProgress, one_line, print_class, trained_in_words
from graders.report.rows import Row
from graders.result import Outcome, Result, TrainingSummary
from tests.builders.evidence import summary
from tests.builders.results import check, exercise, lost, result


def training(name: str = "a", **changes: object) -> TrainingSummary:
    return summary(**({"fingerprint": name * 64, "seconds": 60.0, "verified": True} | changes))


def trained(*trainings: TrainingSummary) -> Result:
    return result(score=1, points=2, trainings=list(trainings))


def said(*results: Result, trained: bool = True, notes: Sequence[str] = ()) -> str:
    text = io.StringIO()
    outcomes = Outcomes([], [Row.of(one, None) for one in results], list(notes))
    print_class(outcomes, Path("out"), Console(file=text, width=200), trained=trained)
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
    assert "1 trainings: none carried out." in said(trained(left_out))


def test_a_class_hears_how_much_time_reuse_has_saved():
    text = said(trained(training()), trained(training(cached=True), training("b")))
    assert "3 trainings: 2 trained, 1 reused; 2 distinct, 2 min of training, 1 min saved." in text


def test_a_class_that_was_only_checked_again_hears_nothing_of_it():
    assert "trainings" not in said(trained(training()), trained=False)


def steps_of(seconds: float, monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> str:
    text = io.StringIO()
    clock = iter(range(100))
    monkeypatch.setattr(progress, "monotonic", lambda: next(clock) * seconds)
    with progress.Steps(Console(file=text, force_terminal=terminal), "trainings", 4) as steps:
        for _ in range(4):
            steps.doing("small")
            steps.advance()
    return text.getvalue()


def test_long_work_outside_a_terminal_says_in_lines_how_far_it_is(monkeypatch):
    assert steps_of(40, monkeypatch, terminal=False).splitlines() == [
        "1 of 4 trainings, about 2 min left",
        "2 of 4 trainings, about 1 min 20 s left",
        "3 of 4 trainings, about 40 s left",
        "4 of 4 trainings, about 0 s left",
    ]


def test_short_work_outside_a_terminal_says_nothing(monkeypatch):
    assert not steps_of(1, monkeypatch, terminal=False)


def test_in_a_terminal_there_is_a_bar_and_no_lines(monkeypatch):
    assert " left" not in steps_of(40, monkeypatch, terminal=True)


def test_a_line_names_what_was_lost_and_what_to_look_at():
    checks = [
        check("1a"),
        check("1f", flag="High."),
        check("1h", Outcome.FAILED, score=0.618034),
    ]
    made = trained().model_copy(update={"score": 2.618034, "points": 3})
    made.exercises = [exercise(one.exercise, "x", one) for one in checks]
    assert one_line(made) == "alice: 2.62 of 3 points; lost in 1h; look at 1f  (0 s)"


def test_points_that_only_rounding_takes_are_not_lost():
    made = trained()
    made.exercises = [exercise("1a", points=0.8, score=0.1 + 0.7)]
    assert "lost" not in one_line(made)


def test_a_line_without_flags_asks_for_no_look():
    assert "look at" not in one_line(trained())


def test_notes_for_staff_are_said_and_a_flood_of_them_is_cut():
    text = said(trained(), notes=[f"note number {n}." for n in range(500)])
    assert "note number 0." in text
    assert len(text.splitlines()) < 100
    assert text.count("note number") < 500


def test_a_note_is_no_markup():
    assert "[red]alice[/]" in said(trained(), notes=["[red]alice[/]"])


def test_a_line_of_a_student_who_lost_much_says_in_how_many_exercises():
    made = trained()
    made.exercises = [exercise(f"1{n}", "x", lost(f"1{n}", "x")) for n in "abcdefgh"]
    assert "lost in 8 of 8 exercises" in one_line(made)


def shown(*, kept: int, done: int) -> str:
    text = io.StringIO()
    bars = ClassProgress(Console(file=text, width=200), kept + done)
    with bars.shown():
        for number in range(kept):
            bars.kept(f"student {number}")
        for _ in range(done):
            bars.begin("alice")
            bars.end("alice", trained())
    return text.getvalue()


def test_who_was_kept_is_counted_once_and_the_others_have_a_line_each():
    lines = shown(kept=3, done=1).splitlines()
    assert lines[0].startswith("[4/4] alice: 1 of 2 points")
    assert lines[1:] == ["3 of 4 had not changed and were kept."]


def test_a_class_of_which_nothing_was_kept_hears_nothing_of_it():
    assert "kept" not in shown(kept=0, done=1)
