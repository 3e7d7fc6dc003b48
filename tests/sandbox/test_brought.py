"""Files that a student has handed in beside the work: they lie in its folder when it runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from graders.errors import RunError
from graders.ran import Ended
from graders.recording import RecordingFolder
from graders.recording.schema import Limits
from graders.sandbox import Sandbox, ServedFile, find_isolation
from graders.sandbox.plan import OTHER_USER
from graders.sandbox.view import view_for
from tests.builders.submissions import code, notebook
from tests.conftest import job_for

pytestmark = pytest.mark.sandbox

BESIDE = {
    "helpers.py": b"def double(x):\n    return 2 * x\n",
    "data/points.csv": b"1,2\n3,4\n",
    "nets/__init__.py": b"from nets.deep import LAYERS\n",
    "nets/deep.py": b"LAYERS = 3\n",
}
USE = """
import csv, helpers, nets
points = str([[int(cell) for cell in row] for row in csv.reader(open('data/points.csv'))])
doubled = helpers.double(21)
layers = nets.LAYERS
"""
FIT = """
import keras, numpy as np
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
model.compile('sgd', 'mse')
_ = model.fit(np.zeros((8, 4)), np.zeros((8, 2)), verbose=0)
import matplotlib.pyplot as plt
plt.plot([1, 2]); plt.show()
"""

Run = Callable[..., tuple[RecordingFolder, Ended]]


@pytest.fixture(scope="module", params=["walls", "no walls"])
def box(
    request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Sandbox:
    """The sandbox as a class has it, and as with --isolation off."""
    if request.param == "walls":
        return sandbox
    view = view_for("cpu", [])
    root = tmp_path_factory.mktemp("root") / "root"
    return Sandbox(
        sandbox.server, find_isolation(view, sandbox.bounds, root, "off"), sandbox.bounds
    )


@pytest.fixture
def run(box: Sandbox, served: list[ServedFile], tmp_path: Path) -> Run:
    return runner_in(box, served, tmp_path)


def runner_in(box: Sandbox, served: list[ServedFile], folder: Path) -> Run:
    count = iter(range(100))

    def run(
        source: str, brought: Mapping[str, bytes] = BESIDE, name: str = "hw.py"
    ) -> tuple[RecordingFolder, Ended]:
        recording = folder / f"recording-{next(count)}"
        job = job_for(source, name, served, Limits(seconds=60))
        ended = box.run(job, recording, brought=brought)
        return RecordingFolder.open(recording), ended

    return run


def errors(recording: RecordingFolder) -> list[tuple[str | None, str]]:
    return [(o.error_type, o.error_message) for o in recording.data.outcomes if o.error_type]


def test_a_script_imports_and_reads_what_lies_beside_it(run: Run) -> None:
    recording, ended = run(USE)

    assert (ended.how, errors(recording)) == ("finished", [])
    assert recording.data.values["doubled"] == 42
    assert recording.data.values["layers"] == 3
    assert recording.data.values["points"] == "[[1, 2], [3, 4]]"


def test_a_notebook_imports_and_reads_what_lies_beside_it(run: Run) -> None:
    book = notebook(code("%matplotlib inline"), code(USE)).decode()

    recording, ended = run(book, name="hw.ipynb")

    assert ended.how == "finished"
    assert (recording.data.values["doubled"], recording.data.values["layers"]) == (42, 3)


def test_without_them_the_import_fails(run: Run) -> None:
    """Else the tests above would prove nothing."""
    recording, _ = run(USE, brought={})

    assert errors(recording) == [("ModuleNotFoundError", "No module named 'helpers'")]


def test_they_may_be_changed_and_deleted(run: Run) -> None:
    recording, ended = run("""
