from __future__ import annotations

import json
import math

import pytest
from pydantic import ValidationError

from graders.result import (
    CheckResult,
    GridEvidence,
    LayerRow,
    ManualResult,
    NetworkEvidence,
    Outcome,
    Result,
    TrainingEvidence,
)
from tests.builders.evidence import summary
from tests.builders.results import check, exercise, question, result


def make(*checks: CheckResult, **changes) -> Result:
    """A result of one exercise with these checks, and a question."""
    manual = question(answer="So.", rubric=["1 point"])
    layers = exercise("1c", "Layers", *checks, manual=manual, points=3, score=1)
    return result(layers, **({"student": "Zoë", "score": 1, "points": 3} | changes))


EVIDENCE = [
    NetworkEvidence(
        title="784-20-10-10",
        rows=[LayerRow(expected="Dense 10 relu", found=None, same=False)],
        expected_parameters=8070,
        found_parameters=None,
    ),
    GridEvidence(title="KxIA", expected=[[0.0, 4.0]], found=[[None, -4.0]]),
    TrainingEvidence(training=3),
]


def test_a_result_is_read_as_it_was_saved(tmp_path):
    result = make(check("1c", Outcome.FAILED, evidence=EVIDENCE, message="größer ✓"))
    path = tmp_path / "result.json"
    result.save(path)
    assert Result.load(path) == result


def test_saving_leaves_nothing_else_behind(tmp_path):
    make().save(tmp_path / "result.json")
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


def test_saving_that_fails_leaves_the_old_result_whole(tmp_path, monkeypatch):
    path = tmp_path / "result.json"
    make(score=1).save(path)

    def refuse(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("pathlib.Path.replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        make(score=2).save(path)
    assert Result.load(path).score == 1


def test_curves_that_diverged_have_gaps(tmp_path):
    training = summary(history={"loss": [0.5, math.nan, math.inf]}, test_accuracy=math.nan)
    path = tmp_path / "result.json"
    make(trainings=[training]).save(path)
    read = Result.load(path).trainings[0]
    assert read.history["loss"] == [0.5, None, None]
    assert read.test_accuracy is None


def test_the_version_of_the_schema_is_written(tmp_path):
    make().save(tmp_path / "result.json")
    written = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert written["schema_version"] == 1


@pytest.mark.parametrize(
    "change", [{"schema_version": 2}, {"extra": 1}, {"score": "many"}, {"execution": {}}]
)
def test_what_is_no_result_of_this_version_is_refused(change):
    document = json.loads(make().model_dump_json()) | change
    with pytest.raises(ValidationError):
        Result.model_validate(document)


def test_evidence_is_told_apart_by_its_kind():
    with pytest.raises(ValidationError):
        check("1c", Outcome.FAILED, evidence=[{"kind": "video", "title": "x"}])


def test_outcomes_are_counted():
    result = make(
        check("1c", Outcome.PASSED), check("1c", Outcome.FAILED), check("1c", Outcome.PASSED)
    )
    assert [result.count(outcome) for outcome in Outcome] == [2, 1, 0, 0, 0, 0]


def test_checks_are_listed_in_the_order_of_the_sheet():
    first, second = check("1c", Outcome.PASSED, title="1"), check("1c", Outcome.FAILED, title="2")
    assert [one.title for one in make(first, second).checks] == ["1", "2"]


def test_a_manual_part_starts_out_unread():
    assert ManualResult(points=1, question="Why?").score is None
