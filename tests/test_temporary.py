from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from graders.temporary import OwnFolder

LEAVE = """
import os, sys
from graders.temporary import OwnFolder
own = OwnFolder("test")
(own.path / "data").write_text("x")
print(own.path, flush=True)
if sys.argv[1] == "killed":
    os.kill(os.getpid(), 9)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def other(how: str) -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", LEAVE, how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def age(folder: Path) -> None:
    long_ago = time.time() - 3600
    os.utime(folder, (long_ago, long_ago))


def test_a_folder_goes_with_its_body():
    with OwnFolder("test") as own:
        (own.path / "data").write_text("x")
    assert not own.path.exists()


def test_a_folder_of_a_killed_process_goes_with_the_next_one():
    process, left = other("killed")
    process.communicate()
    age(left)
    assert left.is_dir()

    OwnFolder("test").close()

    assert not left.exists()


def test_a_folder_that_is_in_use_stays():
    process, used = other("waits")
    age(used)

    OwnFolder("test").close()

    assert (used / "data").is_file()
    process.communicate("")


def test_a_folder_of_another_kind_or_maker_stays(tmp_path):
    process, left = other("killed")
    process.communicate()
    somebodys = tmp_path / "tensormark-other-x"
    somebodys.mkdir()
    age(left)
    age(somebodys)

    OwnFolder("other").close()

    assert left.is_dir()
    assert somebodys.is_dir()
