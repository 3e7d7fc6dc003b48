from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.errors import SubmissionError
from graders.submission import Submission, find_submissions
from graders.submission.peek import peek
from tests.builders.submissions import (
    Entry,
    Files,
    code,
    lay,
    notebook,
    pack,
    raw_zip,
    starter,
    text,
    work,
)

HANDOUT = notebook(
    text("# Sheet"),
    text("1a: build it", **starter("1a", "task")),
    code("# 1a\n", **starter("1a", "code")),
    text("1b: train it", **starter("1b", "task")),
    code("", **starter("1b", "code")),
    minor=4,
)
SOLVED = HANDOUT.replace(b"# 1a", b"# 1a\\n\\nmodel = 1")
TWO_LABELS = notebook(code("# 1a\nx = 1"), code("# 1b\nx = 2"), minor=4)


@pytest.fixture(params=["folder", "zip", "tgz"])
def alice(request, tmp_path: Path):
    """Hand in files as Alice, in each form that a student may choose."""
    handout = lay(tmp_path / "sheet", {"starter.ipynb": HANDOUT}) / "starter.ipynb"

    def hand_in(files: Files, **wish: str) -> Submission:
        folder = lay(tmp_path / "class", {"bo.py": b"x = 1\n"})
        if request.param == "folder":
            lay(folder / "alice", files)
        else:
            pack(folder / f"alice.{request.param}", files)
        found = find_submissions([folder], assignment="fashion_cnn", starter=handout, **wish)
        return next(one for one in found if one.student == "alice")

    return hand_in


def refusal(one: Submission) -> str:
    with pytest.raises(SubmissionError) as refused:
        one.read()
    return str(refused.value)


def test_one_file_alone_needs_no_word(alice):
    assert alice({"hw.ipynb": work(1), "data.csv": b"1"}).chosen == ""


