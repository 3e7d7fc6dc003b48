from __future__ import annotations

import gzip
import hashlib
import random
import stat
import struct
import tarfile
import time
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.errors import SubmissionError
from graders.submission import Submission, archive, find_submissions, read_cells, submission
from graders.submission.limits import Bounds
from tests.builders.submissions import (
    ENDINGS,
    NOTEBOOK,
    Entry,
    code,
    deflated,
    member,
    notebook,
    pack,
    pack_tar,
    padded,
    quoted_overlap,
    raw_zip,
    tar_block,
)

JUNK = [
    ".ipynb_checkpoints/hw-checkpoint.ipynb",
    "__MACOSX/._hw.ipynb",
    "__MACOSX/hw.ipynb",
    "work/venv/lib/site.py",
    "lib/site-packages/numpy.py",
    "._hw.ipynb",
    "data.csv",
    "report.pdf",
]
OTHER = notebook(code("y = 2"))
END = bytes(2 * tarfile.BLOCKSIZE)


def read(path: Path) -> bytes:
    return Submission("alice", path).read()


def refusal(path: Path) -> str:
    with pytest.raises(SubmissionError) as refused:
        read(path)
    message = str(refused.value)
    assert message.startswith(path.name)
    assert message.isprintable()
    assert len(message) < 600
    return message


@pytest.fixture(params=ENDINGS)
def alice(request, tmp_path: Path) -> Path:
    """Where an archive of each kind will stand."""
    return tmp_path / f"alice.{request.param}"


@pytest.fixture
def small_limit(monkeypatch):
    monkeypatch.setattr(archive, "SIZE_LIMIT_MB", 0.1)


# What is read


def test_a_notebook_in_an_archive_is_read_as_it_is(alice):
    assert read(pack(alice, {"hw.ipynb": NOTEBOOK})) == NOTEBOOK


def test_the_file_has_the_members_name_without_its_folders(alice):
    pack(alice, {"alice/week 1/hw.ipynb": NOTEBOOK})
    assert Submission("alice", alice).file_name == "hw.ipynb"


def test_the_fingerprint_is_that_of_what_is_run(alice):
    pack(alice, {"hw.ipynb": NOTEBOOK})
    assert Submission("alice", alice).sha256() == hashlib.sha256(NOTEBOOK).hexdigest()


def test_a_script_in_an_archive_is_read_as_a_script(alice):
    one = Submission("alice", pack(alice, {"hw.py": b"x = 1\n"}))
    assert [cell.source for cell in read_cells(one.file_name, one.read())] == ["x = 1"]


def test_a_notebook_goes_before_a_script_beside_it(alice):
    pack(alice, {"a.py": b"x = 1", "hw.ipynb": NOTEBOOK})
    assert Submission("alice", alice).file_name == "hw.ipynb"


def test_endings_of_archives_are_read_in_any_case(tmp_path):
    path = pack(tmp_path / "alice.zip", {"HW.IPYNB": NOTEBOOK}).rename(tmp_path / "ALICE.ZIP")
    (found,) = find_submissions([path])
    assert (found.student, found.file_name, found.read()) == ("ALICE", "HW.IPYNB", NOTEBOOK)


@pytest.mark.parametrize("junk", JUNK)
def test_what_is_no_work_of_the_student_is_passed_over_in_an_archive_as_well(alice, junk):
    assert read(pack(alice, {junk: b"junk", "alice/hw.ipynb": NOTEBOOK})) == NOTEBOOK


def test_a_tar_of_a_folder_with_a_leading_dot_is_read(tmp_path):
    members = [(member(".", tarfile.DIRTYPE), b""), (member("./hw.ipynb", size=2), b"{}")]
    assert read(pack_tar(tmp_path / "alice.tar", members)) == b"{}"


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_a_long_name_in_a_tar_is_read_in_each_format(tmp_path, form):
    name = f"{'folder/' * 12}{'n' * 80}.ipynb"
    members = [(member(name, size=2), b"{}")]
    one = Submission("alice", pack_tar(tmp_path / "alice.tar", members, form))
    assert (one.file_name, one.read()) == (f"{'n' * 80}.ipynb", b"{}")


