"""Files beside a submission that bear names which Python, pytest or a library would load.

Must stay true: whoever grades in a folder of submissions, by the real command, executes nothing
that stands there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from graders.recording import RecordingFolder
from graders.result import Result
from tests.attacks.conftest import HONEST
from tests.builders.submissions import code, notebook

COMMAND = Path(sys.executable).parent / "tensormark"
MODULES = (
    *("conftest", "sitecustomize", "usercustomize", "numpy", "keras", "tensorflow", "json"),
    *("random", "typing", "pydantic", "psutil", "rich", "typer", "jinja2", "IPython", "site"),
    *("reference", "assignments", "templates", "tests", "test_planted", "setup", "plugin"),
    *("_pytest", "pytest", "multiprocessing", "six", "matplotlibrc", "encodings", "readline"),
)
PACKAGES = ("graders", "graders/sandbox", "graders/runner", "keras_", "google")
TEXTS = {
    "pytest.ini": "[pytest]\naddopts = -p plugin\npython_files = *.py\n",
    "tox.ini": "[pytest]\naddopts = -p plugin\n",
    "setup.cfg": "[tool:pytest]\naddopts = -p plugin\n",
    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '-p plugin'\npythonpath = ['.']\n",
    "planted.pth": "import plugin\n",
    "python._pth": ".\nimport site\n",
    "pyvenv.cfg": "home = .\ninclude-system-site-packages = true\n",
    "matplotlibrc": "backend: module://plugin\nfigure.figsize: 1, 1\naxes.titlesize: 77\n",
    "keras.json": '{"backend": "plugin"}',
    "assignment.toml": "id = 'planted'\n",
    ".env": "PYTHONPATH=.\nPYTHONSTARTUP=plugin.py\n",
    "ipython_config.py": "import plugin\n",
}


def plant(folder: Path, canary: Path) -> None:
    """Lay everything out; each leaves its name behind where it is executed."""
    folder.mkdir(exist_ok=True)

    def sing(name: str) -> str:
        return (
            "import os as _os\n"
            f"_os.makedirs({str(canary)!r}, exist_ok=True)\n"
            f"open({str(canary)!r} + '/' + {name.replace('/', '.')!r}, 'w').close()\n"
        )

    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name in MODULES:
        (folder / f"{name}.py").write_text(sing(name), encoding="utf-8")
    for name in PACKAGES:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(sing(f"{name}-package"), encoding="utf-8")
        (folder / name / "__main__.py").write_text(sing(f"{name}-main"), encoding="utf-8")
    (folder / "linked.py").symlink_to(folder / "plugin.py")
    (folder / "planted-1.0.dist-info").mkdir()
    (folder / "planted-1.0.dist-info" / "METADATA").write_text("Name: planted\nVersion: 1.0\n")
    (folder / "planted-1.0.dist-info" / "entry_points.txt").write_text(
        "[pytest11]\nplanted = plugin\n[tensormark]\nplanted = plugin\n", encoding="utf-8"
    )


def run_command(*arguments: str, cwd: Path, data: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PYTHON")
    }
    return subprocess.run(
        [str(COMMAND), *arguments],
        cwd=cwd,
        env=environment | {"TENSORMARK_DATA": str(data), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_each_of_them_sings_where_it_is_executed(tmp_path: Path) -> None:
    """Else the silence below would prove nothing."""
    plant(tmp_path / "class", tmp_path / "canary")

    subprocess.run([sys.executable, "-c", "import psutil"], cwd=tmp_path / "class", check=True)

    assert "psutil" in [path.name for path in (tmp_path / "canary").iterdir()]


# What a run loads only when a cell, an error or the recording's end needs it, by its top name; a
# student who owns one of them would speak with the runner's voice.
LATE = ("inspect", "pdb", "traceback", "graders", "tensorflow", "timeit", "PIL", "h5py", "code")


def hand_in_modules(mallory: Path) -> None:
    """Lay out a student's folder in which everything lies beside the work."""
    mallory.mkdir(parents=True)
    for name in (*LATE, *MODULES):
        (mallory / f"{name}.py").write_text(
            f"open('sung', 'a').write('{name} ')\nraise SystemExit(0)\n", encoding="utf-8"
        )
    for name in PACKAGES:
        (mallory / name).mkdir(exist_ok=True)
        (mallory / name / "__init__.py").write_text("raise SystemExit(0)\n", encoding="utf-8")
    (mallory / "mine.py").write_text("answer = 8070\n", encoding="utf-8")
    source = "import os, mine\nanswers = {'1d': mine.answer}\nsung = os.path.exists('sung')\n"
    cells = [source, "%timeit -n1 -r1 1", "1 / 0", "import nothing_here", "def f(:"]
    (mallory / "hw.ipynb").write_bytes(notebook(*map(code, cells)))


