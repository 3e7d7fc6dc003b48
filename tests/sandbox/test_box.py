import os

import pytest

from graders.sandbox import box as rooms
from graders.sandbox.box import plain_box
from graders.sandbox.plan import Bounds
from graders.sandbox.watch import Usage, over


@pytest.fixture
def box():
    with plain_box(1e6) as made:
        yield made


def test_a_recording_is_kept_file_by_file(box, tmp_path):
    (box.recording / "recording.json").write_text("{}")
    (box.recording / "0001-a.npy").write_bytes(b"x")

    left = box.keep_recording(tmp_path / "kept")

    assert left == []
    assert sorted(p.name for p in (tmp_path / "kept").iterdir()) == ["0001-a.npy", "recording.json"]


def test_links_pipes_folders_and_odd_names_are_left_behind_and_said(box, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (box.recording / "recording.json").symlink_to(secret)
    (box.recording / "hard.npy").hardlink_to(secret)
    os.mkfifo(box.recording / "pipe.npy")
    (box.recording / "folder").mkdir()
    (box.recording / "a b.npy").write_text("")
    (box.recording / ".hidden").write_text("")

    left = box.keep_recording(tmp_path / "kept")

    assert [p.name for p in (tmp_path / "kept").iterdir()] == []
    assert left == ["6 files of the recording were no plain files, or too large; left out."]


def test_more_files_than_a_recording_has_are_left_behind(box, tmp_path, monkeypatch):
    monkeypatch.setattr(rooms, "_FILES", 5)
    for number in range(20):
        (box.recording / f"{number}.npy").write_text("x")
    (box.recording / "recording.json").write_text("{}")

    left = box.keep_recording(tmp_path / "kept")

    names = [p.name for p in (tmp_path / "kept").iterdir()]
    assert "recording.json" in names
    assert len(names) <= 7
    assert "more than 5 files" in " ".join(left)


def test_a_file_over_the_bound_is_left_behind(box, tmp_path, monkeypatch):
    monkeypatch.setattr(rooms, "_FILE_BYTES", 10)
    with (box.recording / "recording.json").open("wb") as file:
        file.truncate(11)

    assert box.keep_recording(tmp_path / "kept") != []
    assert list((tmp_path / "kept").iterdir()) == []


def test_what_was_written_is_counted(box):
    (box.scratch / "a").write_bytes(b"x" * 1000)
    (box.recording / "b").write_bytes(b"x" * 500)

    assert box.used() == 1500


@pytest.mark.parametrize(
    ("usage", "disk", "limit", "said"),
    [
        (Usage(900, 1, 1.0), 200, "memory", "more than 1e-06 GB of memory"),
        (Usage(100, 1, 31.0), 0, "processor", "more than 30 s of processor time"),
        (Usage(100, 9, 1.0), 0, "processes", "more than 8 processes"),
    ],
)
def test_what_is_over_a_bound_is_said_with_what_to_do(usage, disk, limit, said):
    bounds = Bounds(memory=1000, disk=1000, processes=8, cpu_seconds=30)

    excess = over(usage, disk, bounds)

    assert excess is not None
    assert excess.limit == limit
    assert said in excess.clause
    assert over(Usage(100, 8, 30.0), 900, bounds) is None