def test_a_name_in_utf_8_that_a_zip_does_not_declare_is_read_as_it_is(tmp_path):
    path = raw_zip(tmp_path / "alice.zip", Entry("Übung.ipynb".encode()))
    assert Submission("alice", path).file_name == "Übung.ipynb"


def test_an_old_name_in_a_zip_is_read_in_the_standards_own_encoding(tmp_path):
    path = raw_zip(tmp_path / "alice.zip", Entry("Übung.ipynb".encode("cp437")))
    assert Submission("alice", path).file_name == "Übung.ipynb"


def test_a_link_in_an_environment_that_was_packed_as_well_does_no_harm(tmp_path):
    link = member("venv/bin/python", tarfile.SYMTYPE, to="/usr/bin/python3")
    path = pack_tar(tmp_path / "alice.tgz", [(link, b""), (member("hw.ipynb", size=2), b"{}")])
    assert read(path) == b"{}"


def test_a_link_that_declares_a_size_has_no_content_all_the_same(tmp_path):
    link = tar_block("venv/bin/python", 512, tarfile.LNKTYPE)
    path = tmp_path / "alice.tar"
    path.write_bytes(link + tar_block("hw.ipynb", 2) + padded(b"{}") + END)
    assert read(path) == b"{}"


def test_nothing_is_put_on_disk(alice, tmp_path, monkeypatch):
    pack(alice, {"hw.ipynb": NOTEBOOK, "data.csv": b"1"})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(zipfile.ZipFile, "_extract_member", None)
    monkeypatch.setattr(tarfile.TarFile, "_extract_member", None)
    assert read(alice) == NOTEBOOK
    assert list(tmp_path.iterdir()) == [alice]


def test_name_and_fingerprint_together_take_one_look_into_an_archive(alice, monkeypatch):
    one = Submission("alice", pack(alice, {"hw.ipynb": NOTEBOOK}))
    assert (one.file_name, len(one.sha256())) == ("hw.ipynb", 64)
    monkeypatch.setattr(submission, "read_archive", None)
    assert (one.file_name, len(one.sha256())) == ("hw.ipynb", 64)


def test_an_archive_that_was_refused_is_not_unpacked_again(alice, monkeypatch):
    pack(alice, {"a.ipynb": NOTEBOOK, "b.ipynb": OTHER})
    calls = []

    def counted(*arguments):
        calls.append(arguments)
        return archive.read_archive(*arguments)

    monkeypatch.setattr(submission, "read_archive", counted)
    one = Submission("alice", alice)
    assert one.file_name == alice.name
    assert len(one.sha256()) == 64
    for _ in range(3):
        with pytest.raises(SubmissionError):
            one.read()
    assert len(calls) == 1


# Where archives are found


def test_archives_in_a_folder_of_files_are_one_submission_a_student(tmp_path):
    for name in ("alice.zip", "bob.tar.gz", "carol.tgz", "dave.tar"):
        pack(tmp_path / name, {"hw.ipynb": NOTEBOOK})
    (tmp_path / "eve.ipynb").write_bytes(NOTEBOOK)
    found = find_submissions([tmp_path])
    assert [one.student for one in found] == ["alice", "bob", "carol", "dave", "eve"]
    assert {one.read() for one in found} == {NOTEBOOK}


def test_an_archive_alone_in_a_students_folder_is_the_work(tmp_path):
    (tmp_path / "alice").mkdir()
    pack(tmp_path / "alice" / "hand-in.zip", {"hw.ipynb": NOTEBOOK})
    (found,) = find_submissions([tmp_path])
    assert (found.student, found.file_name, found.read()) == ("alice", "hw.ipynb", NOTEBOOK)


@pytest.mark.parametrize("work", ["hw.ipynb", "hw.py"])
def test_an_archive_beside_a_notebook_or_a_script_is_not_the_work(tmp_path, work):
    (tmp_path / "alice").mkdir()
    (tmp_path / "alice" / work).write_bytes(NOTEBOOK)
    pack(tmp_path / "alice" / "data.zip", {"other.ipynb": b"{}"})
    (found,) = find_submissions([tmp_path])
    assert found.path == tmp_path / "alice" / work


