"""Names of students' folders: safe everywhere, and never two that some system takes for one."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.gradebook.folders import alike, folder_name

NAMES = st.text(max_size=300) | st.sampled_from(
    [
        "..",
        "con",
        "Ana",
        "ana",
        "ANA",
        "con.txt",
        "grades.csv",
        "a" * 300,
        "Zoë",
        "Zoe\u0308",
        "straße",
    ]
)
DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in "0123456789")}


@given(NAMES)
def test_a_folder_name_holds_only_what_every_system_takes(name):
    made = folder_name(name, set())
    assert all(c.isalnum() or c in "._-" for c in made)
    assert not made.startswith((".", "-"))
    assert not made.endswith(".")
    assert made == unicodedata.normalize("NFC", made)


@given(NAMES)
def test_a_folder_name_is_never_too_long(name):
    made = folder_name(name, set())
    assert 0 < len(made) <= 100
    assert len(made.encode("utf-8")) <= 120


@given(NAMES)
def test_a_folder_name_is_no_device_of_windows(name):
    made = unicodedata.normalize("NFKC", folder_name(name, set())).lower()
    assert made.split(".")[0] not in DEVICES


@given(st.lists(NAMES, max_size=20))
def test_no_two_names_are_one_on_any_system(names):
    taken: set[str] = set()
    for name in names:
        taken.add(alike(folder_name(name, taken)))
    assert len(taken) == len(names)


@pytest.mark.parametrize(
    ("first", "second"),
    [("Ana", "ANA"), ("Zoë", "Zoe\u0308"), ("straße", "STRASSE"), ("\ufb01n", "fin")],
)
def test_names_that_differ_only_in_case_or_composition_get_different_folders(first, second):
    one = folder_name(first, set())
    assert folder_name(second, {alike(one)}).endswith("-2")


@pytest.mark.parametrize(
    "name",
    [
        *("index.html", "INDEX.HTML", "grades.csv", "gradebook.db", "gradebook.db-wal"),
        *("grades.csv.partial", "con", "CON", "com1", "com¹"),
    ],
)
def test_a_name_that_is_kept_for_something_else_gets_a_number(name):
    assert folder_name(name, set()).endswith("-2")


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("Zoë Müller", "Zoë_Müller"),
        ("../../etc/passwd", "etc_passwd"),
        ("-rf", "rf"),
        ("\n\0", "student"),
        ("", "student"),
        ("CON.txt", "CON_txt"),
        ("lpt9.tar.gz", "lpt9_tar_gz"),
        ("李小龙", "李小龙"),
    ],
)
def test_a_name_stays_readable(name, folder):
    assert folder_name(name, set()) == folder
