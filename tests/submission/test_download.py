"""A whole class's archive: what is hostile in it costs one student, and leads nowhere."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tarfile
from collections import namedtuple
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.errors import IntakeError
from graders.submission import Submission, download, find_submissions
from tests.builders.submissions import (
    Entry,
    deflated,
    member,
    moodle,
    moodle_name,
    pack,
    pack_tar,
    raw_zip,
    work,
    zipped,
)

ALICE = moodle_name("Alice Ash", 101)
MALLORY = moodle_name("Mallory May", 102)
ALICES = f"{ALICE}/hw.ipynb"


def entry(name: str, **how: object) -> Entry:
    return Entry(name.encode(), **{"content": work(1), **how})  # type: ignore[arg-type]


@pytest.fixture
def find(tmp_path: Path):
    """Find a class in an archive, and see that nothing is written elsewhere."""

    def found(path: Path) -> dict[str, Submission]:
        before = set(tmp_path.rglob("*"))
        listed = find_submissions([path], unpack_into=tmp_path / "unpacked")
        new = set(tmp_path.rglob("*")) - before
        assert all(one.is_relative_to(tmp_path / "unpacked") for one in new)
        assert not any(one.is_symlink() for one in new)
        return {one.student: one for one in listed}

    return found


BAD = {
    "a link": entry(f"{MALLORY}/hw.ipynb", content=b"/etc/passwd", mode=stat.S_IFLNK | 0o777),
    "a device": entry(f"{MALLORY}/data", mode=stat.S_IFCHR | 0o666),
    "a path that leads out": entry(f"{MALLORY}/../../../up.ipynb"),
    "a backslash": entry(f"{MALLORY}/a\\..\\b.ipynb"),
    "a line's end": entry(f"{MALLORY}/a\nb.ipynb"),
    "an escape": entry(f"{MALLORY}/\x1b[2Jb.ipynb"),
    "a part too long": entry(f"{MALLORY}/{'n' * 300}.ipynb"),
    "a name too long for the disk": entry(f"{MALLORY}/{'ü' * 200}.ipynb"),
    "a password": entry(f"{MALLORY}/hw.ipynb", flags=1),
    "an odd method": entry(f"{MALLORY}/hw.ipynb", method=99),
    "a bomb": entry(f"{MALLORY}/hw.ipynb", content=bytes(20_000_000)),
    "a lie": entry(f"{MALLORY}/hw.ipynb", packed=deflated(bytes(9_000_000)), size=10),
    "damage": entry(f"{MALLORY}/hw.ipynb", crc=1),
    "too large": entry(f"{MALLORY}/hw.ipynb", size=70_000_000),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_what_is_refused_costs_its_student_alone(tmp_path, find, bad):
    path = raw_zip(
        tmp_path / "class.zip",
        entry(ALICES),
        entry(f"{MALLORY}/notes.txt"),
        bad,
    )
    got = find(path)
    assert got["Alice Ash"].read() == work(1)
    problem = got["Mallory May"].problem
    assert problem is not None
    assert problem.isprintable()
    assert len(problem) < 600


def test_two_files_under_one_path_cost_their_student_alone(tmp_path, find):
    twice = entry(f"{MALLORY}/hw.ipynb"), entry(f"{MALLORY}/./hw.ipynb", content=work(2))
    got = find(raw_zip(tmp_path / "class.zip", entry(ALICES), *twice))
    assert got["Alice Ash"].problem is None
    assert "twice" in str(got["Mallory May"].problem)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_a_link_in_a_tar_is_not_made_and_nothing_goes_through_it(tmp_path, find, kind):
    members = [
        (member(ALICES, size=len(work(1))), work(1)),
        (member(f"{MALLORY}/in", kind, to=str(tmp_path)), b""),
        (member(f"{MALLORY}/in/up.ipynb", size=2), b"{}"),
    ]
    got = find(pack_tar(tmp_path / "class.tgz", members))
    assert got["Alice Ash"].read() == work(1)
    assert "no ordinary file" in str(got["Mallory May"].problem)


@pytest.mark.parametrize("name", ["../up.ipynb", "/etc/up.ipynb", "../../x/hw.ipynb"])
def test_what_belongs_to_nobody_and_leads_out_is_left(tmp_path, find, name):
    got = find(raw_zip(tmp_path / "class.zip", entry(ALICES), entry(name)))
    assert got["Alice Ash"].read() == work(1)
    assert not (tmp_path / "up.ipynb").exists()


def test_a_file_in_the_place_of_a_folder_costs_its_student_alone(tmp_path, find):
    mixed = entry(f"{MALLORY}/a", content=b"1"), entry(f"{MALLORY}/a/hw.ipynb")
    got = find(raw_zip(tmp_path / "class.zip", entry(ALICES), *mixed))
    assert got["Alice Ash"].read() == work(1)
    assert got["Mallory May"].problem is not None


def test_environments_and_caches_are_not_unpacked(tmp_path, find):
    files = {
        "hw.ipynb": work(1),
        "my env/pyvenv.cfg": b"",
        "my env/lib/a.py": b"",
        "venv/lib/a.py": b"",
        ".git/config": b"",
    }
    find(zipped(tmp_path, moodle({("Alice Ash", 101): files})))
    assert [p.name for p in (tmp_path / "unpacked").rglob("*") if p.is_file()] == ["hw.ipynb"]


def test_data_too_large_to_lie_beside_the_work_stays_in_the_archive_and_is_named(tmp_path, find):
    files = {"hw.ipynb": work(1), "big.bin": os.urandom(21_000_000)}
    alice = find(zipped(tmp_path, moodle({("Alice Ash", 101): files})))["Alice Ash"]
    assert alice.brought() == {}
    assert alice.chosen == "big.bin stayed in the archive for its size."


def test_one_student_cannot_fill_the_disk(tmp_path, find, monkeypatch):
    monkeypatch.setattr(download, "UNPACKED_FILES", 3)
    files = {f"{n}.csv": b"1" for n in range(9)} | {"0.ipynb": work(1)}
    got = find(zipped(tmp_path, moodle({("Alice Ash", 101): files, ("Bo", 102): {"b.py": b"x"}})))
    assert len(list((tmp_path / "unpacked").rglob("*.csv"))) == 3
    assert got["Bo"].problem is None


def test_a_students_own_archive_in_it_is_looked_into(tmp_path, find):
    inner = pack(tmp_path / "inner.zip", {"hw.ipynb": work(1), "data.csv": b"1"}).read_bytes()
    alice = find(zipped(tmp_path, moodle({("Alice Ash", 101): {"hw.zip": inner}})))["Alice Ash"]
    assert (alice.file_name, alice.read()) == ("hw.ipynb", work(1))
    assert alice.brought() == {"data.csv": b"1"}


def test_an_empty_folder_is_a_student_with_a_problem(tmp_path, find):
    folder = member(MALLORY, tarfile.DIRTYPE)
    members = [(member(ALICES, size=2), b"{}"), (folder, b"")]
    got = find(pack_tar(tmp_path / "class.tar", members))
    assert "holds no notebook" in str(got["Mallory May"].problem)


def test_a_download_is_unpacked_to_the_same_place_again(tmp_path, find):
    path = zipped(tmp_path, moodle({("Alice Ash", 101): {"hw.ipynb": work(1)}}))
    assert find(path) == find(path)


def test_another_download_of_the_same_name_gets_another_place(tmp_path, find):
    first = find(zipped(tmp_path, moodle({("Alice Ash", 101): {"hw.ipynb": work(1)}})))
    second = find(zipped(tmp_path, moodle({("Alice Ash", 101): {"hw.ipynb": work(2)}})))
    assert first["Alice Ash"].read() == work(1)
    assert second["Alice Ash"].read() == work(2)


def test_a_class_that_the_disk_has_no_room_for_is_refused_before_anything_is_written(
    tmp_path, monkeypatch
):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 1_000_000_000))
    path = zipped(tmp_path, moodle({("Alice Ash", 101): {"hw.ipynb": work(1)}}))
    with pytest.raises(IntakeError, match="there is room for 0 MB"):
        find_submissions([path], unpack_into=tmp_path / "unpacked")
    assert list((tmp_path / "unpacked").iterdir()) == []


def test_a_disk_that_is_full_is_not_the_students_fault(tmp_path, monkeypatch):
    path = zipped(tmp_path, moodle({("Alice Ash", 101): {"hw.ipynb": work(1)}}))
    opened = os.open

    def full(name, flags, *more, **how):
        if flags & os.O_CREAT:
            raise OSError(errno.ENOSPC, "No space left on device")
        return opened(name, flags, *more, **how)

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(IntakeError, match="No space left on device"):
        find_submissions([path], unpack_into=tmp_path / "unpacked")


def test_a_damaged_class_is_one_submission_that_says_so(tmp_path):
    path = zipped(tmp_path, moodle({("Alice Ash", 101): {"hw.ipynb": work(1)}}))
    path.write_bytes(path.read_bytes()[:-30])
    (found,) = find_submissions([path], unpack_into=tmp_path / "unpacked")
    assert found.file_name == "class.zip"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("damaged")


@given(
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
    ending=st.sampled_from(["zip", "tar", "tgz"]),
)
def test_damage_of_any_kind_ends_in_submissions(folder, changes, ending):
    students = {(f"Student {n}", n): {"hw.ipynb": work(n), "a.csv": b"1"} for n in range(1, 4)}
    path = zipped(folder, moodle(students), f"class.{ending}")
    content = bytearray(path.read_bytes())
    for place, value in changes:
        content[int(place * len(content))] = value
    path.write_bytes(content)
    found = find_submissions([path], unpack_into=folder / "unpacked")
    assert found
    assert all(one.student.isprintable() for one in found)