def test_several_archives_of_one_student_are_named(tmp_path):
    (tmp_path / "alice").mkdir()
    for name in ("a.zip", "b.tgz"):
        pack(tmp_path / "alice" / name, {"hw.ipynb": NOTEBOOK, "of": name.encode()})
    (found,) = find_submissions([tmp_path])
    assert "2 candidates (a.zip, b.tgz)" in str(found.problem)


def test_archives_of_one_stem_go_by_their_whole_names(tmp_path):
    for name in ("alice.tar.gz", "alice.zip"):
        pack(tmp_path / name, {"hw.ipynb": NOTEBOOK})
    found = [one.student for one in find_submissions([tmp_path])]
    assert found == ["alice.tar.gz", "alice.zip"]


@pytest.mark.parametrize("name", ["alice.7z", "alice.rar", "alice.ipynb.gz", "alice.tar.xz"])
def test_archives_of_other_kinds_stay_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    (found,) = find_submissions([tmp_path])
    assert "only notebooks" in str(found.problem)


def test_a_damaged_archive_does_not_lose_the_others(tmp_path):
    (tmp_path / "alice.zip").write_bytes(b"no zip")
    pack(tmp_path / "bob.zip", {"hw.ipynb": NOTEBOOK})
    alice, bob = find_submissions([tmp_path])
    assert (alice.file_name, bob.read()) == ("alice.zip", NOTEBOOK)


# What is in it, and can't be told


def test_several_notebooks_in_an_archive_are_named(alice):
    pack(alice, {"a.ipynb": NOTEBOOK, "old/b.ipynb": OTHER})
    assert "2 candidates (a.ipynb, old/b.ipynb)" in refusal(alice)


@pytest.mark.parametrize("files", [{}, {"data.csv": b"1"}, {".hidden.ipynb": NOTEBOOK}], ids=len)
def test_an_archive_without_code_is_refused(alice, files):
    assert "holds no notebook (.ipynb) and no script (.py)" in refusal(pack(alice, files))


def test_an_archive_in_an_archive_is_not_opened(alice):
    assert "another archive (inner.zip)" in refusal(pack(alice, {"inner.zip": b"PK"}))


def test_an_archive_beside_the_notebook_in_an_archive_is_junk(alice):
    assert read(pack(alice, {"data.zip": b"PK", "hw.ipynb": NOTEBOOK})) == NOTEBOOK


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["hw.ipynb", "./hw.ipynb", ".//hw.ipynb"])
def test_two_files_under_one_path_are_refused(tmp_path, second):
    path = raw_zip(tmp_path / "alice.zip", Entry(), Entry(second.encode()))
    assert "twice" in refusal(path)
    info = (member("hw.ipynb", size=2), b"{}"), (member(second, size=2), b"[]")
    assert "twice" in refusal(pack_tar(tmp_path / "alice.tar", list(info)))


# Names that lead elsewhere

