from __future__ import annotations

import itertools

import pytest

from graders.compose import compose, unusable
from graders.ran import Ended
from graders.recording.schema import (
    Cell,
    CellOutcome,
    EnvironmentRecord,
    Recording,
)
from graders.result import CheckResult, Outcome, Result, TrainingEvidence
from tests.builders.classes import WHY, sheet
from tests.builders.networks import dense
from tests.builders.recordings import context, network, training
from tests.builders.results import check, info

SHEET = sheet(e1a={"points": 3, "manual": WHY}, e1b={"points": 2}, e2a={"points": 4, "bonus": True})
FINISHED = Ended(how="finished", seconds=12.0)
DIED = Ended(how="died", seconds=12.0, detail="ended by SIGKILL")
KILLED = Ended(how="killed", seconds=61.0, limit="time", detail="it ran for 61 s")
FLOOD = Ended(how="killed", seconds=3.0, limit="memory", detail="it used more than 6 GB of memory")
NOBODY = info("", "alice")


def make(*checks: CheckResult, recording: Recording | None = None, ended: Ended = FINISHED):
    return compose(context(SHEET, recording), NOBODY, checks, ended)


def exercises(result: Result) -> dict[str, tuple[float, float]]:
    return {one.id: (one.score, one.pending) for one in result.exercises}


# -- where an exercise's own cell failed ----------------------------------------------------


def failed_in(exercise: str) -> Recording:
    cell = Cell(index=6, kind="code", source="model = Dense(", exercise=exercise)
    outcome = CellOutcome(index=6, status="error", error_type="SyntaxError", error_message="x")
    return Recording(status="complete", cells=[cell], outcomes=[outcome])


def hint(result: Result, exercise: str) -> str:
    (found,) = [one.hint for one in result.checks if one.exercise == exercise]
    return found


def test_what_is_missing_because_its_cell_failed_points_at_that_cell():
    missing = check("1b", Outcome.NOT_ATTEMPTED, 2, hint="Build it in a cell of its own.")
    assert hint(make(missing, recording=failed_in("1b")), "1b") == (
        "Cell 7, of this exercise, stopped with SyntaxError: mend that first. "
        "It is shown at the end of this page."
    )


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.UNSCORED])
def test_what_was_found_keeps_its_hint_though_its_cell_failed(outcome):
    found = check("1b", outcome, 2, hint="Look at the layers.")
    assert hint(make(found, recording=failed_in("1b")), "1b") == "Look at the layers."


def test_the_failed_cell_of_another_exercise_is_not_pointed_at():
    missing = check("1b", Outcome.NOT_ATTEMPTED, 2, hint="Build it in a cell of its own.")
    assert hint(make(missing, recording=failed_in("1a")), "1b") == "Build it in a cell of its own."


# -- points ---------------------------------------------------------------------------------


def test_points_add_up_from_checks_to_exercises_to_the_sheet():
    result = make(
        check("1a", Outcome.PASSED),
        check("1a", Outcome.FAILED),
        check("1b", Outcome.PASSED, 2),
        check("2a", Outcome.PASSED, 4),
    )
    assert exercises(result) == {"1a": (1, 1), "1b": (2, 0), "2a": (4, 0)}
    assert (result.score, result.pending) == (7, 1)
    assert (result.points, result.bonus_points) == (5, 4)


def test_parts_of_points_add_up_to_hundredths():
    parts = [check("1a", Outcome.FAILED) for _ in range(3)]
    result = make(*(one.model_copy(update={"score": 0.1}) for one in parts))
    assert (exercises(result)["1a"][0], result.score) == (0.3, 0.3)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.NOT_ATTEMPTED, Outcome.BLOCKED])
def test_what_is_wrong_or_missing_scores_nothing_and_leaves_nothing_open(outcome):
    result = make(check("1b", outcome, 2))
    assert exercises(result)["1b"] == (0, 0)


