"""A class that is handed on as a whole: who is in it, where it is written, what is refused."""

from __future__ import annotations

import csv
import io
import weakref
import zipfile
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from graders.errors import ExportError, RunError
from graders.export_cli import export as command
from graders.exports import FORMATS, Notes, Options, class_of, default_target, export
from graders.exports import table as table_module
from graders.result import Result
from tests.builders.classes import write
from tests.builders.results import broken, check, marked

APP = Typer()
APP.command()(command)


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(APP, [str(one) for one in arguments], env={"COLUMNS": "1000"})
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.output


def names(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8-sig")
    return [row["student"] for row in csv.DictReader(io.StringIO(text))]


# -- who is in it ---------------------------------------------------------------------------


def test_without_a_gradebook_every_folder_with_a_result_is_a_student(tmp_path):
    out = write(tmp_path / "out", marked("alice", key="sid:1", ids={"email": "a@example.org"}))
    (out / "no result").mkdir()
    (one,) = class_of(out, Notes())
    assert (one.name, one.key, one.email, one.folder) == (
        "alice",
        "sid:1",
        "a@example.org",
        out / "s00",
    )


def test_a_result_of_an_older_version_has_a_key_all_the_same(tmp_path):
    (one,) = class_of(write(tmp_path / "out", marked("alice")), Notes())
    assert one.key == "name:alice"


def test_the_gradebook_says_who_is_in_the_class(tmp_path):
    gradebook = pytest.importorskip("graders.gradebook")
    out = write(tmp_path / "out", marked("alice"), marked("somebody from an earlier class"))
    with gradebook.Gradebook.open(out) as book:
        folder = book.enrol("canvas:4711", "Alice Rossi", ids={"canvas": "4711"}, section="B2")
    (out / "s00").rename(out / folder)

    (one,) = class_of(out, Notes())

    assert (one.name, one.key, one.ids, one.section) == (
        "Alice Rossi",
        "canvas:4711",
        {"canvas": "4711"},
        "B2",
    )


@pytest.mark.parametrize("content", ["", "{", '{"schema_version": 9}', "\x00"])
def test_a_damaged_result_costs_its_student_alone(tmp_path, content):
    out = write(tmp_path / "out", marked("alice"), marked("bob"))
    (out / "s00" / "result.json").write_text(content)
    notes = Notes()
    assert [one.name for one in class_of(out, notes)] == ["bob"]
    assert "s00" in notes.warnings[0]


def test_a_result_that_is_a_link_is_not_followed(tmp_path):
    out = write(tmp_path / "out", marked("alice"), marked("bob"))
    (out / "s00" / "result.json").unlink()
    (out / "s00" / "result.json").symlink_to(out / "s01" / "result.json")
    assert [one.name for one in class_of(out, Notes())] == ["bob"]


def test_what_a_killed_run_has_left_is_nobodys_result(tmp_path):
    out = write(tmp_path / "out", marked("alice"), marked("half"))
    (out / "s01").rename(out / ".s01")
    assert [one.name for one in class_of(out, Notes())] == ["alice"]


def test_a_folder_without_results_is_no_class(tmp_path):
    with pytest.raises(RunError, match="no graded submissions"):
        list(class_of(tmp_path, Notes()))


@pytest.mark.parametrize("kind", ["csv", "canvas", "moodle", "gradescope", "feedback"])
def test_one_result_is_in_memory_at_a_time(tmp_path, kind, monkeypatch):
    out = write(tmp_path / "out", *[marked(f"student {n}") for n in range(20)])
    alive: weakref.WeakSet[Result] = weakref.WeakSet()
    most = 0
    load = Result.model_validate_json.__func__  # type: ignore[attr-defined]

    class Watched(Result):
        """A result that can be counted."""

    def counted(cls: type[Result], text: bytes) -> Result:
        nonlocal most
        one = load(Watched, text)
        alive.add(one)
        most = max(most, len(alive))
        return one

    Watched.__hash__ = object.__hash__  # type: ignore[method-assign]
    monkeypatch.setattr(Result, "model_validate_json", classmethod(counted))
    export(out, kind, tmp_path / "made")
    assert 1 <= most <= 2


# -- where it is written --------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_nothing_is_written_into_the_class_and_nothing_partial_is_left(tmp_path, kind):
    out = write(tmp_path / "out", marked("alice", status="missing", message="Nothing.", score=0))
    before = sorted(path.relative_to(out) for path in out.rglob("*"))
    export(out, kind, default_target(out, kind))
    assert sorted(path.relative_to(out) for path in out.rglob("*")) == before
    assert not list(tmp_path.rglob("*.partial"))
    assert default_target(out, kind).exists()


def test_the_template_is_never_written_into(tmp_path):
    out = write(tmp_path / "out", marked("alice"))
    template = tmp_path / "canvas.csv"
    template.write_text("Student,ID,Section,A sheet (1)\n")
    (tmp_path / "link.csv").symlink_to(template)
    for target in (template, tmp_path / "link.csv", tmp_path / "out" / ".." / "canvas.csv"):
        with pytest.raises(ExportError, match="is the template"):
            export(out, "canvas", target, Options(template=template))
    assert template.read_text() == "Student,ID,Section,A sheet (1)\n"


def test_one_file_does_not_go_where_a_folder_is_nor_many_where_a_file_is(tmp_path):
    out = write(tmp_path / "out", marked("alice"))
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="is a folder, and csv is one file"):
        export(out, "csv", tmp_path)
    with pytest.raises(ExportError, match="is a file, and gradescope takes a folder"):
        export(out, "gradescope", tmp_path / "file")


