from __future__ import annotations

from pathlib import Path

from graders.submission import Submission, find_submissions, with_helpers


def submission(folder: Path, name: str = "hw.py", **others: str) -> Submission:
    for module, text in others.items():
        (folder / f"{module}.py").write_text(text)
    (one,) = find_submissions([folder / name])
    return one


def test_modules_that_are_imported_lie_beside_a_file_that_is_checked(tmp_path):
    one = submission(tmp_path, hw="import helpers\n", helpers="import more\n", more="x = 1\n")

    checked = with_helpers(one)

    assert set(checked.brought()) == {"helpers.py", "more.py"}
    assert "helpers.py" in checked.chosen


def test_nothing_else_of_the_folder_is_taken(tmp_path):
    (tmp_path / "diary.txt").write_text("dear diary")
    one = submission(tmp_path, hw="x = 1\n", other="y = 1\n")

    assert with_helpers(one).brought() == {}


def test_modules_that_import_each_other_are_taken_once(tmp_path):
    one = submission(tmp_path, hw="import a\n", a="import b\n", b="import a\nimport hw\n")

    assert set(with_helpers(one).brought()) == {"a.py", "b.py"}


def test_a_link_is_no_helper(tmp_path):
    (tmp_path / "secret").write_text("x = 1\n")
    (tmp_path / "helpers.py").symlink_to(tmp_path / "secret")
    one = submission(tmp_path, hw="import helpers\n")

    assert with_helpers(one).brought() == {}
