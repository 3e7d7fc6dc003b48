from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graders.assignment import load_assignment
from graders.cli import app
from tests.builders.submissions import code, notebook

HALF = """
import keras
(x, y), (a, b) = keras.datasets.fashion_mnist.load_data()
x, a = x.reshape(-1, 784) / 255, a.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, 'relu'),
                          keras.layers.Dense(10, 'relu'), keras.layers.Dense(10, 'softmax')])
model.compile('sgd', loss='sparse_categorical_crossentropy', metrics=['accuracy'])
model.fit(x, y, epochs=3, validation_data=(a, b), verbose=0)
answers = {'1d': 8070, '1g': 0.01}
"""


def call(*arguments: str, status: int = 0) -> str:
    # Wide, so that a long path doesn't break a sentence.
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "400"})
    assert result.exit_code == status, result.output
    return result.output


def command(*arguments: str, cwd: Path, data: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", "from graders.cli import app; app()", *arguments],
        cwd=cwd,
        env=os.environ | {"COLUMNS": "100", "TENSORMARK_DATA": str(data)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def write(path: Path, *cells: str) -> Path:
    path.write_bytes(notebook(*map(code, cells)))
    return path


def test_list_shows_every_exercise():
    output = call("list")

    for exercise in load_assignment("fashion_cnn").exercises:
        assert exercise.id in output


def test_the_version_is_printed():
    assert call("--version").startswith("tensormark ")


def test_an_unknown_assignment_is_named_with_the_known_ones(tmp_path):
    file = tmp_path / "a.ipynb"
    file.touch()

    output = call("check", "nosuch", str(file), status=2)

    assert "nosuch" in output
    assert "fashion_cnn" in output


def test_check_of_a_missing_file_says_so():
    assert "there is no such file" in call("check", "fashion_cnn", "nix.ipynb", status=2)


def test_check_of_a_folder_says_to_name_a_file(tmp_path):
    assert "that is a folder" in call("check", "fashion_cnn", str(tmp_path), status=2)


def test_grade_of_a_missing_path_says_so(tmp_path):
    output = call("grade", "fashion_cnn", "nix", "-o", str(tmp_path / "out"), status=2)
    assert "there is no such file" in output


@pytest.fixture
def class_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a class of two, in which commands are started."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)
    (tmp_path / "class").mkdir()
    for name in ("alice", "bob"):
        (tmp_path / "class" / f"{name}.py").write_text("x = 1\n")
    (tmp_path / "numbers.csv").write_text("1;2\n3;4\n")
    (tmp_path / "empty").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--only", "alcie"], "nobody is called so. Did you mean alice?"),
        (["--only", "a*", "--only", "zzz"], "--only zzz: nobody is called so."),
        (["--since", "yesterday"], "'yesterday' does not match the formats"),
        (["--roster", "nix.csv"], "nix.csv: the roster can't be read (there is no such file)"),
        (["--roster", "empty"], "empty: the roster can't be read (it is no file)"),
        (["--roster", "numbers.csv"], "none of its first lines names the columns of a roster"),
        (["--executor", "dask"], "--executor dask needs --scheduler ADDRESS"),
        (["--executor", "cloud"], "'cloud' is not one of 'local', 'dask'"),
        (["--workers", "-1"], "should be greater than or equal to 0"),
    ],
)
def test_grade_says_what_is_wrong_with_an_option_and_grades_nothing(class_, options, said):
    output = call("grade", "fashion_cnn", "class", "-o", "out", *options, status=2)

    assert said in output
    assert not list(class_.glob("out/*/result.json"))


@pytest.mark.parametrize(
    ("paths", "out", "said"),
    [
        (["class"], "numbers.csv", "numbers.csv: that is a file, and results go into a folder"),
        (["class"], "class", "class: the submissions stand in it"),
        (["class", "empty"], "empty", "empty: the submissions stand in it"),
        (["class/alice.py"], "class/alice.py", "that is a file"),
    ],
)
def test_grade_refuses_an_out_that_it_can_not_write_to(class_, paths, out, said):
    before = {path: path.read_bytes() for path in class_.rglob("*") if path.is_file()}

    assert said in call("grade", "fashion_cnn", *paths, "-o", out, status=2)

    assert before == {path: path.read_bytes() for path in class_.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["score", "empty"], "empty/gradebook.db: there is no gradebook."),
        (["score", "nix", "alice", "1c", "1"], "nix/gradebook.db: there is no gradebook."),
        (["regrade", "empty"], "empty: there are no graded submissions in it."),
        (["export", "empty", "--format", "canvas"], "there are no graded submissions in it."),
        (["export", "nix", "--format", "csv"], "nix: there are no graded submissions in it."),
        (["export", "empty", "--format", "csv", "--scale"], "--scale has no meaning for csv."),
        (["export", "empty", "--format", "xlsx"], "'xlsx' is not one of"),
    ],
)
def test_a_command_on_a_folder_that_was_not_graded_says_so(class_, command, said):
    assert said in call(*command, status=2)

    assert list((class_ / "empty").iterdir()) == []


