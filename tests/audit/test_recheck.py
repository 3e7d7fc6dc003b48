"""Checking again what an earlier audit has run."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from graders.audit.run import Recheck
from graders.grading import Grader
from graders.ran import RUN, Ran
from graders.result import DataSetUse, Outcome, Result
from graders.submission import Submission
from tests.builders.audits import FULL, audited
from tests.builders.evidence import accuracy
from tests.builders.recordings import ran
from tests.builders.results import info

WANTED = accuracy(0.1, again=[0])


@dataclass
class Fake:
    """A grader that counts what it is asked to run, and to check."""

    data: list[Any] = field(default_factory=lambda: [SimpleNamespace(fingerprint="abc")])
    settings: Any = field(default_factory=lambda: SimpleNamespace(training="full"))
    cap: None = None
    trainer: Any = field(
        default_factory=lambda: SimpleNamespace(setting=SimpleNamespace(device="cpu"))
    )
    found: Result = field(default_factory=lambda: audited(FULL))
    done: list[str] = field(default_factory=list)

    @property
    def checker(self) -> Any:
        return SimpleNamespace(check=self.check)

    def check(self, ran: Ran, folder: object) -> Result:
        self.done.append("checked")
        return self.found

    def grade(self, submission: Submission, out: object) -> Result:
        self.done.append("run")
        return self.found


@pytest.fixture
def submission(tmp_path) -> Submission:
    path = tmp_path / "work.py"
    path.write_text("x = 1\n", encoding="utf-8")
    return Submission("work", path)


def earlier(submission: Submission, **changes: Any) -> None:
    """Leave a run of this submission beside it."""
    used = DataSetUse(name="garments", source="made up", fingerprint="abc")
    of = info("", "work", files=["work.py"], sha256=submission.sha256())
    ran(of=of, **({"data_sets": [used]} | changes)).save(submission.path.parent)


def done(submission: Submission, fake: Fake | None = None) -> list[str]:
    fake = fake or Fake()
    Recheck(cast(Grader, fake)).grade(submission, submission.path.parent)
    return fake.done


def test_what_was_run_before_is_only_checked(submission):
    earlier(submission)
    assert done(submission) == ["checked"]


def test_what_was_never_run_is_run(submission):
    assert done(submission) == ["run"]


def test_a_submission_that_has_changed_is_run(submission):
    earlier(submission)
    submission.path.write_text("x = 2\n", encoding="utf-8")
    assert done(submission) == ["run"]


def test_a_damaged_run_is_run_again(submission):
    (submission.path.parent / RUN).write_text("{", encoding="utf-8")
    assert done(submission) == ["run"]


@pytest.mark.parametrize(
    "changes",
    [
        {"training": "capped"},
        {"data_sets": [DataSetUse(name="garments", source="other", fingerprint="def")]},
        {"ended": None},
    ],
    ids=["training", "data", "nothing was run"],
)
def test_a_run_under_other_circumstances_is_run_again(submission, changes):
    earlier(submission, **changes)
    assert done(submission) == ["run"]


def test_an_attempt_that_a_changed_range_asks_for_is_made(submission):
    earlier(submission)
    wanting = audited(FULL | {"1b": Outcome.ERROR})
    wanting.checks[1].evidence.append(WANTED)
    assert done(submission, Fake(found=wanting)) == ["checked", "run"]
