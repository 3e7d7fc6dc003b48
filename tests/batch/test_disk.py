"""A full disk is a clear message, and nothing that is finished is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.errors import TensormarkError
from graders.result import Result
from tests.builders.classes import FakeGrader, grade, hand_in

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root can mount a small disk"
)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", str(disk)], check=False
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_ends_the_class_with_a_sentence_and_keeps_what_is_finished(
    small_disk, tmp_path
):
    out = small_disk / "out"
    submissions = hand_in(tmp_path / "in", **{f"student{n:02}": 1.0 for n in range(40)})
    grader = FakeGrader(pages=30)

    with pytest.raises(TensormarkError) as caught:
        grade(out, submissions, grader)

    said = str(caught.value)
    assert "No space left" in said or "disk is full" in said
    assert "start the same command again" in said or "again" in said
    finished = sorted(path.parent.name for path in out.glob("[!.]*/result.json"))
    assert 0 < len(finished) < 40
    for name in finished:
        Result.load(out / name / "result.json")
    assert list(out.glob(".*.partial")) == []


def test_a_class_goes_on_where_the_full_disk_stopped_it(small_disk, tmp_path):
    out = small_disk / "out"
    submissions = hand_in(tmp_path / "in", **{f"student{n:02}": 1.0 for n in range(40)})
    first = FakeGrader(pages=30)
    with pytest.raises(TensormarkError):
        grade(out, submissions, first)
    finished = {path.parent.name for path in out.glob("[!.]*/result.json")}
    subprocess.run(["mount", "-o", "remount,size=40m", str(small_disk)], check=True)
    second = FakeGrader(pages=30)

    outcomes = grade(out, submissions, second)

    assert len(outcomes.rows) == 40
    assert not finished & set(second.graded)
