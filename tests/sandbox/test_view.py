import sys
from pathlib import Path

import assignments
import graders
import reference
from graders.sandbox.view import view_for


def shows(view, path):
    path = Path(path)
    shown = any(path.is_relative_to(read) for read in view.read)
    return shown and not any(path.is_relative_to(hidden) for hidden in view.hidden)


def test_the_engine_python_and_the_data_are_seen(tmp_path):
    data = tmp_path / "fashion_mnist.npz"
    data.touch()

    view = view_for("cpu", [data])

    assert shows(view, graders.__path__[0])
    assert shows(view, Path(sys.executable).resolve())
    assert shows(view, data)


def test_answers_checks_and_neighbours_of_the_data_are_not(tmp_path):
    data = tmp_path / "fashion_mnist.npz"
    data.touch()

    view = view_for("cpu", [data])

    for path in (
        *(Path(package.__path__[0]) / "x" for package in (reference, assignments)),
        *(tmp_path / "other.npz", Path.home() / ".ssh", Path("/etc/shadow"), Path(__file__)),
    ):
        assert not shows(view, path), path


def test_what_stands_inside_a_package_folder_can_be_hidden(tmp_path):
    view = view_for("cpu", [tmp_path], hidden=[tmp_path / "none"])
    assert shows(view, tmp_path / "secret")

    (tmp_path / "secret").mkdir()
    view = view_for("cpu", [tmp_path], hidden=[tmp_path / "secret"])
    assert not shows(view, tmp_path / "secret")


def test_folders_that_a_ta_has_put_on_the_path_are_not_seen(tmp_path, monkeypatch):
    for name in ("solutions", "here", "script", "package"):
        (tmp_path / name).mkdir()
        monkeypatch.syspath_prepend(str(tmp_path / name))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "solutions"))
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "script" / "grade.py")])

    view = view_for("cpu", [])

    seen = {name: shows(view, tmp_path / name) for name in ("solutions", "here", "script")}
    assert seen == {"solutions": False, "here": False, "script": False}
    # What an installed package has put there is what students import.
    assert shows(view, tmp_path / "package")