def test_a_place_that_can_not_be_written_is_named(tmp_path):
    out = write(tmp_path / "out", marked("alice"))
    with pytest.raises(ExportError, match="can't be written"):
        export(out, "csv", tmp_path / "nowhere" / "grades.csv")


def test_a_file_stays_whole_where_the_disk_is_full(tmp_path, monkeypatch):
    out = write(tmp_path / "out", marked("alice"))
    target = tmp_path / "grades.csv"
    target.write_text("before")

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(table_module, "write_whole", full)
    with pytest.raises(ExportError, match="No space left"):
        export(out, "csv", target)
    assert target.read_text() == "before"


# -- final scores ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_final_scores_are_refused_while_any_points_are_pending(tmp_path, kind):
    out = write(tmp_path / "out", marked("alice"), marked("bob", pending=1, checks=[]))
    target = default_target(out, kind)
    with pytest.raises(ExportError, match=r"not every score is final.*bob"):
        export(out, kind, target, final=True)
    assert not target.exists()


def test_final_scores_are_refused_while_a_student_could_not_be_graded(tmp_path):
    out = write(tmp_path / "out", broken("alice"))
    with pytest.raises(ExportError, match="alice"):
        export(out, "canvas", tmp_path / "made.csv", final=True)


def test_final_scores_are_written_once_nothing_is_pending(tmp_path):
    out = write(tmp_path / "out", marked("alice", checks=[check()]))
    export(out, "csv", tmp_path / "made.csv", final=True)
    assert names(tmp_path / "made.csv") == ["alice"]


# -- the command ----------------------------------------------------------------------------


def test_the_command_says_where_it_has_written_and_what_to_know(tmp_path):
    out = write(tmp_path / "out", marked("alice"), broken("bob"))
    status, said = run(out, "--format", "canvas", "-o", tmp_path / "c.csv")
    assert status == 0
    assert f"{tmp_path / 'c.csv'}: 1 student of 2 written." in said
    assert "a TA must look): bob" in said


def test_the_command_writes_beside_the_class_by_default(tmp_path):
    out = write(tmp_path / "out", marked("alice"))
    assert run(out, "--format", "csv")[0] == 0
    assert names(tmp_path / "out-grades.csv") == ["alice"]


def test_the_command_takes_the_layout_of_a_zip(tmp_path):
    out = write(tmp_path / "out", marked("alice", ids={"moodle": "7"}))
    assert run(out, "--format", "feedback", "--layout", "moodle", "-o", tmp_path / "f.zip")[0] == 0
    with zipfile.ZipFile(tmp_path / "f.zip") as archive:
        assert archive.namelist() == ["alice_7_assignsubmission_file_/feedback.html"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--format", "csv", "--scale"), "--scale has no meaning for csv"),
        (("--format", "canvas", "--column", "x"), "--column has no meaning for canvas without"),
        (("--format", "junit", "--layout", "moodle"), "--layout has no meaning for junit"),
        (("--format", "canvas", "--template", "nowhere.csv"), "there is no such file"),
    ],
)
def test_what_can_not_be_done_ends_with_a_sentence(tmp_path, arguments, said):
    out = write(tmp_path / "out", marked("alice"))
    status, output = run(out, *arguments)
    assert status == 2
    assert said in output


def test_a_folder_that_was_never_graded_ends_with_a_sentence(tmp_path):
    status, output = run(tmp_path, "--format", "csv", "-o", tmp_path / "x.csv")
    assert status == 2
    assert "no graded submissions" in output
    assert not (tmp_path / "x.csv").exists()


def test_every_format_is_offered_by_the_command():
    from graders.export_cli import Kind

    assert {kind.value for kind in Kind} == set(FORMATS)
