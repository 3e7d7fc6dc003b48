from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from graders.assignment import load_assignment
from graders.checks.context import CheckContext
from graders.checks.run import run_checks
from graders.errors import RunError
from graders.result import CheckResult, Outcome
from tests.builders.recordings import context

TOML = """
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
points = 1
"""
CHECK = '''
from graders.checks import exercise

@exercise("1a", points=1)
def test_first(recording):
    """The first."""
    assert recording.data.status == "complete"
'''
HOSTILE = 'raise SystemExit("a file of the caller was loaded")\n'


def make_sheet(folder: Path, check: str = CHECK, *, name: str) -> CheckContext:
    """Make an assignment folder with one file of checks, and a recording to check."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "assignment.toml").write_text(TOML, encoding="utf-8")
    (folder / f"test_{name}.py").write_text(textwrap.dedent(check), encoding="utf-8")
    return context(load_assignment(folder))


def outcomes(results: list[CheckResult]) -> list[Outcome]:
    return [result.outcome for result in results]


def test_checks_run_on_the_recording_that_they_are_given(tmp_path):
    made = make_sheet(tmp_path, name="given_recording")
    (result,) = run_checks(made)
    assert (result.outcome, result.score) == (Outcome.PASSED, 1)
    assert result.id == "test_given_recording.py::test_first"


def test_settings_in_the_working_directory_have_no_effect(tmp_path, monkeypatch):
    made = make_sheet(tmp_path / "sheet", name="working_directory")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "pytest.ini").write_text("[pytest]\naddopts = -k nothing --collect-only\n")
    (elsewhere / "conftest.py").write_text(HOSTILE)
    (elsewhere / "sitecustomize.py").write_text(HOSTILE)
    monkeypatch.chdir(elsewhere)
    assert outcomes(run_checks(made)) == [Outcome.PASSED]


@pytest.mark.parametrize("name", ["pytest.ini", "tox.ini", "setup.cfg", "pyproject.toml"])
def test_settings_above_the_assignment_have_no_effect(tmp_path, monkeypatch, name):
    made = make_sheet(tmp_path / "sheet", name=f"above_{name.replace('.', '_')}")
    section = {"setup.cfg": "tool:pytest", "pyproject.toml": "tool.pytest.ini_options"}.get(
        name, "pytest"
    )
    option = '"-k nothing"' if name == "pyproject.toml" else "-k nothing"
    (tmp_path / name).write_text(f"[{section}]\naddopts = {option}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert outcomes(run_checks(made)) == [Outcome.PASSED]


def test_settings_in_the_assignment_folder_have_no_effect(tmp_path):
    made = make_sheet(tmp_path, name="own_settings")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -k nothing\n", encoding="utf-8")
    assert outcomes(run_checks(made)) == [Outcome.PASSED]


def test_a_conftest_above_the_assignment_has_no_effect(tmp_path, monkeypatch):
    made = make_sheet(tmp_path / "sheet", name="conftest_above")
    (tmp_path / "conftest.py").write_text(
        "import pytest\n\n@pytest.fixture(autouse=True)\ndef break_all():\n    raise OSError\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    assert outcomes(run_checks(made)) == [Outcome.PASSED]


def test_the_assignments_own_conftest_is_used(tmp_path):
    check = '''
    from graders.checks import exercise

    @exercise("1a", points=1)
    def test_first(own):
        """The first."""
        assert own == 7
    '''
    made = make_sheet(tmp_path, check, name="own_conftest")
    (tmp_path / "conftest.py").write_text(
        "import pytest\n\n@pytest.fixture\ndef own():\n    return 7\n", encoding="utf-8"
    )
    assert outcomes(run_checks(made)) == [Outcome.PASSED]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PYTEST_ADDOPTS", "-k nothing --maxfail=1"),
        ("PYTEST_PLUGINS", "a_plugin_that_does_not_exist"),
        ("PYTEST_DEBUG", "1"),
    ],
)
def test_pytests_environment_variables_have_no_effect(tmp_path, monkeypatch, variable, value):
    made = make_sheet(tmp_path, name=f"environment_{variable.lower()}")
    monkeypatch.setenv(variable, value)
    assert outcomes(run_checks(made)) == [Outcome.PASSED]
    assert os.environ[variable] == value


def test_environment_and_working_directory_are_as_before(tmp_path, monkeypatch):
    check = '''
    import os
    from graders.checks import exercise

    @exercise("1a", points=1)
    def test_first():
        """The first."""
        os.environ["LEFT_BEHIND"] = "1"
        os.chdir("/")
    '''
    made = make_sheet(tmp_path, check, name="as_before")
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    run_checks(made)
    # pytest itself names the running test there.
    current = {"PYTEST_CURRENT_TEST": os.environ["PYTEST_CURRENT_TEST"]}
    assert dict(os.environ) == before | current
    assert Path.cwd() == tmp_path


def test_nothing_is_written_into_the_assignment_folder(tmp_path):
    made = make_sheet(tmp_path, name="nothing_written")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    run_checks(made)
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_pytest_itself_prints_nothing(tmp_path, capfd):
    check = '''
    from graders.checks import CheckFailed, exercise

    @exercise("1a", points=1)
    def test_first():
        """The first."""
        raise CheckFailed("No.")
    '''
    run_checks(make_sheet(tmp_path, check, name="nothing_printed"))
    assert capfd.readouterr() == ("", "")


def test_tests_among_the_samples_are_not_checks(tmp_path):
    made = make_sheet(tmp_path, name="beside_samples")
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "test_sample.py").write_text(HOSTILE, encoding="utf-8")
    assert outcomes(run_checks(made)) == [Outcome.PASSED]


@pytest.mark.parametrize("check", ["def broken(:\n", "import no_such_module\n", "x = 1\n"])
def test_checks_that_cannot_be_collected_are_the_assignments_fault(tmp_path, check, request):
    name = f"broken_{abs(hash(request.node.name))}"
    made = make_sheet(tmp_path, check, name=name)
    with pytest.raises(RunError, match="checks of sheet could not be run"):
        run_checks(made)


def test_two_runs_after_each_other_do_not_mix(tmp_path):
    made = make_sheet(tmp_path, name="two_runs")
    first = run_checks(made)
    made.recording.data.status = "timeout"
    second = run_checks(made)
    assert outcomes(first) == [Outcome.PASSED]
    assert outcomes(second) == [Outcome.ERROR]


def test_two_assignments_whose_files_have_one_name_do_not_mix(tmp_path):
    other = CHECK.replace('"""The first."""', '"""Another."""')
    first = make_sheet(tmp_path / "one", name="of_one_name")
    second = make_sheet(tmp_path / "two", other, name="of_one_name")
    assert [result.title for result in run_checks(first)] == ["The first."]
    assert [result.title for result in run_checks(second)] == ["Another."]


# -- pytest by hand -------------------------------------------------------------------------


def pytest_by_hand(*arguments: str) -> subprocess.CompletedProcess[str]:
    folder = load_assignment("fashion_cnn").folder
    return subprocess.run(
        [sys.executable, "-m", "pytest", str(folder), "-p", "no:cacheprovider", "-q", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=folder.parent.parent,
        env=os.environ | {"PYTEST_ADDOPTS": "", "PYTHONDONTWRITEBYTECODE": "1"},
    )


def test_pytest_without_a_submission_says_what_is_missing():
    run = pytest_by_hand("--maxfail=1")
    assert run.returncode != 0
    assert "--submission FILE (or --recording DIR)" in run.stdout + run.stderr


@pytest.mark.sandbox  # a grader starts TensorFlow beside it
def test_pytest_with_a_recording_that_is_missing_says_so(tmp_path):
    run = pytest_by_hand("--maxfail=1", "--recording", str(tmp_path))
    assert run.returncode != 0
    assert "recording.json of the recording can't be used" in run.stdout + run.stderr
