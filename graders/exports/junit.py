"""JUnit XML, one file for each student, for dashboards that show test results.

pytest writes it (https://docs.pytest.org, "Creating JUnitXML format files", family xunit2) while
it checks the recording again; no student code runs. What pytest can't know is set right here: the
suite bears the student's folder, no machine is named, a check on which the grader itself failed
is an error, and one that is left open is skipped. For staff: names and messages of hidden checks
are in it.
"""

from __future__ import annotations

import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from graders.errors import RecordingError, RunError
from graders.exports.options import Notes, Options
from graders.exports.students import Exported
from graders.files import write_whole
from graders.ran import RUN, Ran
from graders.report.text import clean
from graders.result import CheckResult, Outcome

if TYPE_CHECKING:
    from graders.grading import Checker

_NOT_RUN = "Not checked again; their file holds one error"
_COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def write_junit(students: Iterable[Exported], target: Path, options: Options, notes: Notes) -> None:
    """Write `<target>/<folder>.xml` for each student.

    Raises:
        AssignmentError: the assignment or its checks are broken.

    """
    target.mkdir(parents=True, exist_ok=True)
    checking = _Checking()
    with tempfile.TemporaryDirectory() as scratch:
        for student in students:
            notes.students += 1
            try:
                made = checking.junit(student, Path(scratch) / "junit.xml")
            except (RunError, RecordingError) as error:
                notes.name(_NOT_RUN, student.name)
                made = without_run(student.folder.name, str(error))
            write_whole(target / f"{student.folder.name}.xml", made)
            notes.written += 1


def tidied(xml: bytes, suite_name: str, checks: Sequence[CheckResult]) -> bytes:
    """Set right what pytest can't know of a run of checks.

    Args:
        xml: what pytest has written.
        suite_name: the student's folder.
        checks: outcomes as grading sees them.

    """
    root = ET.fromstring(xml)  # noqa: S314 - pytest wrote it just now, and escaped what it quotes
    root.set("name", "tensormark")
    known = {check.id: check for check in checks}
    for suite in root.iter("testsuite"):
        suite.set("name", suite_name)
        # The schema's word for a machine that isn't named.
        suite.set("hostname", "localhost")
        for case in suite.iter("testcase"):
            check = _check_of(case, known)
            if check is not None and check.outcome.is_open:
                _say_open(case, check)
        _count(suite)
    return _bytes(root)


def without_run(suite_name: str, message: str) -> bytes:
    """Make the file of a student whose work could not be checked."""
    root = ET.Element("testsuites", name="tensormark")
    suite = ET.SubElement(root, "testsuite", name=suite_name, hostname="localhost", time="0.000")
    case = ET.SubElement(suite, "testcase", classname="tensormark", name="run", time="0.000")
    _say(case, "error", message or "It was not run.")
    _count(suite)
    return _bytes(root)


class _Checking:
    """Checks recordings again; what is loaded for one student serves the next."""

    def __init__(self) -> None:
        self._checkers: dict[str, Checker] = {}

    def junit(self, student: Exported, scratch: Path) -> bytes:
        """Check one student's recording.

        Raises:
            RunError: it was not run, or its data are not on this machine.
            RecordingError: the recording can't be read.

        """
        # They import what runs submissions, which no other export needs.
        from graders.checks.run import run_checks
        from graders.grading import RECORDING
        from graders.regrade import checker_for

        execution = student.result.execution
        if execution.status in {"missing", "unusable"}:
            raise RunError(execution.message)
        try:
            ran = Ran.load(student.folder)
        except RunError as error:
            # The file is handed on, and must not show where this machine keeps things.
            raise RunError.damaged(Path(student.folder.name, RUN)) from error
        if ran.ended is None:
            raise RunError(ran.problem or execution.message)
        checker = checker_for(ran, None, self._checkers)
        context = checker.open(student.folder / RECORDING, ran)
        checks = run_checks(context, scratch)
        return tidied(scratch.read_bytes(), student.folder.name, checks)


def _check_of(case: ET.Element, known: dict[str, CheckResult]) -> CheckResult | None:
    """Find the check that a testcase is about: `classname` holds its module, then its class."""
    name = case.get("name", "")
    modules = case.get("classname", "").split(".")
    return next((known[id_] for m in modules if (id_ := f"{m}.py::{name}") in known), None)


def _say_open(case: ET.Element, check: CheckResult) -> None:
    for element in list(case):
        if element.tag in _COUNTED.values():
            case.remove(element)
    _say(case, "error" if check.outcome is Outcome.ERROR else "skipped", check.message)


def _say(case: ET.Element, tag: str, message: str) -> None:
    text = _xml_text(message)
    element = ET.SubElement(case, tag, message=text.split("\n", 1)[0], type="tensormark")
    element.text = text


def _count(suite: ET.Element) -> None:
    cases = list(suite.iter("testcase"))
    suite.set("tests", str(len(cases)))
    for attribute, tag in _COUNTED.items():
        suite.set(attribute, str(sum(case.find(tag) is not None for case in cases)))


def _xml_text(text: str) -> str:
    """Drop the two characters that XML has no way to write and cleaning leaves in."""
    return clean(text).replace("\ufffe", "").replace("\uffff", "")


def _bytes(root: ET.Element) -> bytes:
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text
