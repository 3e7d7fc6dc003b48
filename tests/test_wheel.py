"""The wheel carries everything that the command needs."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
        timeout=300,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.mark.parametrize(
    "file",
    [
        "assignments/fashion_cnn/assignment.toml",
        "assignments/fashion_cnn/handout.md",
        "assignments/fashion_cnn/starter.ipynb",
        "assignments/fashion_cnn/conftest.py",
        "assignments/fashion_cnn/test_1_dense.py",
        "assignments/fashion_cnn/samples/samples.toml",
        "assignments/fashion_cnn/samples/full_marks.ipynb",
        "assignments/fashion_training/assignment.toml",
        "assignments/fashion_training/handout.md",
        "assignments/fashion_training/starter.ipynb",
        "reference/expected/fashion_cnn.json",
        "reference/expected/fashion_training.json",
        "templates/feedback.html.j2",
        "templates/style.css",
    ],
)
def test_the_wheel_holds(unpacked, file):
    assert (unpacked / file).is_file()


def test_tests_are_not_installed(unpacked):
    assert not (unpacked / "tests").exists()


def test_assignments_and_templates_are_found_in_the_installed_packages(unpacked, tmp_path):
    code = (
        "from graders.assignment import list_assignments, load_assignment\n"
        "from graders.expectations import Expectations\n"
        "from graders.report import render_class\n"
        "print(list_assignments(), load_assignment('fashion_cnn').folder)\n"
        "print(Expectations.load('fashion_cnn')['small.parameters'])\n"
        "print(len(render_class([])) > 500)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )

    first, parameters, rendered = done.stdout.splitlines()
    folder = unpacked / "assignments" / "fashion_cnn"
    assert first == f"['fashion_cnn', 'fashion_training'] {folder}"
    assert parameters == "8070"
    assert rendered == "True"