OUTSIDE = ["../hw.ipynb", "a/../../b.txt", "/etc/x", "//host/x", "C:/x.txt", "c:x", "a\\b.txt"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_path_that_leads_out_is_refused_even_beside_honest_work(tmp_path, name):
    path = raw_zip(tmp_path / "alice.zip", Entry(), Entry(name.encode(), b"x"))
    assert "leads out" in refusal(path)
    files = [(member("hw.ipynb", size=2), b"{}"), (member(name, size=1), b"x")]
    assert "leads out" in refusal(pack_tar(tmp_path / "alice.tgz", files))


@pytest.mark.parametrize(
    "name", [b"a\nb.ipynb", b"a\x1b[2J.ipynb", b"a\x7f.ipynb", b"a.ipynb\0.exe"]
)
def test_control_characters_in_a_name_are_refused(tmp_path, name):
    assert "control" in refusal(raw_zip(tmp_path / "alice.zip", Entry(name)))


def test_a_name_in_a_zip_that_is_declared_utf_8_and_is_not_is_refused(tmp_path):
    path = raw_zip(tmp_path / "alice.zip", Entry(b"M\xfcller.ipynb", flags=0x800))
    assert "UTF-8" in refusal(path)


def test_a_name_in_a_tar_that_is_no_utf_8_is_refused(tmp_path):
    path = pack_tar(
        tmp_path / "alice.tar", [(member("M\udcfcller.ipynb", size=2), b"{}")], tarfile.GNU_FORMAT
    )
    assert "UTF-8" in refusal(path)


def test_a_name_longer_than_any_file_systems_is_refused_in_a_short_sentence(tmp_path):
    path = raw_zip(tmp_path / "alice.zip", Entry(b"n" * 60_000 + b".ipynb"))
    assert "too long" in refusal(path)


# What is no file


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK])
@pytest.mark.parametrize("name", [b"hw.ipynb", b"data"])
def test_a_link_or_a_device_in_a_zip_is_refused(tmp_path, kind, name):
    odd = Entry(name, b"/etc/passwd", mode=kind | 0o777)
    path = raw_zip(tmp_path / "alice.zip", odd, Entry(b"work.ipynb"))
    assert "no ordinary file" in refusal(path)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
@pytest.mark.parametrize("name", ["hw.ipynb", "data"])
def test_a_link_or_a_device_in_a_tar_is_refused(tmp_path, kind, name):
    odd = member(name, kind, to="../../etc/passwd")
    path = pack_tar(tmp_path / "alice.tar", [(odd, b""), (member("work.ipynb", size=2), b"{}")])
    assert "no ordinary file" in refusal(path)


def test_a_file_with_holes_in_a_tar_is_refused(tmp_path):
    holes = member("hw.ipynb", size=2)
    holes.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
    assert "no ordinary file" in refusal(pack_tar(tmp_path / "alice.tar", [(holes, b"{}")]))


@pytest.mark.parametrize("bit", [0x1, 0x40, 0x2000])
def test_a_locked_file_is_refused(tmp_path, bit):
    assert "password" in refusal(raw_zip(tmp_path / "alice.zip", Entry(flags=bit)))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, 9, 93, 99])
def test_a_method_that_cannot_be_bounded_is_refused(tmp_path, method):
    assert "Deflate" in refusal(raw_zip(tmp_path / "alice.zip", Entry(method=method)))


# Damage


@pytest.mark.parametrize("content", [b"", b"PK", b"\x1f\x8b", b"Rar!\x1a\x07", b"x" * 5000])
def test_what_is_no_archive_at_all_is_refused(alice, content):
    alice.write_bytes(content)
    assert "damaged" in refusal(alice)


def test_an_archive_of_another_kind_than_its_name_says_is_refused(tmp_path):
    tar = pack(tmp_path / "alice.tar", {"hw.ipynb": NOTEBOOK}).rename(tmp_path / "alice.zip")
    assert "of another kind than its name says" in refusal(tar)


def test_an_archive_that_was_cut_off_is_refused_wherever_that_was(alice):
    whole = pack(alice, {"hw.ipynb": NOTEBOOK, "data.csv": b"1,2\n" * 500}).read_bytes()
    # A tar ends in zeros that no reader needs.
    needed = len(whole.rstrip(b"\0")) if alice.suffix == ".tar" else len(whole)
    for length in range(0, needed, 97):
        alice.write_bytes(whole[:length])
        assert "damaged" in refusal(alice)


def test_a_tar_that_ends_between_two_members_is_refused(tmp_path):
    path = tmp_path / "alice.tar"
    path.write_bytes(tar_block("hw.ipynb", 2) + padded(b"{}"))
    assert "damaged" in refusal(path)


def test_a_damaged_header_in_a_tar_does_not_pass_for_its_end(tmp_path):
    path = pack(tmp_path / "alice.tar", {"hw.ipynb": b"{}", "b.ipynb": b"[]"})
    content = bytearray(path.read_bytes())
    content[1024 + 5] ^= 1
    path.write_bytes(content)
    assert "damaged" in refusal(path)


