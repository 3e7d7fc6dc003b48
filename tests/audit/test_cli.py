from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from graders.audit.outcome import Audit
from graders.audit.run import Ground
from graders.audit_cli import audit

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(audit)


@pytest.fixture(autouse=True)
def one_plan(plan, monkeypatch):
    """Making the plan takes seconds, so the command is given the one of all tests here."""
    monkeypatch.setattr("graders.audit.plan.make_plan", lambda _: plan)


def call(*words: str):
    return CliRunner().invoke(app, [*words], env={"COLUMNS": "200"})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["no_such_sheet"], "There is no assignment called 'no_such_sheet'."),
        (["fashion_cnn", "--only", "nonsense"], "has 'nonsense' in its name"),
        (["fashion_cnn", "--only", "1c", "--save"], "--only leaves out a part"),
        (["fashion_cnn", "--training", "none"], "An audit needs trainings"),
    ],
)
def test_unusable_input_ends_with_a_sentence_and_status_2(words, said):
    result = call(*words)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())
    assert "Traceback" not in result.output


def test_an_audit_begins_with_the_plan_and_not_with_tensorflow(monkeypatch):
    def never(*_: object) -> None:
        raise AssertionError("the grader was made")

    monkeypatch.setattr("graders.grading.Grader.__post_init__", never)
    assert call("fashion_cnn", "--only", "nonsense").exit_code == 2


@pytest.mark.parametrize("missed", [True, False])
def test_the_status_tells_whether_the_grader_passes(monkeypatch, tmp_path, missed):
    from tests.builders.audits import audit as made
    from tests.builders.audits import mutant, variant

    class NoGrader:
        def __init__(self, *_: object) -> None:
            self.trainer = type("Trainer", (), {"warnings": ["The store is full."]})

        def tidy_up(self) -> None:
            pass

    found = made([variant("script")], [mutant("1b-x", "survived" if missed else "caught")])
    ground = Ground({}, "capped", "", structural=True, device="cpu")
    monkeypatch.setattr("graders.grading.Grader", NoGrader)
    monkeypatch.setattr("graders.audit_cli._ground", lambda *_, **__: ground)
    monkeypatch.setattr("graders.audit.run.run_audit", lambda *_, **__: found)
    result = call("fashion_cnn", "--fast", "-o", str(tmp_path))
    assert result.exit_code == (1 if missed else 0)
    assert "The store is full." in result.stderr
    assert ("1b-x: survived, lost nothing; expected 1b." in result.stdout) is missed
    assert (tmp_path / "audit.html").is_file()


@pytest.mark.sandbox
def test_a_small_audit_catches_what_it_has_to(tmp_path, small_data, monkeypatch):
    monkeypatch.setenv("TENSORMARK_DATA", str(small_data))
    result = call("fashion_cnn", "--fast", "--only", "3c-answer-plus", "-o", str(tmp_path))
    assert result.exit_code == 0, result.output
    found = Audit.model_validate(json.loads((tmp_path / "audit.json").read_text(encoding="utf-8")))
    assert {row.status for row in found.mutants} == {"caught"}
    assert found.caught.of == 1
    assert found.conditions.training == "capped"
    assert (tmp_path / "submissions" / found.mutants[0].id / "result.json").is_file()
