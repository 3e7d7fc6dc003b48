from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import pytest

from graders.errors import SubmissionError
from graders.submission import Submission, find_submissions


def work(folder: Path) -> Path:
    student = folder / "class" / "alice"
    student.mkdir(parents=True)
    (folder / "class" / "bob").mkdir()
    (folder / "class" / "bob" / "work.py").write_text("x = 2\n")
    (student / "work.py").write_text("import helpers\n")
    (student / "helpers.py").write_text("x = 1\n")
    return folder / "class"


def test_a_loaded_submission_says_the_same_as_before(tmp_path):
    alice, _ = find_submissions([work(tmp_path)])

    loaded = alice.loaded()

    assert loaded.info() == alice.info()
    assert (loaded.read(), loaded.brought()) == (alice.read(), alice.brought())
    assert loaded.brought() == {"helpers.py": b"x = 1\n"}


def test_a_loaded_submission_needs_no_file_any_more_and_travels(tmp_path):
    alice, _ = find_submissions([work(tmp_path)])
    loaded = alice.loaded()
    for path in (tmp_path / "class" / "alice").iterdir():
        path.unlink()

    travelled = pickle.loads(pickle.dumps(loaded))

    assert travelled.read() == b"import helpers\n"
    assert travelled.info() == loaded.info()


def test_an_archive_is_loaded_with_what_lies_beside(tmp_path):
    folder = work(tmp_path) / "alice"
    with zipfile.ZipFile(tmp_path / "alice.zip", "w") as archive:
        for name in ("work.py", "helpers.py"):
            archive.write(folder / name, name)
    (zipped,) = find_submissions([tmp_path / "alice.zip"])
    plain = find_submissions([work_of(folder)])[0]

    loaded = zipped.loaded()

    assert loaded.file_name == "work.py"
    assert loaded.brought() == {"helpers.py": b"x = 1\n"}
    assert loaded.sha256() == plain.loaded().sha256()


def work_of(folder: Path) -> Path:
    return folder.parent


@pytest.mark.parametrize("name", ["nobody.ipynb", "nobody.zip"])
def test_what_can_not_be_read_is_loaded_with_its_problem(tmp_path, name):
    loaded = Submission("nobody", tmp_path / name).loaded()

    with pytest.raises(SubmissionError, match="no such file"):
        loaded.read()
    with pytest.raises(SubmissionError, match="no such file"):
        loaded.brought()
    assert loaded.sha256() == Submission("nobody", tmp_path / name).sha256()


def test_what_lies_beside_counts_for_the_fingerprint(tmp_path):
    alice, _ = find_submissions([work(tmp_path)])
    before = alice.loaded().sha256()
    (tmp_path / "class" / "alice" / "helpers.py").write_text("x = 2\n")

    assert alice.loaded().sha256() != before
