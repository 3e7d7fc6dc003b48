"""`tensormark score`: one score, many scores, and what waits."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
import typer
from typer.testing import CliRunner

from graders.gradebook import Gradebook
from graders.score_cli import score
from tests.builders.results import exercise, info, question, result

NAMES = ("Ana", "Bo")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A class of two, each with a question in 1b that waits for one point."""
    with Gradebook.open(tmp_path / "out") as book:
        for name in NAMES:
            key = f"name:{name.lower()}"
            folder = tmp_path / "out" / book.enrol(key, name, ids={})
            folder.mkdir()
            waiting = exercise("1b", "Second", points=3, manual=question(answer="So."))
            made = result(waiting, submission=info(key, name))
            made.save(folder / "result.json")
            book.record(key, made.submission, "run", made, "checks")
    return tmp_path / "out"


@pytest.fixture
def settled(monkeypatch) -> list[list[str]]:
    """Whose results were made anew, command by command."""
    told: list[list[str]] = []

    def settle_students(out: Path, keys: list[str]) -> bool:
        told.append(keys)
        return True

    stand_in = ModuleType("graders.batch")
    stand_in.settle_students = settle_students  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "graders.batch", stand_in)
    return told


def run(*arguments: object, status: int = 0) -> str:
    """Call the command; returns all that it prints, in one line."""
    app = typer.Typer()
    app.command()(score)
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == status, done.output
    return " ".join(done.output.split())


def said(out: Path, key: str = "name:ana") -> list[tuple[str, float | None, str, str]]:
    with Gradebook.open(out, create=False) as book:
        return [(one.kind, one.score, one.comment, one.by) for one in book.judgements(key)]


def table(out: Path, content: str | bytes) -> Path:
    path = out.parent / "scores.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# -- one ------------------------------------------------------------------------------------


def test_a_score_is_entered_and_the_result_made_anew(out, settled):
    told = run(out, "Ana", "1b", "0.5", "--comment", "Half.", "--by", "kim")
    assert "Ana: 0.5 of 1 points for exercise 1b." in told
    assert said(out) == [("manual", 0.5, "Half.", "kim")]
    assert settled == [["name:ana"]]


def test_a_whole_exercise_is_scored(out, settled):
    run(out, "Ana", "1b", "3", "--whole", "--by", "kim")
    assert said(out) == [("override", 3.0, "", "kim")]


def test_a_score_is_withdrawn(out, settled):
    run(out, "Ana", "1b", "1", "--by", "kim")
    assert "is taken back" in run(out, "Ana", "1b", "--withdraw", "--by", "kim")
    assert [score for _, score, _, _ in said(out)] == [1.0, None]


def test_a_score_that_stood_there_is_said_and_settled_again(out, settled):
    run(out, "Ana", "1b", "1")
    assert "stood there already" in run(out, "Ana", "1b", "1")
    assert settled == [["name:ana"], ["name:ana"]]


def test_the_login_name_stands_for_who_said_it(out, settled, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "robin")
    run(out, "Ana", "1b", "1")
    assert said(out)[0][3] == "robin"


def test_a_machine_without_login_names_does_no_harm(out, settled, monkeypatch):
    def nobody() -> str:
        raise KeyError("uid 1234")

    monkeypatch.setattr("getpass.getuser", nobody)
    run(out, "Ana", "1b", "1")
    assert said(out)[0][3] == ""