@pytest.fixture
def in_folder(tmp_path: Path, small_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which commands are started, by this process: its TensorFlow is imported once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TENSORMARK_DATA", str(small_data))
    return tmp_path


@pytest.mark.sandbox
def test_check_prints_what_was_lost_and_writes_the_page(in_folder):
    file = write(in_folder / "half.ipynb", HALF, "1/0")

    said = call("check", "fashion_cnn", "half.ipynb", "--report", "f.html", status=1)

    assert file.name in said
    assert "TENSORMARK_DATA" in said
    assert "ZeroDivisionError" in said
    assert "There is no matrix called KxIA." in said
    assert "Traceback" not in said
    assert "</html>" in (in_folder / "f.html").read_text(encoding="utf-8")


@pytest.mark.sandbox
def test_accuracies_on_unknown_data_are_left_open_and_not_lost(in_folder):
    write(in_folder / "half.ipynb", HALF)

    call("grade", "fashion_cnn", "half.ipynb", "-o", "out")

    result = json.loads((in_folder / "out" / "half" / "result.json").read_text())
    checks = {check["id"]: check for e in result["exercises"] for check in e["checks"]}
    accuracy = checks["test_1_dense.py::test_accuracy_of_the_small_network"]
    assert accuracy["outcome"] == "unscored"
    assert accuracy["message"].startswith("Calibrate first: for these data")
    assert "tensormark calibrate fashion_cnn" in accuracy["hint"]
    exercise = next(e for e in result["exercises"] if e["id"] == "1f")
    assert exercise["pending"] == 1


@pytest.mark.sandbox
def test_bad_files_get_a_sentence_each_and_the_others_are_graded(in_folder):
    folder = in_folder / "class"
    folder.mkdir()
    write(folder / "good.ipynb", "answers = {'1d': 8070}")
    (folder / "empty.ipynb").touch()
    (folder / "latin.py").write_bytes("größe = 1".encode("latin-1"))
    (folder / "cut.ipynb").write_text('{"cells": [')
    kernel = {"name": "julia-1.10", "language": "julia", "display_name": "Julia"}
    julia = notebook(code("println(1)"), metadata={"kernelspec": kernel})
    (folder / "julia.ipynb").write_bytes(julia)
    (folder / "nobody").mkdir()

    said = call("grade", "fashion_cnn", "class", "-o", "out")

    assert "1 of 6 submissions graded;" in said
    messages = {
        path.parent.name: json.loads(path.read_text())["execution"]["message"]
        for path in (in_folder / "out").glob("*/result.json")
    }
    assert messages["good"] == ""
    assert "the file is empty" in messages["empty"]
    assert "not UTF-8" in messages["latin"]
    assert "breaks off at line 1" in messages["cut"]
    assert "julia" in messages["julia"]
    assert "no notebook" in messages["nobody"]


@pytest.mark.sandbox
def test_plain_pytest_checks_a_submission_in_sentences(tmp_path, small_data):
    file = write(tmp_path / "half.ipynb", "answers = {'1d': 8071}")
    folder = load_assignment("fashion_cnn").folder

    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            str(folder),
            f"--submission={file}",
            "-q",
            "-p",
            "no:cacheprovider",
            "--import-mode=importlib",
            "-c",
            os.devnull,
        ],
        env=os.environ | {"TENSORMARK_DATA": str(small_data)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 1, done.stdout + done.stderr
    assert "answers['1d'] is 8071" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.training
def test_the_reference_prints_facts_stored_and_published_figures():
    said = call("reference", "fashion_cnn", "--seeds", "0", "--data", "builtin")

    for figure in ("8,070", "55,050", "3,330", "4,210", "0.771", "0.8577"):
        assert figure in said
    assert "run tensormark calibrate" not in said


@pytest.mark.sandbox
def test_doctor_names_versions_device_and_data(tmp_path, small_data):
    done = command("doctor", cwd=tmp_path, data=small_data)

    assert done.returncode == 0, done.stdout
    for word in ("tensorflow", "keras", "device", "fashion_mnist", "trainings", "isolation"):
        assert word in done.stdout