def test_the_choice_is_one_sentence_with_what_lay_beside(alice):
    one = alice(
        {
            "hw.ipynb": notebook(code("import helpers"), minor=4),
            "hw.py": b"import helpers\n",
            "helpers.py": b"y = 1\n",
            "data.csv": b"1",
        }
    )
    assert one.file_name == "hw.ipynb"
    assert one.chosen == (
        "hw.ipynb was graded; hw.py is its exported script, helpers.py and data.csv lay beside it."
    )
    assert one.brought() == {"helpers.py": b"y = 1\n", "data.csv": b"1"}


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        ({"a.ipynb": SOLVED, "b.ipynb": TWO_LABELS}, "a.ipynb"),
        ({"a.ipynb": HANDOUT, "b.ipynb": work(1)}, "b.ipynb"),
        ({"starter.ipynb": HANDOUT, "mine.ipynb": SOLVED}, "mine.ipynb"),
        ({"Fashion-CNN.ipynb": work(1), "notes.ipynb": work(2)}, "Fashion-CNN.ipynb"),
        ({"hw.ipynb": work(1), "hw-Copy1.ipynb": work(2)}, "hw.ipynb"),
        ({"hw.ipynb": work(1), "Copy of hw.ipynb": work(2)}, "hw.ipynb"),
        ({"hw.ipynb": work(1), "hw (1).ipynb": work(2)}, "hw.ipynb"),
        ({"hw.ipynb": work(1), "hw_backup.ipynb": work(2)}, "hw.ipynb"),
        ({"hw.ipynb": work(1), "hw_old.ipynb": work(2)}, "hw.ipynb"),
        ({"hw.ipynb": work(1), "Untitled3.ipynb": work(2)}, "hw.ipynb"),
        ({"hw.ipynb": work(1), "a.ipynb": notebook(text("hello"), minor=4)}, "hw.ipynb"),
        ({"b.ipynb": work(1), "deep/er/b.ipynb": work(1)}, "b.ipynb"),
        ({"a.ipynb": work(1), "b.ipynb": TWO_LABELS}, "b.ipynb"),
        ({"main.py": b"import layers\n", "layers.py": b"x = 1\n"}, "main.py"),
        ({"main.py": b"from lib import layers\n", "lib/layers.py": b"x = 1\n"}, "main.py"),
        ({"hw.ipynb": work(1), ".ipynb_checkpoints/hw-checkpoint.ipynb": work(2)}, "hw.ipynb"),
        ({"hw.ipynb": work(1), "my env/pyvenv.cfg": b"", "my env/lib/x.ipynb": work(2)},
         "hw.ipynb"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_the_work_stands_out(alice, files, chosen):
    one = alice(files)
    assert one.problem is None
    assert one.file_name == Path(chosen).name
    assert one.read() == files[chosen]


@pytest.mark.parametrize(
    "files",
    [
        {"a.ipynb": work(1), "b.ipynb": work(2)},
        {"hw-Copy1.ipynb": work(1), "b.ipynb": work(2)},
        {"a.ipynb": TWO_LABELS, "b.ipynb": TWO_LABELS.replace(b"x = 1", b"x = 3")},
        {"a.py": b"import b\n", "b.py": b"import a\n"},
    ],
    ids=["alike", "no original", "as many labels", "each imports the other"],
)
def test_what_does_not_stand_out_is_left_to_a_person(alice, files):
    assert "2 candidates" in refusal(alice(files))
    assert "--notebook" in refusal(alice(files))


@pytest.mark.parametrize("pattern", ["hw.ipynb", "HW.IPYNB", "hw*", "part 2/*", "part 2/hw.ipynb"])
def test_what_the_ta_names_is_graded(alice, pattern):
    one = alice({"a.ipynb": SOLVED, "part 2/hw.ipynb": work(1)}, notebook=pattern)
    assert one.read() == work(1)
    assert one.chosen == "part 2/hw.ipynb was graded; a.ipynb was not."


def test_a_student_without_the_file_that_the_ta_names_is_graded_all_the_same(alice):
    one = alice({"a.ipynb": SOLVED, "b.ipynb": work(1)}, notebook="hw10.ipynb")
    assert one.read() == SOLVED
    assert one.chosen == (
        "a.ipynb was graded; nothing in it is called as --notebook hw10.ipynb asks, "
        "b.ipynb has none of the sheet's own cells."
    )


def test_a_pattern_with_brackets_left_open_matches_nothing_and_harms_nobody(alice):
    assert alice({"hw.ipynb": work(1)}, notebook="[" * 500 + "*" * 50).read() == work(1)


def test_a_file_too_large_to_look_into_is_not_passed_over_for_a_small_one(alice):
    large = notebook(code(f"# {'x' * 33_000_000}"), minor=4)
    assert "2 candidates" in refusal(alice({"hw.ipynb": large, "scrap.ipynb": TWO_LABELS}))


# What comes along


def test_modules_come_along_whatever_they_hold(alice):
    package = {"lib/__init__.py": b"", "lib/more/__init__.py": b"", "lib/net.py": b"x = 1\n"}
    one = alice({"hw.ipynb": notebook(code("from lib import net"), minor=4), **package})
    assert one.brought() == package


def test_only_what_stands_in_the_works_own_folder_comes_along(alice):
    one = alice({"a/b/hw.ipynb": work(1), "a/b/c/x.csv": b"1", "a/y.csv": b"2", "z.csv": b"3"})
    assert one.brought() == {"c/x.csv": b"1"}


def test_files_that_are_too_large_or_too_many_stay_behind_and_are_named(alice):
    files = {"hw.ipynb": work(1), "big.bin": os.urandom(21_000_000)}
    one = alice(files | {f"{n:03}.csv": b"%d" % n for n in range(200)})
    assert len(one.brought()) == 200
    assert one.chosen.startswith("hw.ipynb was graded; big.bin was left out, because only 200 ")


def test_fifty_megabytes_come_along_at_most(alice):
    one = alice({"hw.ipynb": work(1), **{f"{n}.bin": os.urandom(18_000_000) for n in range(3)}})
    assert sorted(one.brought()) == ["0.bin", "1.bin"]
    assert "2.bin was left out" in one.chosen


def test_the_fingerprint_is_the_works_own_where_nothing_lies_beside_it(alice):
    assert alice({"hw.ipynb": work(1)}).sha256() == hashlib.sha256(work(1)).hexdigest()


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,3}\.(csv|py)", fullmatch=True), st.binary(max_size=4), max_size=3
    ),
    st.dictionaries(
        st.from_regex(r"[a-z]{1,3}\.(csv|py)", fullmatch=True), st.binary(max_size=4), max_size=3
    ),
)
def test_fingerprints_are_equal_if_all_that_is_run_is(tmp_path_factory, one, other):
    root = tmp_path_factory.mktemp("class")
    for student, files in (("one", one), ("other", other)):
        lay(root / student, {"work.ipynb": work(1), **files})
    first, second = find_submissions([root])
    assert (first.sha256() == second.sha256()) == (one == other)


