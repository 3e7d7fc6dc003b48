"""The pytest plugin: `pytest assignments/fashion_cnn --submission alice.ipynb`.

It runs the submission once, hands its recording to the checks as fixtures, and turns what they
raise into sentences. The command line does the same through `graders.checks.run`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from graders.checks.collect import Collector
    from graders.checks.context import CheckContext

# Set by graders.checks.run; a plain pytest run makes its own from the options.
CONTEXT: pytest.StashKey[CheckContext] = pytest.StashKey()
COLLECTOR: pytest.StashKey[Collector] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a run on one submission."""
    group = parser.getgroup("tensormark", "grading with tensormark")
    group.addoption("--submission", metavar="FILE", help="notebook or script to run and check")
    group.addoption("--recording", metavar="DIR", help="recording of an earlier run to check")


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark, and a collector where there is none yet."""
    config.addinivalue_line("markers", "exercise(id, points, hidden=False): a check of an exercise")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Register every check before the first one runs."""
    collector = config.stash.get(COLLECTOR, None)
    if collector is not None:
        for item in items:
            collector.add(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Give each check its own notes."""
    collector = item.config.stash.get(COLLECTOR, None)
    if collector is not None:
        collector.begin(item)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Iterator[None]:
    """Collect outcomes, and show the check's own words in place of a stack trace."""
    from graders.checks.outcome import Check

    report = yield
    collector = item.config.stash.get(COLLECTOR, None)
    if collector is not None:
        collector.report(item, call)
    error = call.excinfo.value if call.excinfo else None
    if isinstance(error, Check):
        report.longrepr = str(error)  # type: ignore[attr-defined]  # a TestReport
    return report


@pytest.fixture(scope="session")
def check_context(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> CheckContext:
    """Everything that checks may know about the submission."""
    context = pytestconfig.stash.get(CONTEXT, None)
    if context is None:
        context = _from_options(pytestconfig, tmp_path_factory)
        pytestconfig.stash[CONTEXT] = context
    return context


@pytest.fixture(scope="session")
def recording(check_context: CheckContext) -> Any:
    """Return the submission's recording (graders.recording.RecordingFolder)."""
    return check_context.recording


@pytest.fixture(scope="session")
def expected(check_context: CheckContext) -> Any:
    """Return the reference's facts and ranges (graders.expectations.Expectations)."""
    return check_context.expected


def _from_options(config: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> CheckContext:
    from graders.errors import TensormarkError
    from graders.grading import open_recording, run_submission

    submission, recording_folder = config.getoption("submission"), config.getoption("recording")
    folder = next(
        (p for p in (Path(arg.split("::")[0]) for arg in config.args) if p.exists()), Path.cwd()
    )
    folder = folder if folder.is_dir() else folder.parent
    try:
        if recording_folder:
            return open_recording(folder, Path(recording_folder))
        if submission:
            out = tmp_path_factory.mktemp("recording")
            return run_submission(folder, Path(submission), out)
    except TensormarkError as error:
        raise pytest.UsageError(str(error)) from error
    raise pytest.UsageError(
        "Checks need a submission: pytest assignments/NAME --submission FILE (or --recording DIR)."
    )