def test_a_zip_whose_content_has_another_sum_is_refused(tmp_path):
    assert "damaged" in refusal(raw_zip(tmp_path / "alice.zip", Entry(crc=1)))


def test_a_tar_gz_with_another_sum_is_refused_even_after_the_tars_end(tmp_path):
    path = pack(tmp_path / "alice.tar.gz", {"hw.ipynb": NOTEBOOK})
    content = bytearray(path.read_bytes())
    content[-8] ^= 1
    path.write_bytes(content)
    assert "damaged" in refusal(path)


# Bombs


def test_a_file_that_is_declared_too_large_is_refused_unread(tmp_path):
    bomb = Entry(size=65_000_000)
    assert "hw.ipynb: the file has 65 MB" in refusal(raw_zip(tmp_path / "alice.zip", bomb))
    path = tmp_path / "alice.tar.gz"
    path.write_bytes(gzip.compress(tar_block("hw.ipynb", 65_000_000) + bytes(65_001_472) + END))
    assert "hw.ipynb: the file has 65 MB" in refusal(path)


def test_a_file_of_the_largest_size_is_read_and_no_larger_one(alice, small_limit):
    # Not all of a kind, which would be refused for its ratio.
    content = random.Random(1).randbytes(100_001)
    assert read(pack(alice, {"hw.ipynb": content[:-1]})) == content[:-1]
    assert "more than" in refusal(pack(alice, {"hw.ipynb": content}))


def test_a_size_that_is_declared_too_small_does_not_let_a_bomb_through(tmp_path, small_limit):
    content = bytes(3_000_000)
    for crc in (zlib.crc32(content), zlib.crc32(content[:50_000])):
        bomb = Entry(content=content, size=50_000, crc=crc)
        assert "more than the 0 MB" in refusal(raw_zip(tmp_path / "alice.zip", bomb))


@pytest.mark.parametrize("declared", [-1, 1])
def test_a_size_that_is_not_declared_right_is_refused(tmp_path, declared):
    lie = Entry(size=len(NOTEBOOK) + declared)
    assert "damaged" in refusal(raw_zip(tmp_path / "alice.zip", lie))


def test_what_unpacks_to_a_thousand_times_its_size_is_refused(tmp_path):
    path = raw_zip(tmp_path / "alice.zip", Entry(content=bytes(20_000_000)))
    assert "hundreds of times" in refusal(path)


def test_a_large_file_beside_the_work_is_not_unpacked(tmp_path):
    data = Entry(b"data.csv", packed=b"no deflate", size=4_000_000_000)
    assert read(raw_zip(tmp_path / "alice.zip", data, Entry())) == NOTEBOOK


def test_members_that_share_their_bytes_are_refused(tmp_path):
    path = raw_zip(tmp_path / "alice.zip", Entry(), Entry(b"b.txt", offset=0))
    assert "overlap" in refusal(path)


def test_a_member_that_quotes_another_is_refused(tmp_path):
    path = quoted_overlap(tmp_path / "alice.zip")
    assert "overlap" in refusal(path)


def test_the_list_may_not_lie_over_the_members(tmp_path):
    path = raw_zip(tmp_path / "alice.zip", Entry(packed=deflated(NOTEBOOK)))
    content = path.read_bytes()
    # Both the header and the list declare more bytes than there are before the list.
    size = len(deflated(NOTEBOOK))
    path.write_bytes(content.replace(struct.pack("<L", size), struct.pack("<L", size + 50)))
    assert "overlap" in refusal(path)


def test_more_members_than_any_hand_in_has_are_refused(alice):
    files = {f"{number}.txt": b"" for number in range(10_000)}
    assert "up to 10,000 files" in refusal(pack(alice, {"hw.ipynb": NOTEBOOK, **files}))


def test_a_zip_with_an_endless_list_is_refused_before_it_is_taken_apart(tmp_path):
    entries = [Entry(b"%d" % n, b"", comment=b"c" * 65_000, offset=n) for n in range(150)]
    path = raw_zip(tmp_path / "alice.zip", *entries)
    assert "list of files is too long" in refusal(path)