def test_a_run_that_is_under_way_takes_the_score_in(out, settled, monkeypatch):
    monkeypatch.setattr(sys.modules["graders.batch"], "settle_students", lambda out, keys: False)
    assert "is under way" in run(out, "Ana", "1b", "1")
    assert len(said(out)) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["Ana", "1b", "1.5"], "name 0 to 1"),
        (["Ana", "1b", "much"], "'much' is not a number"),
        (["Ana", "1z", "1"], "no exercise '1z'"),
        (["Cleo", "1b", "1"], "Nobody in the gradebook"),
        (["Ana"], "Name a student, an exercise and points"),
        (["Ana", "1b"], "Name a student, an exercise and points"),
        (["Ana", "1b", "1", "--withdraw"], "no points"),
        (["--withdraw"], "--withdraw takes a student"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_entered(out, settled, arguments, words):
    assert words in run(out, *arguments, status=2)
    assert said(out) == []
    assert settled == []


def test_a_folder_without_a_gradebook_is_refused(tmp_path, settled):
    assert "there is no gradebook" in run(tmp_path, "Ana", "1b", "1", status=2)


# -- many -----------------------------------------------------------------------------------


def test_all_lines_of_a_table_are_entered_and_settled_at_once(out, settled):
    path = table(out, "student,exercise,points,comment,by\nAna,1b,1,Good.,kim\nname:bo,1b,0,,kim\n")
    assert "Lines: 2 entered." in run(out, "--from", path)
    assert said(out) == [("manual", 1.0, "Good.", "kim")]
    assert said(out, "name:bo") == [("manual", 0.0, "", "kim")]
    assert settled == [["name:ana", "name:bo"]]


def test_the_same_line_twice_enters_nothing_new(out, settled):
    path = table(out, "student,exercise,points\nAna,1b,1\nAna,1b,1\n")
    assert "1 entered, 1 known already" in run(out, "--from", path)
    assert "Lines: 2 known already." in run(out, "--from", path)
    assert len(said(out)) == 1


def test_bad_lines_are_named_and_the_others_entered(out, settled):
    path = table(
        out,
        "student,exercise,points,whole\nCleo,1b,1,\nAna,9,1,\nAna,1b,7,\nAna,1b,x,\n"
        "Ana,1b,1,perhaps\nAna,1b,1,\n",
    )
    told = run(out, "--from", path, status=2)
    assert [f"Line {n}:" in told for n in range(2, 8)] == [True] * 5 + [False]
    assert "1 entered, 5 wrong" in told
    assert [score for _, score, _, _ in said(out)] == [1.0]
    assert settled == [["name:ana"]]


def test_a_line_for_a_whole_exercise(out, settled):
    run(out, "--from", table(out, "student,exercise,points,whole\nAna,1b,2.5,x\nBo,1b,1,no\n"))
    assert [said(out)[0][0], said(out, "name:bo")[0][0]] == ["override", "manual"]


def test_a_line_without_points_is_not_scored_yet(out, settled):
    path = table(out, "student,exercise,points\nAna,1b,\nBo,1b,1\n")
    assert "1 entered, 1 without points" in run(out, "--from", path)
    assert said(out) == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_a_table_from_excel_is_read(out, settled, encoding):
    path = table(out, "Student;Exercise;Points;Comment\r\nAna;1b;0,5;Schön\r\n".encode(encoding))
    run(out, "--from", path)
    assert [(score, comment) for _, score, comment, _ in said(out)] == [(0.5, "Schön")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "can't be found"),
        ("student,exercise\nAna,1b\n", "no column points"),
        ("student,exercise,points,points\nAna,1b,1,1\n", "two columns points"),
        (b"\0\1\2" * 100, "can't be found"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(out, settled, content, words):
    assert words in run(out, "--from", table(out, content), status=2)
    assert settled == []


def test_a_table_that_is_not_there_is_refused(out, settled):
    assert "there is no such file" in run(out, "--from", out / "none.csv", status=2)


def test_a_table_says_all_itself(out, settled):
    path = table(out, "student,exercise,points\nAna,1b,1\n")
    assert "--from takes everything" in run(out, "Ana", "1b", "--from", path, status=2)


# -- what waits -----------------------------------------------------------------------------


def test_without_a_score_it_shows_what_waits(out, settled):
    told = run(out)
    assert "1b" in told
    assert "Second" in told
    assert "│ 2 │ 2 │" in " ".join(told.split())
    assert settled == []


def test_where_nothing_waits_it_says_so(tmp_path, settled):
    Gradebook.open(tmp_path).close()
    assert run(tmp_path) == "Nothing waits to be read."