@dataclass
class Class:
    """What has come of grading in a folder in which everything is planted."""

    folder: Path
    canary: Path
    done: subprocess.CompletedProcess[str]

    def result(self, student: str) -> Result:
        return Result.load(self.folder / "out" / student / "result.json")

    def recording(self, student: str) -> RecordingFolder:
        return RecordingFolder.open(self.folder / "out" / student / "recording")


@pytest.fixture(scope="module")
def graded_class(tmp_path_factory: pytest.TempPathFactory, small_data: Path) -> Class:
    """Grade three students by the real command, in the folder that holds what they planted.

    A command takes seconds to start, so one does for all that is looked for in its results.
    """
    place = tmp_path_factory.mktemp("planted")
    folder, canary = place / "class", place / "canary"
    plant(folder, canary)
    (folder / "mallory.py").write_text(
        f"{HONEST}\nimport os\nfound = sorted(os.listdir('.'))", encoding="utf-8"
    )
    (folder / "alice.py").write_text(
        f"{HONEST}\nimport matplotlib\nsize = float(matplotlib.rcParams['figure.figsize'][0])\n",
        encoding="utf-8",
    )
    hand_in_modules(folder / "handed_in" / "trudy")
    done = run_command(
        *("grade", "fashion_cnn", "mallory.py", "alice.py", "handed_in", "-o", "out"),
        cwd=folder,
        data=small_data,
    )
    return Class(folder, canary, done)


@pytest.mark.sandbox
@pytest.mark.skipif(not COMMAND.exists(), reason="the command is not installed here")
def test_grading_in_a_folder_of_submissions_executes_nothing_of_it(graded_class: Class) -> None:
    done, canary = graded_class.done, graded_class.canary

    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 of 3 submissions graded" in done.stdout
    assert (graded_class.folder / "out" / "mallory" / "feedback.html").is_file()
    assert not canary.exists(), sorted(path.name for path in canary.iterdir())


@pytest.mark.sandbox
@pytest.mark.exhaustive  # it runs and checks as `grade` above does
@pytest.mark.skipif(not COMMAND.exists(), reason="the command is not installed here")
def test_checking_again_in_a_students_own_folder_executes_nothing_of_it(
    tmp_path: Path, small_data: Path
) -> None:
    folder, canary = tmp_path / "class", tmp_path / "canary"
    plant(folder, canary)
    (folder / "hw.py").write_text(HONEST, encoding="utf-8")

    done = run_command(
        "check", "fashion_cnn", "hw.py", "--report", "page.html", cwd=folder, data=small_data
    )

    assert done.returncode in {0, 1}, done.stdout + done.stderr
    assert (folder / "page.html").is_file()
    assert not canary.exists(), sorted(path.name for path in canary.iterdir())


@pytest.mark.sandbox
@pytest.mark.skipif(not COMMAND.exists(), reason="the command is not installed here")
def test_a_settings_file_of_a_library_does_not_change_others_work(graded_class: Class) -> None:
    """Matplotlib takes its settings from the folder that a command was started in."""
    assert graded_class.result("alice").execution.status == "complete"
    size = graded_class.recording("alice").data.values.get("size")
    assert isinstance(size, float)
    assert size != 1.0


@pytest.mark.sandbox
@pytest.mark.skipif(not COMMAND.exists(), reason="the command is not installed here")
def test_modules_handed_in_beside_the_work_take_nobodys_place(graded_class: Class) -> None:
    """They lie in the folder that the work runs in, and are found by the work's own imports."""
    results = {name: graded_class.result(name) for name in ("alice", "trudy")}

    assert {name: one.execution.status for name, one in results.items()} == {
        "alice": "complete",
        "trudy": "complete",
    }
    assert "mine.py" in results["trudy"].submission.brought
    assert "psutil.py" in results["trudy"].submission.brought
    assert [cell.error_type for cell in results["trudy"].execution.failed_cells] == [
        "ZeroDivisionError",
        "ModuleNotFoundError",
        "SyntaxError",
    ]
    # One number is right, and nothing else: as without anything beside it.
    assert (results["trudy"].score, results["alice"].score) == (1.0, 2.0)
    assert graded_class.recording("trudy").data.values["sung"] is False
