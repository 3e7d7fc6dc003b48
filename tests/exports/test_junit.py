from __future__ import annotations

import socket
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.assignment import load_assignment
from graders.checks.run import run_checks
from graders.expectations import Expectations
from graders.exports import Notes, Options
from graders.exports.junit import tidied, without_run, write_junit
from graders.exports.students import class_of
from graders.ran import Ran
from graders.recording.schema import Recording
from graders.result import Result
from tests.builders.recordings import context, ran, write
from tests.builders.results import info, marked

SHEET = """
schema_version = 1
id = "sheet"
title = "A sheet"
[[section]]
id = "1"
title = "Part 1"
[[exercise]]
id = "1a"
section = "1"
title = "First"
points = 6
"""
CHECKS = '''
import pytest
from graders.checks import CheckFailed, Unscored, exercise

@exercise("1a", points=1)
def test_right(recording):
    """It is right."""

@exercise("1a", points=1)
def test_wrong(recording):
    """It is wrong."""
    raise CheckFailed("Wrong <size> & \\x00 \\uffff.", expected="10", found="12")

@exercise("1a", points=1)
def test_open(recording):
    """Nobody knows."""
    raise Unscored("No range.")

@exercise("1a", points=1)
def test_crash(recording):
    """The check is broken."""
    raise KeyError(__file__)

class TestMore:
    @exercise("1a", points=1)
    @pytest.mark.parametrize("n", [1])
    def test_in_a_class(self, recording, n):
        """In a class."""

@pytest.fixture
def broken():
    raise OSError(__file__)

@exercise("1a", points=1)
def test_fixture(broken):
    """Its fixture is broken."""
'''


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sheets") / "sheet"
    folder.mkdir()
    (folder / "assignment.toml").write_text(SHEET, encoding="utf-8")
    (folder / "test_1_first.py").write_text(CHECKS, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def suite(sheet: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("junit") / "junit.xml"
    checks = run_checks(context(load_assignment(sheet)), file)
    return tidied(file.read_bytes(), "rossi", checks)


def verify(content: bytes, name: str) -> dict[str, ET.Element]:
    """Hold a file against the rules of xunit2; return its testcases by name."""
    root = ET.fromstring(content)
    assert root.tag == "testsuites"
    (suite,) = root
    assert (suite.tag, suite.get("name")) == ("testsuite", name)
    cases = list(suite)
    assert {case.tag for case in cases} == {"testcase"}
    assert int(suite.get("tests", "")) == len(cases)
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.get(attribute, "")) == sum(case.find(tag) is not None for case in cases)
    for case in cases:
        assert set(case.attrib) == {"classname", "name", "time"}
        assert len([child for child in case if child.tag != "properties"]) <= 1
    assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases)
    return {case.get("name", ""): case for case in cases}


def test_every_check_is_a_testcase_with_its_outcome(suite):
    cases = verify(suite, "rossi")
    assert {name: [child.tag for child in case] for name, case in cases.items()} == {
        "test_right": [],
        "test_wrong": ["failure"],
        "test_open": ["skipped"],
        "test_crash": ["error"],
        "test_in_a_class[1]": [],
        "test_fixture": ["error"],
    }


def test_a_failure_has_the_checks_own_words(suite):
    failure = verify(suite, "rossi")["test_wrong"].find("failure")
    assert failure is not None
    text = failure.text or ""
    assert text.startswith("Wrong <size> & ")
    assert "\n  expected: 10\n  found: 12" in text


def test_no_machine_is_named(suite, sheet):
    # What a broken check says of itself may hold a path; everything else must not.
    text = suite.decode()
    assert socket.gethostname() not in text
    cases = verify(suite, "rossi")
    for name in ("test_right", "test_wrong", "test_open", "test_in_a_class[1]"):
        assert str(sheet) not in ET.tostring(cases[name], encoding="unicode")


@given(st.text(), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_student_without_a_run_has_one_error(name, message):
    content = without_run("rossi", message)
    (case,) = verify(content, "rossi").values()
    assert case.find("error") is not None


def add(out: Path, name: str, one: Result, run: Ran | None) -> None:
    folder = out / name
    folder.mkdir(parents=True)
    one.save(folder / "result.json")
    if run is not None:
        run.save(folder)


def test_a_class_has_a_file_for_each_student(tmp_path, sheet, monkeypatch):
    monkeypatch.setattr(
        Expectations, "load", classmethod(lambda cls, name: Expectations(assignment=name))
    )
    out = tmp_path / "out"
    add(out, "rossi", marked("rossi"), ran(str(sheet), info("", "rossi")))
    write(out / "rossi" / "recording", Recording(status="complete"))
    add(out, "bianchi", marked("bianchi", status="unusable", message="bianchi.ipynb: empty."), None)
    add(out, "neri", marked("neri", status="missing", message="Nothing was handed in."), None)
    add(out, "verdi", marked("verdi"), None)

    notes = Notes()
    write_junit(class_of(out, notes), tmp_path / "made", Options(), notes)

    made = {path.stem: path.read_bytes() for path in (tmp_path / "made").glob("*.xml")}
    assert len(verify(made["rossi"], "rossi")) == 6
    messages = {}
    for name in ("bianchi", "neri", "verdi"):
        error = verify(made[name], name)["run"].find("error")
        assert error is not None
        messages[name] = error.get("message")
    assert messages["bianchi"] == "bianchi.ipynb: empty."
    assert messages["neri"] == "Nothing was handed in."
    assert str(tmp_path) not in (messages["verdi"] or "")
    assert "bianchi, neri, verdi" in notes.warnings[0]