import os, shutil
with open('data/points.csv', 'a') as file: file.write('5,6')
lines = open('data/points.csv').read()
open('data/new.csv', 'w').close()
os.remove('helpers.py'); shutil.rmtree('nets'); os.rename('data', 'moved')
left = ' '.join(name for name in os.listdir('.') if not name.startswith('.'))
inside = ' '.join(sorted(os.listdir('moved')))
""")

    assert (ended.how, errors(recording)) == ("finished", [])
    assert recording.data.values["lines"] == "1,2\n3,4\n5,6"
    assert recording.data.values["left"] == "moved"
    assert recording.data.values["inside"] == "new.csv points.csv"


def test_each_run_begins_with_what_was_handed_in(run: Run) -> None:
    """A run that is made again finds nothing of the former one."""
    run("open('helpers.py', 'w').write('def double(x): return 0')\nopen('extra', 'w').close()")

    recording, _ = run(
        "import helpers, os\ndoubled = helpers.double(1)\nextra = os.path.exists('extra')"
    )

    assert recording.data.values["doubled"] == 2
    assert recording.data.values["extra"] is False


def test_the_runner_and_libraries_are_themselves_whatever_lies_beside(run: Run) -> None:
    """Cells, magics, errors, a training and a figure load much; none of it is the student's."""
    names = {*sys.stdlib_module_names, "numpy", "IPython", "matplotlib", "tensorflow", "h5py"}
    planted = b"open('executed', 'a').write(__name__)\nraise SystemExit(__name__)\n"
    brought = {f"{name}.py": planted for name in names | {"sitecustomize", "usercustomize", "site"}}
    for package in ("keras", "graders", "graders/runner", "graders/describe", "reference", "PIL"):
        brought[f"{package}/__init__.py"] = planted
    source = f"{FIT}\n# %%\n%timeit -n1 -r1 1\n# %%\nmodel.summary()\n# %%\n1 / 0\n# %%\nx = 7\n"

    recording, ended = run(f"{source}import os\nran = os.path.exists('executed')", brought)

    assert (ended.how, recording.data.status) == ("finished", "complete")
    assert [error for error, _ in errors(recording)] == ["ZeroDivisionError"]
    assert [training.epochs for training in recording.data.trainings] == [1]
    assert len(recording.data.figures) == 1
    assert recording.data.values["x"] == 7
    assert recording.data.values["ran"] is False


@pytest.mark.parametrize(
    "source",
    ["raise SystemExit(3)", "import os; os._exit(3)", "raise KeyboardInterrupt", "1 +", "\0"],
    ids=["leaves", "is gone", "interrupts", "is broken", "is no text"],
)
def test_a_module_that_does_not_load_harms_this_student_alone(run: Run, source: str) -> None:
    first, ended = run("import mine", {"mine.py": source.encode()})
    second, after = run(USE)

    assert first.data.status != "complete" or errors(first)
    assert ended.how in {"finished", "died"}
    assert (after.how, errors(second)) == ("finished", [])


def test_another_submission_sees_nothing_of_them(run: Run) -> None:
    run(USE)

    recording, _ = run("import os\nseen = str([n for n in os.listdir('.') if n[0] != '.'])", {})

    assert recording.data.values["seen"] == "[]"


@pytest.mark.parametrize(
    "name", ["../out.txt", "/tmp/out.txt", "a/../../out.txt", "..", ".", "", "a\0b", "data/../x"]
)
def test_no_name_leads_out_of_the_folder(run: Run, name: str, tmp_path: Path) -> None:
    """Intake refuses such names before; this is the second wall."""
    with pytest.raises(RunError, match="could not be laid out"):
        run("x = 1", {name: b"planted"})

    assert not list(tmp_path.rglob("out.txt"))


@pytest.mark.parametrize(
    "brought",
    [{"a": b"1", "a/b": b"2"}, {"x" * 300: b"1"}, {"\ud800.txt": b"1"}],
    ids=["a file as a folder", "a long name", "a name that is no text"],
)
def test_names_that_no_disk_takes_are_a_sentence(run: Run, brought: dict[str, bytes]) -> None:
    with pytest.raises(RunError, match="could not be laid out") as refused:
        run("x = 1", brought)

    assert "Traceback" not in str(refused.value)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root alone grades as another user"
)
def test_where_root_grades_they_belong_to_the_students_own_user(
    sandbox: Sandbox, served: list[ServedFile], tmp_path: Path
) -> None:
    recording, ended = runner_in(sandbox, served, tmp_path)(
        "import os\nme = os.getuid()\n"
        "owners = str({os.stat(p).st_uid for p in ('helpers.py', 'data', 'data/points.csv')})"
    )

    assert OTHER_USER in ended.isolation
    assert recording.data.values["me"] != 0
    assert recording.data.values["owners"] == f"{{{recording.data.values['me']}}}"


def test_more_than_the_disk_limit_is_a_sentence(sandbox: Sandbox, tmp_path: Path) -> None:
    bounds = sandbox.bounds.model_copy(update={"disk": 60_000_000})
    isolation = find_isolation(view_for("cpu", []), bounds, tmp_path / "root", "auto")
    narrow = Sandbox(sandbox.server, isolation, bounds)

    with pytest.raises(RunError, match="beside the submission") as refused:
        runner_in(narrow, [], tmp_path)("x = 1", {"big.bin": b"\0" * 70_000_000})
    recording, after = runner_in(narrow, [], tmp_path / "next")(USE)

    assert "No space left" in str(refused.value)
    assert (after.how, errors(recording)) == ("finished", [])