def test_what_the_grader_could_not_judge_is_open_and_neither_given_nor_lost():
    result = make(check("1b", Outcome.ERROR, 2))
    assert exercises(result)["1b"] == (0, 2)
    assert result.pending == 2 + 1


@pytest.mark.parametrize("outcomes", list(itertools.product(Outcome, repeat=2)))
def test_nobody_gets_more_than_an_exercise_is_worth(outcomes):
    result = make(*(check("1a", outcome) for outcome in outcomes))
    (score, pending) = exercises(result)["1a"]
    assert score + pending <= 3


def test_the_order_is_that_of_the_sheet():
    result = make(check("2a", Outcome.PASSED, 4), check("1a", Outcome.PASSED))
    assert [one.id for one in result.exercises] == ["1a", "1b", "2a"]
    assert list(result.assignment.sections.items()) == [("1", "Part 1"), ("2", "Part 2")]


def test_the_written_answer_stands_beside_its_question():
    cell = Cell(index=0, kind="markdown", source="So.", exercise="1a", role="text")
    manual = make(recording=Recording(status="complete", cells=[cell])).exercises[0].manual
    assert manual is not None
    assert (manual.question, manual.answer, manual.score) == ("Why?", "So.", None)


# -- how the run went -----------------------------------------------------------------------


def test_a_complete_run_needs_no_words():
    execution = make().execution
    assert (execution.status, execution.message) == ("complete", "")


def test_a_process_that_died_leaves_points_open_and_takes_none():
    result = make(
        check("1a", Outcome.PASSED),
        check("1a", Outcome.FAILED),
        check("1b", Outcome.NOT_ATTEMPTED, 2),
        check("2a", Outcome.BLOCKED, 4),
        ended=DIED,
    )
    assert exercises(result) == {"1a": (1, 2), "1b": (0, 2), "2a": (0, 4)}


def test_a_process_that_died_says_how():
    result = make(check("1b", Outcome.FAILED, 2, message="Wrong."), ended=DIED)
    assert result.execution.status == "stopped"
    assert "ended by SIGKILL" in result.execution.message
    assert "ended by SIGKILL" in result.exercises[1].checks[0].message


@pytest.mark.parametrize(
    ("status", "ended"), [("timeout", FINISHED), ("running", KILLED), ("timeout", KILLED)]
)
def test_the_end_of_the_time_is_said_with_the_last_cell(status, ended):
    outcomes = [CellOutcome(index=0, status="ok"), CellOutcome(index=4, status="ok")]
    recording = Recording.model_validate({"status": status, "outcomes": outcomes})
    execution = make(recording=recording, ended=ended).execution
    assert execution.status == "timeout"
    assert f"after {ended.seconds:.0f} s, in or after cell 5" in execution.message


def test_what_was_done_before_the_end_of_the_time_is_graded():
    result = make(check("1b", Outcome.PASSED, 2), ended=KILLED)
    assert exercises(result)["1b"] == (2, 0)


def test_what_was_not_done_before_the_end_of_the_time_is_not_open():
    result = make(check("1b", Outcome.NOT_ATTEMPTED, 2), ended=KILLED)
    assert exercises(result)["1b"] == (0, 0)


@pytest.mark.parametrize("status", ["running", "stopped"])
def test_a_run_that_ended_early_says_so(status):
    execution = make(recording=Recording(status=status)).execution
    assert execution.status == "stopped"
    assert "before the last cell" in execution.message


def test_failed_cells_are_shown_with_what_may_help():
    recording = Recording(
        status="complete",
        cells=[Cell(index=0, kind="code", source="modle.fit(x)", exercise="1b")],
        outcomes=[
            CellOutcome(
                index=0,
                status="error",
                error_type="NameError",
                error_message="name 'modle' is not defined",
            )
        ],
    )
    execution = make(recording=recording).execution
    assert (execution.cells, execution.cells_failed) == (1, 1)
    (failed,) = execution.failed_cells
    assert (failed.exercise, failed.error_type, failed.source) == (
        "1b",
        "NameError",
        "modle.fit(x)",
    )
    assert "misspelt" in failed.hint