def test_a_tar_with_endless_headers_for_one_file_is_refused(tmp_path):
    record = b"%d key%06d=value\n"
    content = padded(b"".join(record % (19, n) for n in range(500_000)))
    path = tmp_path / "alice.tar"
    path.write_bytes(tar_block("x", len(content), tarfile.XHDTYPE) + content + END)
    assert "list of files is too long" in refusal(path)


def test_a_tar_of_nothing_but_headers_is_refused(tmp_path):
    path = tmp_path / "alice.tgz"
    path.write_bytes(gzip.compress(tar_block("x", 0, tarfile.XHDTYPE) * 30_002 + END))
    assert "list of files is too long" in refusal(path)


def test_a_tar_may_not_unpack_to_more_than_an_archive_may_have(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "STUDENTS", Bounds(1.0, 100, 1_000))
    big = (member("data.bin", size=1_100_000), bytes(1_100_000))
    path = pack_tar(tmp_path / "alice.tgz", [(member("hw.ipynb", size=2), b"{}"), big])
    assert "more than 1 MB" in refusal(path)


def test_a_size_in_a_tar_that_leads_beyond_any_archive_is_not_followed(tmp_path):
    path = tmp_path / "alice.tar"
    path.write_bytes(tar_block("data.bin", 2**60) + END)
    assert "more than 256 MB" in refusal(path)


def test_zeros_after_the_end_of_a_tar_are_counted_as_well(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "STUDENTS", Bounds(1.0, 100, 1_000))
    path = tmp_path / "alice.tgz"
    path.write_bytes(gzip.compress(tar_block("hw.ipynb", 2) + padded(b"{}") + bytes(3_000_000)))
    assert "more than 1 MB" in refusal(path)


@pytest.mark.parametrize("size", [-1, -512, -(2**60)])
def test_a_tar_whose_sizes_lead_backwards_is_refused(tmp_path, size):
    path = tmp_path / "alice.tar"
    path.write_bytes(tar_block("a.txt", 0) + tar_block("hw.ipynb", size) + END)
    assert "damaged" in refusal(path)


@pytest.mark.parametrize("record", [b"17 size=-1\n", b"12 size=-1\n", b"0 size=1\n", b"-9 a=b\n"])
def test_an_extended_header_that_is_not_right_is_refused(tmp_path, record):
    path = tmp_path / "alice.tar"
    header = tar_block("x", len(record), tarfile.XHDTYPE) + padded(record)
    path.write_bytes(header + tar_block("hw.ipynb", 0) + END)
    assert refusal(path)


def test_a_run_of_digits_in_an_extended_header_takes_no_time(tmp_path):
    path = tmp_path / "alice.tar"
    digits = b"1" * 2_000_000
    header = tar_block("x", len(digits), tarfile.XHDTYPE) + padded(digits)
    path.write_bytes(header + tar_block("hw.ipynb", 0) + END)
    start = time.monotonic()
    assert "damaged" in refusal(path)
    assert time.monotonic() - start < 60


def test_an_archive_of_more_than_256_mb_is_refused_unopened(alice):
    with alice.open("wb") as file:
        file.truncate(256_000_000_000)
    start = time.monotonic()
    assert "more than 256 MB" in refusal(alice)
    assert time.monotonic() - start < 60


# Any damage


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("damaged")


@pytest.mark.parametrize("ending", ["zip", "tar", "tgz"])
@given(
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8),
    kept=st.one_of(st.just(1.0), st.floats(0, 1)),
)
def test_damage_of_any_kind_gives_the_bytes_of_a_file_or_a_refusal(folder, ending, changes, kept):
    path = folder / f"alice.{ending}"
    content = bytearray(
        pack(path, {"a/hw.ipynb": NOTEBOOK, "data.csv": b"1,2\n" * 50}).read_bytes()
    )
    for place, value in changes:
        content[int(place * len(content))] = value
    path.write_bytes(content[: int(kept * len(content))])
    one = Submission("alice", path)
    with suppress(SubmissionError):
        assert len(one.read()) < len(NOTEBOOK) + 1000
    assert one.file_name.isprintable()