def test_an_archive_and_a_folder_with_the_same_files_have_one_fingerprint(tmp_path):
    files = {"hw.ipynb": work(1), "data.csv": b"1"}
    lay(tmp_path / "a", files)
    pack(tmp_path / "b.zip", files)
    first, second = find_submissions([tmp_path])
    assert first.sha256() == second.sha256()


def test_a_link_in_the_place_of_data_is_not_followed(tmp_path):
    secret = lay(tmp_path, {"secret.csv": b"secret"}) / "secret.csv"
    folder = lay(tmp_path / "class", {"alice/hw.ipynb": work(1), "alice/data.csv": b"1"})
    (alice,) = find_submissions([folder])
    (folder / "alice" / "data.csv").unlink()
    (folder / "alice" / "data.csv").symlink_to(secret)
    with pytest.raises(SubmissionError, match="no ordinary file"):
        alice.brought()
    assert len(alice.sha256()) == 64


def test_links_and_pipes_beside_the_work_do_not_come_along(tmp_path):
    folder = lay(tmp_path / "class" / "alice", {"hw.ipynb": work(1)})
    (folder / "passwd").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    (alice,) = find_submissions([folder.parent])
    assert alice.brought() == {}


def test_names_that_no_file_should_have_do_not_come_along(tmp_path):
    folder = lay(tmp_path / "class" / "alice", {"hw.ipynb": work(1)})
    for name in (b"a\nb.csv", b"\xff.csv", b"a\\b.csv", b"\x1b[2J.py"):
        (folder / os.fsdecode(name)).write_bytes(b"x = 1")
    (alice,) = find_submissions([folder.parent])
    assert alice.brought() == {}
    assert alice.chosen.isprintable()


def test_data_in_an_archive_that_cannot_be_unpacked_does_not_cost_the_work(tmp_path):
    path = raw_zip(tmp_path / "alice.zip", Entry(content=work(1)), Entry(b"data.csv", b"1", crc=1))
    (alice,) = find_submissions([path])
    assert (alice.read(), alice.brought()) == (work(1), {})
    assert alice.chosen == "data.csv could not be unpacked."


def test_a_folder_of_endless_files_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("graders.submission.gather.ENTRIES_LIMIT", 10)
    lay(tmp_path / "alice", {f"{n}/{n}.txt": b"" for n in range(20)} | {"hw.ipynb": work(1)})
    (alice,) = find_submissions([tmp_path])
    assert "more than 10 files" in str(alice.problem)


@pytest.fixture
def deep_folder(tmp_path):
    """An empty folder that is removed here: pytest recurses, and a later run would fail by it."""
    folder = tmp_path / "alice"
    folder.mkdir()
    yield folder
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_folders_deeper_than_python_recurses_are_walked(tmp_path, deep_folder):
    # So deep that its path is about as long as a system takes.
    deep = "/".join(["d"] * 1_500)
    folder = deep_folder
    here = os.open(folder, os.O_RDONLY)
    for part in deep.split("/"):
        os.mkdir(part, dir_fd=here)
        inner = os.open(part, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    (folder / "hw.ipynb").write_bytes(work(1))
    (alice,) = find_submissions([tmp_path])
    assert alice.read() == work(1)


# Looking into files


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[" * 500_000,
        b'{"cells": ' * 100_000,
        b'{"cells": 1}',
        b'{"cells": [1]}',
        b'{"worksheets": [[]]}',
        b"1" * 100_000,
        b"[]",
    ],
    ids=lambda content: repr(content[:12]),
)
def test_what_is_no_notebook_tells_nothing(content):
    assert peek("a.ipynb", content) is None


@given(
    st.recursive(
        st.none() | st.text() | st.integers(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(
                st.sampled_from(
                    ["cells", "worksheets", "source", "metadata", "tensormark", "exercise"]
                ),
                x,
            )
        ),
    )
)
def test_any_json_is_looked_into_without_harm(value):
    look = peek("a.ipynb", json.dumps(value).encode())
    assert look is None or look.exercises() == look.exercises()


@pytest.mark.parametrize(
    "line",
    ["# " + "1 " * 500_000, "import " + "a." * 500_000, "#" * 1_000_000, " " * 1_000_000 + "x",
     "# 1a\n" * 300_000, "import a\n" * 300_000],
    ids=[f"line {n}" for n in range(6)],
)  # fmt: skip
def test_no_script_takes_long_to_look_into(line):
    began = time.monotonic()
    look = peek("a.py", line.encode())
    assert look is not None
    look.exercises()
    assert time.monotonic() - began < 60