def test_a_failed_cell_that_the_submission_lacks_is_no_crash():
    outcome = CellOutcome(index=99, status="error")
    execution = make(recording=Recording(status="complete", outcomes=[outcome])).execution
    assert (execution.failed_cells[0].source, execution.failed_cells[0].error_type) == ("", "Error")


def test_long_cells_and_traces_are_cut():
    recording = Recording(
        status="complete",
        cells=[Cell(index=0, kind="code", source="x\n" * 1000)],
        outcomes=[CellOutcome(index=0, status="error", traceback="y" * 100_000)],
    )
    (failed,) = make(recording=recording).execution.failed_cells
    assert len(failed.source.splitlines()) == 40
    assert len(failed.traceback) == 4000


def test_a_limit_that_was_passed_is_named_and_what_was_done_counts():
    result = make(
        check("1a", Outcome.PASSED),
        check("1b", Outcome.FAILED),
        recording=Recording(status="running"),
        ended=FLOOD,
    )

    assert result.execution.status == "stopped"
    assert "more than 6 GB of memory" in result.execution.message
    assert [one.outcome for one in result.checks] == [Outcome.PASSED, Outcome.ERROR]


def test_what_was_left_out_of_a_recording_is_said():
    ended = Ended(how="finished", seconds=1.0, cuts=["3 files were left out."])
    recording = Recording(status="complete", cuts=["A figure was left out."])

    cuts = make(recording=recording, ended=ended).execution.cuts

    assert cuts == ["A figure was left out.", "3 files were left out."]


def test_the_machine_is_described():
    environment = EnvironmentRecord(
        python="3.12",
        tensorflow="2.21",
        keras="3.15",
        platform="Linux",
        device="cpu",
        seed=7,
        isolation=["claimed"],
    )
    recording = Recording(status="complete", environment=environment)
    ended = Ended(how="finished", seconds=1.0, isolation=["Landlock"])
    result = make(recording=recording, ended=ended)
    assert (result.execution.device, result.execution.isolation) == ("cpu", ["Landlock"])
    assert result.environment["seed"] == 7


# -- trainings ------------------------------------------------------------------------------


def test_each_training_is_summed_up_with_the_exercise_that_looked_at_it():
    networks = [network(number, [dense(10)], model=1) for number in (1, 2)]
    one = training(
        id=5,
        history={"accuracy": [0.5, 0.7]},
        measured={"test_accuracy": 0.6},
        measured_by="grader",
    )
    recording = Recording(status="complete", networks=networks, trainings=[one])
    looked = check("1b", Outcome.PASSED, 2, evidence=[TrainingEvidence(training=5)])
    (summary,) = make(check("1a", Outcome.PASSED), looked, recording=recording).trainings
    assert (summary.id, summary.exercise, summary.cell) == (5, "1b", 3)
    assert (summary.train_accuracy, summary.test_accuracy) == (0.7, 0.6)


# -- nothing to check -----------------------------------------------------------------------


def test_an_unusable_submission_has_every_exercise_and_no_points():
    result = unusable(SHEET, NOBODY, "hw.ipynb: the file is empty.", "unusable")
    assert exercises(result) == {"1a": (0, 0), "1b": (0, 0), "2a": (0, 0)}
    assert (result.score, result.points, result.bonus_points) == (0, 5, 4)
    assert result.execution.status == "unusable"
    assert result.execution.message == "hw.ipynb: the file is empty."


def test_a_failure_of_the_grader_leaves_every_point_open():
    result = unusable(SHEET, NOBODY, "The grader failed.", "error")
    assert result.execution.status == "error"
    assert result.pending == 9


def test_a_submission_without_a_file_has_its_name_in_the_result():
    result = unusable(SHEET, NOBODY, "no file", "unusable")
    assert (result.submission.student, result.submission.files) == ("alice", ["hw.ipynb"])
