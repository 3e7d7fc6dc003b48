from __future__ import annotations

import threading
from pathlib import Path

import pytest

from graders.audit.outcome import Row
from graders.audit.plan import Mutant, Plan, Spec
from graders.audit.run import Ground, run_audit
from graders.audit.variants import Variant
from graders.errors import AssignmentError
from graders.result import Outcome, Result
from graders.submission import Submission
from tests.builders.audits import FULL, audited

SPEC = Spec.model_validate(
    {
        "schema_version": 1,
        "solution": "x.py",
        "bar": 0.5,
        "results": [],
        "explained": [{"mutants": ["1b-soft"], "reason": "It is left open."}],
    }
)
GROUND = Ground({"garments": "built-in (abc)"}, "capped", "", structural=True, device="cpu")
NAMES = ("1b-hard", "1b-soft", "1b-raises", "1b-spills")


class Fake:
    """Grades by the name of a submission."""

    def __init__(self, broken: bool = False) -> None:
        self.stopped = threading.Event()
        self.broken = broken

    def grade(self, submission: Submission, out: Path) -> Result:
        assert submission.path.read_text(encoding="utf-8") == f"# {submission.student}\n"
        if self.broken:
            raise AssignmentError("The checks don't fit the sheet.")
        if submission.student == "1b-raises":
            raise RuntimeError("out of paper")
        lost = {"1b-hard": ["1b"], "1b-spills": ["1b", "2a"]}.get(submission.student, [])
        return audited(FULL | dict.fromkeys(lost, Outcome.FAILED))

    def stop(self) -> None:
        self.stopped.set()


def plan() -> Plan:
    mutants = [Mutant(n, "", "1b", frozenset({"1b"}), f"# {n}\n", f"-{n}") for n in NAMES]
    return Plan(SPEC, [Variant("script", "as it is", "# script\n")], mutants, {"Not asked.": 2})


def run(sheet, out, grader, done=lambda _: None):
    return run_audit(sheet, plan(), grader, GROUND, out, workers=2, done=done)


def test_the_matrix_holds_every_submission_in_the_order_of_the_plan(sheet, tmp_path):
    found = run(sheet, tmp_path, Fake())
    assert [(row.id, row.status) for row in found.mutants] == [
        ("1b-hard", "caught"),
        ("1b-soft", "survived"),
        ("1b-raises", "open"),
        ("1b-spills", "spilled"),
    ]
    assert (found.caught.right, found.caught.of, found.kept.right) == (1, 4, 1)
    assert found.mutants[3].lost == ["1b", "2a"]
    assert found.left_out[0].mutants == 2


def test_a_submission_that_raises_has_its_row_and_ends_nothing(sheet, tmp_path):
    row = run(sheet, tmp_path, Fake()).mutants[2]
    assert "out of paper" in row.problem
    assert row.diff == "-1b-raises"


def test_an_explanation_stands_beside_what_was_not_caught(sheet, tmp_path):
    found = run(sheet, tmp_path, Fake())
    assert [row.id for row in found.unlike] == ["1b-soft", "1b-raises", "1b-spills"]
    assert [row.id for row in found.unexplained] == ["1b-raises", "1b-spills"]


def test_every_submission_leaves_its_file_and_its_result(sheet, tmp_path):
    run(sheet, tmp_path, Fake())
    folder = tmp_path / "submissions" / "1b-hard"
    assert (folder / "work.py").read_text(encoding="utf-8") == "# 1b-hard\n"
    assert Result.load(folder / "result.json").exercises[1].score == 0


def test_every_row_is_told_of(sheet, tmp_path):
    told: list[Row] = []
    run(sheet, tmp_path, Fake(), told.append)
    assert {row.id for row in told} == {"script", *NAMES}


def test_a_broken_assignment_ends_the_audit_and_what_is_running(sheet, tmp_path):
    grader = Fake(broken=True)
    with pytest.raises(AssignmentError):
        run(sheet, tmp_path, grader)
    assert grader.stopped.is_set()


def test_an_interrupt_ends_what_is_running(sheet, tmp_path):
    grader = Fake()

    def interrupt(_: Row) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(sheet, tmp_path, grader, interrupt)
    assert grader.stopped.is_set()
